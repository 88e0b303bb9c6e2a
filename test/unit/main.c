/*
 * main.c
 *		Runs every theme and counts; the last line is "N passed, N failed".
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "unit.h"

#define MAX_KEYS 8

static int passed;
static int failed;
static int live;
static int fail_after = -1;
static PgtcKey keys[MAX_KEYS];

static void *
counting_alloc(size_t size)
{
	void *ptr;

	if (fail_after >= 0 && fail_after-- == 0)
		return NULL;
	/* never more than was asked for, so that the sanitizer sees the true bounds */
	ptr = malloc(size > 0 ? size : 1);
	if (ptr != NULL)
		live++;
	return ptr;
}

static void
counting_release(void *ptr)
{
	if (ptr != NULL)
		live--;
	free(ptr);
}

const PgtcMem unit_mem = {counting_alloc, counting_release};

void
unit_fail_after(int n)
{
	fail_after = n;
}

int
unit_live(void)
{
	return live;
}

void
unit_check(bool condition, const char *file, int line)
{
	/* whatever was called must leave OpenSSL's error queue clean */
	if (ERR_peek_error() != 0)
	{
		printf("%s:%d: OpenSSL's error queue is not empty\n", file, line);
		ERR_clear_error();
		condition = false;
	}
	if (condition)
		passed++;
	else
	{
		failed++;
		printf("%s:%d: check failed\n", file, line);
	}
}

void
unit_check_code(PgtcCode got, PgtcCode expected, const char *file, int line)
{
	if (got != expected)
		printf("%s:%d: expected \"%s\", got \"%s\"\n", file, line, pgtc_code_text(expected),
			   pgtc_code_text(got));
	unit_check(got == expected, file, line);
}

const PgtcAlg *
unit_alg(const char *name)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str(name));

	if (alg == NULL)
		abort();
	return alg;
}

const PgtcKey *
unit_key(const char *alg)
{
	int i;

	for (i = 0; i < MAX_KEYS && keys[i].alg != NULL; i++)
	{
		if (strcmp(keys[i].alg->name, alg) == 0)
			return &keys[i];
	}
	if (i == MAX_KEYS || pgtc_key_generate(unit_alg(alg), &keys[i]) != PGTC_OK)
		abort();
	return &keys[i];
}

void
unit_signing_input(const char *header, const char *payload, PgtcBuf *out)
{
	pgtc_buf_append_b64url(out, header, strlen(header));
	pgtc_buf_append(out, ".", 1);
	pgtc_buf_append_b64url(out, payload, strlen(payload));
}

PgtcCode
unit_verify(PgtcSlice token, const PgtcKey *key)
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcCode code = pgtc_jws_split(token, &jws);

	if (code == PGTC_OK)
		code = pgtc_jws_read_header(&jws, &unit_mem, &header);
	if (code == PGTC_OK)
		code = pgtc_jws_verify(&jws, header.alg, key, &unit_mem);
	return code;
}

int
main(void)
{
	int i;

	test_slice();
	test_text();
	test_json_foreign();
	test_plain_object();
	test_b64url();
	test_scope();
	test_uri();
	test_leaf();
	test_ids();
	test_jwk();
	test_key();
	test_jws();
	test_claims();
	test_token();
	test_wrap();
	test_form();
	test_pkcs11_uri();
	test_mark();
	test_printable();
	test_request_target();
	test_replay_set();
	test_client_url();
	test_dn();
	test_dpop();
	test_request_object();
	test_carry();
	test_certificate();
	test_oauth();
	test_route();
	test_sealed_request();
	test_status_list();
	test_jwks();
	test_url();
	test_factor();
	test_webauthn();
	test_webauthn_key();
	test_webauthn_signed();
	test_accept();
	test_address();
	test_user_agent();
	test_context();
	test_rules();
	test_risk();
	test_lockstep();
	test_fastcgi();
	test_secret_hash();
	test_foreign_token();
	test_html();
	test_memory();

	for (i = 0; i < MAX_KEYS; i++)
		pgtc_key_free(&keys[i]);
	CHECK(live == 0);
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
