"""What is raised.  A refusal of a refresh is no error, but an answer."""
from __future__ import annotations


class PgtokenError(Exception):
    pass


class UnavailableError(PgtokenError):
    """No answer came, however often it was asked: the token is as good as it was, and the same one is to be presented again."""

    def __init__(self, attempts: int, cause: BaseException | None):
        super().__init__(f"no answer from the token service (attempts: {attempts}): {cause}")
        self.attempts = attempts


class RefusedError(PgtokenError):
    """A call that has no answer of its own kind was refused: sessions, revoke."""

    def __init__(self, error: str, reason: str | None, status: int):
        super().__init__(f"{error}: {reason}" if reason else error)
        self.error = error
        self.reason = reason
        self.status = status


class StoreError(PgtokenError):
    """The successor could not be stored, and so was handed to nobody: the next refresh with the old token gets it again."""


class Lost(Exception):
    """Within the library: an answer that did not come, or none that can be told from one."""

    def __init__(self, message: str, retry_after: float = 0):
        super().__init__(message)
        self.retry_after = retry_after
