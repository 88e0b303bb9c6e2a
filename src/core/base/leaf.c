/*
 * leaf.c
 *		What a row of the audit or the ledger keeps so that its leaf can be computed.
 */
#include <stdio.h>

#include "core/base/leaf.h"

/* what of a redacted row is gone, as its first byte says */
#define GONE(part) (1 << (part))

static PgtcCode
hash_buf(PgtcBuf *buf, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcCode code = pgtc_buf_code(buf);

	if (code == PGTC_OK)
		code = pgtc_crypto_sha256(buf->data, buf->len, out);
	pgtc_buf_free(buf);
	return code;
}

/* one for each part, so that what is known of one tells nothing of the other */
static PgtcCode
derive_salt(const uint8_t random[PGTC_LEAF_SALT_LEN], PgtcLeafPart part,
			uint8_t out[PGTC_SHA256_LEN])
{
	uint8_t input[1 + PGTC_LEAF_SALT_LEN];

	input[0] = (uint8_t) part;
	memcpy(input + 1, random, PGTC_LEAF_SALT_LEN);
	return pgtc_crypto_sha256(input, sizeof(input), out);
}

static size_t
kept_len(const PgtcLeafProof *proof, int part)
{
	return proof->gone[part] ? PGTC_SHA256_LEN : PGTC_LEAF_SALT_LEN;
}

PgtcCode
pgtc_leaf_proof_read(PgtcSlice bytes, PgtcLeafProof *out)
{
	const uint8_t *in = (const uint8_t *) bytes.data;
	size_t len = 1 + PGTC_LEAF_CLUSTER_LEN + PGTC_LEAF_EVENT_LEN;

	memset(out, 0, sizeof(*out));
	if (bytes.len == PGTC_LEAF_FRESH_LEN)
	{
		memcpy(out->cluster, in, PGTC_LEAF_CLUSTER_LEN);
		for (int part = 0; part < PGTC_LEAF_PARTS; part++)
		{
			PgtcCode code = derive_salt(in + PGTC_LEAF_CLUSTER_LEN, part, out->kept[part]);

			if (code != PGTC_OK)
				return code;
		}
		return PGTC_OK;
	}
	if (bytes.len < len || in[0] == 0 || in[0] >= GONE(PGTC_LEAF_PARTS))
		return PGTC_E_MALFORMED;
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		out->gone[part] = (in[0] & GONE(part)) != 0;
		len += kept_len(out, part);
	}
	if (bytes.len != len)
		return PGTC_E_MALFORMED;
	memcpy(out->cluster, in + 1, PGTC_LEAF_CLUSTER_LEN);
	in += 1 + PGTC_LEAF_CLUSTER_LEN;
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		memcpy(out->kept[part], in, kept_len(out, part));
		in += kept_len(out, part);
	}
	memcpy(out->event, in, PGTC_LEAF_EVENT_LEN);
	return PGTC_OK;
}

size_t
pgtc_leaf_proof_write(const PgtcLeafProof *proof, uint8_t out[PGTC_LEAF_PROOF_MAX])
{
	uint8_t *end = out;

	*end = 0;
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
		*end |= proof->gone[part] ? GONE(part) : 0;
	end++;
	memcpy(end, proof->cluster, PGTC_LEAF_CLUSTER_LEN);
	end += PGTC_LEAF_CLUSTER_LEN;
	for (int part = 0; part < PGTC_LEAF_PARTS; part++)
	{
		memcpy(end, proof->kept[part], kept_len(proof, part));
		end += kept_len(proof, part);
	}
	memcpy(end, proof->event, PGTC_LEAF_EVENT_LEN);
	return (size_t) (end + PGTC_LEAF_EVENT_LEN - out);
}

void
pgtc_leaf_field(PgtcBuf *buf, PgtcSlice text)
{
	char len[24];

	if (text.data == NULL)
	{
		pgtc_buf_append_str(buf, "-,");
		return;
	}
	snprintf(len, sizeof(len), "%zu:", text.len);
	pgtc_buf_append_str(buf, len);
	pgtc_buf_append(buf, text.data, text.len);
	pgtc_buf_append_str(buf, ",");
}

PgtcCode
pgtc_leaf_commitment(const PgtcLeafProof *proof, PgtcLeafPart part, PgtcSlice columns,
					 const PgtcMem *mem, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcBuf buf;

	if (proof->gone[part])
	{
		memcpy(out, proof->kept[part], PGTC_SHA256_LEN);
		return PGTC_OK;
	}
	pgtc_buf_init(&buf, mem);
	pgtc_buf_append(&buf, proof->kept[part], PGTC_LEAF_SALT_LEN);
	pgtc_buf_append(&buf, columns.data, columns.len);
	return hash_buf(&buf, out);
}

/* 0x00 tells a leaf from a node */
PgtcCode
pgtc_leaf_hash(PgtcSlice columns, const uint8_t commitment[PGTC_LEAF_PARTS][PGTC_SHA256_LEN],
			   const PgtcMem *mem, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, mem);
	pgtc_buf_append(&buf, "", 1);
	pgtc_buf_append(&buf, columns.data, columns.len);
	pgtc_buf_append(&buf, commitment, PGTC_LEAF_PARTS * PGTC_SHA256_LEN);
	return hash_buf(&buf, out);
}
