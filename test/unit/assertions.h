/*
 * assertions.h
 *		WebAuthn assertions of a real browser: Chromium 156 with its virtual
 *		authenticator (CTAP 2.1, resident keys), driven through the DevTools
 *		protocol (WebAuthn.addVirtualAuthenticator) on pages of http://localhost.
 *		The private keys were in the authenticator's memory and are gone with it.
 */
#ifndef PGT_UNIT_ASSERTIONS_H
#define PGT_UNIT_ASSERTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Recording
{
	const char *alg;
	const char *key; /* what getPublicKey() gave, base64url */
	const char *challenge;
	const char *client_data;
	const char *authenticator_data; /* base64url */
	const char *signature; /* base64url */
	int64_t counter;
	bool user_verified;
	bool backed_up;
	bool cross_origin;
} Recording;

#define KEY_ES256_UV                                                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwn8ffFxb9XSQaRQ2jhemXFKunc3QtcEH97E5bBIV5TrhnaZl" \
	"a1QExHf9uKQYptDrJlSRf_bncEgLtmr-mhN9yw"
#define KEY_ES256_NO_UV                                                                    \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAED_vfZ9Y8EJdOzGiFaBhm4OC1Cghi2gkUKFvFuz_o1_bzuzr3" \
	"YWF5VkwfdLuS-k5xihVj4PXReIC52ngnJiUE-w"
#define KEY_RS256_UV                                                                       \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuKJ90xwbVOtG9YykGX2TSX5ohrMoXx-FIj_cg8NS" \
	"ovaDXBn5SwfGx4Dmgl0EP_owHUdOoOG21DLNtqbvDOJzfrZJ6TmPY7wp28DQRrdXx1H8Nm6yfveEzNhgW9EH" \
	"7IovIJgzCRSxXRrO0SK1JfH8PvqRD6q2268knFrsppEnSMPByirvs_WXVF7jKtYAFInGDlLuUTGIrs7F2a9R" \
	"r4gHUMo19_x0tIQ8PhG1GMlFOjgDLvRUlY9Eochgalm3Qiz1Cn7oi35JNUrca_9pjm2q8qveXrV79nD781l9" \
	"R9lG0suYCmRQwoTTqdrnpUvBEKOUc3p-qIGeRi2rbBtA_eH7uQIDAQAB"
#define KEY_RS256_NO_UV                                                                    \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuKfWqZUfT5zGdOgdjUsJyHfC-QjQbkUEj3lTq6CJ" \
	"OntYw3_HJ8TChJyoRSYNjmurB7GJPJz2Ef7uCjUFn-DzcZunX0aecMNHZwaaXUVePUW2H5wHKTGP4jWsvBRX" \
	"WYyGZNqQvyCtJcsFlBgXnyE8cA66RgcejcBVgnIuj8qmWqSxaTEMsw8LWW0FiEpwi4asKGrixQ6jQYk_oLcx" \
	"DS89EavLxrFmRwy3L55zSL3GY_49pGKCTrN_TKQgt_QWlICAacFd21ZeCvZO5QBX63oDTSgiqigAcH_uBUAg" \
	"98ikm7m7EluBTM8sZeEFGK10ps9Sp4VbrZ70wblzlmhL9BebZQIDAQAB"
#define KEY_EDDSA_UV "MCowBQYDK2VwAyEAxAECH9upiAIOL4z2WOfLI-PJYIzH73GqS0afjN2cQk8"
#define KEY_EDDSA_NO_UV "MCowBQYDK2VwAyEAhgNp5Mu9dUAXbyTTn_d5rgLHMsIp9SM7BpXCYIboXGg"
#define KEY_BACKED_UP                                                                      \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEG0U6HaUYKA3AYTOPRL-0_cjl0wti_I7QICT9MLa4sTb_Hg2N" \
	"bNlAXKsRdk7i4jPJ77aYBlhztEPM0hD6cXwAPA"
#define KEY_EXTENSION                                                                      \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEIHCzx1USua4YBDQPGYZ5CbdSlfhRx9tzwm24veootR9Rabg" \
	"0561tt9YexqQLE1mEenLAeFQr1Gs0mhbDwyJhw"
#define KEY_FRAME                                                                          \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2sC9j43vvXNOwDdMbGLGBcNdhZyXqDkg3fIaGM6P_L3A6KUG" \
	"DORO5ky0lmeWEaNYxdY1yLgkvimARK3Cnq8gLw"

/* places in the table */
enum
{
	ES256_UV,
	ES256_UV_AGAIN,
	ES256_NO_UV,
	RS256_UV,
	RS256_NO_UV,
	EDDSA_UV,
	EDDSA_NO_UV,
	BACKED_UP,
	EXTENSION,
	FRAME,
	N_RECORDINGS
};

static const Recording recordings[N_RECORDINGS] = {
	[ES256_UV] =
		{"ES256", KEY_ES256_UV, "es256-uv challenge 1 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZXMyNTYtdXYgY2hhbGxlbmdlIDEgMDEyMzQ1Njc4O"
		 "Q\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
		 "MEQCIC1vGEJa9xxQL-6FSintLdJtlxBhEUWlsrqBeqYidR0nAiBzGRSi8hDycdaYb9r3trzlyUnA-mmuaKgh"
		 "1ncBh1EnYQ",
		 2, true, false, false},
	/* the same credential a second time */
	[ES256_UV_AGAIN] =
		{"ES256", KEY_ES256_UV, "es256-uv challenge 2 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZXMyNTYtdXYgY2hhbGxlbmdlIDIgMDEyMzQ1Njc4O"
		 "Q\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAw",
		 "MEUCIQDfxziPKTJbyP1VzPQZZHPLVuSlGV5uWOMq2-VnEngTvwIgFHZ8hgjRNjj9ILDk8gt7hMqknu_9briE"
		 "An_ih01WhlI",
		 3, true, false, false},
	[ES256_NO_UV] =
		{"ES256", KEY_ES256_NO_UV, "es256-no-uv challenge 1 01234567",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZXMyNTYtbm8tdXYgY2hhbGxlbmdlIDEgMDEyMzQ1N"
		 "jc\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAAAg",
		 "MEQCIEj8XmdcZ7xWcx9iof60y2duXLZ61Zqz3oWsWE8Pb1oYAiB72KeR0EqGG4qcKU_QZb_WJPML9xGcWejk"
		 "zUgPIgLCnw",
		 2, false, false, false},
	[RS256_UV] =
		{"RS256", KEY_RS256_UV, "rs256-uv challenge 1 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"cnMyNTYtdXYgY2hhbGxlbmdlIDEgMDEyMzQ1Njc4O"
		 "Q\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
		 "QxLES5BO07j2XzqhhmjlQgfjRB6o61TLXZQCMIeiP8wd8uXhTYC8D-qINRJk3-t8LoFsSxZcZ95RePQMgIkM"
		 "_YQDcaYNSxoymDUjJuxf1V4MHb1ydaGcDDnruunsjzw6j2ZRuLXXvQqZS2Ayr9GuNNmGyelL-a7oFmafHtKB"
		 "b3r9Ghy2_sBDQsYUPGTPn143PZVxniSZzVjsTMTQM1to35gJhLLWSgGyUzcbsXcS9EUnQjDVlxRvnOAJQ6Dc"
		 "sxY9xhjlWWDjJm80dt4rZU2FMlz6p8P7jp5x3D7VFDBfrsonczCCYTifIAKbVs0rTlMDuwgQExbWRZMFTG0U"
		 "BXQ9yw",
		 2, true, false, false},
	[RS256_NO_UV] =
		{"RS256", KEY_RS256_NO_UV, "rs256-no-uv challenge 1 01234567",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"cnMyNTYtbm8tdXYgY2hhbGxlbmdlIDEgMDEyMzQ1N"
		 "jc\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAAAg",
		 "olDG038GAEhrHZQNxM4QleNRxQ04IiF-G05RGfoiWmuGma-qp6nIBA7ACi5cY2SWEhkNfxWUOg-lVStGrvn6"
		 "Un9GqvNKm-lqvVzkK9vqocEY0j1a8tIvgop5o3ZDdd6iz-z5y3F2JMmeVAvZjApnjodLNnSMQOiMwUX-EpNO"
		 "UAlSlUkau8Bm-KWOeOL3G6ICum9hYyNQIqM2sLE9VJpMYO3kn2yM9UXlw1WPNhG51Ver-8IuPVqT6LkpQgHR"
		 "7fwZ1x0DkgPc9C6CmVczj17q3BgEwfCY6bqRPjAftgPEXFppn2H_cfUs4pxoNRUA6h7c30xNwzMwayF3EeGw"
		 "RHJJrg",
		 2, false, false, false},
	[EDDSA_UV] =
		{"EdDSA", KEY_EDDSA_UV, "eddsa-uv challenge 1 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZWRkc2EtdXYgY2hhbGxlbmdlIDEgMDEyMzQ1Njc4O"
		 "Q\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
		 "Y_5PH9mJiR8_UZIS7QwlRnhctTawVgVlCt-0uMftPDqyuVoPlTF-1cBVP6a-B42G2Xq1BEY1m5QvLI7BT2Zd"
		 "Cw",
		 2, true, false, false},
	/* with the member that browsers add to keep us from comparing texts */
	[EDDSA_NO_UV] =
		{"EdDSA", KEY_EDDSA_NO_UV, "eddsa-no-uv challenge 1 01234567",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZWRkc2Etbm8tdXYgY2hhbGxlbmdlIDEgMDEyMzQ1N"
		 "jc\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false,\"other_keys_can_be_"
		 "added_here\":\"do not compare clientDataJSON against a template. See https://goo.gl/"
		 "yabPex\"}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAAAg",
		 "PBYuf6ZHOPP84mNgqP7jCHPL8j1iD83tB5PRzUbLntplrDsC8aQuqBBeocFYpP4ZeChqod8VtLx3p0s_D3JC"
		 "Ag",
		 2, false, false, false},
	/* a passkey that is synced */
	[BACKED_UP] =
		{"ES256", KEY_BACKED_UP, "backed-up challenge 2 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"YmFja2VkLXVwIGNoYWxsZW5nZSAyIDAxMjM0NTY3O"
		 "Dk\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false,\"other_keys_can_be_"
		 "added_here\":\"do not compare clientDataJSON against a template. See https://goo.gl/"
		 "yabPex\"}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MdAAAAAw",
		 "MEUCIGFZmXzcjz4hBxqjuB0Pz27RdydLJmKJ5b2WBwv7Z1bKAiEA-wOHMdXZIjt5f9PhngtoOlpeeWB4223v"
		 "qUh3RG-0uE4",
		 3, true, true, false},
	/* with the output of an extension (credBlob) */
	[EXTENSION] =
		{"ES256", KEY_EXTENSION, "extension challenge 1 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZXh0ZW5zaW9uIGNoYWxsZW5nZSAxIDAxMjM0NTY3O"
		 "Dk\",\"origin\":\"http://localhost:8099\",\"crossOrigin\":false}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2OFAAAAAqFoY3JlZEJsb2JDCQgH",
		 "MEYCIQD18MNubh7HNz8KZAQkkAR4OGJP00tkThJ4et-feOOa3AIhAK9jiSo6xctvV46NAGfdjYLo_jbW3VrH"
		 "1lmdbB9YFHqm",
		 2, true, false, false},
	/* in a frame on a page of http://127.0.0.1:8099 */
	[FRAME] =
		{"ES256", KEY_FRAME, "frame challenge 1 0123456789",
		 "{\"type\":\"webauthn.get\",\"challenge\":\"ZnJhbWUgY2hhbGxlbmdlIDEgMDEyMzQ1Njc4OQ\","
		 "\"origin\":\"http://localhost:8099\",\"crossOrigin\":true,\"topOrigin\":\"http://127"
		 ".0.0.1:8099\"}",
		 "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
		 "MEYCIQClD3zpW8cWnpsPh6hr2RwNz_4qu5bvsdqfhofd1bJEmAIhANiX8CFbi-vaAb2vfARwmxxxQzDKEIZc"
		 "F7HaGddDsyLn",
		 2, true, false, true},
};

#endif /* PGT_UNIT_ASSERTIONS_H */
