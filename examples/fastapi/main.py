"""A website whose users sign in at pgtoken, and its API: see README.md."""
import os
import secrets
from typing import Annotated

import httpx2
import uvicorn
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import Body, Depends, FastAPI, HTTPException, Request, Security
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.security import OAuth2AuthorizationCodeBearer, SecurityScopes
from markupsafe import escape
from psycopg_pool import ConnectionPool
from starlette.middleware.sessions import SessionMiddleware

ISSUER = os.environ.get("ISSUER") or os.environ["BASE_URL"]
RESOURCE = os.environ["RESOURCE"]
CLIENT_ID = os.environ["WEBSITE_CLIENT_ID"]
CLIENT_SECRET = os.environ["WEBSITE_CLIENT_SECRET"]
PORT = int(os.environ.get("PORT", 4000))
URL = os.environ.get("URL", f"http://127.0.0.1:{PORT}")
app = FastAPI()

# --- the API: it knows tokens, and no sessions ------------------------------------------

# the database says whether a token holds now: of a revocation it knows at once
pool = ConnectionPool(f"user={os.environ.get('NOTES_DBUSER', 'notes_api')}", min_size=1, open=True)
bearer = OAuth2AuthorizationCodeBearer(f"{ISSUER}/oauth2/authorize", f"{ISSUER}/oauth2/token", auto_error=False,
                                       scopes={"notes:read": "read notes", "notes:write": "write notes"})
notes: dict[str, list[str]] = {}  # by the user's id: an application has a table


def user(scopes: SecurityScopes, token: Annotated[str | None, Depends(bearer)]) -> str:
    """Who has sent a token that holds and has the scopes."""
    challenge = f'Bearer scope="{scopes.scope_str}"'
    if not token:
        raise HTTPException(401, headers={"WWW-Authenticate": challenge})
    with pool.connection() as connection:
        (claims,) = connection.execute("SELECT pgtoken.verify_access_token(%s, %s)", (token, RESOURCE)).fetchone()
    if not claims:
        raise HTTPException(401, headers={"WWW-Authenticate": f'{challenge}, error="invalid_token"'})
    if not set(scopes.scopes) <= set(claims.get("scope", "").split()):
        raise HTTPException(403, headers={"WWW-Authenticate": f'{challenge}, error="insufficient_scope"'})
    return claims["sub"]


def notes_of(subject: str) -> list[str]:
    return notes.setdefault(subject, [f"the first note of {subject}"])


@app.get("/api/notes")
def read(subject: Annotated[str, Security(user, scopes=["notes:read"])]) -> list[str]:
    return notes_of(subject)


@app.post("/api/notes", status_code=201)
def write(subject: Annotated[str, Security(user, scopes=["notes:write"])], text: Annotated[str, Body(embed=True)]):
    notes_of(subject).append(text)


# --- the website: it knows sessions, and keeps tokens in them -----------------------------

# the cookie, which its reader can decode, has the name of a session; tokens stay here
app.add_middleware(SessionMiddleware, secret_key=os.environ.get("SESSION_SECRET") or secrets.token_urlsafe(32),
                   same_site="lax", https_only=URL.startswith("https:"))
sessions: dict[str, dict] = {}


async def keep(name, token, refresh_token=None, access_token=None):
    """Authlib has refreshed: the next token takes the place of the one that it was fetched with."""
    for session in sessions.values():
        if session["token"]["refresh_token"] == refresh_token:
            session["token"] = token


oauth = OAuth(update_token=keep)
pgtoken = oauth.register(
    "pgtoken", server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id=CLIENT_ID, client_secret=CLIENT_SECRET,
    client_kwargs={"scope": "openid profile offline_access notes:read notes:write", "code_challenge_method": "S256", "leeway": 30})


def session_of(request: Request) -> dict | None:
    return sessions.get(request.session.get("id"))


def forget(request: Request) -> dict | None:
    return sessions.pop(request.session.pop("id", None), None)


@app.get("/", response_class=HTMLResponse)
def home(request: Request):
    if not (session := session_of(request)):
        return '<p>Nobody is signed in. <a href="/login">Sign in</a></p>'
    return f"""<p>Signed in as <b>{escape(session["claims"]["sub"])}</b>. <a href="/notes">Notes</a></p>
        <form method="post" action="/logout"><button>Sign out</button></form>"""


@app.get("/login")
async def login(request: Request):
    return await pgtoken.authorize_redirect(request, f"{URL}/callback")


@app.get("/callback")
async def callback(request: Request):
    try:
        token = await pgtoken.authorize_access_token(request)
    except OAuthError as error:  # its name; more of it may hold what is secret
        return HTMLResponse(f'{escape(error.error)}. <a href="/">Back</a>', 400)
    forget(request)
    request.session["id"] = secrets.token_urlsafe(32)
    sessions[request.session["id"]] = {"token": token, "id_token": token["id_token"], "claims": token["userinfo"]}
    return RedirectResponse("/")


@app.get("/notes")
async def notes_page(request: Request):
    if not (session := session_of(request)):
        return HTMLResponse('<a href="/login">Sign in</a>', 401)
    try:
        answer = await pgtoken.get(f"{URL}/api/notes", token=session["token"])
    except OAuthError:  # no refresh: the session was ended elsewhere
        answer = None
    if answer is None or answer.status_code == 401:
        forget(request)
        return HTMLResponse('<a href="/login">Sign in</a>', 401)
    return JSONResponse(answer.json(), answer.status_code)


@app.post("/logout")
async def logout(request: Request):
    if not (session := forget(request)):
        return RedirectResponse("/", 303)
    # with offline_access its tokens would outlive the session at the login page
    async with httpx2.AsyncClient(auth=(CLIENT_ID, CLIENT_SECRET)) as client:
        metadata = await pgtoken.load_server_metadata()
        await client.post(metadata["revocation_endpoint"], data={"token": session["token"]["refresh_token"]})
    return await pgtoken.logout_redirect(request, f"{URL}/", id_token_hint=session["id_token"])


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, access_log=False)
