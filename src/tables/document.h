/*
 * document.h
 *		Documents of others, by the URL that names them: the courier fetches what a
 *		request wants.
 */
#ifndef PGT_DOCUMENT_H
#define PGT_DOCUMENT_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "tables/issuer.h"

typedef enum DocumentKind
{
	DOCUMENT_JWKS,
	DOCUMENT_CLIENT_METADATA,
	DOCUMENT_SECTOR,
	DOCUMENT_REQUEST_OBJECT
} DocumentKind;

typedef enum DocumentState
{
	DOCUMENT_HERE,
	DOCUMENT_WANTED,
	DOCUMENT_MISSING
} DocumentState;

/* as the table has it, and as StringsNth */
extern const char *document_kind_name(int kind);

/*
 * The document that the URL names; at_least: not one that was fetched before then,
 * DT_NOBEGIN: any.  *text and *fetched_at are set, and palloc'd, where it is HERE:
 * fresh, or for a day longer where its sender is in trouble.  WANTED: the wish is
 * stored and commits with the transaction; answer PGT_ERR_WAIT, with nothing marked
 * as used, and the layer calls again.  MISSING: it cannot be had now (there is no
 * courier, it has failed a short while ago, too many are wanted, nothing may be
 * written here).  What it says is the caller's to judge, on this text.
 */
extern DocumentState document_get(const Issuer *issuer, DocumentKind kind, const char *url,
								  TimestampTz at_least, char **text, TimestampTz *fetched_at);

/* one that is good for one judgement: whoever needs it next has it fetched */
extern void document_forget(const Issuer *issuer, DocumentKind kind, const char *url);

#endif /* PGT_DOCUMENT_H */
