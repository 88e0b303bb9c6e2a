/*
 * configuration_row.h
 *		Rows of the configuration, whatever their table, as they go into a file and come
 *		out of it.
 */
#ifndef PGT_CONFIGURATION_ROW_H
#define PGT_CONFIGURATION_ROW_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "core/base/configuration_lines.h"

typedef struct ConfigurationRow
{
	char *table;
	Jsonb *row; /* of key_material without the material */
	/* of key_material: as it is to be stored here; NULL: of another table */
	bytea *material;
	bool wrapped;
	bool is_there; /* under its name, whatever it is */
	bool is_same; /* it is there, the same bytes */
} ConfigurationRow;

/*
 * Appends all of them, a line each, as one statement sees them, with the plain bytes of
 * key material; returns how many.  ereport(54000) past PGTC_ENVELOPE_CONTENT_MAX.
 */
extern uint64 configuration_row_list(PgtcBuf *text);

/* a line as this database would have it, its material wrapped under the root key of here; ereport(22023) */
extern void configuration_row_read(const PgtcConfigurationLine *line, ConfigurationRow *row);

#endif /* PGT_CONFIGURATION_ROW_H */
