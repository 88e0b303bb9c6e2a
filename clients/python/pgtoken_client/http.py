"""Over HTTP, by the issuer's endpoints, with the standard library."""
from __future__ import annotations

import base64
import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from .answers import Answer, Completed, Denied, ClientToTell, Sent, UserSession, allow, completed, deny, evidence_of, require, sent
from .client import Client, Context
from .errors import Lost, PgtokenError, RefusedError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PASSES = (408, 425, 429)  # and 5xx
LOOPBACK = ("127.0.0.1", "::1", "localhost")
REFRESH = ("scope", "resource", "acr_values", "max_age", "transaction_id")

# how a client proves who it is: headers and parameters of one request, anew for each
Credentials = tuple[Mapping[str, str], Mapping[str, str]]
Authentication = Callable[[str, str], Credentials]
# (method, url, nonce, access_token): a DPoP proof (RFC 9449)
Proof = Callable[[str, str, str | None, str | None], str]


def client_secret_basic(secret: str) -> Authentication:
    def authenticate(client_id: str, issuer: str) -> Credentials:
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}, {}
    return authenticate


def client_secret_post(secret: str) -> Authentication:
    return lambda client_id, issuer: ({}, {"client_id": client_id, "client_secret": secret})


def assertion(make: Callable[[str, str], str]) -> Authentication:
    """private_key_jwt: make(client_id, issuer) signs a new JWT each time, with what library you have."""
    return lambda client_id, issuer: ({}, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": make(client_id, issuer)})


def _none(client_id: str, issuer: str) -> Credentials:
    return {}, {"client_id": client_id}


def _is_private(url: Any) -> bool:
    """Can nobody on the way read what is sent there?"""
    parts = urlsplit(url if isinstance(url, str) else "")
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere else: what is sent is for the issuer."""
        return None


class _Reply:
    def __init__(self, status: int, headers: Any, data: Mapping[str, Any]) -> None:
        self.status, self.headers, self.json = status, headers, data
        self.challenge = headers.get("WWW-Authenticate") or ""


class HttpClient(Client):
    """authentication: nothing for a public client.  dpop: makes proofs.  user_agent: as which policies see this program.
    timeout: seconds that one attempt waits for the next bytes."""

    def __init__(self, issuer: str, client_id: str, *, authentication: Authentication = _none, dpop: Proof | None = None,
                 user_agent: str = "pgtoken-client", timeout: float = 5.0, **retry: Any) -> None:
        super().__init__(**retry)
        if not _is_private(issuer):
            raise ValueError("issuer is an https URL: tokens are not for everybody on the way")
        self._issuer, self._client_id, self._authentication, self._dpop = issuer, client_id, authentication, dpop
        self._user_agent, self._timeout = user_agent, timeout
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._metadata: Mapping[str, Any] | None = None
        self._nonce: str | None = None

    # --- one exchange

    def _exchange(self, method: str, url: str, parameters: Mapping[str, Any] | None, headers: Mapping[str, str], access_token: str | None,
                  proves: bool = True) -> _Reply:
        """Whatever is an answer; all else is lost."""
        body = None if parameters is None else urlencode({k: v for k, v in parameters.items() if v is not None}, doseq=True).encode()
        sent_headers = {"Accept": "application/json", "User-Agent": self._user_agent, **headers}
        if self._dpop and proves:
            sent_headers["DPoP"] = self._dpop(method, re.sub(r"[?#].*", "", url), self._nonce, access_token)
        request = urllib.request.Request(url, body, sent_headers, method=method)
        try:
            try:
                with self._opener.open(request, timeout=self._timeout) as response:
                    status, reply_headers, text = response.status, response.headers, response.read()
            except urllib.error.HTTPError as error:
                with error:
                    status, reply_headers, text = error.code, error.headers, error.read()
        except (OSError, http.client.HTTPException) as cause:
            raise Lost("no answer") from cause
        if status >= 500 or status in PASSES:
            after = reply_headers.get("Retry-After") or ""
            raise Lost(f"status {status}", float(after) if after.isascii() and after.isdigit() else 0)
        self._nonce = reply_headers.get("DPoP-Nonce") or self._nonce
        try:
            data = json.loads(text) if text else {}
        except ValueError:
            data = None
        # cut off on its way, or the word of something that stands between
        if not isinstance(data, dict):
            raise Lost(f"status {status}, and no JSON")
        return _Reply(status, reply_headers, data)

    def _request(self, method: str, url: str, make: Callable[[], tuple[Mapping[str, Any] | None, Mapping[str, str]]], access_token: str | None = None) -> _Reply:
        """Once more, and at once, where the service wants a nonce of its own in the proof (RFC 9449 section 8)."""
        reply = self._exchange(method, url, *make(), access_token)
        wanted = reply.json.get("error") == "use_dpop_nonce" or "use_dpop_nonce" in reply.challenge
        return self._exchange(method, url, *make(), access_token) if wanted and self._dpop else reply

    def _post(self, url: str, parameters: Mapping[str, Any]) -> _Reply:
        """Of this client, authenticated anew each time: an assertion is good once."""
        def make() -> tuple[Mapping[str, Any], Mapping[str, str]]:
            headers, credentials = self._authentication(self._client_id, self._issuer)
            return {**parameters, **credentials}, headers
        return self._request("POST", url, make)

    def metadata(self) -> Mapping[str, Any]:
        """The issuer's, asked for once."""
        if self._metadata is None:
            reply = self._exchange("GET", self._issuer.removesuffix("/") + "/.well-known/openid-configuration", None, {}, None, proves=False)
            if reply.status != 200:
                raise PgtokenError(f"there is no issuer at {self._issuer}: status {reply.status}")
            if reply.json.get("issuer") != self._issuer:
                raise PgtokenError(f"the metadata at {self._issuer} is of another issuer")
            for name in ("token_endpoint", "revocation_endpoint"):
                if name in reply.json and not _is_private(reply.json[name]):
                    raise PgtokenError(f"the metadata at {self._issuer} has a {name} that is no https URL")
            self._metadata = reply.json
        return self._metadata

    def _own(self, path: str) -> str:
        """An endpoint that no standard has a name in the metadata for."""
        return f"{self._issuer.removesuffix('/')}/oauth2/{path}"

    # --- tokens

    def _grant(self, context: Context, parameters: Mapping[str, Any], token: str | None = None) -> Answer:
        # what of a context a client may say itself over HTTP (docs/http.md#context); the rest the issuer sees
        said = {name: context.get(name) for name in ("session_id", "device_id")}
        reply = self._post(self.metadata()["token_endpoint"], {**parameters, **said})
        data = reply.json
        if reply.status == 200 and isinstance(data.get("access_token"), str):
            return allow(data, token)
        if data.get("error") == "mfa_required" and "transaction_id" in data:
            return require(data, context)
        if not isinstance(data.get("error"), str):
            raise Lost(f"status {reply.status}, and neither tokens nor an error")
        return deny(data["error"], data.get("error_description"))

    def _ask_refresh(self, context: Context, token: str, options: Mapping[str, Any]) -> Answer:
        unknown = sorted(set(options) - set(REFRESH))
        if unknown:
            raise TypeError(f"{unknown[0]} is no option of refresh over HTTP")
        parameters = {"grant_type": "refresh_token", "refresh_token": token, **options}
        if "acr_values" in options:
            parameters["acr_values"] = " ".join(options["acr_values"])
        return self._grant(context, parameters, token)

    def redeem(self, context: Context, code: str, redirect_uri: str, code_verifier: str, *, resource: list[str] | None = None,
               transaction_id: str | None = None) -> Answer:
        """An authorization code, presented once: one that comes twice ends what the first one began."""
        return self._once(lambda: self._grant(context, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
                                                        "code_verifier": code_verifier, "resource": resource, "transaction_id": transaction_id}))

    # --- step-up

    def challenge(self, transaction_id: str, factor_id: str) -> Sent | Denied:
        return self._once(lambda: sent(self._post(self._own("challenge"), {"transaction_id": transaction_id, "factor_id": factor_id}).json))

    def answer_challenge(self, transaction_id: str, factor_id: str, evidence: str | Mapping[str, Any]) -> Completed | Denied:
        given = {**evidence_of(evidence), "transaction_id": transaction_id, "factor_id": factor_id}
        return self._once(lambda: completed(self._post(self._own("complete_challenge"), given).json))

    # --- the end, and sessions

    def revoke(self, token: str) -> None:
        reply = self._retried(lambda: self._post(self.metadata()["revocation_endpoint"], {"token": token}))
        if reply.status != 200:
            raise RefusedError(reply.json["error"], reply.json.get("error_description"), reply.status)

    def _account(self, method: str, path: str, access_token: str) -> Mapping[str, Any]:
        """By an access token with the scope pgtoken:sessions, for the issuer alone (docs/account.md)."""
        headers = {"Authorization": f"{'DPoP' if self._dpop else 'Bearer'} {access_token}"}
        reply = self._retried(lambda: self._request(method, self._own(path), lambda: (None, headers), access_token))
        if reply.status >= 400 and reply.status != 404:
            said = dict(re.findall(r'\b(error|error_description)="([^"]*)"', reply.challenge))
            raise RefusedError(said.get("error", reply.json.get("error", "invalid_token")), said.get("error_description"), reply.status)
        return reply.json

    def sessions(self, access_token: str, *, ui_locales: str | None = None) -> list[UserSession]:
        found: list[UserSession] = []
        after: str | None = None
        while True:
            query = urlencode({k: v for k, v in (("after", after), ("ui_locales", ui_locales)) if v is not None})
            page = self._account("GET", "sessions" + (f"?{query}" if query else ""), access_token)
            found += [_session(one) for one in page["sessions"]]
            after = page.get("next")
            if not after:
                return found

    def end_session(self, access_token: str, session_id: str) -> list[ClientToTell]:
        """One that has ended already has ended; the issuer tells the clients."""
        self._account("DELETE", f"sessions/{quote(session_id, safe='')}", access_token)
        return []

    def end_other_sessions(self, access_token: str) -> list[ClientToTell]:
        self._account("POST", "sessions/end_others", access_token)
        return []


def _session(one: Mapping[str, Any]) -> UserSession:
    def date(name: str) -> datetime:
        return datetime.fromtimestamp(one[name], timezone.utc)
    return UserSession(one["id"], one["current"], one.get("device"), one["scope"], tuple((c["client_id"], c.get("client_name")) for c in one["clients"]),
                       one.get("first_address"), one.get("last_address"), date("created_at"), date("last_used_at"), date("expires_at"), one["offline"])
