"""Tokens for the users of a web application, by psycopg 3 and clients/python.

The application's role is a member of pgtoken_issuer.  Two things to know:

- A subject is text.  An id of another type is made text here, once, and for good:
  it is the sub of every token.
- A refusal is an answer, and has committed when the library gives it.  What a refused refresh has found
  out (that a token was used twice, so that its family is revoked) would be lost where the web framework
  answers the 401 by rolling back: so the library has connections of its own, and not the view's.
"""
from datetime import datetime, timezone
from uuid import UUID

from psycopg import Connection

from pgtoken_client import Allowed, Answer, SqlClient, Tokens

# once in a process: pgtoken = SqlClient(pool.connection, client_id="web", client_secret="…"), pool of psycopg_pool


class Refused(Exception):
    """What the client is to be told: error and error_description (RFC 6749 section 5.2)."""

    def __init__(self, error: str, description: str | None):
        super().__init__(error)
        self.error = error
        self.description = description


def _tokens(answer: Answer) -> Tokens:
    if isinstance(answer, Allowed):
        return answer.tokens
    raise Refused(answer.error, answer.reason)


def issue(pgtoken: SqlClient, user_id: str | int | UUID, scope: str, *, resource: list[str] | None = None,
          logged_in_at: datetime | None = None, claims: dict | None = None, ip: str | None = None) -> Tokens:
    """Tokens for a user whom the application has authenticated."""
    return _tokens(pgtoken.issue({"ip": ip} if ip else {}, str(user_id), scope, resource=resource,
                                 auth_time=logged_in_at or datetime.now(timezone.utc), claims=claims or {}))


def refresh(pgtoken: SqlClient, refresh_token: str, *, ip: str | None = None) -> Tokens:
    """The next tokens of a family; raises Refused, and by then all that had to be written is."""
    return _tokens(pgtoken.refresh({"ip": ip} if ip else {}, refresh_token))


def claims_of(connection: Connection, access_token: str, audience: str) -> dict | None:
    """The claims of a token that holds now for this API, or None."""
    row = connection.execute("SELECT pgtoken.verify_access_token(%s, %s)", (access_token, audience)).fetchone()
    connection.commit()
    return row[0]
