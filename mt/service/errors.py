"""How the service says no."""

from __future__ import annotations

from mt.errors import MTError


class RefusedError(MTError):
    """A request that is answered with an error.

    status: of HTTP. retry_after: seconds after which it may be tried again, None where that would not help.
    """

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class DroppedError(MTError):
    """Work that nobody waits for any more: the client is gone, the time is up, the job was cancelled, the service stops."""
