/*
 * audit_leaf.c
 *		Rows of the audit and the ledger as leaves of a tree.
 *
 * What is hashed is text, as an export has it, so that a program elsewhere hashes the
 * same: times as ISO 8601 in UTC to the microsecond, a hash as the hash of it, all
 * else as its type writes it.  The lists are part of what was hashed: a column that
 * comes later gets a list of its own, under a table's name of its own.  So a row that has
 * a mark is of another name than one without, and has what the mark says at its end.
 */
#include "tables/audit_leaf.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "base/glue.h"
#include "base/random.h"
#include "core/base/bytes.h"
#include "core/base/json_write.h"
#include "core/base/mark.h"

#define COLUMNS_MAX 32

typedef struct Column
{
	const char *name;
	int place; /* in the row */
	Oid type;
	FmgrInfo output;
} Column;

struct AuditLeafTable
{
	const char *name;
	const char *marked_name; /* of a row with a mark */
	TupleDesc desc;
	int proof;
	int mark;
	int n;
	Column columns[COLUMNS_MAX];
	Column parts[PGTC_LEAF_PARTS][2];
};

static const char *const token_columns[] = {"grant_id",
											"generation",
											"retry",
											"issued_at",
											"access_expires_at",
											"xact_id",
											"refresh_expires_at",
											"parent_generation",
											"client_secret_id",
											"token_hash",
											"jti",
											"kid",
											"client_id",
											"scope",
											"decision",
											"session_user_name",
											"role_name",
											"application_name",
											"reason",
											"client_auth_method",
											"resources",
											"assessment",
											NULL};

static const char *const audit_columns[] = {
	"grant_id",	 "event_id",		  "occurred_at", "xact_id",			 "event",  "reason",
	"client_id", "session_user_name", "role_name",	 "application_name", "detail", NULL};

/* what a mark says, as audit_events shows it */
#define MARK_COLUMNS 3
static const char *const mark_columns[MARK_COLUMNS] = {"request_id", "trace_id", "span_id"};

static const char *const part_names[PGTC_LEAF_PARTS] = {"person", "place"};
static const char *const part_columns[PGTC_LEAF_PARTS][2] = {{"subject", "personal"},
															 {"client_addr", "context"}};

static int
place_of(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return i;
	}
	return -1;
}

static int
needed_place(TupleDesc desc, const char *name)
{
	int place = place_of(desc, name);

	if (place < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the row is none of the audit or the ledger"),
						errdetail("It has no column %s.", name)));
	return place;
}

static void
find_column(Column *column, TupleDesc desc, const char *name)
{
	Oid output;
	bool is_varlena;

	column->name = name;
	column->place = needed_place(desc, name);
	column->type = TupleDescAttr(desc, column->place)->atttypid;
	getTypeOutputInfo(column->type, &output, &is_varlena);
	fmgr_info(output, &column->output);
}

AuditLeafTable *
audit_leaf_table(TupleDesc desc)
{
	AuditLeafTable *table = palloc0(sizeof(AuditLeafTable));
	bool is_ledger = place_of(desc, "jti") >= 0;
	const char *const *names = is_ledger ? token_columns : audit_columns;

	table->name = is_ledger ? "tokens" : "audit_rows";
	table->marked_name = is_ledger ? "tokens_marked" : "audit_rows_marked";
	table->desc = CreateTupleDescCopy(desc);
	for (; names[table->n]; table->n++)
		find_column(&table->columns[table->n], desc, names[table->n]);
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		for (int i = 0; i < 2; i++)
			find_column(&table->parts[part][i], desc, part_columns[part][i]);
	}
	table->proof = needed_place(desc, "proof");
	table->mark = needed_place(desc, "mark");
	return table;
}

static char *
digest_hex(Datum value)
{
	bytea *bytes = DatumGetByteaPP(value);
	uint8_t digest[PGTC_SHA256_LEN];
	char *hex = palloc(2 * PGTC_SHA256_LEN + 1);

	glue_check(pgtc_crypto_sha256(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), digest),
			   "hashing a hash");
	hex[hex_encode((char *) digest, sizeof(digest), hex)] = '\0';
	return hex;
}

/* data NULL: the column is NULL */
static PgtcSlice
text_of(const Column *column, const Datum *values, const bool *nulls)
{
	const int utc = 0;
	Datum value = values[column->place];

	if (nulls[column->place])
		return pgtc_slice(NULL, 0);
	if (column->type == TIMESTAMPTZOID)
		return pgtc_slice_str(JsonEncodeDateTime(NULL, value, TIMESTAMPTZOID, &utc));
	if (column->type == BYTEAOID)
		return pgtc_slice_str(digest_hex(value));
	return pgtc_slice_str(OutputFunctionCall((FmgrInfo *) &column->output, value));
}

static void
read_proof(const AuditLeafTable *table, const Datum *values, const bool *nulls,
		   PgtcLeafProof *proof)
{
	bytea *bytes;

	memset(proof, 0, sizeof(*proof));
	if (nulls[table->proof])
		return;
	bytes = DatumGetByteaPP(values[table->proof]);
	if (pgtc_leaf_proof_read(pgtc_slice(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)), proof) !=
		PGTC_OK)
	{
		/* such a row is no leaf that anybody has sealed, and is to be found, not to end the search */
		memset(proof, 0, sizeof(*proof));
		for (int part = 0; part < PGTC_LEAF_PARTS; part++)
			proof->gone[part] = true;
	}
}

static char *
hex_of(const uint8_t *bytes, size_t len)
{
	char *text = palloc(2 * len + 1);

	pgtc_mark_hex(bytes, len, text);
	return text;
}

/* what a row's mark says, in the order of mark_columns; false: it has none */
static bool
read_mark(const AuditLeafTable *table, const Datum *values, const bool *nulls,
		  PgtcSlice texts[MARK_COLUMNS])
{
	PgtcMark mark;
	bytea *bytes;

	if (nulls[table->mark])
		return false;
	memset(texts, 0, sizeof(PgtcSlice) * MARK_COLUMNS);
	bytes = DatumGetByteaPP(values[table->mark]);
	/* what none of the functions has written says nothing, and is a mark all the same */
	if (pgtc_mark_unpack(pgtc_slice(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)), &mark) !=
		PGTC_OK)
		return true;
	if (mark.request_id[0])
		texts[0] = pgtc_slice_str(pstrdup(mark.request_id));
	if (mark.has_trace)
	{
		texts[1] = pgtc_slice_str(hex_of(mark.trace.trace_id, PGTC_TRACE_ID_LEN));
		texts[2] = pgtc_slice_str(hex_of(mark.trace.span_id, PGTC_SPAN_ID_LEN));
	}
	return true;
}

static void
commit_part(const AuditLeafTable *table, const Datum *values, const bool *nulls,
			const PgtcLeafProof *proof, int part, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcLeafProof as_is = *proof;
	PgtcBuf fields;

	pgtc_buf_init(&fields, &glue_mem);
	for (int i = 0; i < 2; i++)
	{
		pgtc_leaf_field(&fields, text_of(&table->parts[part][i], values, nulls));
		/* what was put where something is said to be gone is not covered by what is kept of that */
		if (!nulls[table->parts[part][i].place])
			as_is.gone[part] = false;
	}
	glue_check(pgtc_buf_code(&fields), "writing a leaf");
	glue_check(
		pgtc_leaf_commitment(&as_is, part, pgtc_slice(fields.data, fields.len), &glue_mem, out),
		"hashing a part of a leaf");
	pgtc_buf_free(&fields);
}

static void
deform(const AuditLeafTable *table, HeapTuple row, Datum *values, bool *nulls, PgtcLeafProof *proof)
{
	heap_deform_tuple(row, table->desc, values, nulls);
	read_proof(table, values, nulls, proof);
}

void
audit_leaf_hash(const AuditLeafTable *table, HeapTuple row, uint8_t out[PGTC_SHA256_LEN])
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	PgtcLeafProof proof;
	uint8_t commitments[PGTC_LEAF_PARTS][PGTC_SHA256_LEN];
	PgtcSlice mark[MARK_COLUMNS];
	bool marked;
	PgtcBuf fields;

	deform(table, row, values, nulls, &proof);
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
		commit_part(table, values, nulls, &proof, part, commitments[part]);
	pgtc_buf_init(&fields, &glue_mem);
	marked = read_mark(table, values, nulls, mark);
	pgtc_leaf_field(&fields, pgtc_slice_str(marked ? table->marked_name : table->name));
	for (int i = 0; i < table->n; i++)
		pgtc_leaf_field(&fields, text_of(&table->columns[i], values, nulls));
	for (int i = 0; marked && i < MARK_COLUMNS; i++)
		pgtc_leaf_field(&fields, mark[i]);
	glue_check(pgtc_buf_code(&fields), "writing a leaf");
	glue_check(pgtc_leaf_hash(pgtc_slice(fields.data, fields.len),
							  (const uint8_t(*)[PGTC_SHA256_LEN]) commitments, &glue_mem, out),
			   "hashing a leaf");
	pgtc_buf_free(&fields);
}

size_t
audit_leaf_redacted(const AuditLeafTable *table, HeapTuple row, const bool gone[PGTC_LEAF_PARTS],
					const pg_uuid_t *event, uint8_t out[PGTC_LEAF_PROOF_MAX])
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	PgtcLeafProof proof;
	uint8_t commitment[PGTC_SHA256_LEN];

	deform(table, row, values, nulls, &proof);
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		if (!gone[part] || proof.gone[part])
			continue;
		commit_part(table, values, nulls, &proof, part, commitment);
		memcpy(proof.kept[part], commitment, sizeof(commitment));
		proof.gone[part] = true;
	}
	memcpy(proof.event, event->data, PGTC_LEAF_EVENT_LEN);
	return pgtc_leaf_proof_write(&proof, out);
}

bool
audit_leaf_redacts(const AuditLeafTable *table, HeapTuple before, HeapTuple after)
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	PgtcLeafProof had;
	PgtcLeafProof has;
	uint8_t leaf_before[PGTC_SHA256_LEN];
	uint8_t leaf_after[PGTC_SHA256_LEN];
	bool takes = false;

	deform(table, before, values, nulls, &had);
	deform(table, after, values, nulls, &has);
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		/* what was gone stays so, and of what is gone nothing is left */
		if (had.gone[part] && !has.gone[part])
			return false;
		for (int i = 0; has.gone[part] && i < 2; i++)
		{
			if (!nulls[table->parts[part][i].place])
				return false;
		}
		takes |= has.gone[part] && !had.gone[part];
	}
	if (!takes || memcmp(had.cluster, has.cluster, PGTC_LEAF_CLUSTER_LEN) != 0)
		return false;
	audit_leaf_hash(table, before, leaf_before);
	audit_leaf_hash(table, after, leaf_after);
	return memcmp(leaf_before, leaf_after, PGTC_SHA256_LEN) == 0;
}

static void
write_hex(PgtcBuf *out, const void *data, size_t len)
{
	char *hex = palloc(2 * len + 1);

	hex[hex_encode(data, len, hex)] = '\0';
	pgtc_json_write_string(out, pgtc_slice_str(hex));
}

static void
write_column(PgtcBuf *out, const char *name, PgtcSlice text)
{
	pgtc_buf_append_str(out, "[");
	pgtc_json_write_string(out, pgtc_slice_str(name));
	pgtc_buf_append_str(out, ",");
	if (text.data)
		pgtc_json_write_string(out, text);
	else
		pgtc_buf_append_str(out, "null");
	pgtc_buf_append_str(out, "]");
}

static void
write_columns(PgtcBuf *out, const Column *columns, int n, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < n; i++)
	{
		pgtc_buf_append_str(out, i == 0 ? "" : ",");
		write_column(out, columns[i].name, text_of(&columns[i], values, nulls));
	}
}

void
audit_leaf_write(const AuditLeafTable *table, HeapTuple row, bool with_parts, PgtcBuf *out)
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	PgtcLeafProof proof;
	PgtcSlice mark[MARK_COLUMNS];
	bool marked;
	uint8_t hash[PGTC_SHA256_LEN];

	deform(table, row, values, nulls, &proof);
	marked = read_mark(table, values, nulls, mark);
	pgtc_buf_append_str(out, "{\"table\":");
	pgtc_json_write_string(out, pgtc_slice_str(marked ? table->marked_name : table->name));
	pgtc_buf_append_str(out, ",\"cluster\":");
	write_hex(out, proof.cluster, sizeof(proof.cluster));
	pgtc_buf_append_str(out, ",\"columns\":[");
	write_columns(out, table->columns, table->n, values, nulls);
	for (int i = 0; marked && i < MARK_COLUMNS; i++)
	{
		pgtc_buf_append_str(out, ",");
		write_column(out, mark_columns[i], mark[i]);
	}
	pgtc_buf_append_str(out, "]");
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		pgtc_buf_append_str(out, ",");
		pgtc_json_write_string(out, pgtc_slice_str(part_names[part]));
		pgtc_buf_append_str(out, ":{\"commitment\":");
		commit_part(table, values, nulls, &proof, part, hash);
		write_hex(out, hash, sizeof(hash));
		if (with_parts && !proof.gone[part])
		{
			pgtc_buf_append_str(out, ",\"salt\":");
			write_hex(out, proof.kept[part], PGTC_LEAF_SALT_LEN);
			pgtc_buf_append_str(out, ",\"columns\":[");
			write_columns(out, table->parts[part], 2, values, nulls);
			pgtc_buf_append_str(out, "]");
		}
		pgtc_buf_append_str(out, proof.gone[part] ? ",\"redacted\":true}" : "}");
	}
	audit_leaf_hash(table, row, hash);
	pgtc_buf_append_str(out, ",\"leaf\":");
	write_hex(out, hash, sizeof(hash));
	pgtc_buf_append_str(out, "}");
	glue_check(pgtc_buf_code(out), "writing a leaf");
}

void
audit_leaf_cluster(uint8_t out[PGTC_LEAF_CLUSTER_LEN])
{
	uint64 identifier = GetSystemIdentifier();

	/* the time of initdb, to the microsecond, and its process */
	pgtc_bytes_put(out, PGTC_LEAF_CLUSTER_LEN, identifier ^ identifier >> 32);
}

void
audit_leaf_fresh(uint8_t out[PGTC_LEAF_FRESH_LEN])
{
	audit_leaf_cluster(out);
	random_public(out + PGTC_LEAF_CLUSTER_LEN, PGTC_LEAF_SALT_LEN);
}
