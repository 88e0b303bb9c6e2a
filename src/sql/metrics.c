/*
 * metrics.c
 *		SQL-callable functions of what is counted, and of measurements that are kept.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/counters.h"
#include "base/kept_samples.h"
#include "base/object.h"
#include "base/strings.h"
#include "core/risk/rules.h"
#include "endpoints/door.h"
#include "sql/argument.h"
#include "tables/grant_type.h"

PG_FUNCTION_INFO_V1(pgt_counted);
PG_FUNCTION_INFO_V1(pgt_keep_samples);
PG_FUNCTION_INFO_V1(pgt_kept_samples);

#define DURATION "pgtoken_http_request_duration_seconds"
#define USECS 1000000.0

static void
put(ReturnSetInfo *result, const char *metric, Jsonb *labels, double count)
{
	Datum values[3] = {CStringGetTextDatum(metric), JsonbPGetDatum(labels), Float8GetDatum(count)};
	bool nulls[3] = {false, false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* name NULL: no label, or no second one */
static Jsonb *
labels_of(const char *name, const char *value, const char *second, const char *second_value)
{
	Object labels;

	object_begin(&labels);
	if (name)
		object_string(&labels, name, value);
	if (second)
		object_string(&labels, second, second_value);
	return object_end(&labels);
}

static double
read_count(pg_atomic_uint64 *counter)
{
	return (double) pg_atomic_read_u64(counter);
}

/* what was never counted is 0, so that a rate sees the first one */
static void
put_simple(ReturnSetInfo *result, Counters *own)
{
	static const struct
	{
		Counter counter;
		const char *metric;
		const char *label;
		const char *value;
	} simple[] = {
		{COUNT_RETRIES, "pgtoken_refresh_retries_total", NULL, NULL},
		{COUNT_SIGN_INS, "pgtoken_sign_ins_total", NULL, NULL},
		{COUNT_TOKEN_HITS, "pgtoken_cache_hits_total", "cache", "tokens"},
		{COUNT_TOKEN_MISSES, "pgtoken_cache_misses_total", "cache", "tokens"},
		{COUNT_CLIENT_HITS, "pgtoken_cache_hits_total", "cache", "clients"},
		{COUNT_CLIENT_MISSES, "pgtoken_cache_misses_total", "cache", "clients"},
		{COUNT_CONFIG_RESETS, "pgtoken_cache_resets_total", "cache", "configuration"},
		{COUNT_REVOCATION_RESETS, "pgtoken_cache_resets_total", "cache", "tokens"},
		{COUNT_RING, "pgtoken_refused_ring_total", NULL, NULL},
	};

	for (size_t i = 0; i < lengthof(simple); i++)
		put(result, simple[i].metric, labels_of(simple[i].label, simple[i].value, NULL, NULL),
			read_count(&own->simple[simple[i].counter]));
	put(result, "pgtoken_refresh_reuse_total", labels_of(NULL, NULL, NULL, NULL),
		read_count(&own->reason[PGT_ERR_TOKEN_REUSED]));
}

static void
put_decisions(ReturnSetInfo *result, Counters *own, const char *act, int first)
{
	for (int decision = PGTC_ALLOW; decision <= PGTC_DENY; decision++)
		put(result, "pgtoken_decisions_total",
			labels_of("act", act, "decision", pgtc_rules_decision_name((PgtcDecision) decision)),
			read_count(&own->simple[first + decision]));
}

static void
put_issued(ReturnSetInfo *result, Counters *own)
{
	for (int i = 0; i <= GRANT_TYPES; i++)
	{
		int place = i < GRANT_TYPES ? i : COUNTER_GRANT_TYPES - 1;

		put(result, "pgtoken_tokens_issued_total",
			labels_of("grant_type", i < GRANT_TYPES ? grant_type_name(i) : "none", NULL, NULL),
			read_count(&own->simple[COUNT_ISSUED + place]));
	}
}

/* several errors may share a reason: under its name they are one */
static void
put_refusals(ReturnSetInfo *result, Counters *own)
{
	for (int err = 1; err < errors_number(); err++)
	{
		const char *reason = errors_info((PgtErr) err)->reason;
		double count = 0;
		bool told = false;

		for (int other = 1; other < errors_number(); other++)
		{
			if (strcmp(errors_info((PgtErr) other)->reason, reason) != 0)
				continue;
			told |= other < err;
			count += read_count(&own->reason[other]);
		}
		if (!told && count > 0)
			put(result, "pgtoken_refusals_total", labels_of("reason", reason, NULL, NULL), count);
	}
}

static void
put_requests(ReturnSetInfo *result, const char *endpoint, EndpointCounters *at)
{
	for (int i = 0; i < COUNTER_STATUSES; i++)
	{
		double count = read_count(&at->status[i]);

		if (count > 0)
			put(result, "pgtoken_http_requests_total",
				labels_of("endpoint", endpoint, "status",
						  i == 0 ? "other" : psprintf("%d", counters_status(i))),
				count);
	}
	for (int i = 1; counters_error(i); i++)
	{
		double count = read_count(&at->error[i]);

		if (count > 0)
			put(result, "pgtoken_http_errors_total",
				labels_of("endpoint", endpoint, "error", counters_error(i)), count);
	}
}

/* each bucket has what the ones before have, too */
static void
put_durations(ReturnSetInfo *result, const char *endpoint, EndpointCounters *at)
{
	Jsonb *labels = labels_of("endpoint", endpoint, NULL, NULL);
	double total = read_count(&at->microseconds); /* first: what comes in between is only late */
	double count = 0;

	for (int i = 0; i < COUNTER_BUCKETS; i++)
	{
		const char *bound = counters_bound(i);

		count += read_count(&at->bucket[i]);
		put(result, DURATION "_bucket",
			labels_of("endpoint", endpoint, "le", bound ? bound : "+Inf"), count);
	}
	put(result, DURATION "_sum", labels, total / USECS);
	put(result, DURATION "_count", labels, count);
}

static bool
was_asked(EndpointCounters *at)
{
	for (int i = 0; i < COUNTER_BUCKETS; i++)
	{
		if (pg_atomic_read_u64(&at->bucket[i]) > 0)
			return true;
	}
	return false;
}

Datum
pgt_counted(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Counters *own = counters();

	InitMaterializedSRF(fcinfo, 0);
	if (own == NULL)
		return (Datum) 0;
	put_simple(result, own);
	put_decisions(result, own, "issue", COUNT_ISSUE_DECISIONS);
	put_decisions(result, own, "refresh", COUNT_REFRESH_DECISIONS);
	put_issued(result, own);
	put_refusals(result, own);
	for (int i = 0; door_endpoint(i); i++)
	{
		EndpointCounters *at = &own->endpoint[i];

		if (!was_asked(at))
			continue;
		put_requests(result, door_endpoint(i), at);
		put_durations(result, door_endpoint(i), at);
	}
	return (Datum) 0;
}

Datum
pgt_kept_samples(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	KeptSamples *samples = palloc(sizeof(KeptSamples));

	InitMaterializedSRF(fcinfo, 0);
	if (!kept_samples_get(PG_GETARG_INT32(0), samples))
		return (Datum) 0;
	for (int i = 0; i < samples->n; i++)
	{
		const KeptSample *sample = &samples->sample[i];
		Datum values[4] = {CStringGetTextDatum(sample->metric), CStringGetTextDatum(sample->label),
						   Float8GetDatum(sample->value), TimestampTzGetDatum(samples->at)};
		bool nulls[4] = {false, false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static double *
numbers_of(ArrayType *array, int *n)
{
	Datum *elements;
	double *numbers;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
					  NULL, n);
	numbers = palloc(sizeof(double) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		numbers[i] = DatumGetFloat8(elements[i]);
	return numbers;
}

Datum
pgt_keep_samples(PG_FUNCTION_ARGS)
{
	KeptSamples *samples = palloc0(sizeof(KeptSamples));
	int n_metrics;
	int n_labels;
	int n_values;
	char **metrics = strings_of_array(PG_GETARG_ARRAYTYPE_P(0), "metrics", &n_metrics);
	char **labels = strings_of_array(PG_GETARG_ARRAYTYPE_P(1), "labels", &n_labels);
	double *values = numbers_of(PG_GETARG_ARRAYTYPE_P(2), &n_values);

	if (n_metrics != n_labels || n_metrics != n_values)
		elog(ERROR, "a sample has a metric, a label and a value");
	samples->at = GetCurrentTimestamp();
	samples->n = Min(n_metrics, KEPT_SAMPLES_MAX);
	for (int i = 0; i < samples->n; i++)
	{
		strlcpy(samples->sample[i].metric, metrics[i], KEPT_NAME_MAX);
		strlcpy(samples->sample[i].label, labels[i], KEPT_NAME_MAX);
		samples->sample[i].value = values[i];
	}
	kept_samples_put(samples);
	PG_RETURN_VOID();
}
