/*
 * request_jwt.c
 *		Request objects: what a JWT that a client has signed asks for.
 */
#include "core/oauth/request_jwt.h"

#include "core/base/json_read.h"
#include "core/base/json_text.h"

bool
pgtc_request_jwt_typ_valid(const char *typ)
{
	return typ[0] == '\0' || strcmp(typ, "jwt") == 0 || strcmp(typ, PGTC_REQUEST_JWT_TYP) == 0;
}

/* where the parts of a field lie: the storage moves while it grows */
typedef struct Place
{
	size_t name;
	size_t value;
	size_t end;
} Place;

typedef struct Fields
{
	PgtcForm *form;
	Place place[PGTC_FORM_FIELDS_MAX];
} Fields;

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

static PgtcCode
add_field(Fields *fields, const char *name, const json_t *value)
{
	PgtcForm *form = fields->form;
	PgtcBuf *storage = &form->storage;
	PgtcSlice string = pgtc_json_read_string(value);
	Place *place;
	PgtcCode code;

	if (form->n == PGTC_FORM_FIELDS_MAX)
		return PGTC_E_TOO_LONG;
	if (json_is_null(value))
		return PGTC_E_MALFORMED;
	place = &fields->place[form->n];
	place->name = storage->len;
	pgtc_buf_append_str(storage, name);
	place->value = storage->len;
	if (string.data != NULL)
	{
		pgtc_buf_append(storage, string.data, string.len);
		code = pgtc_buf_code(storage);
	}
	else
		code = pgtc_json_text_append(storage, value);
	if (code == PGTC_OK && storage->len > PGTC_FORM_MAX)
		code = PGTC_E_TOO_LONG;
	place->end = storage->len;
	if (code == PGTC_OK)
		form->n++;
	return code;
}

static PgtcCode
add_member(Fields *fields, const char *name, const json_t *value)
{
	/* RFC 9101 section 4: one object has no other within, and is not elsewhere */
	static const char *const refused[] = {"request", "request_uri", NULL};
	/* RFC 7519 section 4.1: of the JWT, not of the request */
	static const char *const of_jwt[] = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", NULL};
	/* RFC 8707 section 2, RFC 8693 section 2.1: parameters that may come several times */
	static const char *const lists[] = {"resource", "audience", NULL};
	PgtcCode code = PGTC_OK;
	size_t i;

	if (is_one_of(name, refused))
		return PGTC_E_CLAIM;
	if (is_one_of(name, of_jwt))
		return PGTC_OK;
	if (!json_is_array(value) || !is_one_of(name, lists))
		return add_field(fields, name, value);
	for (i = 0; code == PGTC_OK && i < json_array_size(value); i++)
	{
		const json_t *element = json_array_get(value, i);

		code = json_is_string(element) ? add_field(fields, name, element) : PGTC_E_MALFORMED;
	}
	return code;
}

static PgtcCode
add_members(Fields *fields, json_t *object)
{
	PgtcCode code = PGTC_OK;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		code = add_member(fields, name, value);
		if (code != PGTC_OK)
			break;
	}
	return code;
}

PgtcCode
pgtc_request_jwt_fields(PgtcSlice payload, const PgtcMem *mem, PgtcForm *out)
{
	Fields fields;
	json_t *object;
	PgtcCode code = pgtc_json_read_object(payload, &object);
	int i;

	out->n = 0;
	pgtc_buf_init(&out->storage, mem);
	if (code != PGTC_OK)
		return code;
	fields.form = out;
	code = add_members(&fields, object);
	json_decref(object);
	if (code != PGTC_OK)
	{
		pgtc_form_free(out);
		return code;
	}
	for (i = 0; i < out->n; i++)
	{
		const Place *place = &fields.place[i];
		const char *data = out->storage.data;

		out->field[i].name = pgtc_slice(data + place->name, place->value - place->name);
		out->field[i].value = pgtc_slice(data + place->value, place->end - place->value);
	}
	return PGTC_OK;
}

/* times are below 2^53, so no sum overflows */
static PgtcCode
check_times(const PgtcClaims *claims, int64_t now, bool demanded)
{
	int64_t from = claims->nbf < 0 ? now : claims->nbf;

	if (demanded && (claims->exp < 0 || claims->nbf < 0))
		return PGTC_E_CLAIM;
	if (claims->nbf > now + PGTC_REQUEST_JWT_LEEWAY)
		return PGTC_E_NOT_YET;
	if (claims->iat > now + PGTC_REQUEST_JWT_LEEWAY)
		return PGTC_E_NOT_YET;
	if (from < now - PGTC_REQUEST_JWT_LIFETIME)
		return PGTC_E_EXPIRED;
	if (claims->exp >= 0 && (claims->exp <= now || claims->exp > from + PGTC_REQUEST_JWT_LIFETIME))
		return PGTC_E_EXPIRED;
	return PGTC_OK;
}

PgtcCode
pgtc_request_jwt_check(const PgtcClaims *claims, PgtcSlice client_id, PgtcSlice issuer, int64_t now,
					   bool demanded)
{
	if (claims->sub.data != NULL && pgtc_slice_equal(claims->sub, client_id))
		return PGTC_E_CLAIM;
	if ((demanded || claims->client_id.data != NULL) &&
		!pgtc_slice_equal(claims->client_id, client_id))
		return PGTC_E_CLAIM;
	if ((demanded || claims->iss.data != NULL) && !pgtc_slice_equal(claims->iss, client_id))
		return PGTC_E_ISSUER;
	if ((demanded || claims->n_aud > 0) && !pgtc_claims_has_audience(claims, issuer))
		return PGTC_E_AUDIENCE;
	return check_times(claims, now, demanded);
}
