/*
 * configuration_file.h
 *		The configuration in a file, for another database.
 */
#ifndef PGT_CONFIGURATION_FILE_H
#define PGT_CONFIGURATION_FILE_H

#include "base/compat.h"

#include "core/base/crypto.h"
#include "tables/configuration_row.h"

typedef struct ConfigurationFile
{
	char *sealed; /* CMS in PEM */
	char digest[PGTC_DIGEST_TEXT_LEN + 1]; /* by which the other side knows that it is this one */
} ConfigurationFile;

/*
 * All of it, sealed to these certificates in PEM, with its event in the audit.
 * ereport(22023) for certificates that cannot be sealed to, 54000.
 */
extern void configuration_file_seal(const char *recipients, ConfigurationFile *file);

/*
 * Opens it by pgtoken.configuration_key_file and calls take for each row; before that once
 * with what the file says of itself, where table is NULL.  Of a file that is not the one of
 * the digest nothing is looked at.  ereport(22023, 54000, 55000, 0A000).
 */
typedef void (*ConfigurationTaker)(const ConfigurationRow *row, void *arg);
extern void configuration_file_open(PgtcSlice sealed, const char *digest, ConfigurationTaker take,
									void *arg);

#endif /* PGT_CONFIGURATION_FILE_H */
