/*
 * key_material.h
 *		Private keys and peppers at rest, and the root keys that wrap them.
 */
#ifndef PGT_KEY_MATERIAL_H
#define PGT_KEY_MATERIAL_H

#include "base/compat.h"

#include "core/base/buf.h"

/* label of a factor's secret, before its factor_id: that lies in pgtoken.factors */
#define KEY_MATERIAL_FACTOR_PREFIX "factor:"

/* appends the bytes as they are to be stored; false: they are plain, no root key is set */
extern bool key_material_seal(const char *label, const void *data, size_t len, PgtcBuf *out);

/* appends the plain bytes of what was stored; ereport(55000) when it cannot be opened */
extern void key_material_open(const char *label, bytea *stored, bool wrapped, PgtcBuf *out);

/* stores the bytes, wrapped when a root key is set */
extern void key_material_insert(const char *material_id, const void *data, size_t len);

/* appends the plain bytes to out; ereport(55000) when they are missing or cannot be opened */
extern void key_material_read(const char *material_id, PgtcBuf *out);

/* the same; false when there is none of this name */
extern bool key_material_read_optional(const char *material_id, PgtcBuf *out);

/* wraps everything that is not under the first root key; returns how many pieces it wrote */
extern int key_material_rewrap(void);

/* ids of the root keys that are set, as they stand in what they wrap: they tell nothing of a key; how many */
extern int key_material_root_ids(char ***ids);

/* NULL: in order; otherwise what is wrong with the root key file, or "unset" */
extern const char *key_material_root_problem(void);

#endif /* PGT_KEY_MATERIAL_H */
