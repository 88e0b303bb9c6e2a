/*
 * hop.c
 *		What one shard tells the next of a request that both have to see.
 *
 *		carry = base64url( sealed( {"at": ..., "placement": ..., "client_id": ..., "home": ...,
 *			"carried": {...}} ))
 *
 * The key is one of the issuer's pepper for the hash of the request: what was carried with
 * one opens with no other, and for no other issuer.  One key for all would have random
 * nonces for more texts than they are good for (2^32, NIST SP 800-38D section 8.3) within
 * days, where most clients authenticate by assertions.
 */
#include "http/hop.h"

#include "access/xact.h"
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
#include "core/base/slice.h"
#include "core/oauth/carry.h"
#include "tables/issuer_seal.h"

#define PURPOSE "hops between shards"
#define HERE (-1)
#define TEXT_MAX (64 * 1024) /* no shard carries more */

/* made for what makes the request what it is; its headers may be others on the way */
static char *
purpose_of(const HttpRequest *request)
{
	const PgtcSlice parts[] = {pgtc_slice_str(request->method), pgtc_slice_str(request->authority),
							   pgtc_slice_str(request->path), request->query, request->body};
	char label[PGTC_DIGEST_TEXT_LEN + 1];

	glue_check(pgtc_carry_label(parts, lengthof(parts), &glue_mem, label), "naming a request");
	return psprintf(PURPOSE " %s", label);
}

static char *
seal(const HttpExchange *x, Jsonb *content)
{
	PgtcBuf sealed;
	PgtcBuf text;

	pgtc_buf_init(&sealed, &glue_mem);
	pgtc_buf_init(&text, &glue_mem);
	issuer_seal(x->issuer, purpose_of(x->request), pgtc_slice_str(PURPOSE),
				pgtc_slice_str(object_text(content)), &sealed);
	pgtc_buf_append_b64url(&text, sealed.data, sealed.len);
	glue_check(pgtc_buf_code(&text), "writing what is carried");
	pgtc_buf_free(&sealed);
	return text.data;
}

/* NULL: nothing that was sealed for this request */
static Jsonb *
open_sealed(const HttpExchange *x, PgtcSlice text)
{
	Jsonb *content = NULL;
	PgtcBuf sealed;
	PgtcBuf plain;

	pgtc_buf_init(&sealed, &glue_mem);
	pgtc_buf_init(&plain, &glue_mem);
	if (pgtc_buf_decode_b64url(&sealed, text) == PGTC_OK &&
		issuer_seal_open(x->issuer, purpose_of(x->request), pgtc_slice_str(PURPOSE),
						 pgtc_slice(sealed.data, sealed.len), &plain) == PGTC_OK)
		content = object_of_buf(&plain);
	pgtc_buf_free(&sealed);
	return content;
}

/* is it for this shard, of just now, and of the client that asks here, too, who can be named in a header? */
static bool
holds(const HttpExchange *x, Jsonb *content)
{
	char *client_id = member_string(content, "client_id");

	return client_id && x->client_id && strcmp(client_id, x->client_id) == 0 &&
		   pgtc_carry_is_fresh(member_int(content, "at", 0), moment_unix(GetCurrentTimestamp())) &&
		   shard_is_here((uint32) member_int(content, "placement", 0));
}

static Jsonb *
read_content(const HttpExchange *x)
{
	PgtcSlice text = pgtc_slice_str(x->request->peer.carried);
	Jsonb *content;

	if (text.len == 0 || text.len > TEXT_MAX || x->issuer == NULL || shard_here().count == 0)
		return NULL;
	content = open_sealed(x, text);
	return content && holds(x, content) ? content : NULL;
}

Jsonb *
hop_carried(const HttpExchange *x)
{
	Jsonb *content = read_content(x);

	return content ? member_json(content, "carried") : NULL;
}

Jsonb *
hop_carried_member(const HttpExchange *x, const char *name)
{
	Jsonb *carried = hop_carried(x);
	Jsonb *member = carried ? member_json(carried, name) : NULL;

	return member && JB_ROOT_IS_OBJECT(member) ? member : NULL;
}

/* a placement; HERE: of this shard */
static int64
home_of(const HttpExchange *x)
{
	Jsonb *content = read_content(x);
	int64 home = content ? member_int(content, "home", HERE) : x->has_home ? (int64) x->home : HERE;

	return home == HERE || shard_is_here((uint32) home) ? HERE : home;
}

bool
hop_is_home(const HttpExchange *x)
{
	return home_of(x) == HERE;
}

static Jsonb *
joined(Jsonb *object, Jsonb *more)
{
	if (object == NULL || more == NULL)
		return object ? object : more;
	return object_concat(object, more);
}

static PgtErr
go(HttpExchange *x, uint32 placement, int64 home, Jsonb *carried)
{
	Object content;

	x->status = 0;
	carried = joined(joined(hop_carried(x), x->vouched), carried);
	http_answer_header(x, "Shard", psprintf("%u", placement % shard_here().count));
	if (carried == NULL && home == HERE)
		return PGT_ERR_ELSEWHERE;
	object_begin(&content);
	object_int(&content, "at", moment_unix(GetCurrentTimestamp()));
	object_int(&content, "placement", placement);
	object_string(&content, "client_id", x->client_id);
	if (home != HERE)
		object_int(&content, "home", home);
	if (carried)
		object_jsonb(&content, "carried", carried);
	http_answer_header(x, "Carry", seal(x, object_end(&content)));
	return PGT_ERR_ELSEWHERE;
}

PgtErr
hop_to(HttpExchange *x, uint32 placement, Jsonb *carried)
{
	return go(x, placement, HERE, carried);
}

PgtErr
hop_aside(HttpExchange *x, uint32 placement, Jsonb *carried)
{
	int64 home = home_of(x);

	return go(x, placement, home == HERE ? shard_here().number : home, carried);
}

PgtErr
hop_home(HttpExchange *x, Jsonb *carried)
{
	return hop_to(x, (uint32) home_of(x), carried);
}

bool
hop_first_use(HttpExchange *x)
{
	TimestampTz expires_at =
		moment_plus(GetCurrentTimestamp(), PGTC_CARRY_LIFETIME + PGTC_CARRY_LEEWAY);
	const char *text = x->request->peer.carried;
	char id[PGTC_DIGEST_TEXT_LEN + 1];

	if (text == NULL || x->carried_used)
		return true;
	x->carried_used = true;
	/* there is one spelling of it: core/base/b64url.h */
	glue_check(pgtc_crypto_digest_text(text, strlen(text), id), "hashing what is carried");
	return XactReadOnly ? replay_first_use_unwritten("hop", x->issuer->issuer, id, expires_at)
						: replay_first_use("hop", x->issuer->issuer, id, expires_at);
}
