/*
 * sector_document.c
 *		The document of a sector_identifier_uri.
 */
#include "http/sector_document.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/json_foreign.h"
#include "core/base/slice.h"
#include "core/base/uri.h"
#include "tables/document.h"

#define URI "sector_identifier_uri"
#define SECTOR_AGE_MAX \
	60 /* seconds: who has waited for it finds it, also one that comes again when it likes */

/* a member that claims have counts, whatever it is: null is none */
static Jsonb *
whose(const char *name, Jsonb *metadata, Jsonb *claims)
{
	return claims && member_json(claims, name) ? claims : metadata;
}

char *
sector_document_uri(Jsonb *metadata, Jsonb *claims)
{
	return member_string(whose(URI, metadata, claims), URI);
}

/* n = -1: it is no array of strings */
static char **
read_document(const char *text, int *n)
{
	PgtcBuf anew;
	Object object;

	*n = -1;
	pgtc_buf_init(&anew, &glue_mem);
	if (pgtc_json_foreign(pgtc_slice_str(text), PGTC_JSON_ARRAY, &anew) != PGTC_OK)
	{
		pgtc_buf_free(&anew);
		return NULL;
	}
	object_begin(&object);
	object_jsonb(&object, "uris", object_of_buf(&anew));
	return member_strings(object_end(&object), "uris", n);
}

static PgtErr
refuse(char **sentence, const char *why)
{
	*sentence = psprintf("%s %s", URI, why);
	return refused(PGT_ERR_REGISTRATION_METADATA, URI, NULL, *sentence);
}

PgtErr
sector_document_check(const Issuer *issuer, Jsonb *metadata, Jsonb *claims, char **sentence)
{
	char *uri = sector_document_uri(metadata, claims);
	char *text;
	TimestampTz fetched_at;
	char **listed;
	char **wanted;
	int n_listed;
	int n_wanted;

	/* what is no such URL is refused with the rest of the metadata, and not fetched */
	if (uri == NULL || pgtc_uri_check_redirect(pgtc_slice_str(uri)) != PGTC_OK ||
		strncmp(uri, "https:", strlen("https:")) != 0)
		return PGT_OK;
	/* as it is at this registration, and not as it was at one before (OpenID Connect Registration section 5): good once */
	switch (document_get(issuer, DOCUMENT_SECTOR, uri,
						 GetCurrentTimestamp() - SECTOR_AGE_MAX * USECS_PER_SEC, &text,
						 &fetched_at))
	{
		case DOCUMENT_WANTED:
			return PGT_ERR_WAIT;
		case DOCUMENT_MISSING:
			return refuse(sentence, "names nothing that can be had now");
		case DOCUMENT_HERE:
			break;
	}
	document_forget(issuer, DOCUMENT_SECTOR, uri);
	listed = read_document(text, &n_listed);
	if (n_listed < 0)
		return refuse(sentence, "names no JSON array of strings");
	wanted = member_strings(whose("redirect_uris", metadata, claims), "redirect_uris", &n_wanted);
	for (int i = 0; i < n_wanted; i++)
	{
		if (!strings_have(listed, n_listed, wanted[i]))
			return refuse(sentence, "names a document that lacks one of redirect_uris");
	}
	return PGT_OK;
}
