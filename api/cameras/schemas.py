"""What pages get to know about cameras."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from models.domain.camera import Camera

FileState = Literal["proposed", "approved", "refused", "withdrawn", "stale"]
AnswerState = Literal["waiting", "given", "done", "failed"]


@dataclass(frozen=True, slots=True)
class CameraLine:
    """One camera in the list; `is_new` until its first file was approved."""

    id: str
    name: str
    address: str
    agency: str
    mode: str
    worker: str | None
    is_simulated: bool
    is_new: bool
    open_proposals: int


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One version of a camera file, with the names of who proposed and who decided."""

    id: str
    camera_id: str
    text: str
    sha256: str
    base_sha256: str | None
    worker: str | None
    unit_telephone: str
    is_simulated: bool
    state: str
    note: str
    proposed_by: str | None
    proposer: str
    proposed_at: datetime
    decider: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to become the camera's file."""

    text: str
    base_sha256: str | None
    worker: str
    unit_telephone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker was asked, and what became of it.

    Attributes:
        state: `given`: the worker has fetched it; `waiting`: not yet, or it waits to be tried again.
        pictures: names of its pictures that this person may see.
    """

    id: str
    kind: str
    camera_id: str
    worker: str
    file_sha256: str
    state: AnswerState
    reason: str | None
    asked_at: datetime
    answered_at: datetime | None
    content: dict[str, Any]
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no camera file; `place` is the field, with dots."""

    place: str
    message: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A text as the reader of camera files takes it: a camera, or a problem."""

    text: str
    sha256: str
    camera: Camera | None
    problem: Problem | None
