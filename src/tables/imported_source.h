/*
 * imported_source.h
 *		Other servers whose refresh tokens an issuer takes, cached by configuration epoch.
 */
#ifndef PGT_IMPORTED_SOURCE_H
#define PGT_IMPORTED_SOURCE_H

#include "base/compat.h"

#include "utils/uuid.h"

#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/oauth/foreign_token.h"

typedef struct ImportSource
{
	char *issuer;
	char *source;
	PgtcForeignFormat format;
	pg_uuid_t *secret_ids; /* by what its tokens are authenticated; none for a format without */
	int n_secrets;
	bool opened; /* are the next two filled? imported_source_ready() does it */
	uint8_t (*keys)[PGTC_FOREIGN_KEY_LEN];
	uint8_t subkey[PGTC_SHA256_LEN]; /* that secrets of generation 0 are derived by */
	struct ImportSource *next;
} ImportSource;

/* NULL: the issuer has none of this name */
extern ImportSource *imported_source_find(const char *issuer, const char *source);

/*
 * The same, which is made where it is not there; nobody else imports from it until the
 * transaction ends.  ereport(55000) where its tokens have another format: what is
 * looked up by a part of it is not to be presented as a whole.
 */
extern ImportSource *imported_source_lock(const char *issuer, const char *source,
										  PgtcForeignFormat format);

/* false: it is there already */
extern bool imported_source_add_secret(ImportSource *source, PgtcSlice secret);

/* what Hydra has encrypted, by any of the source's secrets; PGTC_E_SIGNATURE: by none */
extern PgtcCode imported_source_open(ImportSource *source, PgtcSlice text, PgtcBuf *out);

/* all of them, one after the other; NULL: there are none */
extern ImportSource *imported_source_first(void);

/* once a backend: its keys, and what secrets are derived by, which no other format or source shares */
extern void imported_source_ready(ImportSource *source);

#endif /* PGT_IMPORTED_SOURCE_H */
