"""Refresh tokens of pgtoken, over HTTP or SQL: see the README.

HttpClient and SqlClient ask; a Session keeps one user's tokens.  What the service has said is an
Answer: Allowed, Denied or Required.  What is raised says that there is no answer, or none to keep.
"""
from .aio import AsyncClient
from .answers import Allowed, Answer, ClientToTell, Completed, Denied, Factor, Required, Sent, Tokens, UserSession
from .client import Session
from .context import Context, context_from_browser
from .errors import PgtokenError, RefusedError, StoreError, UnavailableError
from .http import HttpClient, assertion, client_secret_basic, client_secret_post
from .sql import SqlClient

__all__ = [
    "Allowed", "Answer", "AsyncClient", "ClientToTell", "Completed", "Context", "Denied", "Factor", "HttpClient", "PgtokenError",
    "RefusedError", "Required", "Sent", "Session", "SqlClient", "StoreError", "Tokens", "UnavailableError", "UserSession", "assertion",
    "client_secret_basic", "client_secret_post", "context_from_browser",
]
