/*
 * user_code.c
 *		Handles, PKCE, user codes, pairwise subjects.
 *
 * Random bytes and keys are arguments.  Whatever held a secret is wiped before
 * return; a parser that refuses leaves a wiped result.
 */
#include "core/base/b64url.h"
#include "core/base/json_read.h"
#include "core/oauth/handle.h"

#define HANDLE_VERSION 1
#define HANDLE_RAW_LEN (1 + PGTC_UUID_LEN + PGTC_SECRET_LEN)
#define HANDLE_TEXT_LEN 66
#define HANDLE_PREFIX_LEN (PGTC_HANDLE_LEN - HANDLE_TEXT_LEN)

#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

/* bytes of a sector identifier and a subject; a host name has at most 253, a subject 255 */
#define PAIRWISE_INPUT_MAX 4096

static const char user_code_letters[20] = {'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M',
										   'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'};

static char ascii_upper(char c);

void
pgtc_handle_write(const char *prefix, const PgtcHandle *handle, char out[PGTC_HANDLE_LEN + 1])
{
	uint8_t raw[HANDLE_RAW_LEN];

	raw[0] = HANDLE_VERSION;
	memcpy(raw + 1, handle->grant_id, PGTC_UUID_LEN);
	memcpy(raw + 1 + PGTC_UUID_LEN, handle->secret, PGTC_SECRET_LEN);

	memcpy(out, prefix, HANDLE_PREFIX_LEN);
	pgtc_b64url_encode(raw, sizeof(raw), out + HANDLE_PREFIX_LEN);
	out[PGTC_HANDLE_LEN] = '\0';
	pgtc_wipe(raw, sizeof(raw));
}

/*
 *		handle = prefix 66b64char
 *		raw    = version (1) grant_id (16) secret (32)
 */
PgtcCode
pgtc_handle_parse(const char *prefix, PgtcSlice in, PgtcHandle *out)
{
	uint8_t raw[HANDLE_RAW_LEN];
	size_t raw_len;
	PgtcCode code = PGTC_E_MALFORMED;

	pgtc_wipe(out, sizeof(*out));
	if (in.len != PGTC_HANDLE_LEN || memcmp(in.data, prefix, HANDLE_PREFIX_LEN) != 0)
		return PGTC_E_MALFORMED;

	if (pgtc_b64url_decode(pgtc_slice(in.data + HANDLE_PREFIX_LEN, HANDLE_TEXT_LEN), raw,
						   sizeof(raw), &raw_len) == PGTC_OK &&
		raw_len == sizeof(raw) && raw[0] == HANDLE_VERSION)
	{
		memcpy(out->grant_id, raw + 1, PGTC_UUID_LEN);
		memcpy(out->secret, raw + 1 + PGTC_UUID_LEN, PGTC_SECRET_LEN);
		code = PGTC_OK;
	}
	pgtc_wipe(raw, sizeof(raw));
	return code;
}

/* what is no SHA-256 in base64url matches nothing later, so it is told at once */
bool
pgtc_pkce_challenge_valid(PgtcSlice challenge)
{
	uint8_t digest[PGTC_SHA256_LEN];
	size_t len;

	return challenge.len == PGTC_CHALLENGE_LEN &&
		   pgtc_b64url_decode(challenge, digest, sizeof(digest), &len) == PGTC_OK;
}

/*
 *		code-verifier = 43*128unreserved
 *		unreserved    = ALPHA / DIGIT / "-" / "." / "_" / "~"
 *
 * RFC 7636 section 4.1.
 */
bool
pgtc_pkce_verifier_valid(PgtcSlice verifier)
{
	size_t i;

	if (verifier.len < VERIFIER_MIN || verifier.len > VERIFIER_MAX)
		return false;
	for (i = 0; i < verifier.len; i++)
	{
		if (!pgtc_uri_unreserved((unsigned char) verifier.data[i]))
			return false;
	}
	return true;
}

bool
pgtc_pkce_matches(PgtcSlice challenge, PgtcSlice verifier)
{
	uint8_t digest[PGTC_SHA256_LEN];
	char expected[PGTC_CHALLENGE_LEN];
	bool matches;

	if (challenge.len != PGTC_CHALLENGE_LEN || !pgtc_pkce_verifier_valid(verifier) ||
		pgtc_sha256(verifier.data, verifier.len, digest) != PGTC_OK)
		return false;
	pgtc_b64url_encode(digest, sizeof(digest), expected);
	matches = pgtc_equal_secret(expected, challenge.data, sizeof(expected));
	pgtc_wipe(digest, sizeof(digest));
	pgtc_wipe(expected, sizeof(expected));
	return matches;
}

/*
 * The random bytes are one number of 256 bits, of which the rest by 20^8 is
 * taken: that this does not go in evenly shows in one of 2^221 codes.
 */
void
pgtc_user_code_make(const uint8_t random[32], char out[PGTC_USER_CODE_LEN + 1])
{
	const uint64_t letters = sizeof(user_code_letters);
	uint64_t codes = 1;
	uint64_t rest = 0;
	int i;

	for (i = 0; i < PGTC_USER_CODE_LEN; i++)
		codes *= letters;
	/* codes is below 2^35, so there is room for another byte */
	for (i = 0; i < 32; i++)
		rest = (rest << 8 | random[i]) % codes;
	for (i = 0; i < PGTC_USER_CODE_LEN; i++)
	{
		out[i] = user_code_letters[rest % letters];
		rest /= letters;
	}
	out[PGTC_USER_CODE_LEN] = '\0';
}

void
pgtc_user_code_show(const char code[PGTC_USER_CODE_LEN + 1], char out[PGTC_USER_CODE_LEN + 2])
{
	size_t half = PGTC_USER_CODE_LEN / 2;

	memcpy(out, code, half);
	out[half] = '-';
	memcpy(out + half + 1, code + half, PGTC_USER_CODE_LEN - half);
	out[PGTC_USER_CODE_LEN + 1] = '\0';
}

/* RFC 8628 section 6.1: what the user may have added in typing is taken away */
PgtcCode
pgtc_user_code_read(PgtcSlice in, char out[PGTC_USER_CODE_LEN + 1])
{
	size_t n = 0;
	size_t i;

	memset(out, 0, PGTC_USER_CODE_LEN + 1);
	for (i = 0; i < in.len; i++)
	{
		char c = ascii_upper(in.data[i]);

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			continue;
		if (n == PGTC_USER_CODE_LEN ||
			memchr(user_code_letters, c, sizeof(user_code_letters)) == NULL)
			break;
		out[n++] = c;
	}
	if (i == in.len && n == PGTC_USER_CODE_LEN)
		return PGTC_OK;
	pgtc_wipe(out, PGTC_USER_CODE_LEN + 1);
	return PGTC_E_MALFORMED;
}

PgtcCode
pgtc_subkey(const uint8_t pepper[PGTC_PEPPER_LEN], const char *label, uint8_t out[32])
{
	return pgtc_hmac_sha256(pepper, PGTC_PEPPER_LEN, label, strlen(label), out);
}

PgtcCode
pgtc_keyed_hash(const uint8_t key[32], PgtcSlice data, uint8_t out[PGTC_SHA256_LEN])
{
	return pgtc_hmac_sha256(key, 32, data.data, data.len, out);
}

PgtcCode
pgtc_pairwise_subject(const uint8_t key[32], PgtcSlice sector, PgtcSlice subject,
					  char out[PGTC_PAIRWISE_LEN + 1])
{
	char message[PAIRWISE_INPUT_MAX + 1];
	uint8_t mac[PGTC_SHA256_LEN];
	PgtcCode code;

	out[0] = '\0';
	/* a sector without NUL, or a NUL would not tell where it ends */
	if (sector.len == 0 || subject.len == 0 || memchr(sector.data, '\0', sector.len) != NULL)
		return PGTC_E_MALFORMED;
	if (sector.len > PAIRWISE_INPUT_MAX || subject.len > PAIRWISE_INPUT_MAX - sector.len)
		return PGTC_E_TOO_LONG;

	memcpy(message, sector.data, sector.len);
	message[sector.len] = '\0';
	memcpy(message + sector.len + 1, subject.data, subject.len);
	code = pgtc_hmac_sha256(key, 32, message, sector.len + 1 + subject.len, mac);
	if (code != PGTC_OK)
		return code;
	pgtc_b64url_encode(mac, sizeof(mac), out);
	out[PGTC_PAIRWISE_LEN] = '\0';
	return PGTC_OK;
}

/* the <ctype.h> functions follow the locale; this does not */
static char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}
