/*
 * pkcs11.c
 *		Private keys in hardware, by OpenSSL's provider for PKCS #11.
 *
 * The provider, a package of its own (pkcs11-provider), lives in a library context
 * that nothing else uses, so that the server's TLS and our other keys never meet it.
 * A module may start threads and open devices, which a fork would take from it: it is
 * loaded by the session that first needs a key, never by the postmaster, and let go
 * before that session's process ends.
 *
 * The provider says of every failure that nothing was found.  So we look first, by
 * the few functions of the module that it takes: is the token there, does it take the
 * PIN?  That also keeps us from spending the last try before a token locks its PIN.
 */
#include "base/pkcs11.h"

#include <dlfcn.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <signal.h>

#include "miscadmin.h"

#include "base/guc.h"
#include "base/secret_file.h"
#include "core/base/crypto.h"
#include "core/base/pkcs11_uri.h"
#include "core/base/slice.h"

#define PROVIDER "pkcs11"
#define PIN_FILE_MAX 256
#define SLOTS_MAX 64

/* --- what we need of PKCS #11, sections 3 and 5 ---------------------------------------- */

#define CKR_OK 0x00
#define CKR_PIN_INCORRECT 0xA0
#define CKR_PIN_LOCKED 0xA4
#define CKR_USER_ALREADY_LOGGED_IN 0x100
#define CKR_CRYPTOKI_ALREADY_INITIALIZED 0x191
#define CKF_SERIAL_SESSION 0x04
#define CKF_LOGIN_REQUIRED 0x04
#define CKF_USER_PIN_FINAL_TRY 0x20000
#define CKF_USER_PIN_LOCKED 0x40000
#define CKU_USER 1

typedef unsigned long Ulong;

typedef struct TokenInfo
{
	uint8 label[PGTC_PKCS11_LABEL_LEN];
	uint8 manufacturer[32];
	uint8 model[16];
	uint8 serial[PGTC_PKCS11_SERIAL_LEN];
	Ulong flags;
	Ulong counts[10];
	uint8 versions[4];
	uint8 time[16];
} TokenInfo;

typedef Ulong (*UnusedFunction)(void);

/* CK_FUNCTION_LIST as far as C_Login; the order is the standard's */
typedef struct Functions
{
	uint8 version[2];
	Ulong (*initialize)(void *args);
	Ulong (*finalize)(void *reserved);
	UnusedFunction unused2[2];
	Ulong (*get_slot_list)(unsigned char with_token, Ulong *slots, Ulong *n);
	UnusedFunction unused5;
	Ulong (*get_token_info)(Ulong slot, TokenInfo *info);
	UnusedFunction unused7[5];
	Ulong (*open_session)(Ulong slot, Ulong flags, void *arg, void *notify, Ulong *session);
	Ulong (*close_session)(Ulong session);
	UnusedFunction unused14[4];
	Ulong (*login)(Ulong session, Ulong user, const char *pin, Ulong pin_len);
} Functions;

/* --- the module ------------------------------------------------------------------------ */

static Functions *module = NULL; /* initialized */
static OSSL_LIB_CTX *context = NULL; /* with the provider in it */

/* it stays in the process: what a library has registered for the exit must find it */
static const char *
load_module(void)
{
	void *library;
	void *address;
	Ulong (*get_function_list)(Functions * *list);
	Functions *list = NULL;
	Ulong answer;

	if (guc_pkcs11_module == NULL || guc_pkcs11_module[0] == '\0')
		return "pgtoken.pkcs11_module is not set";
	library = dlopen(guc_pkcs11_module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library == NULL)
		return psprintf("pgtoken.pkcs11_module cannot be loaded: %s", dlerror());
	address = dlsym(library, "C_GetFunctionList");
	if (address == NULL)
		return "pgtoken.pkcs11_module is no library for PKCS #11";
	memcpy(&get_function_list, &address, sizeof(address));
	answer = get_function_list(&list);
	if (answer == CKR_OK && list != NULL)
		answer = list->initialize(NULL);
	if (list == NULL || (answer != CKR_OK && answer != CKR_CRYPTOKI_ALREADY_INITIALIZED))
		return psprintf("the library of pgtoken.pkcs11_module does not begin (code 0x%lX)", answer);
	module = list;
	return NULL;
}

/* --- the PIN --------------------------------------------------------------------------- */

/* content has PIN_FILE_MAX bytes, of which *pin is the line; the caller wipes it */
static const char *
read_pin(char *content, char **pin)
{
	size_t len = 0;
	const char *problem;

	*pin = NULL;
	if (guc_pkcs11_pin_file == NULL || guc_pkcs11_pin_file[0] == '\0')
		return NULL;
	problem = secret_file_read("pgtoken.pkcs11_pin_file", guc_pkcs11_pin_file, content,
							   PIN_FILE_MAX, &len);
	if (problem)
		return problem;
	if (len > 0 && content[len - 1] == '\n')
		len--;
	content[len] = '\0';
	for (size_t i = 0; i < len; i++)
	{
		if (content[i] <= ' ' || content[i] > '~')
			len = 0;
	}
	if (len == 0)
		return "pgtoken.pkcs11_pin_file does not hold one line of printable characters without "
			   "spaces";
	*pin = content;
	return NULL;
}

/* --- the provider ---------------------------------------------------------------------- */

/* in OpenSSL's configuration (config(5)) every sign may be escaped, and letters and digits need not */
static char *
escape(char *at, const char *text)
{
	for (; *text; text++)
	{
		if (!isalnum((unsigned char) *text))
			*at++ = '\\';
		*at++ = *text;
	}
	*at = '\0';
	return at;
}

static bool
configure(OSSL_LIB_CTX *libctx, const char *text, size_t len)
{
	CONF *conf = NCONF_new_ex(libctx, NULL);
	BIO *bio = BIO_new_mem_buf(text, (int) len);
	bool done = conf != NULL && bio != NULL && NCONF_load_bio(conf, bio, NULL) == 1 &&
				CONF_modules_load(conf, NULL, 0) > 0;

	BIO_free(bio);
	NCONF_free(conf);
	return done && OSSL_PROVIDER_available(libctx, "default") == 1 &&
		   OSSL_PROVIDER_available(libctx, PROVIDER) == 1;
}

/* the provider takes where the module is and the PIN from a configuration alone */
static const char *
load_provider(const char *pin)
{
	static const char before[] =
		"openssl_conf=init\n[init]\nproviders=all\n[all]\ndefault=plain\n" PROVIDER
		"=hardware\n[plain]\nactivate=1\n[hardware]\nactivate=1\npkcs11-module-load-behavior=early\n"
		"pkcs11-module-path=";
	size_t size = sizeof(before) + 2 * (strlen(guc_pkcs11_module) + (pin ? strlen(pin) : 0)) + 64;
	char *text = palloc(size);
	char *at = text;
	bool done;

	memcpy(at, before, sizeof(before) - 1);
	at = escape(at + sizeof(before) - 1, guc_pkcs11_module);
	if (pin)
	{
		at = stpcpy(at, "\npkcs11-module-token-pin=");
		at = escape(at, pin);
	}
	at = stpcpy(at, "\n");
	OPENSSL_load_builtin_modules();
	context = OSSL_LIB_CTX_new();
	done = context != NULL && configure(context, text, (size_t) (at - text));
	pgtc_crypto_wipe(text, size);
	pfree(text);
	return done ? NULL
				: "OpenSSL has no provider \"" PROVIDER
				  "\", or it does not load (Debian 13: package pkcs11-provider)";
}

/* --- the token ------------------------------------------------------------------------- */

static const char *
find_token(const char *uri, Ulong *slot, TokenInfo *info)
{
	Ulong slots[SLOTS_MAX];
	Ulong n = SLOTS_MAX;

	if (module->get_slot_list(1, slots, &n) != CKR_OK)
		return "the tokens cannot be listed";
	for (Ulong i = 0; i < n; i++)
	{
		if (module->get_token_info(slots[i], info) == CKR_OK &&
			pgtc_pkcs11_uri_names_token(pgtc_slice_str(uri), info->label, info->serial))
		{
			*slot = slots[i];
			return NULL;
		}
	}
	return "the token is not there";
}

static const char *
login_problem(Ulong answer)
{
	switch (answer)
	{
		case CKR_OK:
		case CKR_USER_ALREADY_LOGGED_IN:
			return NULL;
		case CKR_PIN_INCORRECT:
			return "the token refuses the PIN of pgtoken.pkcs11_pin_file";
		case CKR_PIN_LOCKED:
			return "the token has locked its PIN";
		default:
			return psprintf("the token lets nobody in (code 0x%lX)", answer);
	}
}

static const char *
try_token(const char *uri, const char *pin)
{
	TokenInfo info;
	Ulong slot = 0;
	Ulong session;
	const char *problem = find_token(uri, &slot, &info);

	if (problem)
		return problem;
	if (info.flags & CKF_USER_PIN_LOCKED)
		return "the token has locked its PIN";
	if (info.flags & CKF_USER_PIN_FINAL_TRY)
		return "the token was given wrong PINs and would lock itself at the next: log in once by "
			   "hand";
	if (!(info.flags & CKF_LOGIN_REQUIRED))
		return NULL;
	if (pin == NULL)
		return "the token asks for a PIN, and pgtoken.pkcs11_pin_file is not set";
	if (module->open_session(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
		return "the token gives no session";
	problem = login_problem(module->login(session, CKU_USER, pin, strlen(pin)));
	module->close_session(session);
	return problem;
}

/* --- the key --------------------------------------------------------------------------- */

static const char *
load_key(const char *uri, EVP_PKEY **out)
{
	char *private = psprintf("%s%s", uri, strstr(uri, "type=") ? "" : ";type=private");
	OSSL_STORE_CTX *store =
		OSSL_STORE_open_ex(private, context, NULL, NULL, NULL, NULL, NULL, NULL);
	int n = 0;

	*out = NULL;
	if (store == NULL)
		return "the provider cannot look into the token";
	OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
	while (!OSSL_STORE_eof(store) && !OSSL_STORE_error(store))
	{
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info != NULL && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY && n++ == 0)
			*out = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	if (n == 1 && *out != NULL)
		return NULL;
	EVP_PKEY_free(*out);
	*out = NULL;
	return n > 1 ? "the token has several private keys of this name"
				 : "the token has no private key of this name that may be used";
}

static const char *
open_by_pin(const char *uri, const char *pin, EVP_PKEY **out)
{
	const char *problem = module ? NULL : load_module();

	if (problem == NULL)
		problem = try_token(uri, pin);
	if (problem == NULL && context == NULL)
		problem = load_provider(pin);
	return problem ? problem : load_key(uri, out);
}

const char *
pkcs11_open(const char *uri, EVP_PKEY **out, OSSL_LIB_CTX **libctx)
{
	char content[PIN_FILE_MAX];
	char *pin;
	const char *problem;
	sigset_t all;
	sigset_t before;

	if (IsPostmasterEnvironment && !IsUnderPostmaster)
		elog(ERROR, "the postmaster must not load a PKCS #11 module");
	problem = read_pin(content, &pin);
	if (problem == NULL)
	{
		/* threads that a module starts inherit it: the server's signals are this thread's */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		problem = open_by_pin(uri, pin, out);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	pgtc_crypto_wipe(content, sizeof(content));
	ERR_clear_error();
	if (problem)
		pkcs11_close();
	*libctx = context;
	return problem;
}

void
pkcs11_close(void)
{
	OSSL_LIB_CTX_free(context);
	context = NULL;
	if (module)
		module->finalize(NULL);
	module = NULL;
	ERR_clear_error();
}
