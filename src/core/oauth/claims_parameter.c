/*
 * claims_parameter.c
 *		The claims parameter: single claims that a client asks for.
 */
#include "core/oauth/claims_parameter.h"

#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "core/base/json_write.h"

/* OpenID Connect Core section 5.5.1: null, or an object of what is wanted of it */
static PgtcCode
write_wish(PgtcBuf *out, const json_t *wish)
{
	const json_t *essential = json_object_get(wish, "essential");
	const json_t *value = json_object_get(wish, "value");
	const json_t *values = json_object_get(wish, "values");
	PgtcCode code = PGTC_OK;

	if (!json_is_object(wish) && !json_is_null(wish))
		return PGTC_E_MALFORMED;
	if ((essential != NULL && !json_is_boolean(essential)) ||
		(values != NULL && !json_is_array(values)) ||
		(value != NULL && !pgtc_json_text_plain(value, PGTC_CLAIMS_PARAMETER_DEPTH)) ||
		(values != NULL && !pgtc_json_text_plain(values, PGTC_CLAIMS_PARAMETER_DEPTH + 1)))
		return PGTC_E_MALFORMED;
	pgtc_buf_append_str(out, "{");
	if (json_is_true(essential))
		pgtc_json_write_member_json(out, "essential", pgtc_slice_str("true"));
	if (value != NULL)
	{
		pgtc_json_write_member_json(out, "value", pgtc_slice_str(""));
		code = pgtc_json_text_append(out, value);
	}
	if (code == PGTC_OK && values != NULL)
	{
		pgtc_json_write_member_json(out, "values", pgtc_slice_str(""));
		code = pgtc_json_text_append(out, values);
	}
	pgtc_buf_append_str(out, "}");
	return code;
}

static PgtcCode
write_wishes(PgtcBuf *out, const char *target, json_t *wishes)
{
	PgtcCode code = PGTC_OK;
	const char *name;
	json_t *wish;

	if (wishes == NULL)
		return PGTC_OK;
	if (!json_is_object(wishes))
		return json_is_null(wishes) ? PGTC_OK : PGTC_E_MALFORMED;
	if (json_object_size(wishes) > PGTC_CLAIMS_PARAMETER_CLAIMS_MAX)
		return PGTC_E_TOO_LONG;
	pgtc_json_write_member_json(out, target, pgtc_slice_str("{"));
	json_object_foreach(wishes, name, wish)
	{
		if (name[0] == '\0')
			code = PGTC_E_MALFORMED;
		if (code != PGTC_OK)
			break;
		pgtc_json_write_member_json(out, name, pgtc_slice_str(""));
		code = write_wish(out, wish);
	}
	pgtc_buf_append_str(out, "}");
	return code;
}

PgtcCode
pgtc_claims_parameter_read(PgtcSlice text, PgtcBuf *out)
{
	size_t start = out->len;
	json_t *object;
	PgtcCode code;

	if (text.len > PGTC_CLAIMS_PARAMETER_MAX)
		return PGTC_E_TOO_LONG;
	code = pgtc_json_read_object(text, &object);
	if (code != PGTC_OK)
		return code;
	pgtc_buf_append_str(out, "{");
	code = write_wishes(out, "id_token", json_object_get(object, "id_token"));
	if (code == PGTC_OK)
		code = write_wishes(out, "userinfo", json_object_get(object, "userinfo"));
	pgtc_buf_append_str(out, "}");
	json_decref(object);
	if (code == PGTC_OK)
		code = pgtc_buf_code(out);
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	return code;
}

const char *
pgtc_claims_parameter_scope(PgtcSlice claim)
{
	static const struct
	{
		const char *claim;
		const char *scope;
	} standard[] = {{"name", "profile"},
					{"family_name", "profile"},
					{"given_name", "profile"},
					{"middle_name", "profile"},
					{"nickname", "profile"},
					{"preferred_username", "profile"},
					{"profile", "profile"},
					{"picture", "profile"},
					{"website", "profile"},
					{"gender", "profile"},
					{"birthdate", "profile"},
					{"zoneinfo", "profile"},
					{"locale", "profile"},
					{"updated_at", "profile"},
					{"email", "email"},
					{"email_verified", "email"},
					{"address", "address"},
					{"phone_number", "phone"},
					{"phone_number_verified", "phone"}};
	PgtcSlice name = pgtc_slice_take(&claim, '#');
	size_t i;

	for (i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
	{
		if (pgtc_slice_equal(name, pgtc_slice_str(standard[i].claim)))
			return standard[i].scope;
	}
	return NULL;
}
