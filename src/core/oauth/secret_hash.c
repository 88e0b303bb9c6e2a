/*
 * secret_hash.c
 *		Reading the hashes of client secrets that other servers have stored.
 */
#include "core/oauth/secret_hash.h"
#include "core/base/ascii.h"
#include "core/base/b64url.h"
#include "core/base/text.h"

#define SALT_MIN 8
#define HASH_MIN 16
#define FIELDS_MAX 6

typedef struct Fields
{
	PgtcSlice at[FIELDS_MAX];
	int n;
} Fields;

static const struct
{
	const char *name;
	PgtcSecretHashKind kind;
	const char *scheme;
	const char *algorithm;
} schemes[] = {
	{"2a", PGTC_HASH_BCRYPT, "bcrypt", NULL},
	{"2b", PGTC_HASH_BCRYPT, "bcrypt", NULL},
	{"2y", PGTC_HASH_BCRYPT, "bcrypt", NULL},
	{"argon2d", PGTC_HASH_ARGON2, "argon2d", "ARGON2D"},
	{"argon2i", PGTC_HASH_ARGON2, "argon2i", "ARGON2I"},
	{"argon2id", PGTC_HASH_ARGON2, "argon2id", "ARGON2ID"},
	{"pbkdf2-sha256", PGTC_HASH_PBKDF2, "pbkdf2-sha256", "SHA256"},
	{"pbkdf2-sha512", PGTC_HASH_PBKDF2, "pbkdf2-sha512", "SHA512"},
	/* Django, without the first "$" */
	{"pbkdf2_sha256", PGTC_HASH_PBKDF2, "pbkdf2-sha256", "SHA256"},
	{"pbkdf2_sha512", PGTC_HASH_PBKDF2, "pbkdf2-sha512", "SHA512"},
};

/* at each "$"; fields that are not there are empty */
static bool
split(PgtcSlice text, Fields *fields)
{
	size_t start = 0;
	size_t i;

	memset(fields, 0, sizeof(*fields));
	for (i = 0; i <= text.len; i++)
	{
		if (i < text.len && text.data[i] != '$')
			continue;
		if (fields->n == FIELDS_MAX)
			return false;
		fields->at[fields->n++] = pgtc_slice(text.data + start, i - start);
		start = i + 1;
	}
	return true;
}

static bool
find_scheme(PgtcSlice name, PgtcSecretHash *out)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		if (!pgtc_slice_equal(name, pgtc_slice_str(schemes[i].name)))
			continue;
		out->kind = schemes[i].kind;
		out->scheme = schemes[i].scheme;
		out->algorithm = schemes[i].algorithm;
		return true;
	}
	return false;
}

static PgtcCode
bounded(uint32_t value, uint32_t max)
{
	return value > max ? PGTC_E_TOO_LONG : PGTC_OK;
}

/* positive, without a leading zero, of nine digits at the most */
static bool
positive(PgtcSlice text, uint32_t *out)
{
	int64_t number = pgtc_text_number(text, 999999999);

	*out = number > 0 ? (uint32_t) number : 0;
	return number > 0 && text.data[0] != '0';
}

/* 22 characters of salt and 31 of hash, whose last has two bits that say nothing */
static PgtcCode
read_bcrypt(PgtcSlice text, const Fields *fields, PgtcSecretHash *out)
{
	PgtcSlice cost = fields->at[2];
	size_t i;

	if (fields->n != 4 || text.len != PGTC_BCRYPT_LEN || cost.len != 2)
		return PGTC_E_MALFORMED;
	for (i = 0; i < fields->at[3].len; i++)
	{
		char c = fields->at[3].data[i];

		if (!pgtc_ascii_letter(c) && !pgtc_ascii_digit(c) && c != '.' && c != '/')
			return PGTC_E_MALFORMED;
	}
	if (memchr(".CGKOSWaeimquy26", text.data[text.len - 1], 16) == NULL)
		return PGTC_E_MALFORMED;
	if (cost.data[0] == '0')
		cost = pgtc_slice(cost.data + 1, 1);
	if (!positive(cost, &out->passes) || out->passes < 4)
		return PGTC_E_MALFORMED;
	memcpy(out->bcrypt, text.data, PGTC_BCRYPT_LEN);
	return bounded(out->passes, PGTC_BCRYPT_COST_MAX);
}

static PgtcCode
enough(const PgtcSecretHash *hash)
{
	return hash->salt_len < SALT_MIN || hash->hash_len < HASH_MIN ? PGTC_E_MALFORMED : PGTC_OK;
}

/* without padding; passlib writes "." for "+" */
static bool
base64(PgtcSlice text, uint8_t out[PGTC_SECRET_HASH_BYTES], size_t *len)
{
	char url[PGTC_SECRET_HASH_BYTES * 4 / 3 + 2];
	size_t i;

	if (text.len > sizeof(url))
		return false;
	for (i = 0; i < text.len; i++)
	{
		char c = text.data[i];

		if (c == '-' || c == '_')
			return false;
		url[i] = (char) (c == '/' ? '_' : c == '+' || c == '.' ? '-' : c);
	}
	return pgtc_b64url_decode(pgtc_slice(url, text.len), out, PGTC_SECRET_HASH_BYTES, len) ==
		   PGTC_OK;
}

static PgtcCode
read_salt_and_hash(PgtcSlice salt, PgtcSlice hash, PgtcSecretHash *out)
{
	if (!base64(salt, out->salt, &out->salt_len) || !base64(hash, out->hash, &out->hash_len))
		return PGTC_E_MALFORMED;
	return enough(out);
}

/* name and number off the front, and the character after it; '\0': nothing may follow */
static bool
take(PgtcSlice *text, const char *name, char end, uint32_t *out)
{
	size_t name_len = strlen(name);
	const char *start;
	const char *stop;

	if (text->len < name_len || memcmp(text->data, name, name_len) != 0)
		return false;
	start = text->data + name_len;
	stop = end == '\0' ? text->data + text->len : memchr(start, end, text->len - name_len);
	if (stop == NULL || !positive(pgtc_slice(start, (size_t) (stop - start)), out))
		return false;
	if (end != '\0')
		stop++;
	*text = pgtc_slice(stop, (size_t) (text->data + text->len - stop));
	return true;
}

static PgtcCode
read_pbkdf2(const Fields *fields, PgtcSecretHash *out)
{
	PgtcSlice parameters = fields->at[2];
	uint32_t len = 0;
	PgtcCode code;

	if (fields->n != 5)
		return PGTC_E_MALFORMED;
	/* Hydra writes i=N,l=N, passlib N */
	if (take(&parameters, "i=", ',', &out->passes))
	{
		if (!take(&parameters, "l=", '\0', &len))
			return PGTC_E_MALFORMED;
	}
	else if (!positive(parameters, &out->passes))
		return PGTC_E_MALFORMED;
	code = read_salt_and_hash(fields->at[3], fields->at[4], out);
	if (code != PGTC_OK)
		return code;
	if (len != 0 && len != out->hash_len)
		return PGTC_E_MALFORMED;
	return bounded(out->passes, PGTC_PBKDF2_ITERATIONS_MAX);
}

/* the salt is the text that stands there */
static PgtcCode
read_django(const Fields *fields, PgtcSecretHash *out)
{
	PgtcSlice salt = fields->at[2];
	PgtcSlice hash = fields->at[3];
	PgtcCode code;
	int i;

	if (fields->n != 4 || !positive(fields->at[1], &out->passes) ||
		salt.len > PGTC_SECRET_HASH_BYTES || hash.len % 4 != 0)
		return PGTC_E_MALFORMED;
	for (i = 0; i < 2 && hash.len > 0 && hash.data[hash.len - 1] == '='; i++)
		hash.len--;
	memcpy(out->salt, salt.data, salt.len);
	out->salt_len = salt.len;
	if (!base64(hash, out->hash, &out->hash_len))
		return PGTC_E_MALFORMED;
	code = enough(out);
	return code == PGTC_OK ? bounded(out->passes, PGTC_PBKDF2_ITERATIONS_MAX) : code;
}

/* version 1.3 of it; RFC 9106 section 3.1: a lane has 8 KiB at least */
static PgtcCode
read_argon2(const Fields *fields, PgtcSecretHash *out)
{
	PgtcSlice parameters = fields->at[3];
	PgtcCode code;

	if (fields->n != 6 || !pgtc_slice_equal(fields->at[2], pgtc_slice_str("v=19")) ||
		!take(&parameters, "m=", ',', &out->memory) ||
		!take(&parameters, "t=", ',', &out->passes) || !take(&parameters, "p=", '\0', &out->lanes))
		return PGTC_E_MALFORMED;
	code = read_salt_and_hash(fields->at[4], fields->at[5], out);
	if (code != PGTC_OK)
		return code;
	if (out->memory > PGTC_ARGON2_MEMORY_MAX || out->lanes > PGTC_ARGON2_LANES_MAX ||
		(uint64_t) out->memory * out->passes > PGTC_ARGON2_WORK_MAX)
		return PGTC_E_TOO_LONG;
	return out->memory < 8 * out->lanes ? PGTC_E_MALFORMED : PGTC_OK;
}

PgtcCode
pgtc_secret_hash_read(PgtcSlice text, PgtcSecretHash *out)
{
	Fields fields;

	memset(out, 0, sizeof(*out));
	if (text.len == 0 || memchr(text.data, '$', text.len) == NULL)
		return PGTC_E_ALG;
	if (text.len > PGTC_SECRET_HASH_MAX)
		return PGTC_E_TOO_LONG;
	if (!split(text, &fields))
		return PGTC_E_MALFORMED;
	if (fields.at[0].len > 0)
		return memchr(fields.at[0].data, '_', fields.at[0].len) && find_scheme(fields.at[0], out)
				   ? read_django(&fields, out)
				   : PGTC_E_ALG;
	if (memchr(fields.at[1].data, '_', fields.at[1].len) || !find_scheme(fields.at[1], out))
		return PGTC_E_ALG;
	switch (out->kind)
	{
		case PGTC_HASH_BCRYPT:
			return read_bcrypt(text, &fields, out);
		case PGTC_HASH_PBKDF2:
			return read_pbkdf2(&fields, out);
		case PGTC_HASH_ARGON2:
			return read_argon2(&fields, out);
	}
	return PGTC_E_ALG;
}
