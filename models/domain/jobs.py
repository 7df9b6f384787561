"""What the office asks of a worker, which polls for it: the office never calls a worker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.domain.store import StoredObject

JobKind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,24}$")]
JobId = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$")]
ASKED_KINDS = 16
"""A worker asks for so many kinds at most."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1


class WorkerJob(_Message):
    """One job, given to one worker until its lease ends; then it is given again.

    Attributes:
        kind: what to do; a worker asks only for kinds that it knows.
        subject: what it is about: a claim or a camera, as the kind says.
        lease: names this giving; the report must name it too.
        lease_s: how long nobody else is given it.
        details: what else the kind needs.
    """

    id: JobId
    kind: JobKind
    subject: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    lease: JobId
    lease_s: Annotated[int, Field(gt=0, le=3600)]
    details: Annotated[dict[str, str | int | bool], Field(max_length=32)] = {}


class JobReport(_Message):
    """What became of it.

    Attributes:
        reason: a coded word, where it failed.
        is_final: it would fail again: do not ask again.
        objects: what was put into the store.
        details: what else the kind tells.
    """

    lease: JobId
    state: Literal["done", "failed"]
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,40}$")] | None = None
    is_final: bool = False
    objects: Annotated[tuple[StoredObject, ...], Field(max_length=16)] = ()
    details: Annotated[dict[str, str | int | bool], Field(max_length=32)] = {}


class JobReceipt(_Message):
    """How the office has it now."""

    id: JobId
    state: Literal["waiting", "done", "failed"]
