"""The same for asyncio: each call in a thread, so that the locks and retries are those of the client."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .client import Client, Session


class AsyncClient:
    """AsyncClient(client).refresh(context, token) is client.refresh(context, token), awaited; so are all others, and those of
    its session().  load and store of a session are plain functions."""

    def __init__(self, client: Client | Session) -> None:
        self._client = client

    def session(self, *arguments: Any, **named: Any) -> AsyncClient:
        assert isinstance(self._client, Client)
        return AsyncClient(self._client.session(*arguments, **named))

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method = getattr(self._client, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            return await asyncio.to_thread(method, *arguments, **named)
        return call
