"""Tokens for the users of a web application, by psycopg 3.

The application's role is a member of pgtoken_issuer.  Three things to know:

- A subject is text.  An id of another type is made text here, once, and for good:
  it is the sub of every token.
- claims and context are jsonb: Jsonb, not Json and not a bare dict.  Several APIs
  or one, resource is a list.  Times are datetime with a time zone.
- A refusal is a row, and commits.  What a refused refresh has found out (that a
  token was used twice, so that its family is revoked) is lost when the web
  framework answers the 401 by rolling back: commit first, raise then.
"""
from datetime import datetime, timezone
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb


class Refused(Exception):
    """What the client is to be told: error and error_description (RFC 6749 section 5.2)."""

    def __init__(self, row: dict):
        super().__init__(row["error"])
        self.error = row["error"]
        self.description = row["error_description"]


def _answer(connection: Connection, statement: str, arguments: tuple) -> dict:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement, arguments).fetchone()
    connection.commit()  # whatever the decision, and before anything is raised
    if row["decision"] != "allow":
        raise Refused(row)
    return row


def issue(connection: Connection, client_id: str, user_id: str | int | UUID, scope: str, *, resource: list[str] | None = None,
          logged_in_at: datetime | None = None, claims: dict | None = None, ip: str | None = None) -> dict:
    """Tokens for a user whom the application has authenticated."""
    return _answer(connection, """
        SELECT * FROM pgtoken.issue_tokens(%s, %s, %s, resource => %s, auth_time => %s, claims => %s, context => %s)""",
        (client_id, str(user_id), scope, resource, logged_in_at or datetime.now(timezone.utc), Jsonb(claims or {}),
         Jsonb({"ip": ip} if ip else {})))


def refresh(connection: Connection, refresh_token: str, client_id: str, client_secret: str | None = None, *, ip: str | None = None) -> dict:
    """The next tokens of a family; raises Refused, and by then all that had to be written is."""
    return _answer(connection, """
        SELECT * FROM pgtoken.refresh_grant(%s, %s, %s, context => %s)""",
        (refresh_token, client_id, client_secret, Jsonb({"ip": ip} if ip else {})))


def claims_of(connection: Connection, access_token: str, audience: str) -> dict | None:
    """The claims of a token that holds now for this API, or None."""
    row = connection.execute("SELECT pgtoken.verify_access_token(%s, %s)", (access_token, audience)).fetchone()
    connection.commit()
    return row[0]
