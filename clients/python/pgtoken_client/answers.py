"""What the token service has said, in one form for both transports."""
from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tokens:
    # not in what is printed: logs are no place for them
    access_token: str = field(repr=False)
    token_type: str
    expires_in: int
    """seconds, when it was answered"""
    expires_at: float
    """seconds since 1970, by this machine's clock"""
    refresh_token: str | None = field(default=None, repr=False)
    """the successor: the one to present next"""
    id_token: str | None = field(default=None, repr=False)
    scope: str | None = None

    @classmethod
    def to_refresh(cls, refresh_token: str) -> Tokens:
        """Of a login by another library: what a session's load gives where nothing else is kept yet."""
        return cls("", "Bearer", 0, 0, refresh_token)


@dataclass(frozen=True)
class Allowed:
    tokens: Tokens
    grant_id: str | None = None
    """over SQL: the family"""
    status: Literal["allow"] = "allow"


@dataclass(frozen=True)
class Denied:
    error: str
    reason: str | None
    over: bool
    """the refresh token is good for nothing any more: forget it, and have the user log in"""
    transaction_over: bool | None = None
    """of a challenge: False: the user may try again; True: begin anew, with a refresh without transaction_id"""
    status: Literal["deny"] = "deny"


@dataclass(frozen=True)
class Factor:
    id: str
    type: str
    label: str | None = None


@dataclass(frozen=True)
class Required:
    """Nothing was consumed: one of the factors is proved, and the same refresh goes on with the transaction_id."""
    error: str
    reason: str | None
    transaction_id: str = field(repr=False)
    allowed_factors: tuple[Factor, ...]
    expires_in: int
    """seconds that the transaction lives"""
    context: Mapping[str, Any]
    """what the refresh goes on with, as it was judged by: the context, and the options"""
    options: Mapping[str, Any] = field(default_factory=dict)
    status: Literal["require"] = "require"


Answer = Allowed | Denied | Required


@dataclass(frozen=True)
class Sent:
    factor_id: str
    factor_type: str
    expires_in: int
    code: str | None = field(default=None, repr=False)
    """over SQL with deliver="return": to be sent to the user and to nobody else"""
    public_key: Mapping[str, Any] | None = None
    status: Literal["sent"] = "sent"


@dataclass(frozen=True)
class Completed:
    factor_id: str
    factor_type: str
    acr: str
    status: Literal["completed"] = "completed"


@dataclass(frozen=True)
class UserSession:
    id: str
    current: bool
    device: str | None
    scope: str
    clients: tuple[tuple[str, str | None], ...]
    """client_id and name of each"""
    first_address: str | None
    last_address: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    offline: bool


@dataclass(frozen=True)
class ClientToTell:
    """A client to be told that a session has ended; none over HTTP, where the issuer tells them."""
    client_id: str
    backchannel_logout_uri: str | None
    logout_token: str | None = field(repr=False)
    frontchannel_logout_uri: str | None


def allow(row: Row, presented: str | None = None, grant_id: str | None = None) -> Allowed:
    return Allowed(Tokens(row["access_token"], row["token_type"], row["expires_in"], time.time() + row["expires_in"],
                          row.get("refresh_token") or presented, row.get("id_token"), row.get("scope")), grant_id)


def deny(error: str, reason: str | None) -> Denied:
    return Denied(error, reason, error == "invalid_grant")


def require(row: Row, context: Mapping[str, Any]) -> Required:
    factors = tuple(Factor(f["factor_id"], f["factor_type"], f.get("label")) for f in row["factors"])
    return Required(row["error"], row.get("error_description"), row["transaction_id"], factors, row["expires_in"], context)


def _ended(json: Row) -> Denied:
    return Denied(json["error"], json.get("error_description"), False, json["error"] in ("access_denied", "expired_token"))


def sent(json: Row) -> Sent | Denied:
    if "error" in json:
        return _ended(json)
    return Sent(json["factor_id"], json["factor_type"], json["expires_in"], json.get("code"), json.get("public_key"))


def completed(json: Row) -> Completed | Denied:
    return _ended(json) if "error" in json else Completed(json["factor_id"], json["factor_type"], json["acr"])


def evidence_of(evidence: str | Row) -> dict[str, Any]:
    return {"code": evidence} if isinstance(evidence, str) else dict(evidence)
