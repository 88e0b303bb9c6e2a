/*
 * totp.c
 *		One-time codes: by time (RFC 6238), sent ones, and recovery codes.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/factor/webauthn.h"

#define DIGITS_MIN 6
#define PERIOD_MIN 15
#define PERIOD_MAX 120

#define RECOVERY_LETTERS (PGTC_RECOVERY_CODE_LEN - 1) /* without the dash */
#define RECOVERY_HALF (RECOVERY_LETTERS / 2)

/* RFC 8628 section 6.1: no vowels to make words of, nothing to take for a digit */
static const char recovery_letters[20] = {'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M',
										  'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'};

static PgtcCode check_parameters(const PgtcTotp *totp);
static bool decimal(PgtcSlice text);
static PgtcCode hmac(const PgtcTotp *totp, const uint8_t message[8], uint8_t out[EVP_MAX_MD_SIZE],
					 size_t *out_len);
static void write_digits(uint64_t value, int digits, char *out);
static uint64_t remainder_of(const uint8_t number[32], uint64_t divisor);
static uint64_t power(uint64_t base, int exponent);
static char ascii_upper(char c);

PgtcCode
pgtc_totp_code(const PgtcTotp *totp, int64_t step, char out[PGTC_TOTP_DIGITS_MAX + 1])
{
	uint8_t message[8];
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t mac_len = 0;
	PgtcCode code = check_parameters(totp);
	int i;

	memset(out, 0, PGTC_TOTP_DIGITS_MAX + 1);
	if (code != PGTC_OK)
		return code;
	for (i = 0; i < 8; i++)
		message[i] = (uint8_t) ((uint64_t) step >> (56 - 8 * i));
	code = hmac(totp, message, mac, &mac_len);
	if (code == PGTC_OK)
	{
		/* RFC 4226 section 5.3; the last byte also of longer hashes (RFC 6238 section 1.2) */
		const uint8_t *at = mac + (mac[mac_len - 1] & 0x0f);
		uint32_t bits = (uint32_t) (at[0] & 0x7f) << 24 | (uint32_t) at[1] << 16 |
						(uint32_t) at[2] << 8 | at[3];

		write_digits(bits, totp->digits, out);
	}
	pgtc_wipe(mac, sizeof(mac));
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
	if (code.len != (size_t) totp->digits || !decimal(code))
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
		char right[PGTC_TOTP_DIGITS_MAX + 1];
		bool equal;

		result = pgtc_totp_code(totp, at, right);
		if (result != PGTC_OK)
			return result;
		equal = pgtc_equal_secret(right, code.data, code.len);
		pgtc_wipe(right, sizeof(right));
		/* RFC 6238 section 5.2: no second use */
		if (equal & (at >= 0) & (at > last_step))
		{
			found = true;
			*step = at;
		}
	}
	return found ? PGTC_OK : PGTC_E_SIGNATURE;
}

void
pgtc_numeric_code(const uint8_t random[32], int digits, char out[PGTC_TOTP_DIGITS_MAX + 1])
{
	memset(out, 0, PGTC_TOTP_DIGITS_MAX + 1);
	write_digits(remainder_of(random, power(10, digits)), digits, out);
}

void
pgtc_recovery_code(const uint8_t random[32], char out[PGTC_RECOVERY_CODE_LEN + 1])
{
	const uint64_t letters = sizeof(recovery_letters);
	uint64_t rest = remainder_of(random, power(letters, RECOVERY_LETTERS));
	int i;

	for (i = 0; i < PGTC_RECOVERY_CODE_LEN; i++)
	{
		if (i == RECOVERY_HALF)
		{
			out[i] = '-';
			continue;
		}
		out[i] = recovery_letters[rest % letters];
		rest /= letters;
	}
	out[PGTC_RECOVERY_CODE_LEN] = '\0';
}

PgtcCode
pgtc_recovery_code_read(PgtcSlice in, char out[PGTC_RECOVERY_CODE_LEN + 1])
{
	size_t n = 0;
	size_t i;

	memset(out, 0, PGTC_RECOVERY_CODE_LEN + 1);
	for (i = 0; i < in.len; i++)
	{
		char c = ascii_upper(in.data[i]);

		if (c == ' ' || c == '-')
			continue;
		if (n == RECOVERY_HALF)
			out[n++] = '-';
		if (n == PGTC_RECOVERY_CODE_LEN ||
			memchr(recovery_letters, c, sizeof(recovery_letters)) == NULL)
			break;
		out[n++] = c;
	}
	if (i == in.len && n == PGTC_RECOVERY_CODE_LEN)
		return PGTC_OK;
	pgtc_wipe(out, PGTC_RECOVERY_CODE_LEN + 1);
	return PGTC_E_MALFORMED;
}

static PgtcCode
check_parameters(const PgtcTotp *totp)
{
	/* RFC 6238 section 1.2 */
	if (strcmp(totp->digest, "SHA1") != 0 && strcmp(totp->digest, "SHA256") != 0 &&
		strcmp(totp->digest, "SHA512") != 0)
		return PGTC_E_ALG;
	if (totp->digits < DIGITS_MIN || totp->digits > PGTC_TOTP_DIGITS_MAX)
		return PGTC_E_ALG;
	if (totp->period < PERIOD_MIN || totp->period > PERIOD_MAX)
		return PGTC_E_ALG;
	if (totp->secret_len < PGTC_TOTP_SECRET_MIN || totp->secret_len > PGTC_TOTP_SECRET_MAX)
		return PGTC_E_KEY;
	return PGTC_OK;
}

static bool
decimal(PgtcSlice text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
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

/* the last digits of the value, with the zeros in front */
static void
write_digits(uint64_t value, int digits, char *out)
{
	int i;

	for (i = digits - 1; i >= 0; i--)
	{
		out[i] = (char) ('0' + value % 10);
		value /= 10;
	}
}

/*
 * A number of 256 bits divided by one below 2^56: that it does not go in evenly
 * shows in one of 2^200 codes.
 */
static uint64_t
remainder_of(const uint8_t number[32], uint64_t divisor)
{
	uint64_t rest = 0;
	int i;

	for (i = 0; i < 32; i++)
		rest = (rest << 8 | number[i]) % divisor;
	return rest;
}

static uint64_t
power(uint64_t base, int exponent)
{
	uint64_t result = 1;

	while (exponent-- > 0)
		result *= base;
	return result;
}

static char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}
