/*
 * configuration_file.c
 *		The configuration in a file, for another database.
 *
 * Anybody can seal a file to a certificate: signing keys and clients of his own, say.  So
 * whoever imports gives the digest that the exporting side has shown, and of a file with
 * another one no byte reaches a parser.  It is no plain SHA-256 of the file, which
 * somebody might take from the file that he holds.
 */
#include "operations/configuration_file.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/object.h"
#include "base/secret_file.h"
#include "base/strings.h"
#include "core/jose/envelope.h"
#include "tables/audit.h"

#define DIGEST_LABEL "pgtoken configuration\n"
#define KEY_FILE_MAX 16384 /* bytes; RSA of 8192 bits needs under 7000 */
#define SEALED_MAX (2 * (size_t) PGTC_ENVELOPE_CONTENT_MAX) /* base64, lines, recipients */

static void
digest_of(const PgtcBuf *der, char out[PGTC_DIGEST_TEXT_LEN + 1])
{
	PgtcBuf named;

	pgtc_buf_init(&named, &glue_mem);
	pgtc_buf_append_str(&named, DIGEST_LABEL);
	pgtc_buf_append(&named, der->data, der->len);
	glue_check(pgtc_buf_code(&named), "taking the digest of a configuration");
	glue_check(pgtc_crypto_digest_text(named.data, named.len, out),
			   "taking the digest of a configuration");
	pgtc_buf_free(&named);
}

/* what the first line says */
static void
begin(PgtcBuf *text)
{
	Object about;

	object_begin(&about);
	object_string(&about, "version", PGTOKEN_VERSION);
	object_time(&about, "exported_at", GetCurrentTimestamp());
	pgtc_configuration_lines_begin(text, pgtc_slice_str(object_text(object_end(&about))));
}

static void
seal(const char *certificates, const PgtcBuf *text, PgtcEnvelopeRecipients *recipients,
	 PgtcBuf *der)
{
	PgtcCode code = pgtc_envelope_seal(pgtc_slice_str(certificates),
									   pgtc_slice(text->data, text->len), recipients, der);

	if (code == PGTC_E_MALFORMED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("recipient must be a certificate in PEM"),
				 errdetail("Several may follow each other, and nothing is missing of any.")));
	if (code == PGTC_E_KEY)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("nothing can be sealed to the key of a recipient"),
						errdetail("It must be RSA of 2048 bits or more, or on an elliptic curve "
								  "such as P-256.")));
	if (code == PGTC_E_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many recipients"),
						errdetail("There may be %d.", PGTC_ENVELOPE_RECIPIENTS_MAX)));
	glue_check(code, "sealing the configuration");
}

static void
audit_export(PgtcEnvelopeRecipients *recipients, const char *digest, uint64 rows)
{
	char *fingerprints[PGTC_ENVELOPE_RECIPIENTS_MAX];
	AuditEvent event = {.event = "configuration.exported"};
	Object detail;

	for (int i = 0; i < recipients->n; i++)
		fingerprints[i] = recipients->fingerprint[i];
	object_begin(&detail);
	object_strings(&detail, "recipients", fingerprints, recipients->n);
	object_string(&detail, "digest", digest);
	object_int(&detail, "rows", (int64) rows);
	event.detail = object_end(&detail);
	audit_write(&event);
}

void
configuration_file_seal(const char *recipients, ConfigurationFile *file)
{
	PgtcEnvelopeRecipients to;
	PgtcBuf text;
	PgtcBuf der;
	PgtcBuf pem;
	uint64 rows;

	pgtc_buf_init(&text, &glue_mem);
	pgtc_buf_init(&der, &glue_mem);
	pgtc_buf_init(&pem, &glue_mem);
	begin(&text);
	rows = configuration_row_list(&text);
	glue_check(pgtc_buf_code(&text), "writing the configuration");
	seal(recipients, &text, &to, &der);
	pgtc_buf_free(&text);
	digest_of(&der, file->digest);
	glue_check(pgtc_envelope_to_pem(pgtc_slice(der.data, der.len), &pem),
			   "writing the configuration");
	file->sealed = pem.data; /* of this memory context; no secret any more */
	pgtc_buf_free(&der);
	audit_export(&to, file->digest, rows);
}

static void
read_sealed(PgtcSlice sealed, const char *digest, PgtcBuf *der)
{
	char found[PGTC_DIGEST_TEXT_LEN + 1];

	if (sealed.len > SEALED_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("the file is too large"),
				 errdetail("A configuration has %zu MB at most.", SEALED_MAX / 1024 / 1024)));
	if (pgtc_envelope_of_pem(sealed, der) != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("sealed is no exported configuration"),
						errdetail("It is CMS in PEM, from -----BEGIN CMS----- to -----END "
								  "CMS-----; this is not, or not all of it.")));
	digest_of(der, found);
	/* what it is instead is not said: it would be taken for the one to give */
	if (strcmp(found, digest) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the file is not the one of this digest"),
				 errdetail("It was changed on its way, or comes from somebody else."),
				 errhint("The digest is what export_configuration has returned there, and the "
						 "event configuration.exported has; it cannot be taken from the file.")));
}

static void
open_by_key(const PgtcBuf *der, const char *private_key, size_t len, PgtcBuf *text)
{
	PgtcCode code =
		pgtc_envelope_open(pgtc_slice(der->data, der->len), pgtc_slice(private_key, len), text);

	if (code == PGTC_E_KEY)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no usable private key"),
			 errdetail(
				 "pgtoken.configuration_key_file is no private key in PEM, or has a passphrase.")));
	if (code == PGTC_E_SIGNATURE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the file is not sealed to the key of this server"),
				 errhint("pgtoken.configuration_key_file names the private key of a recipient's "
						 "certificate; the event configuration.exported has their fingerprints.")));
	if (code == PGTC_E_MALFORMED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the file is no configuration"),
				 errdetail("It is no CMS AuthEnvelopedData.")));
	glue_check(code, "opening a configuration");
}

static void
unseal(const PgtcBuf *der, PgtcBuf *text)
{
	char private_key[KEY_FILE_MAX];
	const char *problem = "pgtoken.configuration_key_file is not set";
	size_t len;

	if (guc_configuration_key_file != NULL && guc_configuration_key_file[0] != '\0')
		problem = secret_file_read("pgtoken.configuration_key_file", guc_configuration_key_file,
								   private_key, sizeof(private_key), &len);
	if (problem)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("no usable private key"), errdetail("%s.", problem)));
	PG_TRY();
	{
		open_by_key(der, private_key, len, text);
	}
	PG_FINALLY();
	{
		pgtc_crypto_wipe(private_key, sizeof(private_key));
	}
	PG_END_TRY();
}

static void
check_form(PgtcCode code)
{
	if (code == PGTC_E_CLAIM)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("the configuration was exported in a form that is not known here"),
						errhint("Bring pgtoken to the version of the exporting side first.")));
	if (code != PGTC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the file is no configuration")));
}

void
configuration_file_open(PgtcSlice sealed, const char *digest, ConfigurationTaker take, void *arg)
{
	PgtcConfigurationLine line = {.table = {"about", strlen("about")}};
	ConfigurationRow row;
	PgtcBuf der;
	PgtcBuf text;
	PgtcSlice rest;

	pgtc_buf_init(&der, &glue_mem);
	pgtc_buf_init(&text, &glue_mem);
	read_sealed(sealed, digest, &der);
	unseal(&der, &text);
	pgtc_buf_free(&der);
	rest = pgtc_slice(text.data, text.len);
	check_form(pgtc_configuration_lines_about(&rest, &line.row));
	configuration_row_read(&line, &row);
	row.table = NULL;
	take(&row, arg);
	while (rest.len > 0)
	{
		check_form(pgtc_configuration_lines_next(&rest, &line));
		configuration_row_read(&line, &row);
		take(&row, arg);
	}
	pgtc_buf_free(&text);
}
