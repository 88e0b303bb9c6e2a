"""The context of a request whose sender is a browser: what it says of itself, and what the server has seen."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .client import Context

# what pgtoken-client/browser collects; whatever else comes is nobody's word and stays out
TEXTS = {"session_id": 256, "device_id": 256, "time_zone": 64}
LISTED = 16


def _short(value: Any, length: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= length


def _texts(value: Any, length: int) -> list[str] | None:
    return [one for one in value if _short(one, length)][:LISTED] if isinstance(value, list) else None


def _hints(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    said = {"platform": value.get("platform") if _short(value.get("platform"), 64) else None,
            "mobile": value.get("mobile") if isinstance(value.get("mobile"), bool) else None, "brands": _texts(value.get("brands"), 64)}
    return {name: one for name, one in said.items() if one is not None}


def context_from_browser(collected: Any, **seen: Any) -> dict[str, Any]:
    """collected: what the browser has sent, believed in nothing: members that are unknown or malformed are left out, so that
    it can say neither where it is nor how risky.  seen: ip, user_agent and what else the server knows; goes before."""
    said = collected if isinstance(collected, Mapping) else {}
    context = {name: said[name] for name, length in TEXTS.items() if _short(said.get(name), length)}
    at = said.get("collected_at")
    if isinstance(at, int) and not isinstance(at, bool) and 0 < at < 253402300800:
        context["collected_at"] = at
    for name, value in (("languages", _texts(said.get("languages"), 35)), ("client_hints", _hints(said.get("client_hints")))):
        if value is not None:
            context[name] = value
    return {**context, **{name: value for name, value in seen.items() if value is not None}}


__all__ = ["Context", "context_from_browser"]
