"""Errors of the streams.

StreamError
├── CameraUnreachableError    try again: nobody answers, or the connection broke
│   └── StreamFrozenError     try again: connected, but no newer picture came in time
├── CameraRefusedError        a person must act: wrong name or password, or no such stream on the camera
├── SourceNotKnownError       a person must act: the address names no kind of camera, or an unset ${VARIABLE}
├── FileUnreadableError       a person must act: the file is missing, no video, or damaged; says where
└── PacketsGoneError          nothing to be done: the packets asked for are not kept (any more)

No message ever holds a credential: every text passes `streams.credentials.redact`.
"""

from __future__ import annotations

from streams.credentials import redact


class StreamError(Exception):
    """A stream cannot be read. The message is one line without credentials."""

    def __init__(self, message: str) -> None:
        super().__init__(redact(" ".join(message.split())))


class CameraUnreachableError(StreamError):
    """Nobody answers, or the connection broke: try again later."""


class StreamFrozenError(CameraUnreachableError):
    """The camera is connected, but no newer picture came in time: reconnect."""


class CameraRefusedError(StreamError):
    """The camera says no (name, password, path): waiting will not help, a person must act."""


class SourceNotKnownError(StreamError):
    """The address names no kind of camera that we have, or holds an unset variable."""


class FileUnreadableError(StreamError):
    """The file is missing, is no video, or is damaged; the message says what and where."""


class PacketsGoneError(StreamError):
    """The packets of that time are not kept (any more), so nothing can be cut from them."""
