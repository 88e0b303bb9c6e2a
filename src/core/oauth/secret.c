/*
 * secret.c
 *		Secrets of clients: ours, and what others look like.
 */
#include "core/oauth/secret.h"
#include "core/base/b64url.h"
#include "core/base/bytes.h"

#define CLIENT_SECRET_PREFIX_LEN (sizeof(PGTC_CLIENT_SECRET_PREFIX) - 1)
#define RANDOM_MIN 32
#define HEX_DISTINCT_MIN 11
#define CLASSES 4

void
pgtc_secret_write(const char *prefix, const uint8_t random[PGTC_SECRET_LEN],
				  char out[PGTC_CLIENT_SECRET_LEN + 1])
{
	memcpy(out, prefix, CLIENT_SECRET_PREFIX_LEN);
	pgtc_b64url_encode(random, PGTC_SECRET_LEN, out + CLIENT_SECRET_PREFIX_LEN);
	out[PGTC_CLIENT_SECRET_LEN] = '\0';
}

/* upper, lower, digit, one of the others of base64, base64url and padding; -1: none of them */
static int
class_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return 0;
	if (c >= 'a' && c <= 'z')
		return 1;
	if (c >= '0' && c <= '9')
		return 2;
	return c != '\0' && strchr("+/-_.~=", c) ? 3 : -1;
}

/* also as a UUID is written; more digits than the ten of a number */
static bool
hexadecimal(PgtcSlice secret)
{
	bool seen[16] = {false};
	int distinct = 0;
	size_t digits = 0;
	size_t i;

	for (i = 0; i < secret.len; i++)
	{
		int value = pgtc_bytes_digit(secret.data[i]);

		if (value < 0 && secret.data[i] == '-')
			continue;
		if (value < 0)
			return false;
		digits++;
		if (!seen[value])
			distinct++;
		seen[value] = true;
	}
	return digits >= RANDOM_MIN && distinct >= HEX_DISTINCT_MIN;
}

/*
 * Among random characters of base64 the kind (upper case, lower case, digit) changes
 * after two of three, of hexadecimal after nearly every other; from word to word, and
 * in what a keyboard has in a row, only now and then.
 */
bool
pgtc_secret_looks_random(PgtcSlice secret)
{
	bool seen[CLASSES] = {false};
	size_t changes = 0;
	size_t i;

	if (secret.len < RANDOM_MIN)
		return false;
	for (i = 0; i < secret.len; i++)
	{
		int class = class_of(secret.data[i]);

		if (class < 0)
			return false;
		seen[class] = true;
		if (i > 0 && class != class_of(secret.data[i - 1]))
			changes++;
	}
	if (hexadecimal(secret))
		return changes >= (secret.len - 1) / 5;
	return seen[0] && seen[1] && seen[2] && changes >= (secret.len - 1) * 2 / 5;
}
