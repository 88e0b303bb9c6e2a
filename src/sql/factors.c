/*
 * factors.c
 *		SQL-callable functions of factors and step-up challenges.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/object.h"
#include "base/refused.h"
#include "sql/argument.h"
#include "sql/once.h"
#include "step_up/challenge_outbox.h"
#include "step_up/factor.h"
#include "step_up/factor_challenge.h"
#include "step_up/factor_enrollment.h"
#include "tables/console.h"
#include "tables/issuer.h"

#define CODES_TAKEN_MAX 1000

PG_FUNCTION_INFO_V1(pgt_activate_factor);
PG_FUNCTION_INFO_V1(pgt_challenge);
PG_FUNCTION_INFO_V1(pgt_complete_challenge);
PG_FUNCTION_INFO_V1(pgt_enroll_factor);
PG_FUNCTION_INFO_V1(pgt_open_challenge_code);
PG_FUNCTION_INFO_V1(pgt_remove_factor);
PG_FUNCTION_INFO_V1(pgt_take_challenge_codes);
PG_FUNCTION_INFO_V1(pgt_unlock_factor);

static pg_uuid_t *
required_uuid(FunctionCallInfo fcinfo, int arg, const char *name)
{
	glue_require(!PG_ARGISNULL(arg), name);
	return PG_GETARG_UUID_P(arg);
}

static Issuer *
issuer_argument(FunctionCallInfo fcinfo, int arg)
{
	cache_begin();
	return issuer_get(argument_text(fcinfo, arg));
}

Datum
pgt_enroll_factor(PG_FUNCTION_ARGS)
{
	FactorEnrollment enrollment = {.subject = argument_subject(fcinfo, 0),
								   .factor_type = argument_required_text(fcinfo, 1, "factor_type"),
								   .parameters = argument_jsonb(fcinfo, 2),
								   .label = argument_non_empty_text(fcinfo, 3)};

	if (enrollment.parameters == NULL)
		enrollment.parameters = object_empty();
	PG_RETURN_JSONB_P(factor_enrollment_begin(issuer_argument(fcinfo, 4), &enrollment));
}

Datum
pgt_activate_factor(PG_FUNCTION_ARGS)
{
	char *subject = argument_subject(fcinfo, 0);
	pg_uuid_t *factor_id = required_uuid(fcinfo, 1, "factor_id");
	char *code = argument_required_text(fcinfo, 2, "code");
	const Issuer *issuer = issuer_argument(fcinfo, 3);

	console_refuse_factor(issuer->issuer, subject, factor_id);
	PG_RETURN_BOOL(factor_enrollment_activate(issuer, subject, factor_id, code));
}

Datum
pgt_remove_factor(PG_FUNCTION_ARGS)
{
	char *subject = argument_subject(fcinfo, 0);
	pg_uuid_t *factor_id = required_uuid(fcinfo, 1, "factor_id");
	const char *issuer = issuer_argument(fcinfo, 2)->issuer;

	console_refuse_factor(issuer, subject, factor_id);
	PG_RETURN_BOOL(factor_delete(issuer, subject, factor_id));
}

Datum
pgt_unlock_factor(PG_FUNCTION_ARGS)
{
	char *subject = argument_subject(fcinfo, 0);
	pg_uuid_t *factor_id = required_uuid(fcinfo, 1, "factor_id");
	const char *issuer = issuer_argument(fcinfo, 2)->issuer;

	console_refuse_factor(issuer, subject, factor_id);
	PG_RETURN_BOOL(factor_unlock(issuer, subject, factor_id));
}

static Jsonb *
answer_json(const char *function, const ChallengeAnswer *answer)
{
	const PgtErrInfo *info = errors_info(answer->err);
	Object error;

	if (answer->err == PGT_OK)
		return answer->body;
	refused_record(function, NULL, answer->err);
	object_begin(&error);
	object_string(&error, "error", info->error);
	object_string(&error, "error_description", refused_description(answer->err));
	return object_end(&error);
}

Datum
pgt_challenge(PG_FUNCTION_ARGS)
{
	char *transaction_id = argument_required_text(fcinfo, 0, "transaction_id");
	pg_uuid_t *factor_id = required_uuid(fcinfo, 1, "factor_id");
	char *deliver = argument_required_text(fcinfo, 2, "deliver");
	bool outbox = strcmp(deliver, "outbox") == 0;
	ChallengeAnswer answer;

	if (!outbox && strcmp(deliver, "return") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown way to deliver a code"),
				 errhint("return: the code is in the answer. outbox: take_challenge_codes() has "
						 "it.")));
	refused_forget();
	factor_challenge_begin(transaction_id, factor_id, NULL, outbox, NULL, &answer);
	PG_RETURN_JSONB_P(answer_json("challenge", &answer));
}

Datum
pgt_complete_challenge(PG_FUNCTION_ARGS)
{
	char *transaction_id = argument_required_text(fcinfo, 0, "transaction_id");
	ChallengeAnswer answer;

	glue_require(!PG_ARGISNULL(1), "evidence");
	if (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(1)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("evidence must be a JSON object"),
				 errhint("For a code: {\"code\": \"123456\"}.")));
	refused_forget();
	factor_challenge_complete(transaction_id, PG_GETARG_JSONB_P(1), NULL, true, NULL, &answer);
	PG_RETURN_JSONB_P(answer_json("complete_challenge", &answer));
}

static Datum
take_challenge_codes_once(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int max = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);

	if (max < 1 || max > CODES_TAKEN_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_codes must be between 1 and %d", CODES_TAKEN_MAX)));
	InitMaterializedSRF(fcinfo, 0);
	cache_begin();
	for (OutgoingCode *code = challenge_outbox_take(max); code; code = code->next)
	{
		Datum values[9];
		bool nulls[9] = {false};

		if (code->code == NULL)
			continue;
		nulls[5] = code->label == NULL;
		values[0] = UUIDPGetDatum(&code->code_id);
		values[1] = CStringGetTextDatum(code->issuer);
		values[2] = CStringGetTextDatum(code->subject);
		values[3] = UUIDPGetDatum(&code->factor_id);
		values[4] = CStringGetTextDatum(code->factor_type);
		values[5] = code->label ? CStringGetTextDatum(code->label) : (Datum) 0;
		values[6] = CStringGetTextDatum(code->client_id);
		values[7] = CStringGetTextDatum(code->code);
		values[8] = TimestampTzGetDatum(code->expires_at);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
pgt_take_challenge_codes(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, take_challenge_codes_once);
}

Datum
pgt_open_challenge_code(PG_FUNCTION_ARGS)
{
	char *code;

	cache_begin();
	code = challenge_outbox_open(PG_GETARG_UUID_P(0));
	if (code == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(code));
}
