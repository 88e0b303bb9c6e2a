"""What both transports have in common.

Refreshes of one family come one after the other, the same request at the same time is asked once, and
a lost answer is asked for again with the same token.
"""
from __future__ import annotations

import dataclasses
import json
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from .answers import Allowed, Answer, Completed, Denied, Required, Tokens
from .errors import Lost, StoreError, UnavailableError

LONGEST = 5.0  # seconds between two attempts, unless the service has asked for more

T = TypeVar("T")
Context = Mapping[str, Any]
Lock = Callable[[str], AbstractContextManager[None]]


class _Queue:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.failed: tuple[float, UnavailableError] | None = None


class _Locks:
    """One after the other, within this process.  Who has waited while the service was found to be away is told so at once:
    each would find the same, and the last would wait for all of them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    @contextmanager
    def __call__(self, key: str) -> Iterator[None]:
        with self._guard:
            queue = self._queues.setdefault(key, _Queue())
            queue.users += 1
        came = time.monotonic()
        try:
            with queue.lock:
                if queue.failed and queue.failed[0] >= came:
                    raise UnavailableError(queue.failed[1].attempts, queue.failed[1].__cause__)
                try:
                    yield
                except UnavailableError as error:
                    queue.failed = time.monotonic(), error
                    raise
        finally:
            with self._guard:
                queue.users -= 1
                if queue.users == 0:
                    del self._queues[key]


def _family_of(token: str) -> str:
    """Version and grant_id of a token of pgtoken's own shape (docs/tokens.md); any other is a family by itself."""
    return token[:28] if token.startswith("pgtrt_") else token


class Client(ABC):
    """attempts: of one request, at most.  delay: seconds of the first pause, which doubles, each by chance.
    patience: seconds after the first attempt from which on none begins: past the retry window of the client (30 s of a
    public one) a token that was consumed would be taken for a stolen one."""

    def __init__(self, *, attempts: int = 4, delay: float = 0.2, patience: float = 25.0) -> None:
        self._attempts, self._delay, self._patience = attempts, delay, patience
        self._locks = _Locks()
        self._guard = threading.Lock()
        self._in_flight: dict[str, Future[Answer]] = {}

    @abstractmethod
    def _ask_refresh(self, context: Context, token: str, options: Mapping[str, Any]) -> Answer: ...

    @abstractmethod
    def answer_challenge(self, transaction_id: str, factor_id: str, evidence: str | Mapping[str, Any]) -> Completed | Denied: ...

    @abstractmethod
    def revoke(self, token: str) -> None: ...

    def _retried(self, ask: Callable[[], T], attempts: int | None = None) -> T:
        begun = time.monotonic()
        n = 1
        while True:
            try:
                return ask()
            except Lost as lost:
                # all of it by chance: those who were cut off together do not come back together
                pause = max(random.random() * min(LONGEST, self._delay * 2 ** (n - 1)), lost.retry_after)
                if n >= (attempts or self._attempts) or time.monotonic() - begun + pause > self._patience:
                    raise UnavailableError(n, lost.__cause__ or lost) from lost.__cause__
                time.sleep(pause)
                n += 1

    def _once(self, ask: Callable[[], T]) -> T:
        """For what may not be asked twice."""
        return self._retried(ask, attempts=1)

    def refresh(self, context: Context, token: str, **options: Any) -> Answer:
        """One refresh.  Nothing is stored: see session()."""
        if not isinstance(token, str) or not token:
            raise TypeError("refresh(context, token): token is the refresh token, a string")

        def ask() -> Answer:
            with self._locks(_family_of(token)):
                answer = self._retried(lambda: self._ask_refresh(context, token, options))
            return dataclasses.replace(answer, options=options) if isinstance(answer, Required) else answer
        # only what is the same in every respect: another context is another judgement, and the service's to make
        return self._shared([token, context, options], ask)

    def _shared(self, question: list[Any], ask: Callable[[], Answer]) -> Answer:
        """One answer for all who come with the same question until it is there."""
        same = json.dumps(question, sort_keys=True, default=str)
        with self._guard:
            asked = self._in_flight.get(same)
            mine = asked is None
            if asked is None:
                asked = self._in_flight[same] = Future()
        if mine:
            try:
                asked.set_result(ask())
            except BaseException as error:
                asked.set_exception(error)
            finally:
                with self._guard:
                    del self._in_flight[same]
        return asked.result()

    def session(self, key: str, load: Callable[[], Tokens | None], store: Callable[[Tokens | None], Any], lock: Lock | None = None) -> Session:
        """key: which user's, the application's own name for it.  load: what is kept, or None.  store: keep it durably,
        None: forget all.  lock(key): a context manager, instead of the client's own, which is for one process."""
        return Session(self, key, load, store, lock or self._locks)


class Session:
    """One user's tokens, kept where the application says: read under a lock, and stored before anybody has them."""

    def __init__(self, client: Client, key: str, load: Callable[[], Tokens | None], store: Callable[[Tokens | None], Any], lock: Lock) -> None:
        self._client, self._load, self._store, self._lock = client, load, store, lock
        self._key = f"session {key}"  # no token is called that: refresh() locks by those

    def tokens(self, context: Context, *, min_validity: float = 30, **options: Any) -> Answer:
        """Those that are kept, where they live another min_validity seconds; or else new ones."""
        def ask() -> Answer:
            kept = self._load()
            if kept and kept.expires_at > time.time() + min_validity:
                return Allowed(kept)
            return self._refresh(kept, context, options)
        return self._ask(["tokens", context, options], ask)

    def refresh(self, context: Context, **options: Any) -> Answer:
        """New ones, in any case."""
        return self._ask(["refresh", context, options], lambda: self._refresh(self._load(), context, options))

    def prove(self, required: Required, factor_id: str, evidence: str | Mapping[str, Any]) -> Answer:
        """The user's evidence, and the refresh goes on with what it was judged by."""
        try:
            answer = self._client.answer_challenge(required.transaction_id, factor_id, evidence)
            if isinstance(answer, Denied):
                return answer
        except UnavailableError:
            pass  # it may have arrived: the refresh tells, and is authorization_pending where it has not
        return self.refresh(required.context, **{**required.options, "transaction_id": required.transaction_id})

    def revoke(self) -> None:
        """The family ends, and what is kept of it."""
        with self._lock(self._key):
            kept = self._load()
            if kept and kept.refresh_token:
                self._client.revoke(kept.refresh_token)
            self._store(None)

    def _ask(self, question: list[Any], work: Callable[[], Answer]) -> Answer:
        """Shared, and not only one after the other: a second question would end the transaction that the first was answered with."""
        def ask() -> Answer:
            with self._lock(self._key):
                return work()
        return self._client._shared([self._key, *question], ask)

    def _refresh(self, kept: Tokens | None, context: Context, options: Mapping[str, Any]) -> Answer:
        if not kept or not kept.refresh_token:
            return Denied("invalid_grant", "there is no refresh token", True)
        answer = self._client.refresh(context, kept.refresh_token, **options)
        if isinstance(answer, Allowed):
            if not answer.tokens.id_token:
                answer = dataclasses.replace(answer, tokens=dataclasses.replace(answer.tokens, id_token=kept.id_token))
            try:
                self._store(answer.tokens)
            except Exception as cause:
                raise StoreError(f"the new refresh token could not be stored: {cause}") from cause
        elif isinstance(answer, Denied) and answer.over:
            self._store(None)
        return answer
