"""Over SQL: for the application's own server, whose role has pgtoken_issuer.

By psycopg 3 or 2, or any driver of DB-API 2.0 with the parameter style %s.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .answers import Answer, ClientToTell, Completed, Denied, Sent, UserSession, allow, completed, deny, evidence_of, require, sent
from .client import Client, Context
from .errors import Lost

# what passes by itself: serialization, locks, time-outs, a server that goes down or comes up, a standby; and these classes
PASSES = {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "57P04", "57P05", "25006"}
CLASSES = ("08", "53")

# arguments and their types, where a driver does not say them right by itself
TYPES = {"context": "jsonb", "claims": "jsonb", "cnf": "jsonb", "authorization_details": "jsonb", "actor": "jsonb", "resource": "text[]", "amr": "text[]",
         "acr_values": "text[]", "auth_time": "timestamptz", "lifetime": "interval", "idle_lifetime": "interval", "max_age": "interval"}


class Connection(Protocol):
    def cursor(self) -> Any: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...


def _lost(error: Exception) -> bool:
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if state:
        return state in PASSES or state[:2] in CLASSES
    # without one the driver has not heard of a server; by name, since this module knows no driver
    return isinstance(error, OSError) or any(c.__name__ in ("OperationalError", "InterfaceError", "PoolTimeout") for c in type(error).__mro__)


class SqlClient(Client):
    """connect() gives a connection that is in no transaction, as a context manager: the connection of psycopg_pool's
    pool (pool.connection), or lambda: psycopg.connect(…).  Each call is a transaction of its own, and commits whatever it
    answers.  client_id, client_secret: of each call that names no other."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]], *, client_id: str | None = None, client_secret: str | None = None,
                 **retry: Any) -> None:
        super().__init__(**retry)
        self._connect = connect
        self._client = {"client_id": client_id, "client_secret": client_secret}

    def _rows(self, statement: str, values: list[Any]) -> list[dict[str, Any]]:
        try:
            with self._connect() as connection:
                if getattr(getattr(connection, "info", None), "transaction_status", 0) != 0:
                    raise TypeError("this connection is in a transaction of yours: rolled back, a theft that was found out would be forgotten")
                cursor = connection.cursor()
                cursor.execute(statement, values)
                names = [column[0] for column in cursor.description]
                # whatever row factory the connection has
                rows = [dict(row) if isinstance(row, Mapping) else dict(zip(names, row)) for row in cursor.fetchall()]
                connection.commit()  # whatever the decision
                return rows
        except Exception as error:
            if _lost(error):
                raise Lost("no answer from the database") from error
            raise

    def _call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        there = {k: v for k, v in arguments.items() if v is not None}
        named = ", ".join(f"{k} => %s::{TYPES.get(k, 'text')}" for k in there)
        values = [json.dumps(v) if TYPES.get(k) == "jsonb" else f"{v} seconds" if TYPES.get(k) == "interval" else v for k, v in there.items()]
        return self._rows(f"SELECT * FROM pgtoken.{name}({named})", values)[0]

    @staticmethod
    def _answer(row: Mapping[str, Any], context: Context, token: str | None = None) -> Answer:
        if row["decision"] == "allow":
            return allow(row, token, str(row["grant_id"]))
        if row["decision"] == "require":
            return require({**row, "factors": _decoded(row["factors"])}, context)
        return deny(row["error"], row["error_description"])

    def _ask_refresh(self, context: Context, token: str, options: Mapping[str, Any]) -> Answer:
        return self._answer(self._call("refresh_grant", {**self._client, "refresh_token": token, "context": context, **options}), context, token)

    def issue(self, context: Context, subject: str, scope: str | None = None, **options: Any) -> Answer:
        """Tokens for a user whom the application has authenticated.  options: the arguments of issue_tokens; lifetimes are
        seconds, auth_time has a time zone.  Not asked again when the answer is lost: it would be another family."""
        arguments = {"client_id": self._client["client_id"], "subject": subject, "scope": scope, "context": context, **options}
        return self._once(lambda: self._answer(self._call("issue_tokens", arguments), context))

    def challenge(self, transaction_id: str, factor_id: str, *, deliver: str = "return") -> Sent | Denied:
        statement = "SELECT pgtoken.challenge(%s, %s::uuid, %s) AS answer"
        return self._once(lambda: sent(_decoded(self._rows(statement, [transaction_id, factor_id, deliver])[0]["answer"])))

    def answer_challenge(self, transaction_id: str, factor_id: str, evidence: str | Mapping[str, Any]) -> Completed | Denied:
        given = json.dumps({**evidence_of(evidence), "factor_id": factor_id})
        statement = "SELECT pgtoken.complete_challenge(%s, %s::jsonb) AS answer"
        return self._once(lambda: completed(_decoded(self._rows(statement, [transaction_id, given])[0]["answer"])))

    def revoke(self, token: str, reason: str | None = None) -> None:
        self._retried(lambda: self._rows("SELECT grant_id FROM pgtoken.revoke_family(%s::text, %s::text)", [token, reason]))

    def sessions(self, subject: str, *, current: str | None = None, ui_locales: str | None = None) -> list[UserSession]:
        rows = self._retried(lambda: self._rows("SELECT * FROM pgtoken.sessions_of(%s, %s, %s)", [subject, current, ui_locales]))
        return [UserSession(r["session_id"], r["is_current"], r["device"], " ".join(r["scopes"]), tuple(zip(r["client_ids"], r["client_names"])),
                            r["first_address"], r["last_address"], r["created_at"], r["last_used_at"], r["expires_at"], r["offline"]) for r in rows]

    def end_session(self, subject: str, session_id: str) -> list[ClientToTell]:
        return self._told("SELECT * FROM pgtoken.end_session_of(%s, %s)", [subject, session_id])

    def end_other_sessions(self, subject: str, keep: str) -> list[ClientToTell]:
        return self._told("SELECT * FROM pgtoken.end_other_sessions(%s, %s)", [subject, keep])

    def _told(self, statement: str, values: list[Any]) -> list[ClientToTell]:
        return [ClientToTell(**row) for row in self._retried(lambda: self._rows(statement, values))]


def _decoded(value: Any) -> Any:
    """jsonb, of a driver that leaves it text."""
    return json.loads(value) if isinstance(value, str) else value
