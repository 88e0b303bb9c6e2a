/*
 * client_document.c
 *		Clients whose client_id is the URL of their metadata.
 *
 * Such a client is a row like any other from its first valid document on, so that
 * whatever knows clients knows it.  Each request looks whether the document is still
 * fresh; a newer one changes the row before the request goes on.
 */
#include "http/client_document.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/configuration.h"
#include "base/glue.h"
#include "base/object.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/json_foreign.h"
#include "core/base/slice.h"
#include "core/oauth/client_url.h"
#include "http/sector_document.h"
#include "tables/document.h"
#include "tables/registration.h"

/* for so long a client is what its document said last, when that cannot be had any more */
#define STALE_MAX (7 * USECS_PER_DAY)

bool
client_document_is_name(const char *client_id)
{
	return strncmp(client_id, PGTC_CLIENT_URL_PREFIX, strlen(PGTC_CLIENT_URL_PREFIX)) == 0;
}

/* nobody else is looked for, and nothing is fetched from elsewhere */
static bool
is_welcome(const Issuer *issuer, const char *client_id, const char **why)
{
	PgtcClientUrl url;

	if (pgtc_client_url_read(pgtc_slice_str(client_id), &url) != PGTC_OK)
		*why = "the URL is none that a metadata document can have";
	else if (!registration_document_welcome(issuer,
											pnstrdup(url.authority.data, url.authority.len)))
		*why = "the registration policy takes no documents of this host";
	return *why == NULL;
}

static Jsonb *
read_document(const char *text)
{
	PgtcBuf anew;

	pgtc_buf_init(&anew, &glue_mem);
	if (pgtc_json_foreign(pgtc_slice_str(text), PGTC_JSON_OBJECT, &anew) == PGTC_OK)
		return object_of_buf(&anew);
	pgtc_buf_free(&anew);
	return NULL;
}

/*
 * What the document says now; a server that only reads goes by what it knows.  A sector
 * is believed as little as that of a client that registers itself: *client is set on
 * PGT_OK, and NULL with *why where there is none.
 */
static PgtErr
adopt(const Issuer *issuer, const char *client_id, const char *text, TimestampTz fetched_at,
	  Client **client, const char **why)
{
	RegistrationOutcome outcome = {0};
	Client *known = *client;
	Jsonb *document;
	PgtErr err;

	if (XactReadOnly || (known && known->document_at == fetched_at))
		return PGT_OK;
	*client = NULL;
	document = read_document(text);
	if (document == NULL)
	{
		*why = "the document is no JSON object, or has a member twice";
		return PGT_OK;
	}
	err = sector_document_check(issuer, document, NULL, &outcome.sentence);
	if (err == PGT_ERR_WAIT)
		return err;
	if (err == PGT_OK)
		registration_adopt(issuer, client_id, document, fetched_at, &outcome);
	if (err == PGT_OK && outcome.refused == NULL)
		*client = client_find(client_id);
	else
		*why = psprintf("the document makes no client: %s",
						outcome.sentence ? outcome.sentence : "there are too many");
	return PGT_OK;
}

/* at the configuration primary documents are fetched, and what they say comes with the rest */
static PgtErr
find_at_subscriber(Client *known, Client **client)
{
	if (known == NULL || GetCurrentTimestamp() >= known->document_at + STALE_MAX)
		return PGT_ERR_CONFIGURATION_ELSEWHERE;
	*client = known;
	return PGT_OK;
}

PgtErr
client_document_find(const Issuer *issuer, const char *client_id, Client **client, const char **why)
{
	Client *known = client_find(client_id);
	TimestampTz fetched_at;
	char *text;

	*why = NULL;
	*client = known;
	if (!client_document_is_name(client_id) ||
		(known &&
		 (!known->by_document || !known->enabled || strcmp(known->issuer, issuer->issuer) != 0)))
		return PGT_OK;
	*client = NULL;
	if (!is_welcome(issuer, client_id, why))
		return PGT_OK;
	if (configuration_is_elsewhere())
		return find_at_subscriber(known, client);
	switch (
		document_get(issuer, DOCUMENT_CLIENT_METADATA, client_id, DT_NOBEGIN, &text, &fetched_at))
	{
		case DOCUMENT_WANTED:
			return PGT_ERR_WAIT;
		case DOCUMENT_HERE:
			*client = known;
			return adopt(issuer, client_id, text, fetched_at, client, why);
		case DOCUMENT_MISSING:
			if (known && GetCurrentTimestamp() < known->document_at + STALE_MAX)
				*client = known;
			else
				*why = "the document cannot be had now";
			break;
	}
	return PGT_OK;
}

bool
client_document_is_elsewhere(const Issuer *issuer, const char *client_id)
{
	Client *client;
	const char *why;

	return configuration_is_elsewhere() && client_document_find(issuer, client_id, &client, &why) ==
											   PGT_ERR_CONFIGURATION_ELSEWHERE;
}
