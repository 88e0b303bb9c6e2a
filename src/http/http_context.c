/*
 * http_context.c
 *		What is known of an HTTP request: the context that policies judge.
 *
 * Who sends what: user_agent, session_id and device_id are the client's own
 * words; ip and the rest are the layer's, or those of a proxy that it vouches for.
 */
#include "http/http_context.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "core/base/address.h"
#include "core/risk/context_headers.h"
#include "core/risk/context_value.h"

static void
add_member(Object *context, const char *name, char *value)
{
	JsonbValue number = {.type = jbvNumeric};
	double least;
	double greatest;

	if (value == NULL || !pgtc_context_value_valid(name, pgtc_slice_str(value)))
		return;
	if (!pgtc_context_value_range(name, &least, &greatest))
	{
		object_string(context, name, value);
		return;
	}
	number.val.numeric = DatumGetNumeric(DirectFunctionCall3(
		numeric_in, CStringGetDatum(value), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	object_value(context, name, &number);
}

/* what the nearest proxy has seen and appended itself; it ends where the header does */
const char *
http_context_address(const HttpExchange *x)
{
	char *header = x->request->peer.address;

	if (x->request->peer.proxied && guc_http_client_address_header[0] != '\0')
		header = http_header_of_setting(x, guc_http_client_address_header);
	return header ? pgtc_address_last(pgtc_slice_str(header)).data : NULL;
}

static char *
user_agent(const HttpExchange *x)
{
	char *value = http_header(x, "user-agent");
	int len = value ? strlen(value) : 0;

	return len > PGTC_CONTEXT_VALUE_MAX
			   ? pnstrdup(value, pg_mbcliplen(value, len, PGTC_CONTEXT_VALUE_MAX))
			   : value;
}

/* what the layer itself says, as text or number */
static char *
said_by_layer(const HttpExchange *x, const char *member)
{
	Jsonb *context = x->request->peer.context;
	char *string = member_string(context, member);
	char *number = string ? NULL : member_text(context, member);

	if (number && number[0] != '-' && !isdigit((unsigned char) number[0]))
		number = NULL;
	return string ? string : number;
}

/* by the layer, or by the header that a proxy before it sets */
static char *
vouched_for(const HttpExchange *x, const PgtcContextHeaders *headers, const char *member)
{
	char *value = said_by_layer(x, member);
	const char *header = x->request->peer.proxied && value == NULL
							 ? pgtc_context_headers_find(headers, member)
							 : NULL;

	return header ? http_header(x, header) : value;
}

/* a place is two numbers: one alone is none */
static bool
belongs_to_half_a_place(const HttpExchange *x, const PgtcContextHeaders *headers,
						const char *member)
{
	const char *other = strcmp(member, "latitude") == 0	   ? "longitude"
						: strcmp(member, "longitude") == 0 ? "latitude"
														   : NULL;
	char *value = other ? vouched_for(x, headers, other) : NULL;

	return other && (value == NULL || !pgtc_context_value_valid(other, pgtc_slice_str(value)));
}

static void
add_vouched(const HttpExchange *x, const PgtcContextHeaders *headers, const char *member,
			Object *context)
{
	if (!belongs_to_half_a_place(x, headers, member))
		add_member(context, member, vouched_for(x, headers, member));
}

/* the members that the layer names */
static void
add_members_of_layer(const HttpExchange *x, const PgtcContextHeaders *headers, Object *context)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (x->request->peer.context == NULL)
		return;
	it = JsonbIteratorInit(&x->request->peer.context->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			add_vouched(x, headers, pnstrdup(value.val.string.val, value.val.string.len), context);
	}
}

Jsonb *
http_context(const HttpExchange *x)
{
	static const char *const of_form[] = {"session_id", "device_id"};
	PgtcContextHeaders headers;
	Object context;

	/* the check hook has refused what cannot be read */
	(void) pgtc_context_headers_read(pgtc_slice_str(guc_http_context_headers), &headers);
	object_begin(&context);
	object_string(&context, "user_agent", user_agent(x));
	object_string(&context, "ip", http_context_address(x));
	/* what a header or the layer is to say, the client has no say in */
	for (size_t i = 0; i < lengthof(of_form); i++)
	{
		if (pgtc_context_headers_find(&headers, of_form[i]) == NULL &&
			said_by_layer(x, of_form[i]) == NULL)
			add_member(&context, of_form[i], http_param(x, of_form[i]));
	}
	add_members_of_layer(x, &headers, &context);
	for (int i = 0; x->request->peer.proxied && i < headers.n; i++)
	{
		if (said_by_layer(x, headers.mapping[i].member) == NULL)
			add_vouched(x, &headers, headers.mapping[i].member, &context);
	}
	return object_end(&context);
}
