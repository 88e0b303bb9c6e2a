/*
 * hotp.h
 *		The code of a step once more (RFC 4226 section 5.3), to hold the core's against.
 */
#ifndef PGT_UNIT_HOTP_H
#define PGT_UNIT_HOTP_H

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/factor/totp.h"

#define HOTP_MAX 10 /* digits of 31 bits */

/* "" where OpenSSL has no such hash */
static inline void
hotp(const PgtcTotp *totp, int64_t step, char code[HOTP_MAX + 1])
{
	uint8_t counter[8];
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t len = 0;
	char all[HOTP_MAX + 1];
	uint8_t *at;
	int i;

	for (i = 0; i < 8; i++)
		counter[i] = (uint8_t) ((uint64_t) step >> (56 - 8 * i));
	code[0] = '\0';
	if (EVP_Q_mac(NULL, "HMAC", NULL, totp->digest, NULL, totp->secret, totp->secret_len, counter,
				  8, mac, sizeof(mac), &len) == NULL)
	{
		ERR_clear_error();
		return;
	}
	at = mac + (mac[len - 1] & 15);
	snprintf(all, sizeof(all), "%010u",
			 (at[0] & 0x7fU) << 24 | (unsigned) at[1] << 16 | (unsigned) at[2] << 8 | at[3]);
	strcpy(code, all + HOTP_MAX - totp->digits);
}

#endif /* PGT_UNIT_HOTP_H */
