/*
 * leaf.h
 *		What a row of the audit or the ledger keeps so that its leaf can be computed,
 *		and stays the same when what tells of a person is gone.
 *
 * The leaf is the hash of the row's columns and of two commitments: to the person
 * (subject, personal) and to the place (client_addr, context).  A commitment is a hash
 * under a salt, which nobody can try values against once the salt is gone.  Who redacts a
 * row keeps the commitment in the salt's stead.
 *
 * As bytes, 20 of them: the cluster, and 16 random bytes that both salts come of.  Of a
 * redacted row: which of the two are gone, the cluster, for each in turn its salt or its
 * commitment, and the event of the redaction.
 */
#ifndef PGT_CORE_LEAF_H
#define PGT_CORE_LEAF_H

#include "core/base/buf.h"
#include "core/base/crypto.h"

#define PGTC_LEAF_CLUSTER_LEN 4
#define PGTC_LEAF_SALT_LEN 16
#define PGTC_LEAF_FRESH_LEN (PGTC_LEAF_CLUSTER_LEN + PGTC_LEAF_SALT_LEN)
#define PGTC_LEAF_EVENT_LEN 16
#define PGTC_LEAF_PROOF_MAX (1 + PGTC_LEAF_CLUSTER_LEN + 2 * PGTC_SHA256_LEN + PGTC_LEAF_EVENT_LEN)

typedef enum PgtcLeafPart
{
	PGTC_LEAF_PERSON,
	PGTC_LEAF_PLACE,
	PGTC_LEAF_PARTS
} PgtcLeafPart;

typedef struct PgtcLeafProof
{
	uint8_t cluster[PGTC_LEAF_CLUSTER_LEN];
	bool gone[PGTC_LEAF_PARTS];
	uint8_t kept[PGTC_LEAF_PARTS]
				[PGTC_SHA256_LEN]; /* the salt, or of what is gone the commitment */
	uint8_t event[PGTC_LEAF_EVENT_LEN]; /* that took away the last of it */
} PgtcLeafProof;

/* PGTC_E_MALFORMED when it is none; the salts of a row that nothing was taken of are derived */
extern PgtcCode pgtc_leaf_proof_read(PgtcSlice bytes, PgtcLeafProof *out);

/* of a row that something was taken of: how many bytes there are */
extern size_t pgtc_leaf_proof_write(const PgtcLeafProof *proof, uint8_t out[PGTC_LEAF_PROOF_MAX]);

/* a column's text, with its length before it; data NULL: the column is NULL */
extern void pgtc_leaf_field(PgtcBuf *buf, PgtcSlice text);

/* columns are the fields of the part; of what is gone they are not looked at */
extern PgtcCode pgtc_leaf_commitment(const PgtcLeafProof *proof, PgtcLeafPart part,
									 PgtcSlice columns, const PgtcMem *mem,
									 uint8_t out[PGTC_SHA256_LEN]);

/* columns are the table's name and its fields that are of no part */
extern PgtcCode pgtc_leaf_hash(PgtcSlice columns,
							   const uint8_t commitment[PGTC_LEAF_PARTS][PGTC_SHA256_LEN],
							   const PgtcMem *mem, uint8_t out[PGTC_SHA256_LEN]);

#endif /* PGT_CORE_LEAF_H */
