/*
 * pairwise.c
 *		Pairwise subjects.
 */
#include "core/oauth/pairwise.h"
#include "core/base/b64url.h"
#include "core/base/crypto.h"

/* bytes of a sector identifier and a subject; a host name has at most 253, a subject 255 */
#define PAIRWISE_INPUT_MAX 4096

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
	code = pgtc_crypto_hmac_sha256(key, 32, message, sector.len + 1 + subject.len, mac);
	if (code != PGTC_OK)
		return code;
	pgtc_b64url_encode(mac, sizeof(mac), out);
	out[PGTC_PAIRWISE_LEN] = '\0';
	return PGTC_OK;
}
