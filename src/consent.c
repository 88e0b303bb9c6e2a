/*
 * consent.c
 *		What a subject has consented to.
 */
#include "consent.h"

#include "utils/timestamp.h"

#include "glue.h"
#include "store.h"

static void
read_consent(StoreRow *row, void *arg)
{
	Consent *consent = arg;
	int n;
	char **scopes = store_texts(row, &n);

	for (int i = 0; i < n; i++)
		pgt_check(pgtc_scope_add(&consent->scope, pgtc_slice_str(scopes[i])), "reading a scope");
	consent->resources = store_texts(row, &consent->n_resources);
}

void
consent_read(const char *subject, const char *client_id, Consent *consent)
{
	StoreArgs args = {0};

	memset(consent, 0, sizeof(*consent));
	store_arg_text(&args, subject);
	store_arg_text(&args, client_id);
	store_run(STORE_CONSENT_READ, &args, read_consent, consent);
}

void
consent_store(const char *subject, const char *client_id, const PgtcScope *scope, char **resources,
			  int n_resources)
{
	StoreArgs args = {0};
	char *scopes[PGTC_SCOPE_MAX];

	for (int i = 0; i < scope->n; i++)
		scopes[i] = pnstrdup(scope->token[i].data, scope->token[i].len);
	store_arg_text(&args, subject);
	store_arg_text(&args, client_id);
	store_arg_texts(&args, scopes, scope->n);
	store_arg_texts(&args, resources, n_resources);
	store_arg_time(&args, GetCurrentTimestamp());
	store_run(STORE_CONSENT_STORE, &args, NULL, NULL);
}

void
consent_missing(const Consent *consent, const PgtcScope *wanted, char **resources, int n_resources,
				PgtcScope *missing)
{
	bool covered = true;

	for (int i = 0; i < n_resources; i++)
	{
		bool found = false;

		for (int j = 0; j < consent->n_resources; j++)
			found = found || strcmp(resources[i], consent->resources[j]) == 0;
		covered = covered && found;
	}
	*missing = *wanted;
	for (int i = 0; covered && i < consent->scope.n; i++)
		pgtc_scope_remove(missing, consent->scope.token[i]);
}
