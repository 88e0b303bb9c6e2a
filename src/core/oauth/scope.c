/*
 * scope.c
 *		Scope lists as sets that remember the order of first appearance.
 *
 * The slices point into what was parsed; nothing is copied or allocated.
 * Comparison is byte by byte: scopes are case-sensitive (RFC 6749 section 3.3).
 */
#include "core/oauth/scope.h"

/* scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), at most PGTC_SCOPE_TOKEN_MAX */
static bool
token_valid(PgtcSlice token)
{
	size_t i;

	if (token.len == 0 || token.len > PGTC_SCOPE_TOKEN_MAX)
		return false;
	for (i = 0; i < token.len; i++)
	{
		unsigned char c = (unsigned char) token.data[i];

		if (c < 0x21 || c > 0x7e || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static int
scope_find(const PgtcScope *scope, PgtcSlice token)
{
	int i;

	for (i = 0; i < scope->n; i++)
	{
		if (pgtc_slice_equal(scope->token[i], token))
			return i;
	}
	return -1;
}

bool
pgtc_scope_has(const PgtcScope *scope, PgtcSlice token)
{
	return scope_find(scope, token) >= 0;
}

PgtcCode
pgtc_scope_add(PgtcScope *scope, PgtcSlice token)
{
	if (token.len > PGTC_SCOPE_TOKEN_MAX)
		return PGTC_E_TOO_LONG;
	if (!token_valid(token))
		return PGTC_E_MALFORMED;
	if (pgtc_scope_has(scope, token))
		return PGTC_OK;
	if (scope->n >= PGTC_SCOPE_MAX)
		return PGTC_E_TOO_LONG;
	scope->token[scope->n++] = token;
	return PGTC_OK;
}

/* scope = scope-token *( SP scope-token ) */
PgtcCode
pgtc_scope_parse(PgtcSlice in, PgtcScope *out)
{
	size_t start = 0;

	out->n = 0;
	if (in.len == 0)
		return PGTC_OK;
	/* repeats take no room in the set, so the text needs a bound of its own */
	if (in.len > (size_t) PGTC_SCOPE_MAX * (PGTC_SCOPE_TOKEN_MAX + 1))
		return PGTC_E_TOO_LONG;

	for (;;)
	{
		const char *space = memchr(in.data + start, ' ', in.len - start);
		size_t end = space ? (size_t) (space - in.data) : in.len;
		PgtcCode code = pgtc_scope_add(out, pgtc_slice(in.data + start, end - start));

		if (code != PGTC_OK)
			return code;
		if (space == NULL)
			return PGTC_OK;
		start = end + 1;
		if (start == in.len)
			return PGTC_E_MALFORMED;
	}
}

bool
pgtc_scope_has_str(const PgtcScope *scope, const char *token)
{
	return pgtc_scope_has(scope, pgtc_slice_str(token));
}

bool
pgtc_scope_subset(const PgtcScope *inner, const PgtcScope *outer)
{
	int i;

	for (i = 0; i < inner->n; i++)
	{
		if (!pgtc_scope_has(outer, inner->token[i]))
			return false;
	}
	return true;
}

void
pgtc_scope_remove(PgtcScope *scope, PgtcSlice token)
{
	int at = scope_find(scope, token);

	if (at < 0)
		return;
	scope->n--;
	memmove(&scope->token[at], &scope->token[at + 1],
			(size_t) (scope->n - at) * sizeof(scope->token[0]));
}

void
pgtc_scope_write(const PgtcScope *scope, PgtcBuf *out)
{
	int i;

	for (i = 0; i < scope->n; i++)
	{
		if (i > 0)
			pgtc_buf_append(out, " ", 1);
		pgtc_buf_append(out, scope->token[i].data, scope->token[i].len);
	}
}
