/*
 * hop.c
 *		What one shard tells the next of a request that both have to see.
 *
 *		carry = base64url( sealed( {"at": ..., "placement": ..., "carried": {...}} ))
 *
 * The key is one of the issuer's pepper, the label the hash of the request: what was
 * carried with one opens with no other, and for no other issuer.
 */
#include "http/hop.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/replay.h"
#include "base/shard.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/placement.h"
#include "core/base/slice.h"
#include "tables/issuer_seal.h"

#define PURPOSE "hops between shards"
#define LIFETIME 60 /* seconds */
#define LEEWAY 10 /* seconds by which the clock of the shard before may be ahead */
#define TEXT_MAX (64 * 1024) /* no shard carries more */

/* with its length, so that no two requests make one text */
static void
append_part(PgtcBuf *buf, PgtcSlice part)
{
	uint64 len = part.len;

	pgtc_buf_append(buf, &len, sizeof(len));
	pgtc_buf_append(buf, part.data, part.len);
}

/* of what makes the request what it is; its headers may be others on the way */
static PgtcSlice
label_of(const HttpRequest *request)
{
	char *label = palloc(PGTC_DIGEST_TEXT_LEN + 1);
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	append_part(&buf, pgtc_slice_str(request->method));
	append_part(&buf, pgtc_slice_str(request->authority));
	append_part(&buf, pgtc_slice_str(request->path));
	append_part(&buf, request->query);
	append_part(&buf, request->body);
	glue_check(pgtc_buf_code(&buf), "naming a request");
	glue_check(pgtc_crypto_digest_text(buf.data, buf.len, label), "hashing a request");
	pgtc_buf_free(&buf);
	return pgtc_slice(label, PGTC_DIGEST_TEXT_LEN);
}

static char *
seal(const HttpExchange *x, uint32 placement, Jsonb *carried)
{
	Object content;
	PgtcBuf sealed;
	PgtcBuf text;

	object_begin(&content);
	object_int(&content, "at", moment_unix(GetCurrentTimestamp()));
	object_int(&content, "placement", placement);
	object_jsonb(&content, "carried", carried);
	pgtc_buf_init(&sealed, &glue_mem);
	pgtc_buf_init(&text, &glue_mem);
	issuer_seal(x->issuer, PURPOSE, label_of(x->request),
				pgtc_slice_str(object_text(object_end(&content))), &sealed);
	pgtc_buf_append_b64url(&text, sealed.data, sealed.len);
	glue_check(pgtc_buf_code(&text), "writing what is carried");
	pgtc_buf_free(&sealed);
	return text.data;
}

void
hop_to(HttpExchange *x, uint32 placement, Jsonb *carried)
{
	Jsonb *before = hop_carried(x);

	Assert(shard_here().count > 0);

	if (before && carried)
		carried = object_concat(before, carried);
	else if (before)
		carried = before;
	x->status = 0;
	http_answer_header(x, "Shard", psprintf("%u", placement % shard_here().count));
	if (carried)
		http_answer_header(x, "Carry", seal(x, placement, carried));
}

/* is it for this shard, and of just now? */
static bool
holds(Jsonb *content)
{
	int64 now = moment_unix(GetCurrentTimestamp());
	int64 at = member_int(content, "at", 0);
	int64 placement = member_int(content, "placement", -1);

	return at > now - LIFETIME && at <= now + LEEWAY && placement >= 0 &&
		   placement < PGTC_PLACEMENTS && shard_is_here((uint32) placement);
}

Jsonb *
hop_carried(const HttpExchange *x)
{
	PgtcSlice text = pgtc_slice_str(x->request->peer.carried);
	Jsonb *content = NULL;
	PgtcBuf sealed;
	PgtcBuf plain;

	if (text.len == 0 || text.len > TEXT_MAX || x->issuer == NULL || shard_here().count == 0)
		return NULL;
	pgtc_buf_init(&sealed, &glue_mem);
	pgtc_buf_init(&plain, &glue_mem);
	if (pgtc_buf_decode_b64url(&sealed, text) == PGTC_OK &&
		issuer_seal_open(x->issuer, PURPOSE, label_of(x->request),
						 pgtc_slice(sealed.data, sealed.len), &plain) == PGTC_OK)
		content = object_of_buf(&plain);
	pgtc_buf_free(&sealed);
	return content && holds(content) ? member_json(content, "carried") : NULL;
}

bool
hop_first_use(const HttpExchange *x)
{
	const char *text = x->request->peer.carried;
	char id[PGTC_DIGEST_TEXT_LEN + 1];

	if (text == NULL)
		return true;
	/* there is one spelling of it: b64url.h */
	glue_check(pgtc_crypto_digest_text(text, strlen(text), id), "hashing what is carried");
	return replay_first_use("hop", x->issuer->issuer, id,
							moment_plus(GetCurrentTimestamp(), LIFETIME + LEEWAY));
}
