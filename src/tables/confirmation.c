/*
 * confirmation.c
 *		What a token is bound to, and what a request has proved.
 */
#include "tables/confirmation.h"

#include "base/member.h"
#include "base/object.h"
#include "core/jose/jwk.h"

Confirmation
confirmation_of_jsonb(Jsonb *cnf)
{
	Confirmation confirmation = {NULL, NULL};

	if (cnf == NULL)
		return confirmation;
	confirmation.jkt = member_string(cnf, "jkt");
	confirmation.x5t_s256 = member_string(cnf, "x5t#S256");
	if ((confirmation.jkt == NULL && confirmation.x5t_s256 == NULL) ||
		(confirmation.jkt && strlen(confirmation.jkt) != PGTC_THUMBPRINT_LEN) ||
		(confirmation.x5t_s256 && strlen(confirmation.x5t_s256) != PGTC_THUMBPRINT_LEN))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cnf must name a key or a certificate by its SHA-256 thumbprint"),
						errhint("Give {\"jkt\": \"...\"} (RFC 9449) or {\"x5t#S256\": \"...\"} "
								"(RFC 8705).")));
	return confirmation;
}

char *
confirmation_claim(const Confirmation *confirmation)
{
	Object object;
	Jsonb *cnf;

	if (confirmation->jkt == NULL && confirmation->x5t_s256 == NULL)
		return NULL;
	object_begin(&object);
	object_string(&object, "jkt", confirmation->jkt);
	object_string(&object, "x5t#S256", confirmation->x5t_s256);
	cnf = object_end(&object);
	return object_text(cnf);
}

static bool
thumbprint_holds(const char *bound, const char *proved)
{
	return bound == NULL || (proved && strcmp(bound, proved) == 0);
}

bool
confirmation_holds(const Confirmation *bound, const Confirmation *proved)
{
	return thumbprint_holds(bound->jkt, proved->jkt) &&
		   thumbprint_holds(bound->x5t_s256, proved->x5t_s256);
}
