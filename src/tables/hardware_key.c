/*
 * hardware_key.c
 *		Private keys in hardware, as this backend has them open.
 *
 * To open one takes a login and a search, so they outlive changes of the
 * configuration.  Nobody keeps a pointer to one beyond a signature: all can be let
 * go at any time, which is what a token that was away or initialized anew takes.
 */
#include "tables/hardware_key.h"

#include "storage/ipc.h"
#include "utils/memutils.h"

#include "base/glue.h"
#include "base/pkcs11.h"
#include "core/base/code.h"
#include "core/base/pkcs11_uri.h"
#include "core/base/slice.h"

typedef struct OpenKey
{
	char *kid;
	PgtcKey signer;
	struct OpenKey *next;
} OpenKey;

static OpenKey *open_keys = NULL;
static bool exit_registered = false;

void
hardware_key_close_all(void)
{
	while (open_keys)
	{
		OpenKey *key = open_keys;

		open_keys = key->next;
		pgtc_key_free(&key->signer);
		pfree(key->kid);
		pfree(key);
	}
	pkcs11_close();
}

/* a module's own end at exit() may come after OpenSSL's, which it needs */
static void
close_at_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	hardware_key_close_all();
}

static const char *
open_key(const char *uri, EVP_PKEY **pkey, OSSL_LIB_CTX **libctx)
{
	if (!exit_registered)
		on_proc_exit(close_at_exit, (Datum) 0);
	exit_registered = true;
	return pkcs11_open(uri, pkey, libctx);
}

/* that its algorithm suits is what the public part was asked */
static const char *
adopt(const HardwareKeyName *name, OpenKey *key, const PgtcKey **out)
{
	EVP_PKEY *pkey;
	OSSL_LIB_CTX *libctx;
	const char *problem = open_key(name->uri, &pkey, &libctx);
	PgtcCode code;

	if (problem)
		return problem;
	code = pgtc_key_adopt_hardware(name->alg, pkey, libctx, name->public_key, &key->signer);
	if (code == PGTC_E_KEY)
		return "the token has another key of this name";
	if (code != PGTC_OK)
		return "the token makes no signature with the key";
	key->kid = MemoryContextStrdup(TopMemoryContext, name->kid);
	key->next = open_keys;
	open_keys = key;
	*out = &key->signer;
	return NULL;
}

static const char *
try_open(const HardwareKeyName *name, const PgtcKey **out)
{
	OpenKey *key = MemoryContextAllocZero(TopMemoryContext, sizeof(OpenKey));
	const char *problem = adopt(name, key, out);

	if (problem)
	{
		pfree(key);
		hardware_key_close_all();
	}
	return problem;
}

/* a second time only where what was open may be of before a token came back: each may cost a try of the PIN */
const char *
hardware_key_open(const HardwareKeyName *name, const PgtcKey **out)
{
	bool anew = open_keys == NULL;
	OpenKey *key;
	const char *problem;

	for (key = open_keys; key; key = key->next)
	{
		if (strcmp(key->kid, name->kid) == 0)
		{
			*out = &key->signer;
			return NULL;
		}
	}
	problem = try_open(name, out);
	return problem && !anew ? try_open(name, out) : problem;
}

static void
require_uri(const char *uri)
{
	const char *problem = pgtc_pkcs11_uri_problem(pgtc_slice_str(uri));

	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("uri does not name a private key in hardware"),
				 errdetail_internal("%s", problem),
				 errhint("As in pkcs11:token=signing;object=key-1 (RFC 7512). The PIN is read from "
						 "the file of pgtoken.pkcs11_pin_file, the library is that of "
						 "pgtoken.pkcs11_module.")));
}

void
hardware_key_look(const char *uri, const PgtcAlg *alg, PgtcKey *public_key)
{
	EVP_PKEY *pkey;
	OSSL_LIB_CTX *libctx;
	const char *problem;
	PgtcCode code;

	require_uri(uri);
	/* what is open may be of a time before this key was made */
	hardware_key_close_all();
	problem = open_key(uri, &pkey, &libctx);
	if (problem)
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("the key cannot be reached"),
						errdetail_internal("%s.", problem),
						errhint("pgtoken.pkcs11_module and pgtoken.pkcs11_pin_file say by which "
								"library, and with which PIN.")));
	code = pgtc_key_public_of(alg, pkey, public_key);
	EVP_PKEY_free(pkey);
	if (code == PGTC_E_KEY)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the key cannot be used for %s", alg->name),
						errdetail("Its type, curve or size is another, or its public part is not "
								  "in the token, by the same id.")));
	glue_check(code, "reading a public key");
}

void
hardware_key_fail(const char *kid, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYSTEM_ERROR), errmsg("the signing key \"%s\" cannot be used", kid),
			 errdetail_log("%s.", problem),
			 errhint("An administrator finds the reason in pgtoken.health() and the server log.")));
}
