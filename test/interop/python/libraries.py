"""Libraries of Python against a running service, with clients as create_client makes them."""
import os
import subprocess
import time
from urllib.parse import parse_qs, urlparse

import jwt
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.jose import JsonWebKey, JsonWebToken
from requests_oauthlib import OAuth2Session
import requests

from tap import expect, run

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
ISSUER = os.environ["BASE_URL"]
SECRET = os.environ["LIBRARY_SECRET"]
API = os.environ["RESOURCE"]
REDIRECT = "http://127.0.0.1:49152/cb"
SCOPES = ["openid", "offline_access", "notes:read"]
TOKEN = f"{ISSUER}/oauth2/token"


def user(*arguments: str) -> str:
    return subprocess.run(["../user", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def requests_oauthlib():
    session = OAuth2Session("library", redirect_uri=REDIRECT, scope=SCOPES, pkce="S256")
    url, _ = session.authorization_url(f"{ISSUER}/oauth2/authorize")
    token = session.fetch_token(TOKEN, authorization_response=user("approve", url), client_secret=SECRET)
    # by itself, when the token has expired: with the secret in the body
    renewed = []
    session = OAuth2Session("library", token={**token, "expires_at": time.time() - 60}, auto_refresh_url=TOKEN,
                            auto_refresh_kwargs={"client_id": "library", "client_secret": SECRET}, token_updater=renewed.append)
    expect(session.get(f"{ISSUER}/oauth2/userinfo").json()["sub"] == "user-1", "userinfo")
    expect(renewed[0]["refresh_token"] != token["refresh_token"], "rotated")


def authlib():
    session = AuthlibSession("library", SECRET, scope=SCOPES, redirect_uri=REDIRECT, code_challenge_method="S256")
    verifier = "v" * 50
    url, _ = session.create_authorization_url(f"{ISSUER}/oauth2/authorize", code_verifier=verifier, nonce="nonce")
    token = session.fetch_token(TOKEN, authorization_response=user("approve", url), code_verifier=verifier)
    keys = JsonWebKey.import_key_set(requests.get(f"{ISSUER}/oauth2/jwks", timeout=30).json())
    claims = JsonWebToken(["ES256"]).decode(token["id_token"], keys)
    claims.validate()
    expect(claims["nonce"] == "nonce" and claims["sub"] == "user-1", "ID token")
    expect(session.refresh_token(TOKEN)["refresh_token"] != token["refresh_token"], "rotated")
    # its own token: an API has to be named, or be the only one that the scope means
    own = AuthlibSession("library", SECRET, scope="notes:read").fetch_token(TOKEN, grant_type="client_credentials", resource=API)
    expect(own["token_type"] == "Bearer", "client_credentials")


def authlib_error():
    """An error in the redirect, given to fetch_token without a look, becomes a client_credentials request."""
    session = AuthlibSession("library", SECRET, scope=SCOPES, redirect_uri=REDIRECT)
    url, _ = session.create_authorization_url(f"{ISSUER}/oauth2/authorize")  # without PKCE: refused
    back = requests.get(url, allow_redirects=False, timeout=30).headers["location"]
    expect(parse_qs(urlparse(back).query)["error"] == ["invalid_request"], "the redirect says so")


def pyjwt():
    """It reads the JWK Set no more often than every 30 s: a key that it has not seen would be refused for so long."""
    session = AuthlibSession("library", SECRET, scope="notes:read")
    verifier = jwt.PyJWKClient(f"{ISSUER}/oauth2/jwks", cache_keys=False, lifespan=300)

    def holds() -> bool:
        token = session.fetch_token(TOKEN, grant_type="client_credentials", resource=API)["access_token"]
        key = verifier.get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=["ES256"], audience=API, issuer=ISSUER)["client_id"] == "library"

    expect(holds(), "before")
    expect(user("sql", "SELECT pgtoken.rotate_signing_key() IS NULL") == "t", "the next key is published, and signs nothing")
    expect(holds(), "with the keys that it has")
    # the lead time is over: whoever has read the keys since then has this one
    user("sql", "UPDATE pgtoken.signing_keys SET created_at = created_at - interval '10 min' WHERE state = 'pending'")
    verifier = jwt.PyJWKClient(f"{ISSUER}/oauth2/jwks", cache_keys=False, lifespan=300)
    expect(holds(), "read in the meantime")
    expect(user("sql", "SELECT pgtoken.rotate_signing_key() IS NOT NULL") == "t", "rotated")
    expect(holds(), "signed by the new key, verified without another look")


run("requests-oauthlib: code with PKCE, automatic refresh", requests_oauthlib)
run("Authlib: code with PKCE, ID token, refresh, client_credentials", authlib)
run("Authlib: an error in the redirect is told", authlib_error)
run("PyJWT: a rotation in its midst", pyjwt)
