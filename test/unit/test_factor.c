/*
 * test_factor.c
 *		base32 (RFC 4648), TOTP (RFC 6238), sent codes and recovery codes.
 */
#include "core/base/base32.h"
#include "core/factor/one_time_code.h"
#include "hotp.h"
#include "unit.h"

/* RFC 6238 appendix B: the ASCII secret, as long as the hash wants it */
#define DIGITS_20 "12345678901234567890"
#define DIGITS_64 DIGITS_20 DIGITS_20 DIGITS_20 "1234"

/* two steps of DIGITS_20 in a row that have the same code of six digits */
#define TWIN_STEP INT64_C(910737)

static PgtcTotp
totp_of(const char *digest, int digits, size_t secret_len)
{
	PgtcTotp totp = {digest, digits, 30, (const uint8_t *) DIGITS_64, secret_len};

	return totp;
}

static PgtcCode
read_base32(PgtcSlice text, PgtcSlice expected)
{
	PgtcBuf out;
	PgtcCode code;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_append_str(&out, "before");
	code = pgtc_base32_read(text, &out);
	CHECK(out.len >= 6 && memcmp(out.data, "before", 6) == 0);
	if (code == PGTC_OK)
		CHECK(pgtc_slice_equal(pgtc_slice(out.data + 6, out.len - 6), expected));
	else
		CHECK(out.len == 6);
	pgtc_buf_free(&out);
	return code;
}

/* RFC 4648 section 10 */
static void
base32_vectors(void)
{
	static const char *const vectors[][3] = {
		{"", "", ""},
		{"f", "MY", "MY======"},
		{"fo", "MZXQ", "MZXQ===="},
		{"foo", "MZXW6", "MZXW6==="},
		{"foob", "MZXW6YQ", "MZXW6YQ="},
		{"fooba", "MZXW6YTB", "MZXW6YTB"},
		{"foobar", "MZXW6YTBOI", "MZXW6YTBOI======"},
		/* the whole alphabet, in order */
		{"\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7\xc6\x75\xbe\x77\xdf",
		 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "abcdefgh ijklmnop qrstuvwx yz234567"}};
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		bool last = i + 1 == sizeof(vectors) / sizeof(vectors[0]);
		PgtcSlice data = pgtc_slice(vectors[i][0], last ? 20 : strlen(vectors[i][0]));
		PgtcBuf text;

		pgtc_buf_init(&text, &unit_mem);
		pgtc_buf_append_str(&text, "x");
		pgtc_base32_append(&text, data.data, data.len);
		CHECK(pgtc_slice_equal(pgtc_slice(text.data + 1, text.len - 1),
							   pgtc_slice_str(vectors[i][1])));
		pgtc_buf_free(&text);
		CHECK_CODE(read_base32(pgtc_slice_str(vectors[i][1]), data), PGTC_OK);
		CHECK_CODE(read_base32(pgtc_slice_str(vectors[i][2]), data), PGTC_OK);
	}
}

static void
base32_spellings(void)
{
	static const char *const wrong[] = {"A",
										"MYA",
										"MZXWYA",
										"M",
										"MZX",
										"MZXW6Y",
										"MZ", /* a bit too many at the end */
										"MZXW7",
										"MZXW6YR",
										"MY=A",
										"M=Y=",
										"=MY",
										"MZXW61TB",
										"MZXW60TB",
										"MZXW68TB",
										"MZXW6-YTB",
										"MZXW6YTB.",
										"MY\n",
										"MY\t",
										"\xc3\x84\xc3\x84"};
	size_t i;

	CHECK_CODE(read_base32(LITERAL("mzxw6ytboi"), LITERAL("foobar")), PGTC_OK);
	CHECK_CODE(read_base32(LITERAL(" MzXw 6yTb oI "), LITERAL("foobar")), PGTC_OK);
	CHECK_CODE(read_base32(LITERAL("MZXW 6YTB OI== ===="), LITERAL("foobar")), PGTC_OK);
	CHECK_CODE(read_base32(LITERAL(" = "), LITERAL("")), PGTC_OK);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_CODE(read_base32(pgtc_slice_str(wrong[i]), LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(read_base32(LITERAL("MY\0MY"), LITERAL("")), PGTC_E_MALFORMED);
}

/* RFC 6238 appendix B */
static void
totp_vectors(void)
{
	static const int64_t times[] = {59,			1111111109, 1111111111,
									1234567890, 2000000000, INT64_C(20000000000)};
	static const struct
	{
		const char *digest;
		size_t secret_len;
		const char *codes[6];
	} rows[] = {
		{"SHA1", 20, {"94287082", "07081804", "14050471", "89005924", "69279037", "65353130"}},
		{"SHA256", 32, {"46119246", "68084774", "67062674", "91819424", "90698825", "77737706"}},
		{"SHA512", 64, {"90693936", "25091201", "99943326", "93441116", "38618901", "47863826"}}};
	size_t row;
	size_t i;

	for (row = 0; row < 3; row++)
	{
		PgtcTotp totp = totp_of(rows[row].digest, 8, rows[row].secret_len);

		for (i = 0; i < 6; i++)
		{
			char code[HOTP_MAX + 1];
			int64_t step;

			hotp(&totp, times[i] / 30, code);
			CHECK(strcmp(code, rows[row].codes[i]) == 0);
			CHECK_CODE(
				pgtc_totp_check(&totp, pgtc_slice_str(rows[row].codes[i]), times[i], 0, -1, &step),
				PGTC_OK);
			CHECK(step == times[i] / 30);
		}
	}
}

/* RFC 4226 appendix D: fewer digits are the last ones of more */
static void
hotp_vectors(void)
{
	static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
										"254676", "287922", "162583", "399871", "520489"};
	PgtcTotp totp = totp_of("SHA1", 6, 20);
	int64_t step;
	int i;

	for (i = 0; i < 10; i++)
	{
		CHECK_CODE(pgtc_totp_check(&totp, pgtc_slice_str(codes[i]), i * 30, 0, -1, &step), PGTC_OK);
		CHECK(step == i);
	}
	totp.digits = 7;
	CHECK_CODE(pgtc_totp_check(&totp, LITERAL("4287082"), 30, 0, -1, &step), PGTC_OK);
	CHECK_CODE(pgtc_totp_check(&totp, LITERAL("5287082"), 30, 0, -1, &step), PGTC_E_SIGNATURE);
	totp.digits = 8;
	CHECK_CODE(pgtc_totp_check(&totp, LITERAL("94287082"), 30, 0, -1, &step), PGTC_OK);
	CHECK_CODE(pgtc_totp_check(&totp, LITERAL("84287082"), 30, 0, -1, &step), PGTC_E_SIGNATURE);
}

/* the code of one step, shown at a time */
static PgtcCode
check_step(const PgtcTotp *totp, int64_t step, int64_t now, int window, int64_t last_step)
{
	char code[HOTP_MAX + 1];
	int64_t found;
	PgtcCode result;

	hotp(totp, step, code);
	CHECK(strlen(code) == (size_t) totp->digits);
	result = pgtc_totp_check(totp, pgtc_slice_str(code), now, window, last_step, &found);
	CHECK(found == (result == PGTC_OK ? step : -1));
	return result;
}

static void
totp_window(void)
{
	PgtcTotp totp = totp_of("SHA256", 8, 32);
	int64_t now = 3000;
	int window;
	int64_t away;

	for (window = 0; window <= 3; window++)
	{
		for (away = -5; away <= 5; away++)
			CHECK_CODE(check_step(&totp, 100 + away, now, window, -1),
					   -window <= away && away <= window ? PGTC_OK : PGTC_E_SIGNATURE);
	}
	/* the first and the last second of a step */
	CHECK_CODE(check_step(&totp, 100, 3029, 0, -1), PGTC_OK);
	CHECK_CODE(check_step(&totp, 100, 3030, 0, -1), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, 100, 2999, 0, -1), PGTC_E_SIGNATURE);
	totp.period = 60;
	CHECK_CODE(check_step(&totp, 50, 3000, 0, -1), PGTC_OK);

	/* where time begins, there is nothing before it */
	CHECK_CODE(check_step(&totp, 0, 0, 1, -1), PGTC_OK);
	CHECK_CODE(check_step(&totp, -1, 0, 1, -1), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, -1, 0, 1, -9), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, 0, -1, 1, -1), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, INT64_MAX / 60, INT64_MAX, 1, -1), PGTC_OK);
}

/* Attack: a code that was seen over a shoulder, used a second time. */
static void
totp_second_use(void)
{
	PgtcTotp totp = totp_of("SHA1", 6, 20);
	int64_t now = 3000;
	char code[HOTP_MAX + 1];
	char twin[HOTP_MAX + 1];
	int64_t step;

	CHECK_CODE(check_step(&totp, 100, now, 1, 99), PGTC_OK);
	CHECK_CODE(check_step(&totp, 100, now, 1, 100), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, 101, now, 1, 100), PGTC_OK);
	CHECK_CODE(check_step(&totp, 99, now, 1, 100), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, 99, now, 1, 99), PGTC_E_SIGNATURE);
	CHECK_CODE(check_step(&totp, 99, now, 1, 98), PGTC_OK);
	CHECK_CODE(check_step(&totp, 101, now, 1, INT64_MAX), PGTC_E_SIGNATURE);

	/* two steps with one code, which must not be good once for each of them */
	hotp(&totp, TWIN_STEP, code);
	hotp(&totp, TWIN_STEP + 1, twin);
	CHECK(strlen(code) == 6);
	CHECK(strcmp(code, twin) == 0);
	CHECK_CODE(pgtc_totp_check(&totp, pgtc_slice_str(code), TWIN_STEP * 30, 1, -1, &step), PGTC_OK);
	CHECK(step == TWIN_STEP + 1);
	CHECK_CODE(pgtc_totp_check(&totp, pgtc_slice_str(code), TWIN_STEP * 30, 1, step, &step),
			   PGTC_E_SIGNATURE);
}

static void
totp_not_a_code(void)
{
	static const char *const codes[] = {"",		  "1",		"12345",  "1234567",
										"12345a", " 12345", "12345 ", "123 456",
										"+12345", "-12345", "0x1234", "12345\n"};
	PgtcTotp totp = totp_of("SHA1", 6, 20);
	int64_t step;
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		CHECK_CODE(pgtc_totp_check(&totp, pgtc_slice_str(codes[i]), 3000, 1, -1, &step),
				   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_totp_check(&totp, LITERAL("12345\0"), 3000, 1, -1, &step), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_totp_check(&totp, pgtc_slice(NULL, 0), 3000, 1, -1, &step), PGTC_E_MALFORMED);
}

static PgtcCode
code_with(const char *digest, int digits, int period, size_t secret_len)
{
	PgtcTotp totp = {digest, digits, period, (const uint8_t *) DIGITS_64 "5", secret_len};
	char code[HOTP_MAX + 1];
	int64_t step;
	PgtcCode result;

	hotp(&totp, 1, code);
	result = pgtc_totp_check(&totp, pgtc_slice_str(code), period, 1, -1, &step);
	CHECK(step == (result == PGTC_OK ? 1 : -1));
	if (result != PGTC_OK)
		CHECK_CODE(pgtc_totp_check(&totp, LITERAL("123456"), 59, 1, -1, &step), result);
	return result;
}

static void
totp_parameters(void)
{
	CHECK_CODE(code_with("SHA1", 6, 30, PGTC_TOTP_SECRET_MIN), PGTC_OK);
	CHECK_CODE(code_with("SHA512", 8, 30, PGTC_TOTP_SECRET_MAX), PGTC_OK);
	CHECK_CODE(code_with("SHA1", 6, 30, PGTC_TOTP_SECRET_MIN - 1), PGTC_E_KEY);
	CHECK_CODE(code_with("SHA1", 6, 30, PGTC_TOTP_SECRET_MAX + 1), PGTC_E_KEY);
	CHECK_CODE(code_with("SHA1", 6, 30, 0), PGTC_E_KEY);
	CHECK_CODE(code_with("SHA1", 5, 30, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("SHA1", 9, 30, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("SHA1", 6, 15, 20), PGTC_OK);
	CHECK_CODE(code_with("SHA1", 6, 120, 20), PGTC_OK);
	CHECK_CODE(code_with("SHA1", 6, 14, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("SHA1", 6, 0, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("SHA1", 6, 121, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("MD5", 6, 30, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("sha1", 6, 30, 20), PGTC_E_ALG);
	CHECK_CODE(code_with("", 6, 30, 20), PGTC_E_ALG);
}

static void
numeric_codes(void)
{
	uint8_t random[32] = {0};
	char code[PGTC_CODE_DIGITS_MAX + 1];

	pgtc_one_time_code_numeric(random, 6, code);
	CHECK(strcmp(code, "000000") == 0);
	random[31] = 0x40;
	random[30] = 0xe2;
	random[29] = 0x01;
	pgtc_one_time_code_numeric(random, 6, code); /* 123456 */
	CHECK(strcmp(code, "123456") == 0);
	pgtc_one_time_code_numeric(random, 8, code);
	CHECK(strcmp(code, "00123456") == 0);
	/* 2^256 - 1 ends in 29639935: every byte counts */
	memset(random, 0xff, sizeof(random));
	pgtc_one_time_code_numeric(random, 6, code);
	CHECK(strcmp(code, "639935") == 0);
	pgtc_one_time_code_numeric(random, 7, code);
	CHECK(strcmp(code, "9639935") == 0);
	pgtc_one_time_code_numeric(random, 8, code);
	CHECK(strcmp(code, "29639935") == 0);
}

/* the i-th of a row of hashes, for randomness that is always the same */
static void
draw(unsigned i, uint8_t out[32])
{
	if (pgtc_crypto_sha256(&i, sizeof(i), out) != PGTC_OK)
		CHECK(false);
}

/* Attack: guessing first what comes up more often. */
static void
codes_unbiased(void)
{
	enum
	{
		DRAWS = 20000
	};
	unsigned digits[6][10] = {{0}};
	unsigned letters[PGTC_RECOVERY_CODE_LEN]['Z' + 1] = {{0}};
	unsigned i;
	int at;
	int c;

	for (i = 0; i < DRAWS; i++)
	{
		uint8_t random[32];
		char code[PGTC_CODE_DIGITS_MAX + 1];
		char recovery[PGTC_RECOVERY_CODE_LEN + 1];

		draw(i, random);
		pgtc_one_time_code_numeric(random, 6, code);
		pgtc_one_time_code_recovery(random, recovery);
		for (at = 0; at < 6; at++)
			digits[at][code[at] - '0']++;
		for (at = 0; at < PGTC_RECOVERY_CODE_LEN; at++)
			letters[at][(int) recovery[at]]++;
	}
	/* five standard deviations; a remainder of one byte would be off by a sixth of the count */
	for (at = 0; at < 6; at++)
	{
		for (c = 0; c < 10; c++)
			CHECK(digits[at][c] > 2000 - 212 && digits[at][c] < 2000 + 212);
	}
	for (at = 0; at < PGTC_RECOVERY_CODE_LEN; at++)
	{
		int different = 0;

		for (c = 0; c <= 'Z'; c++)
		{
			if (letters[at][c] == 0)
				continue;
			different++;
			CHECK(at == 5 ? letters[at][c] == DRAWS
						  : letters[at][c] > 1000 - 154 && letters[at][c] < 1000 + 154);
		}
		CHECK(different == (at == 5 ? 1 : 20));
	}
}

static PgtcCode
read_recovery(PgtcSlice text, const char *expected)
{
	char code[PGTC_RECOVERY_CODE_LEN + 1];
	PgtcCode result = pgtc_one_time_code_read_recovery(text, code);

	CHECK(strcmp(code, result == PGTC_OK ? expected : "") == 0);
	return result;
}

static void
recovery_codes(void)
{
	static const char *const wrong[] = {"",
										"-",
										"TVZGB-RDDM",
										"TVZGB-RDDMHH",
										"TVZGB-RDDMA",
										"TVZGB-RDDM0",
										"TVZGB_RDDMH",
										"TVZGB.RDDMH",
										"TVZGB\tRDDMH",
										"TVZGBRDDMH\n",
										"AVZGB-RDDMH",
										"TVZGB-RDDMY"};
	static const uint8_t zero[32] = {0};
	uint8_t random[32];
	char code[PGTC_RECOVERY_CODE_LEN + 1];
	size_t i;

	pgtc_one_time_code_recovery(zero, code);
	CHECK(strcmp(code, "BBBBB-BBBBB") == 0);
	memset(random, 0xff, sizeof(random));
	pgtc_one_time_code_recovery(random, code);
	CHECK(strcmp(code, "TVZGB-RDDMH") == 0);
	for (i = 0; i < 100; i++)
	{
		draw((unsigned) i, random);
		pgtc_one_time_code_recovery(random, code);
		CHECK(strlen(code) == PGTC_RECOVERY_CODE_LEN);
		CHECK_CODE(read_recovery(pgtc_slice_str(code), code), PGTC_OK);
	}

	CHECK_CODE(read_recovery(LITERAL("tvzgbrddmh"), "TVZGB-RDDMH"), PGTC_OK);
	CHECK_CODE(read_recovery(LITERAL("  TVZGB - rddmh "), "TVZGB-RDDMH"), PGTC_OK);
	CHECK_CODE(read_recovery(LITERAL("tv-zg-br-dd-mh-"), "TVZGB-RDDMH"), PGTC_OK);
	CHECK_CODE(read_recovery(LITERAL("TVZGBRDDM\0"), "TVZGB-RDDMH"), PGTC_E_MALFORMED);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_CODE(read_recovery(pgtc_slice_str(wrong[i]), ""), PGTC_E_MALFORMED);
}

static void
no_memory(void)
{
	PgtcBuf out;

	pgtc_buf_init(&out, &unit_mem);
	unit_fail_after(0);
	CHECK_CODE(pgtc_base32_read(LITERAL("MZXW6"), &out), PGTC_E_NOMEM);
	unit_fail_after(-1);
	CHECK(out.len == 0);
	pgtc_buf_free(&out);

	pgtc_buf_init(&out, &unit_mem);
	unit_fail_after(0);
	pgtc_base32_append(&out, "foo", 3);
	unit_fail_after(-1);
	CHECK_CODE(pgtc_buf_code(&out), PGTC_E_NOMEM);
	pgtc_buf_free(&out);
}

void
test_factor(void)
{
	base32_vectors();
	base32_spellings();
	totp_vectors();
	hotp_vectors();
	totp_window();
	totp_second_use();
	totp_not_a_code();
	totp_parameters();
	numeric_codes();
	codes_unbiased();
	recovery_codes();
	no_memory();
}
