"""RTP packets that were lost on the way, as FFmpeg's own log tells them: nothing else in its interface does.

A lost packet leaves an H.265 picture damaged that no decoder flags. So over UDP the log is listened to,
and what else it says is thrown away: its messages hold addresses with passwords.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import av.logging

_logger = logging.getLogger("libav")
_logger.propagate = False
_TELLS_OF_LOSS = ("RTP: missed", "max delay reached", "RTP: dropping old packet")


class RtpLoss(logging.Handler):
    """Counts the messages of loss that one thread's reading caused."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and str(record.msg).startswith(_TELLS_OF_LOSS):
            self._count += 1

    def take(self) -> bool:
        """Whether something was lost since the last call."""
        count, self._count = self._count, 0
        return count > 0


@contextmanager
def listening() -> Iterator[RtpLoss]:
    """Listens to the losses of this thread."""
    loss = RtpLoss()
    _logger.addHandler(loss)
    av.logging.set_level(av.logging.WARNING)
    av.logging.set_skip_repeated(False)
    try:
        yield loss
    finally:
        _logger.removeHandler(loss)
        if not _logger.handlers:
            av.logging.set_level(None)
