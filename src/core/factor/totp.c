/*
 * totp.c
 *		One-time codes by time.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/factor/totp.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"
#include "core/base/text.h"
#include "core/factor/one_time_code.h"

#define DIGITS_MIN 6
#define PERIOD_MIN 15
#define PERIOD_MAX 120

static PgtcCode
check_parameters(const PgtcTotp *totp)
{
	/* RFC 6238 section 1.2 */
	if (strcmp(totp->digest, "SHA1") != 0 && strcmp(totp->digest, "SHA256") != 0 &&
		strcmp(totp->digest, "SHA512") != 0)
		return PGTC_E_ALG;
	if (totp->digits < DIGITS_MIN || totp->digits > PGTC_CODE_DIGITS_MAX)
		return PGTC_E_ALG;
	if (totp->period < PERIOD_MIN || totp->period > PERIOD_MAX)
		return PGTC_E_ALG;
	if (totp->secret_len < PGTC_TOTP_SECRET_MIN || totp->secret_len > PGTC_TOTP_SECRET_MAX)
		return PGTC_E_KEY;
	return PGTC_OK;
}

static PgtcCode
hmac(const PgtcTotp *totp, const uint8_t message[8], uint8_t out[EVP_MAX_MD_SIZE], size_t *out_len)
{
	bool done;

	ERR_clear_error();
	done = EVP_Q_mac(NULL, "HMAC", NULL, totp->digest, NULL, totp->secret, totp->secret_len,
					 message, 8, out, EVP_MAX_MD_SIZE, out_len) != NULL &&
		   *out_len >= 20;
	ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

static PgtcCode
code_of(const PgtcTotp *totp, int64_t step, char out[PGTC_CODE_DIGITS_MAX + 1])
{
	uint8_t message[8];
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t mac_len = 0;
	PgtcCode code = check_parameters(totp);

	out[0] = '\0';
	if (code != PGTC_OK)
		return code;
	pgtc_bytes_put(message, 8, (uint64_t) step);
	code = hmac(totp, message, mac, &mac_len);
	if (code == PGTC_OK)
	{
		/* RFC 4226 section 5.3; the last byte also of longer hashes (RFC 6238 section 1.2) */
		const uint8_t *at = mac + (mac[mac_len - 1] & 0x0f);

		pgtc_one_time_code_digits(pgtc_bytes_get(at, 4) & INT32_MAX, totp->digits, out);
	}
	pgtc_crypto_wipe(mac, sizeof(mac));
	return code;
}

PgtcCode
pgtc_totp_check(const PgtcTotp *totp, PgtcSlice code, int64_t now, int window, int64_t last_step,
				int64_t *step)
{
	PgtcCode result = check_parameters(totp);
	int64_t middle;
	int64_t at;
	bool found = false;

	*step = -1;
	if (result != PGTC_OK)
		return result;
	if (code.len != (size_t) totp->digits || !pgtc_text_digits(code))
		return PGTC_E_MALFORMED;
	if (now < 0)
		return PGTC_E_SIGNATURE;

	/*
	 * All of them, whichever it is.  Should two steps have one code it is the
	 * later one's, or it would be good a second time.
	 */
	middle = now / totp->period;
	for (at = middle - window; at <= middle + window; at++)
	{
		char right[PGTC_CODE_DIGITS_MAX + 1];
		bool equal;

		result = code_of(totp, at, right);
		if (result != PGTC_OK)
			return result;
		equal = pgtc_crypto_equal(right, code.data, code.len);
		pgtc_crypto_wipe(right, sizeof(right));
		/* RFC 6238 section 5.2: no second use */
		if (equal & (at >= 0) & (at > last_step))
		{
			found = true;
			*step = at;
		}
	}
	return found ? PGTC_OK : PGTC_E_SIGNATURE;
}
