/*
 * claims.c
 *		Reading and judging the claims of tokens we are shown.
 *
 * The slices of a PgtcClaims point into its JSON value, which lives until
 * pgtc_claims_free; a reader that refuses has freed it already.
 */
#include "core/jose/claims.h"
#include "core/base/json_read.h"
#include "core/base/uuid.h"
#include "core/jose/jws.h"

void
pgtc_claims_free(PgtcClaims *claims)
{
	json_decref(claims->json);
	memset(claims, 0, sizeof(*claims));
	claims->exp = claims->iat = claims->nbf = claims->auth_time = -1;
}

static PgtcCode
read_string(const json_t *object, const char *name, PgtcSlice *out)
{
	const json_t *value = json_object_get(object, name);

	if (value == NULL)
		return PGTC_OK;
	*out = pgtc_json_read_string(value);
	return out->data != NULL ? PGTC_OK : PGTC_E_CLAIM;
}

static PgtcCode
read_time(const json_t *object, const char *name, int64_t *out)
{
	const json_t *value = json_object_get(object, name);

	return value == NULL ? PGTC_OK : pgtc_json_read_time(value, out);
}

/* RFC 7519 section 4.1.3: an array of strings, or for a single audience one string */
static PgtcCode
read_audience(const json_t *object, PgtcClaims *out)
{
	const json_t *value = json_object_get(object, "aud");
	size_t n;
	size_t i;

	if (value == NULL)
		return PGTC_OK;
	if (json_is_string(value))
	{
		out->aud[0] = pgtc_json_read_string(value);
		out->n_aud = 1;
		out->aud_is_string = true;
		return PGTC_OK;
	}

	n = json_array_size(value);
	if (n == 0 || n > PGTC_AUD_MAX)
		return PGTC_E_CLAIM;
	for (i = 0; i < n; i++)
	{
		out->aud[i] = pgtc_json_read_string(json_array_get(value, i));
		if (out->aud[i].data == NULL)
			return PGTC_E_CLAIM;
	}
	out->n_aud = (int) n;
	return PGTC_OK;
}

/* RFC 7800 section 3.1: an object, in which a key may be named in one way or another */
static PgtcCode
read_confirmation(const json_t *object, PgtcClaims *out)
{
	const json_t *cnf = json_object_get(object, "cnf");
	PgtcCode code;

	if (cnf == NULL)
		return PGTC_OK;
	if (!json_is_object(cnf))
		return PGTC_E_CLAIM;
	code = read_string(cnf, "jkt", &out->jkt);
	if (code == PGTC_OK)
		code = read_string(cnf, "x5t#S256", &out->x5t_s256);
	return code;
}

static PgtcCode
read_members(const json_t *object, PgtcClaims *out)
{
	const struct
	{
		const char *name;
		PgtcSlice *value;
	} strings[] = {{"iss", &out->iss}, {"sub", &out->sub},	   {"client_id", &out->client_id},
				   {"jti", &out->jti}, {"scope", &out->scope}, {"grant_id", &out->grant_id},
				   {"sid", &out->sid}, {"azp", &out->azp}};
	const struct
	{
		const char *name;
		int64_t *value;
	} times[] = {
		{"exp", &out->exp}, {"iat", &out->iat}, {"nbf", &out->nbf}, {"auth_time", &out->auth_time}};
	PgtcCode code = read_audience(object, out);
	size_t i;

	for (i = 0; code == PGTC_OK && i < sizeof(strings) / sizeof(strings[0]); i++)
		code = read_string(object, strings[i].name, strings[i].value);
	if (code == PGTC_OK)
		code = read_confirmation(object, out);
	for (i = 0; code == PGTC_OK && i < sizeof(times) / sizeof(times[0]); i++)
		code = read_time(object, times[i].name, times[i].value);
	return code;
}

/* registered claims that are not read, but whose type their specifications fix */
static PgtcCode
check_types(const json_t *object)
{
	/* OpenID Connect Core sections 2 and 3.3.2.11 */
	static const char *const strings[] = {"nonce", "acr", "at_hash", "c_hash"};
	/* RFC 8693 sections 4.1 and 4.4 */
	static const char *const objects[] = {"act", "may_act"};
	const json_t *value;
	PgtcSlice ignored;
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
	{
		if (read_string(object, strings[i], &ignored) != PGTC_OK)
			return PGTC_E_CLAIM;
	}
	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
	{
		value = json_object_get(object, objects[i]);
		if (value != NULL && !json_is_object(value))
			return PGTC_E_CLAIM;
	}

	/* OpenID Connect Core section 2: a JSON array of strings */
	value = json_object_get(object, "amr");
	if (value == NULL)
		return PGTC_OK;
	if (!json_is_array(value) || json_array_size(value) > PGTC_AMR_MAX)
		return PGTC_E_CLAIM;
	for (i = 0; i < json_array_size(value); i++)
	{
		if (!json_is_string(json_array_get(value, i)))
			return PGTC_E_CLAIM;
	}
	return PGTC_OK;
}

PgtcCode
pgtc_claims_read(PgtcSlice payload, PgtcClaims *out)
{
	json_t *object;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	out->exp = out->iat = out->nbf = out->auth_time = -1;
	code = pgtc_json_read_object(payload, &object);
	if (code != PGTC_OK)
		return code;
	out->json = object;

	code = check_types(object);
	if (code == PGTC_OK)
		code = read_members(object, out);
	if (code != PGTC_OK)
		pgtc_claims_free(out);
	return code;
}

bool
pgtc_claims_has_audience(const PgtcClaims *claims, PgtcSlice audience)
{
	int i;

	for (i = 0; i < claims->n_aud; i++)
	{
		if (pgtc_slice_equal(claims->aud[i], audience))
			return true;
	}
	return false;
}

PgtcCode
pgtc_claims_check_access(const PgtcClaims *claims, PgtcSlice iss, PgtcSlice audience, int64_t now,
						 int64_t leeway)
{
	/* RFC 9068 section 2.2: the claims every access token has */
	if (claims->iss.data == NULL || claims->sub.data == NULL || claims->client_id.data == NULL ||
		claims->jti.data == NULL || claims->exp < 0 || claims->iat < 0 || claims->n_aud == 0)
		return PGTC_E_CLAIM;

	/* RFC 9068 section 4: iss must exactly match the issuer identifier */
	if (!pgtc_slice_equal(claims->iss, iss))
		return PGTC_E_ISSUER;
	/* RFC 7519 section 4.1.3: reject unless we are identified in aud */
	if (audience.data != NULL && !pgtc_claims_has_audience(claims, audience))
		return PGTC_E_AUDIENCE;
	/* RFC 7519 section 4.1.4: on or after exp is too late */
	if (now >= claims->exp)
		return PGTC_E_EXPIRED;
	/* RFC 7519 section 4.1.5; the differences cannot overflow, since times are below 2^53 */
	if (claims->nbf > now && claims->nbf - now > leeway)
		return PGTC_E_NOT_YET;
	if (claims->iat > now && claims->iat - now > leeway)
		return PGTC_E_NOT_YET;
	return PGTC_OK;
}

PgtcCode
pgtc_claims_grant_id(PgtcSlice token, const PgtcMem *mem, uint8_t out[16])
{
	PgtcJwsHeader header;
	PgtcClaims claims;
	PgtcBuf payload;
	PgtcJws jws;
	PgtcCode code = pgtc_jws_split(token, &jws);

	/* what could never verify is not worth routing either */
	if (code == PGTC_OK)
		code = pgtc_jws_read_header(&jws, mem, &header);
	if (code != PGTC_OK)
		return code;

	pgtc_buf_init(&payload, mem);
	code = pgtc_buf_decode_b64url(&payload, jws.payload);
	if (code == PGTC_OK)
		code = pgtc_claims_read(pgtc_slice(payload.data, payload.len), &claims);
	pgtc_buf_free(&payload);
	if (code != PGTC_OK)
		return code;

	if (claims.grant_id.data == NULL)
		code = PGTC_E_CLAIM;
	else
		code = pgtc_uuid_parse(claims.grant_id, out);
	pgtc_claims_free(&claims);
	return code;
}
