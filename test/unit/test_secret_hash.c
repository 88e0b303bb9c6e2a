/*
 * test_secret_hash.c
 *		Client secrets by the hashes of other servers.  The vectors were made by
 *		Python's bcrypt 5.0, passlib 1.7, argon2-cffi 25.1, Django 5.2 and hashlib
 *		(in the form of Hydra).
 */
#include <stdlib.h>

#include "unit.h"

#define RANDOM "Zk3q9TtLw0cXr7HvB2nY5sDe8JmUa1Gp"
#define WORDS "correct horse battery staple"
#define X8 "xxxxxxxx"
#define X72 X8 X8 X8 X8 X8 X8 X8 X8 X8

#define SALT "AAECAwQFBgcICQoLDA0ODw"
#define HASH "ZI9i6nGi0qLERz1H4dAiLS4HoTRhFyspmQQSfeqbqd8"
#define BCRYPT_HASH "39tnvVVQVMJrFGr59.c0j.xJdpSK/mPPbki0tT8uiQTU3fGP8pV.i"

typedef struct Vector
{
	const char *scheme;
	const char *text;
	const char *secret;
} Vector;

static const Vector everywhere[] = {
	{"bcrypt", "$2b$04$" BCRYPT_HASH, RANDOM},
	{"bcrypt", "$2a$04$THhQVMj4aHZA5JZKljBK.OXqeWGkfq2fWS1fNL5PrFqTZNKAVWGAK", WORDS},
	{"bcrypt", "$2y$04$fFdZBGsi3cl5wsfTKxwc..yM4IIfS2oKCKcIwCM/Qapk7f2ntZQT.", WORDS},
	{"bcrypt", "$2b$04$3PEvW6qE8bLO3LCCPawNYu.vsXmmlfQ6GsX9dYcFAZDEUO/bccQLi", X72},
	/* another spelling of the salt's last character */
	{"bcrypt", "$2b$04$3PEvW6qE8bLO3LCCPawNYv.vsXmmlfQ6GsX9dYcFAZDEUO/bccQLi", X72},
	{"pbkdf2-sha256", "$pbkdf2-sha256$i=25000,l=32$" SALT "$" HASH, RANDOM},
	{"pbkdf2-sha512",
	 "$pbkdf2-sha512$i=1000,l=64$" SALT
	 "$A6AmFIti7CKlYdoPiV9jf1d9llp37o27Wms8Zx8fwMJGCOigJzAthOW3Pg+XF5PnNiYnsQsIz1N5NtynrEm78w",
	 WORDS},
	{"pbkdf2-sha256",
	 "$pbkdf2-sha256$1000$7r035nyvtVZKaW3tPccYww$.WcWLQ2lbii3aswaXqq2JbU27dEq/75ZxHAwZWu50SU",
	 RANDOM},
	{"pbkdf2-sha512",
	 "$pbkdf2-sha512$1000$ZyylFOK8NwYA4BwDgHBuzQ$SqzpNPv.loXMzfTkMNIICzunHrKK3G6k2IIyYut/"
	 "j5GvLH0ZnmktQUzDLHkxlmG.Ast3wmbIvFAx4./8sES1kw",
	 WORDS},
	{"pbkdf2-sha256",
	 "pbkdf2_sha256$1000$Xw3tqPzL0aJk7RbN5cVyDe$5928dhEPtj1Fb3M9RlyuFwfjoAimx63L7Yb20/KwRyk=",
	 WORDS},
};

/* where OpenSSL has it */
static const Vector argon2[] = {
	{"argon2id",
	 "$argon2id$v=19$m=64,t=1,p=1$SacEVOPW5K8ZQH+qa1EghQ$R5tQMFy6ocFGNONCcHaD9PxpebO2LtmIwr5pMqk9bow",
	 RANDOM},
	{"argon2i",
	 "$argon2i$v=19$m=64,t=1,p=1$pGO8N6rLxs4Oiwfw310Oeg$pCrsoew/bGzS5F38HIk0YsMkEU9KIUkIaEw5JCrf5dU",
	 WORDS},
	{"argon2d",
	 "$argon2d$v=19$m=64,t=1,p=1$d6nx2sk3hrzb7jsMlDxAng$obpOFKeARjUrxY+vQqM8HyPNVq9PP5OAfqSnn8HVf1I",
	 WORDS},
	{"argon2id",
	 "$argon2id$v=19$m=128,t=2,p=2$Y8/blra9YXWtSnZGjW44gQ$0b6h4+UVGko/Ks7Serigc78XIdcCrCNjCOoIUWfW6tk",
	 WORDS},
};

static PgtcCode
read_text(const char *text)
{
	PgtcSecretHash hash;

	return pgtc_secret_hash_read(pgtc_slice_str(text), &hash);
}

static PgtcCode
verify(const PgtcSecretHash *hash, const char *secret)
{
	return pgtc_secret_hash_verify(hash, pgtc_slice_str(secret));
}

static void
vector(const Vector *at, bool have)
{
	PgtcSecretHash hash;

	CHECK_CODE(pgtc_secret_hash_read(pgtc_slice_str(at->text), &hash), PGTC_OK);
	CHECK(strcmp(hash.scheme, at->scheme) == 0);
	CHECK_CODE(verify(&hash, at->secret), have ? PGTC_OK : PGTC_E_ALG);
	CHECK_CODE(verify(&hash, "wrong"), have ? PGTC_E_SIGNATURE : PGTC_E_ALG);
	hash.hash[hash.hash_len ? hash.hash_len - 1 : 0] ^= 1;
	hash.bcrypt[PGTC_BCRYPT_LEN - 2] ^= 1;
	CHECK_CODE(verify(&hash, at->secret), have ? PGTC_E_SIGNATURE : PGTC_E_ALG);
}

static void
vectors(void)
{
	PgtcSecretHash hash;
	bool have;
	size_t i;

	for (i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
		vector(&everywhere[i], true);
	CHECK_CODE(pgtc_secret_hash_read(pgtc_slice_str(argon2[0].text), &hash), PGTC_OK);
	have = verify(&hash, argon2[0].secret) != PGTC_E_ALG;
	for (i = 0; i < sizeof(argon2) / sizeof(argon2[0]); i++)
		vector(&argon2[i], have);
}

/* Attack: bcrypt does not see what follows 72 bytes, or a NUL, so other secrets would be as good. */
static void
secrets(void)
{
	PgtcSecretHash hash;

	CHECK_CODE(pgtc_secret_hash_read(pgtc_slice_str(everywhere[3].text), &hash), PGTC_OK);
	CHECK_CODE(verify(&hash, X72), PGTC_OK);
	CHECK_CODE(verify(&hash, X72 "y"), PGTC_E_SIGNATURE);
	CHECK_CODE(pgtc_secret_hash_read(pgtc_slice_str(everywhere[1].text), &hash), PGTC_OK);
	CHECK_CODE(pgtc_secret_hash_verify(&hash, LITERAL(WORDS "\0more")), PGTC_E_SIGNATURE);
	CHECK_CODE(pgtc_secret_hash_verify(&hash, LITERAL("")), PGTC_E_SIGNATURE);
	CHECK_CODE(verify(&hash, WORDS "\n"), PGTC_E_SIGNATURE);
	CHECK_CODE(verify(&hash, "\xc3\xa4"), PGTC_E_SIGNATURE);
	CHECK_CODE(pgtc_secret_hash_read(pgtc_slice_str(everywhere[5].text), &hash), PGTC_OK);
	CHECK_CODE(verify(&hash, X72 X72 X72 X8 X8 X8 X8 X8), PGTC_E_SIGNATURE);
}

static void
malformed(void)
{
	static const char *const texts[] = {
		"$2b$04$39tnvVVQVMJrFGr59.c0j.xJdpSK/mPPbki0tT8uiQTU3fGP8pV.",
		"$2b$04$" BCRYPT_HASH "i",
		"$2b$04$" BCRYPT_HASH "$",
		"$2b$4$3" BCRYPT_HASH,
		"$2b$03$" BCRYPT_HASH,
		"$2b$00$" BCRYPT_HASH,
		"$2b$0x$" BCRYPT_HASH,
		"$2b$04$39tnvVVQVMJrFGr59.c0j.xJdpSK/mPPbki0tT8uiQTU3fGP8pV.j",
		"$2b$04$39tnvVVQVMJrFGr59+c0j.xJdpSK/mPPbki0tT8uiQTU3fGP8pV.i",
		"$2b",
		"$pbkdf2-sha256",
		"$pbkdf2-sha256$$$",
		"$pbkdf2-sha256$0$" SALT "$" HASH,
		"$pbkdf2-sha256$01000$" SALT "$" HASH,
		"$pbkdf2-sha256$+1000$" SALT "$" HASH,
		"$pbkdf2-sha256$9999999999$" SALT "$" HASH,
		"$pbkdf2-sha256$i=1000$" SALT "$" HASH,
		"$pbkdf2-sha256$i=1000,l=31$" SALT "$" HASH,
		"$pbkdf2-sha256$i=1000,l=32,$" SALT "$" HASH,
		"$pbkdf2-sha256$l=32,i=1000$" SALT "$" HASH,
		"$pbkdf2-sha256$1000$" SALT "$" HASH "=",
		"$pbkdf2-sha256$1000$" SALT "$" HASH "$",
		"$pbkdf2-sha256$1000$" SALT "$ZI9i6nGi0qLERz1H4dAi",
		"$pbkdf2-sha256$1000$AAECAwQFBg$" HASH,
		"$pbkdf2-sha256$1000$" SALT "$ZI9i6nGi0qLERz1H4dAiLS4HoTRhFyspmQQSfeqbqd-",
		"$pbkdf2-sha256$1000$" SALT "$" HASH HASH HASH,
		"pbkdf2_sha256$1000$short$" HASH "=",
		"pbkdf2_sha256$1000$" SALT "$" HASH,
		"pbkdf2_sha256$1000$" SALT "$" HASH "==",
		"pbkdf2_sha256$1000$" SALT SALT SALT "$" HASH "=",
		"pbkdf2_sha256$1000$" SALT,
		"$argon2id$m=64,t=1,p=1$" SALT "$" HASH,
		"$argon2id$v=16$m=64,t=1,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=7,t=1,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=64,t=0,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=64,t=1$" SALT "$" HASH,
		"$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA$" SALT "$" HASH,
		"$argon2id$v=19$m=64,t=1,p=1$" SALT,
		"$argon2id$v=19$m=64,t=1,p=1$" SALT "$" HASH "$" HASH,
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_CODE(read_text(texts[i]), PGTC_E_MALFORMED);
}

static void
foreign(void)
{
	static const char *const texts[] = {
		"",
		"plain secret",
		HASH,
		"$2$04$" BCRYPT_HASH,
		"$2x$04$" BCRYPT_HASH,
		"$1$salt$hash",
		"$y$j9T$salt$hash",
		"$pbkdf2$1000$" SALT "$" HASH,
		"$pbkdf2-sha1$1000$" SALT "$" HASH,
		"$pbkdf2_sha256$1000$" SALT "$" HASH "=",
		"pbkdf2-sha256$1000$" SALT "$" HASH "=",
		"pbkdf2_sha1$1000$" SALT "$" HASH "=",
		"$scrypt$ln=16,r=8,p=1$" SALT "$" HASH,
		"bcrypt$$2b$04$" BCRYPT_HASH,
		"$ARGON2ID$v=19$m=64,t=1,p=1$" SALT "$" HASH,
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_CODE(read_text(texts[i]), PGTC_E_ALG);
}

/* Attack: who has no secret at all has the server compute a hash for each guess. */
static void
bounds(void)
{
	CHECK_CODE(read_text("$2b$13$" BCRYPT_HASH), PGTC_OK);
	CHECK_CODE(read_text("$2b$14$" BCRYPT_HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$2b$31$" BCRYPT_HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$pbkdf2-sha256$1500000$" SALT "$" HASH), PGTC_OK);
	CHECK_CODE(read_text("$pbkdf2-sha256$1500001$" SALT "$" HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$pbkdf2-sha256$i=999999999,l=32$" SALT "$" HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("pbkdf2_sha256$1500001$" SALT "$" HASH "="), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$argon2id$v=19$m=65536,t=4,p=4$" SALT "$" HASH), PGTC_OK);
	CHECK_CODE(read_text("$argon2id$v=19$m=65536,t=5,p=4$" SALT "$" HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$argon2id$v=19$m=65537,t=1,p=4$" SALT "$" HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$argon2id$v=19$m=64,t=999999999,p=1$" SALT "$" HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$argon2id$v=19$m=65536,t=1,p=17$" SALT "$" HASH), PGTC_E_TOO_LONG);
	CHECK_CODE(read_text("$pbkdf2-sha256$" HASH HASH HASH HASH HASH HASH), PGTC_E_TOO_LONG);
}

/* Attack: under a fast hash words can be guessed. */
static void
random_or_not(void)
{
	static const char *const random[] = {
		RANDOM,
		"d1f0a6c37b924e58a03c9d7e41b6f825",
		"D1F0A6C37B924E58A03C9D7E41B6F825",
		"d1f0a6c3-7b92-4e58-a03c-9d7e41b6f825",
		"7Gm+Qx0aRk/4tWzY9uLcB1nVpE5hSdJ2oK8fXi3M6Tw=",
		"7Gm-Qx0aRk_4tWzY9uLcB1nVpE5hSdJ2oK8fXi3M6Tw",
	};
	static const char *const not_random[] = {
		"",
		WORDS,
		"Zk3q9TtLw0cXr7HvB2nY5sDe8JmUa1G",
		"CorrectHorseBatteryStaple1234567890",
		"correct-horse-battery-staple-Again-2",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"12345678901234567890123456789012",
		"0123456789abcdef0123456789abcdef",
		"1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a",
		"Zk3q9TtLw0cXr7HvB2nY5sDe8JmUa1Gp Zk3q",
	};
	size_t i;

	for (i = 0; i < sizeof(random) / sizeof(random[0]); i++)
		CHECK(pgtc_secret_looks_random(pgtc_slice_str(random[i])));
	for (i = 0; i < sizeof(not_random) / sizeof(not_random[0]); i++)
		CHECK(!pgtc_secret_looks_random(pgtc_slice_str(not_random[i])));
}

void
test_secret_hash(void)
{
	vectors();
	secrets();
	malformed();
	foreign();
	bounds();
	random_or_not();
}
