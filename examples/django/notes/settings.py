"""What is said of the application from outside comes by the environment: see ../README.md."""
import os
import secrets
from pathlib import Path

ISSUER = os.environ.get("ISSUER") or os.environ["BASE_URL"]
URL = os.environ.get("URL", f"http://127.0.0.1:{os.environ.get('PORT', 4000)}")
SECRET_KEY = os.environ.get("SESSION_SECRET") or secrets.token_urlsafe(48)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "notes.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent / "templates"]}]
# sessions, which hold tokens, are rows of it: a cookie has no more than their name
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DATABASE", Path(__file__).parent.parent / "db.sqlite3")}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = URL.startswith("https:")
LOGIN_URL = "/login"

AUTHLIB_OAUTH_CLIENTS = {
    "pgtoken": {
        "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
        "client_id": os.environ["WEBSITE_CLIENT_ID"],
        "client_secret": os.environ["WEBSITE_CLIENT_SECRET"],
        "client_kwargs": {"scope": "openid profile offline_access notes:read notes:write", "code_challenge_method": "S256"},
    },
}
# as the API asks whether a token holds
INTROSPECTION = f"{ISSUER}/oauth2/introspect", (os.environ["API_CLIENT_ID"], os.environ["API_CLIENT_SECRET"])
