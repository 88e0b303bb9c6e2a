# Runs django-oauth-toolkit on a PostgreSQL, makes applications and tokens by its own views, and prints what it handed out
# as JSON. See README.md
import base64
import hashlib
import json
import os
import secrets
import sys
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="fixture", ALLOWED_HOSTS=["*"], USE_TZ=True, ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"sslmode": "disable"},
                           "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "USER": os.environ["PGUSER"], "NAME": os.environ["PGDATABASE"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    OAUTH2_PROVIDER={
        "SCOPES": {"read": "Read", "write": "Write"}, "DEFAULT_SCOPES": ["read"], "PKCE_REQUIRED": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True, "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 86400,
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application, RefreshToken  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
callback = "https://app.example.org/callback"
out = {}


def application(name, **kind):
    secret = secrets.token_urlsafe(48)
    made = Application.objects.create(name=name, client_secret=secret, redirect_uris=f"{callback} https://app.example.org/other", **{
        "client_type": "confidential", "authorization_grant_type": "authorization-code", **kind})
    out[f"{name}_id"] = made.client_id
    if made.client_type == "confidential":
        out[f"{name}_secret"] = secret
    made.plain = secret
    return made


def token(app, **form):
    answer = Client().post("/o/token/", {"client_id": app.client_id, **({"client_secret": app.plain} if app.client_type == "confidential" else {}), **form})
    if answer.status_code != 200:
        raise RuntimeError(answer.content)
    return answer.json()


def authorize(app, user, scope):
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    browser = Client()
    browser.force_login(user)
    answer = browser.post("/o/authorize/", {
        "client_id": app.client_id, "response_type": "code", "redirect_uri": callback, "scope": scope, "state": "s",
        "code_challenge": challenge, "code_challenge_method": "S256", "allow": "Authorize"})
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    return token(app, grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=callback)


def refresh(app, tokens):
    return token(app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


def keep(name, tokens):
    out[name] = tokens["refresh_token"]
    return tokens


call_command("migrate", verbosity=0)
ada, ben, eve, off = (User.objects.create_user(name, f"{name}@example.com", "x") for name in ("ada", "ben", "eve", "off"))
web, native = application("web"), application("native", client_type="public")
plain = application("plain", hash_client_secret=False)
application("machine", authorization_grant_type="client-credentials")
application("implicit", client_type="public", authorization_grant_type="implicit")

tokens = authorize(web, ada, "read write")
out["ada_first"] = tokens["refresh_token"]
tokens = refresh(web, tokens)
out["ada_parent"] = tokens["refresh_token"]
keep("ada", refresh(web, tokens))
keep("ada_native", authorize(native, ada, "read"))
keep("ben_plain", authorize(plain, ben, "read"))
# the token itself is not kept, only its checksum
oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE = True
keep("ben", authorize(web, ben, "read write"))
oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE = False
# a used token came again, by which its family ended
tokens = authorize(web, eve, "read")
keep("eve_reused", refresh(web, tokens))
try:
    refresh(web, tokens)
except RuntimeError:
    pass
tokens = keep("eve_revoked", authorize(web, eve, "read"))
Client().post("/o/revoke_token/", {"client_id": web.client_id, "client_secret": web.plain, "token": tokens["refresh_token"]})
# its access token was deleted, by which it can be used no more
tokens = keep("eve_orphan", authorize(web, eve, "read"))
RefreshToken.objects.get(token=tokens["refresh_token"]).access_token.delete()
keep("off", authorize(web, off, "read"))
off.is_active = False
off.save()
json.dump(out, sys.stdout)
