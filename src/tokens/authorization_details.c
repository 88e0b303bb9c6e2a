/*
 * authorization_details.c
 *		Rich authorization requests (RFC 9396).
 *
 * What an element means is its type's to say: the application's function takes it, says
 * how it is granted, or refuses.  That a later request asks for no more is held here, by
 * the members that all types share: lists may lose elements, all else stays, and each
 * element counts once.
 */
#include "tokens/authorization_details.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/request.h"
#include "base/strings.h"
#include "base/user_function.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/json_foreign.h"
#include "core/base/slice.h"
#include "tables/details_type.h"

/* RFC 9396 section 2.2, of those that are lists */
static char *const lists[] = {"locations", "actions", "datatypes", "privileges"};

static PgtErr
refused_details(const char *received, const char *expected)
{
	return refused(PGT_ERR_AUTHORIZATION_DETAILS, "authorization_details", received, expected);
}

static int
elements_of(Jsonb *details)
{
	return details && JB_ROOT_IS_ARRAY(details) && !JB_ROOT_IS_SCALAR(details)
			   ? (int) JB_ROOT_COUNT(details)
			   : -1;
}

/* an object with a type; NULL: it is none */
static Jsonb *
element(Jsonb *details, int n)
{
	JsonbValue *value = getIthJsonbValueFromContainer(&details->root, n);

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return NULL;
	return JsonbValueToJsonb(value);
}

static char *
type_of(Jsonb *detail)
{
	return detail ? member_string(detail, "type") : NULL;
}

/* n = -1: not there, or not of texts alone, among which something else could hide */
static char **
texts_of(Jsonb *detail, const char *name, int *n)
{
	char **texts = member_strings(detail, name, n);

	if (*n != elements_of(member_json(detail, name)))
		*n = -1;
	return texts;
}

/* what all types share is lists of texts, where it is there (RFC 9396 section 2.2) */
static bool
has_common_lists(Jsonb *detail)
{
	for (size_t i = 0; i < lengthof(lists); i++)
	{
		int n;

		(void) texts_of(detail, lists[i], &n);
		if (n < 0 && member_json(detail, lists[i]))
			return false;
	}
	return true;
}

/* an array of 1 to AUTHORIZATION_DETAILS_MAX objects, each with a type, and its common lists are lists */
static bool
is_well_formed(Jsonb *details)
{
	int n = elements_of(details);

	for (int i = 0; i < n; i++)
	{
		Jsonb *detail = element(details, i);

		if (type_of(detail) == NULL || !has_common_lists(detail))
			return false;
	}
	return n > 0 && n <= AUTHORIZATION_DETAILS_MAX;
}

static PgtErr
parse(const char *text, Jsonb **details)
{
	PgtcBuf anew;

	pgtc_buf_init(&anew, &glue_mem);
	if (strlen(text) > REQUEST_JSON_MAX ||
		pgtc_json_foreign(pgtc_slice_str(text), PGTC_JSON_ARRAY, &anew) != PGTC_OK)
	{
		pgtc_buf_free(&anew);
		return refused_details(NULL, psprintf("JSON of at most %d bytes", REQUEST_JSON_MAX));
	}
	*details = object_of_buf(&anew);
	return is_well_formed(*details)
			   ? PGT_OK
			   : refused_details(NULL, psprintf("an array of 1 to %d objects, each with a type",
												AUTHORIZATION_DETAILS_MAX));
}

/* one array, element by element */
typedef struct Judging
{
	const Client *client;
	const char *subject;
	Jsonb *asked;
	Object granted;
	Jsonb *result;
	PgtErr err;
} Judging;

static Jsonb *
judge_element(const Judging *judging, const char *validator, Jsonb *detail)
{
	const Oid types[] = {JSONBOID, TEXTOID, TEXTOID};
	Datum args[3];

	args[0] = JsonbPGetDatum(detail);
	args[1] = CStringGetTextDatum(judging->client->client_id);
	/* a function that is strict would refuse what has no subject yet */
	args[2] = CStringGetTextDatum(judging->subject ? judging->subject : "");
	return user_function_call(validator, lengthof(types), types, args);
}

/* what the function makes of it stays of its type */
static PgtErr
add_element(Judging *judging, Jsonb *detail)
{
	const Client *client = judging->client;
	char *type = type_of(detail);
	char *validator = strings_have(client->details_types, client->n_details_types, type)
						  ? details_type_validator(client->issuer, type)
						  : NULL;
	Jsonb *granted;

	if (validator == NULL)
		return refused_of(PGT_ERR_AUTHORIZATION_DETAILS, "authorization_details", type,
						  client->details_types, Max(client->n_details_types, 0));
	granted = judge_element(judging, validator, detail);
	if (granted == NULL)
		return refused_details(type, "what the type's function takes");
	if (!JB_ROOT_IS_OBJECT(granted) || type_of(granted) == NULL ||
		strcmp(type_of(granted), type) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the function of a type of authorization details has answered "
							   "something else"),
						errhint("It must return an object of the same type, or NULL.")));
	object_array_add(&judging->granted, granted);
	return PGT_OK;
}

static void
judge(void *arg)
{
	Judging *judging = arg;

	judging->err = PGT_OK;
	object_array_begin(&judging->granted);
	for (int i = 0; judging->err == PGT_OK && i < elements_of(judging->asked); i++)
		judging->err = add_element(judging, element(judging->asked, i));
	judging->result = object_array_end(&judging->granted);
}

PgtErr
authorization_details_read(const Client *client, const char *subject, const char *text,
						   Jsonb **details)
{
	Judging judging = {.client = client, .subject = subject};
	PgtErr err;

	*details = NULL;
	if (text == NULL)
		return PGT_OK;
	err = parse(text, &judging.asked);
	if (err != PGT_OK)
		return err;
	if (!user_function_guard(judge, &judging))
		return PGT_ERR_USER_FUNCTION;
	*details = judging.err == PGT_OK ? judging.result : NULL;
	return judging.err;
}

static bool
has_type(Jsonb *details, const char *type)
{
	for (int i = 0; i < elements_of(details); i++)
	{
		if (strcmp(type_of(element(details, i)), type) == 0)
			return true;
	}
	return false;
}

Jsonb *
authorization_details_given(Jsonb *details)
{
	if (details == NULL || elements_of(details) == 0)
		return NULL;
	if (!is_well_formed(details) || VARSIZE(details) > REQUEST_JSON_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("authorization_details must be an array of objects, each with a "
							   "type"),
						errdetail("At most %d of them, and %d bytes (RFC 9396 section 2).",
								  AUTHORIZATION_DETAILS_MAX, REQUEST_JSON_MAX)));
	return details;
}

Jsonb *
authorization_details_agreed(Jsonb *asked, Jsonb *agreed)
{
	if (agreed == NULL)
		return asked;
	agreed = authorization_details_given(agreed);
	for (int i = 0; i < elements_of(agreed); i++)
	{
		char *type = type_of(element(agreed, i));

		if (!has_type(asked, type))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("authorization_details of a type that was not asked for"),
							errdetail("\"%s\".", type)));
	}
	return agreed;
}

/* --- less than was granted ----------------------------------------------------------- */

/* all but the lists */
static Jsonb *
rest_of(Jsonb *detail)
{
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_delete_array, JsonbPGetDatum(detail),
							PointerGetDatum(strings_to_array(lists, lengthof(lists)))));
}

/* what is not there means what the type has it mean: it stays away; a list of texts may lose some */
static bool
list_within(Jsonb *wanted, Jsonb *granted, const char *name)
{
	Jsonb *wanted_list = member_json(wanted, name);
	Jsonb *granted_list = member_json(granted, name);
	int n_wanted;
	int n_granted;
	char **is_wanted = texts_of(wanted, name, &n_wanted);
	char **is_granted = texts_of(granted, name, &n_granted);

	if (wanted_list == NULL || granted_list == NULL)
		return wanted_list == granted_list;
	if (compareJsonbContainers(&wanted_list->root, &granted_list->root) == 0)
		return true;
	if (n_wanted < 0 || n_granted < 0)
		return false;
	for (int i = 0; i < n_wanted; i++)
	{
		if (!strings_have(is_granted, n_granted, is_wanted[i]))
			return false;
	}
	return true;
}

static bool
within(Jsonb *wanted, Jsonb *granted)
{
	for (size_t i = 0; i < lengthof(lists); i++)
	{
		if (!list_within(wanted, granted, lists[i]))
			return false;
	}
	return compareJsonbContainers(&rest_of(wanted)->root, &rest_of(granted)->root) == 0;
}

/* each counts for one: what may be done once is not granted twice */
static bool
take_granted(Jsonb *wanted, Jsonb *granted, bool *taken)
{
	for (int i = 0; i < elements_of(granted); i++)
	{
		if (!taken[i] && within(wanted, element(granted, i)))
			return taken[i] = true;
	}
	return false;
}

PgtErr
authorization_details_narrow(Jsonb *granted, const char *text, Jsonb **details)
{
	bool *taken = palloc0(sizeof(bool) * Max(elements_of(granted), 1));
	PgtErr err;

	*details = granted;
	if (text == NULL)
		return PGT_OK;
	err = parse(text, details);
	if (err != PGT_OK)
		return err;
	for (int i = 0; i < elements_of(*details); i++)
	{
		Jsonb *wanted = element(*details, i);

		if (!take_granted(wanted, granted, taken))
			return refused_details(type_of(wanted), "no more than was granted");
	}
	return PGT_OK;
}

/* --- for one API --------------------------------------------------------------------- */

static bool
is_at(Jsonb *detail, char *const *resources, int n_resources)
{
	int n;
	char **locations = member_strings(detail, "locations", &n);

	if (n < 0)
		return true;
	for (int i = 0; i < n; i++)
	{
		if (strings_have(resources, n_resources, locations[i]))
			return true;
	}
	return false;
}

Jsonb *
authorization_details_at(Jsonb *details, char *const *resources, int n_resources)
{
	Object kept;
	int n = 0;

	if (details == NULL)
		return NULL;
	object_array_begin(&kept);
	for (int i = 0; i < elements_of(details); i++)
	{
		Jsonb *detail = element(details, i);

		if (!is_at(detail, resources, n_resources))
			continue;
		object_array_add(&kept, detail);
		n++;
	}
	details = object_array_end(&kept);
	return n > 0 ? details : NULL;
}
