/*
 * libs.c
 *		Loading libjwt and jansson so that they do not meet PostgreSQL's symbols.
 *
 * The server exports a function json_object (the SQL function of that name), and
 * so does jansson.  Linked in the ordinary way, jansson and libjwt would call the
 * server's from inside json_loadb or jwt_decode, and the backend would die.
 * RTLD_DEEPBIND makes a library look in itself and its dependencies first, but
 * only one that is opened with it.  So the module is not linked with the two: it
 * has hidden functions of the same names that call what dlsym found.  The core
 * notices nothing of it.  Every function of the two that the core calls has a
 * line here; without it the library cannot be opened.
 *
 * jansson is opened with the module, since every token is read with it.  libjwt,
 * which is asked about HMAC tokens alone and brings libraries of its own, is opened
 * when the first of them comes; by the server itself when it preloads us, so that
 * no backend need.
 */
#include "base/libs.h"

#include "miscadmin.h"

#include <dlfcn.h>
#include <jansson.h>
#include <jwt.h>

/* FUNC(type, name, parameters, arguments); PROC for functions without a result */
#define JANSSON_FUNCTIONS(FUNC, PROC)                                                       \
	FUNC(json_t *, json_array_get, (const json_t *array, size_t index), (array, index))     \
	FUNC(size_t, json_array_size, (const json_t *array), (array))                           \
	PROC(json_delete, (json_t * json), (json))                                              \
	FUNC(int, json_dump_callback,                                                           \
		 (const json_t *json, json_dump_callback_t callback, void *data, size_t flags),     \
		 (json, callback, data, flags))                                                     \
	FUNC(json_int_t, json_integer_value, (const json_t *integer), (integer))                \
	FUNC(json_t *, json_loadb,                                                              \
		 (const char *buffer, size_t buflen, size_t flags, json_error_t *error),            \
		 (buffer, buflen, flags, error))                                                    \
	FUNC(json_t *, json_object_get, (const json_t *object, const char *key), (object, key)) \
	FUNC(void *, json_object_iter, (json_t * object), (object))                             \
	FUNC(const char *, json_object_iter_key, (void *iter), (iter))                          \
	FUNC(void *, json_object_iter_next, (json_t * object, void *iter), (object, iter))      \
	FUNC(json_t *, json_object_iter_value, (void *iter), (iter))                            \
	FUNC(void *, json_object_key_to_iter, (const char *key), (key))                         \
	FUNC(double, json_real_value, (const json_t *real), (real))                             \
	FUNC(size_t, json_string_length, (const json_t *string), (string))                      \
	FUNC(const char *, json_string_value, (const json_t *string), (string))

#if PGTOKEN_LIBJWT_MAJOR == 1
#define JWT_FUNCTIONS(FUNC, PROC)                                                  \
	FUNC(int, jwt_decode,                                                          \
		 (jwt_t * *jwt, const char *token, const unsigned char *key, int key_len), \
		 (jwt, token, key, key_len))                                               \
	PROC(jwt_free, (jwt_t * jwt), (jwt))                                           \
	FUNC(jwt_alg_t, jwt_get_alg, (jwt_t * jwt), (jwt))
#else
#define JWT_FUNCTIONS(FUNC, PROC)                                                                  \
	FUNC(jwk_set_t *, jwks_create, (const char *jwk_json_str), (jwk_json_str))                     \
	FUNC(int, jwks_error_any, (const jwk_set_t *jwk_set), (jwk_set))                               \
	PROC(jwks_free, (jwk_set_t * jwk_set), (jwk_set))                                              \
	FUNC(const jwk_item_t *, jwks_item_get, (const jwk_set_t *jwk_set, size_t index),              \
		 (jwk_set, index))                                                                         \
	PROC(jwt_checker_free, (jwt_checker_t * checker), (checker))                                   \
	FUNC(jwt_checker_t *, jwt_checker_new, (void), ())                                             \
	FUNC(int, jwt_checker_setkey,                                                                  \
		 (jwt_checker_t * checker, const jwt_alg_t alg, const jwk_item_t *key),                    \
		 (checker, alg, key))                                                                      \
	FUNC(int, jwt_checker_time_leeway, (jwt_checker_t * checker, jwt_claims_t claim, time_t secs), \
		 (checker, claim, secs))                                                                   \
	FUNC(int, jwt_checker_verify, (jwt_checker_t * checker, const char *token), (checker, token))
#endif

/*
 * The symbol has the library's name, the C function another: prototypes differ
 * in const between versions of libjwt.
 */
#define DEFINE_FUNC(type, name, params, args)                                            \
	static type(*lib_##name) params;                                                     \
	extern __attribute__((visibility("hidden"))) type wrap_##name params __asm__(#name); \
	type wrap_##name params                                                              \
	{                                                                                    \
		return lib_##name args;                                                          \
	}
#define DEFINE_PROC(name, params, args)                                                  \
	static void(*lib_##name) params;                                                     \
	extern __attribute__((visibility("hidden"))) void wrap_##name params __asm__(#name); \
	void wrap_##name params                                                              \
	{                                                                                    \
		lib_##name args;                                                                 \
	}
/* the same, of the library that is opened at need */
#define DEFINE_LATE_FUNC(type, name, params, args)                                       \
	static type(*lib_##name) params;                                                     \
	extern __attribute__((visibility("hidden"))) type wrap_##name params __asm__(#name); \
	type wrap_##name params                                                              \
	{                                                                                    \
		if (!jwt_open)                                                                   \
			open_jwt();                                                                  \
		return lib_##name args;                                                          \
	}
#define DEFINE_LATE_PROC(name, params, args)                                             \
	static void(*lib_##name) params;                                                     \
	extern __attribute__((visibility("hidden"))) void wrap_##name params __asm__(#name); \
	void wrap_##name params                                                              \
	{                                                                                    \
		if (!jwt_open)                                                                   \
			open_jwt();                                                                  \
		lib_##name args;                                                                 \
	}
#define FIND_FUNC(type, name, params, args) find(library, #name, &lib_##name);
#define FIND_PROC(name, params, args) find(library, #name, &lib_##name);

static void *open_library(const char *soname);
static void find(void *library, const char *name, void *slot);

static void open_jwt(void);

static bool jwt_open = false;

JANSSON_FUNCTIONS(DEFINE_FUNC, DEFINE_PROC)
JWT_FUNCTIONS(DEFINE_LATE_FUNC, DEFINE_LATE_PROC)

void
libs_init(void)
{
	void *library = open_library(PGTOKEN_JANSSON_SONAME);

	JANSSON_FUNCTIONS(FIND_FUNC, FIND_PROC)
	if (process_shared_preload_libraries_in_progress)
		open_jwt();
}

/*
 * May raise, in the midst of the core: what it holds then is memory of the current
 * context, never a thing of a library's.
 */
static void
open_jwt(void)
{
	void *library = open_library(PGTOKEN_LIBJWT_SONAME);

	JWT_FUNCTIONS(FIND_FUNC, FIND_PROC)
	jwt_open = true;
}

/* stays open for as long as the process lives, as the module does */
static void *
open_library(const char *soname)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	if (library == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FILE),
				errmsg("could not load library \"%s\"", soname),
				errdetail_internal("%s", dlerror()),
				errhint("Install the package with \"%s\" on the server.", soname));
	return library;
}

/* dlsym's contract is that a function's address fits a void pointer */
static void
find(void *library, const char *name, void *slot)
{
	void *address = dlsym(library, name);

	if (address == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("could not find function \"%s\" of libjwt or jansson", name));
	memcpy(slot, &address, sizeof(address));
}
