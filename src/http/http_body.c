/*
 * http_body.c
 *		The body of a request: what it is said to be, and reading one that is JSON.
 */
#include "http/http_body.h"

#include "base/glue.h"
#include "base/object.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/form.h"
#include "core/base/json_foreign.h"
#include "core/base/slice.h"

#define JSON_TYPE "application/json"
#define JSON_MAX PGTC_FORM_MAX

bool
http_body_is_of_type(const HttpExchange *x, const char *media_type)
{
	char *type = http_header(x, "content-type");
	PgtcSlice said = pgtc_slice_str(type);

	if (type == NULL || type[0] == '\0')
		return true;
	said = pgtc_slice_trim(pgtc_slice_take(&said, ';'), " \t");
	return said.len == strlen(media_type) && pg_strncasecmp(said.data, media_type, said.len) == 0;
}

bool
http_body_is_compressed(const HttpExchange *x)
{
	char *encoding = http_header(x, "content-encoding");

	return encoding && encoding[0] && pg_strcasecmp(encoding, "identity") != 0;
}

PgtErr
http_body_json(const HttpExchange *x, Jsonb **object)
{
	PgtcBuf anew;
	PgtcCode code;

	if (x->request->body.len > JSON_MAX)
		return PGT_ERR_REQUEST_TOO_LARGE;
	if (http_body_is_compressed(x))
		return PGT_ERR_REQUEST_ENCODING;
	/* named, since a page of any origin can have a body sent that says nothing, with no preflight */
	if (http_header(x, "content-type") == NULL || !http_body_is_of_type(x, JSON_TYPE))
		return PGT_ERR_REQUEST_NOT_JSON;
	pgtc_buf_init(&anew, &glue_mem);
	code = pgtc_json_foreign(x->request->body, PGTC_JSON_OBJECT, &anew);
	if (code != PGTC_OK)
	{
		pgtc_buf_free(&anew);
		if (code == PGTC_E_NOMEM)
			glue_check(code, "reading JSON");
		return PGT_ERR_REGISTRATION_BODY;
	}
	*object = object_of_buf(&anew);
	return PGT_OK;
}
