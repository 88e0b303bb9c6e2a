/*
 * audit.c
 *		SQL-callable: seals and redactions of the audit.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "base/glue.h"
#include "core/base/merkle.h"
#include "core/jose/alg.h"
#include "sql/argument.h"
#include "tables/audit.h"
#include "tables/audit_key.h"
#include "tables/audit_leaf.h"

PG_FUNCTION_INFO_V1(pgt_audit_leaf);
PG_FUNCTION_INFO_V1(pgt_audit_leaf_json);
PG_FUNCTION_INFO_V1(pgt_redacted_proof);
PG_FUNCTION_INFO_V1(pgt_audit_cluster);
PG_FUNCTION_INFO_V1(pgt_redacting);
PG_FUNCTION_INFO_V1(pgt_write_redaction);
PG_FUNCTION_INFO_V1(pgt_merkle_add);
PG_FUNCTION_INFO_V1(pgt_merkle_hash);
PG_FUNCTION_INFO_V1(pgt_merkle_path);
PG_FUNCTION_INFO_V1(pgt_new_audit_key);
PG_FUNCTION_INFO_V1(pgt_sign_audit_seal);
PG_FUNCTION_INFO_V1(pgt_verify_audit_seal);

/* as long as the expression */
typedef struct KnownTable
{
	Oid type;
	int32 typmod;
	AuditLeafTable *table;
} KnownTable;

/* the row that is the first argument, and how its columns are hashed */
static AuditLeafTable *
row_argument(FunctionCallInfo fcinfo, HeapTupleData *row)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(0);
	KnownTable *known = fcinfo->flinfo->fn_extra;
	Oid type = HeapTupleHeaderGetTypeId(header);
	int32 typmod = HeapTupleHeaderGetTypMod(header);

	if (known == NULL || known->type != type || known->typmod != typmod)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc desc = lookup_rowtype_tupdesc(type, typmod);

		known = palloc(sizeof(KnownTable));
		known->type = type;
		known->typmod = typmod;
		known->table = audit_leaf_table(desc);
		ReleaseTupleDesc(desc);
		MemoryContextSwitchTo(caller);
		fcinfo->flinfo->fn_extra = known;
	}
	row->t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&row->t_self);
	row->t_tableOid = InvalidOid;
	row->t_data = header;
	return known->table;
}

static Datum
bytes_datum(const void *data, size_t len)
{
	bytea *bytes = palloc(VARHDRSZ + len);

	SET_VARSIZE(bytes, VARHDRSZ + len);
	memcpy(VARDATA(bytes), data, len);
	return PointerGetDatum(bytes);
}

Datum
pgt_audit_leaf(PG_FUNCTION_ARGS)
{
	HeapTupleData row;
	const AuditLeafTable *table = row_argument(fcinfo, &row);
	uint8_t leaf[PGTC_SHA256_LEN];

	audit_leaf_hash(table, &row, leaf);
	PG_RETURN_DATUM(bytes_datum(leaf, sizeof(leaf)));
}

Datum
pgt_audit_leaf_json(PG_FUNCTION_ARGS)
{
	HeapTupleData row;
	const AuditLeafTable *table = row_argument(fcinfo, &row);
	PgtcBuf json;

	pgtc_buf_init(&json, &glue_mem);
	audit_leaf_write(table, &row, PG_GETARG_BOOL(1), &json);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}

Datum
pgt_redacted_proof(PG_FUNCTION_ARGS)
{
	HeapTupleData row;
	const AuditLeafTable *table = row_argument(fcinfo, &row);
	const bool gone[PGTC_LEAF_PARTS] = {PG_GETARG_BOOL(1), PG_GETARG_BOOL(2)};
	uint8_t proof[PGTC_LEAF_PROOF_MAX];
	size_t len = audit_leaf_redacted(table, &row, gone, PG_GETARG_UUID_P(3), proof);

	PG_RETURN_DATUM(bytes_datum(proof, len));
}

Datum
pgt_audit_cluster(PG_FUNCTION_ARGS)
{
	uint8_t cluster[PGTC_LEAF_CLUSTER_LEN];

	(void) fcinfo;
	audit_leaf_cluster(cluster);
	PG_RETURN_DATUM(bytes_datum(cluster, sizeof(cluster)));
}

/* an abort in between takes the scope back, as any other */
Datum
pgt_redacting(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_BOOL(0))
		audit_enter(&(AuditScope){.redacting = true});
	else if (audit_scope()->redacting)
		audit_leave();
	PG_RETURN_VOID();
}

Datum
pgt_write_redaction(PG_FUNCTION_ARGS)
{
	AuditEvent event = {.event_id = PG_GETARG_UUID_P(0), .event = "audit.redacted"};

	event.detail = argument_jsonb(fcinfo, 1);
	event.reason = argument_text(fcinfo, 2);
	audit_write(&event);
	PG_RETURN_VOID();
}

/* --- trees -------------------------------------------------------------------------- */

Datum
pgt_merkle_add(PG_FUNCTION_ARGS)
{
	PgtcMerkle *tree;
	MemoryContext context;
	bytea *leaf;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "merkle_add called outside of its aggregate");
	tree = PG_ARGISNULL(0) ? MemoryContextAllocZero(context, sizeof(PgtcMerkle))
						   : (PgtcMerkle *) PG_GETARG_POINTER(0);
	leaf = PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1);
	if (leaf == NULL || VARSIZE_ANY_EXHDR(leaf) != PGTC_SHA256_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a leaf must be of 32 bytes")));
	glue_check(pgtc_merkle_add(tree, (const uint8_t *) VARDATA_ANY(leaf)), "hashing a tree");
	PG_RETURN_POINTER(tree);
}

Datum
pgt_merkle_hash(PG_FUNCTION_ARGS)
{
	static const PgtcMerkle empty = {0};
	const PgtcMerkle *tree = PG_ARGISNULL(0) ? &empty : (PgtcMerkle *) PG_GETARG_POINTER(0);
	uint8_t root[PGTC_SHA256_LEN];

	glue_check(pgtc_merkle_root(tree, root), "hashing a tree");
	PG_RETURN_DATUM(bytes_datum(root, sizeof(root)));
}

/* the proof that one of these hashes is among them, from the bottom */
Datum
pgt_merkle_path(PG_FUNCTION_ARGS)
{
	Datum *values;
	bool *nulls;
	int n;
	int length;
	int index = PG_GETARG_INT32(1);
	uint8_t(*leaves)[PGTC_SHA256_LEN];
	uint8_t path[PGTC_MERKLE_LEVELS][PGTC_SHA256_LEN];
	Datum hashes[PGTC_MERKLE_LEVELS];

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), BYTEAOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &n);
	if (index < 0 || index >= n)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such leaf")));
	leaves = palloc(n * sizeof(*leaves));
	for (int i = 0; i < n; i++)
	{
		bytea *leaf = nulls[i] ? NULL : DatumGetByteaPP(values[i]);

		if (leaf == NULL || VARSIZE_ANY_EXHDR(leaf) != PGTC_SHA256_LEN)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a leaf must be of 32 bytes")));
		memcpy(leaves[i], VARDATA_ANY(leaf), PGTC_SHA256_LEN);
	}
	glue_check(
		pgtc_merkle_path((const uint8_t(*)[PGTC_SHA256_LEN]) leaves, n, index, path, &length),
		"hashing a tree");
	for (int i = 0; i < length; i++)
		hashes[i] = bytes_datum(path[i], PGTC_SHA256_LEN);
	PG_RETURN_ARRAYTYPE_P(construct_array(hashes, length, BYTEAOID, -1, false, TYPALIGN_INT));
}

/* --- keys --------------------------------------------------------------------------- */

/* one that the table's CHECK lets through */
static const PgtcAlg *
alg_argument(FunctionCallInfo fcinfo, int arg)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str(argument_text(fcinfo, arg)));

	if (alg == NULL || alg->kty == PGTC_KTY_OCT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("seals are not signed by this algorithm"),
						errhint("One that has a public key, such as ES256 or EdDSA.")));
	return alg;
}

Datum
pgt_new_audit_key(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(audit_key_create(alg_argument(fcinfo, 0))));
}

Datum
pgt_sign_audit_seal(PG_FUNCTION_ARGS)
{
	const char *kid = argument_text(fcinfo, 0);
	const PgtcAlg *alg = alg_argument(fcinfo, 1);

	PG_RETURN_TEXT_P(
		cstring_to_text(audit_key_sign(kid, alg, pgtc_slice_str(argument_text(fcinfo, 2)))));
}

Datum
pgt_verify_audit_seal(PG_FUNCTION_ARGS)
{
	const PgtcAlg *alg = alg_argument(fcinfo, 0);

	PG_RETURN_BOOL(audit_key_verify(alg, pgtc_slice_str(argument_text(fcinfo, 1)),
									pgtc_slice_str(argument_text(fcinfo, 2))));
}
