"""What a station camera tells the office: visits to zones, counts of who only passed, and when it could see."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from models.domain.audits import ZoneKind
from models.domain.manifest import Count
from models.domain.scene import VehicleClass
from models.domain.store import StoredObject

CameraState = Literal["up", "down", "dark", "covered", "moved", "reader_busy", "clock_off"]
CAMERA_STATES: tuple[CameraState, ...] = ("up", "down", "dark", "covered", "moved", "reader_busy", "clock_off")
VISITS_A_REPORT = 100
SPANS_A_REPORT = 200
ReportId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{26}$")]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_.-]{1,60}$")]
CameraId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,40}$")]
PlateText = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{4,12}$")]
Coded = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Timed(_Message):
    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        since_us, until_us = self.ends_us()
        if until_us < since_us:
            raise ValueError(f"got an end {since_us - until_us} us before its beginning, expected it after")
        return self

    def ends_us(self) -> tuple[int, int]:
        raise NotImplementedError


class ZoneVisit(_Timed):
    """One vehicle in one zone, from when it came in until it left, through lost tracks and re-appearances.

    Attributes:
        id: unique to this visit, for ever.
        plate: normalised; None: unread, and `unread_because` says why.
        confidence_permille: of the weakest character of the plate; 0 where it is unread.
        objects: its still and clip in the store; only where a rule of an audit may need them.
    """

    id: ReportId
    zone: ZoneName
    kind: ZoneKind
    vehicle: VehicleClass
    plate: PlateText | None
    unread_because: Coded | None = None
    confidence_permille: Annotated[int, Field(ge=0, le=1000)]
    entered_at_us: Count
    left_at_us: Count
    objects: Annotated[tuple[StoredObject, ...], Field(max_length=4)] = ()

    def ends_us(self) -> tuple[int, int]:
        return self.entered_at_us, self.left_at_us


class PassingCount(_Message):
    """How many vehicles of a class passed a zone in one hour that no record rule asks for: never a plate."""

    zone: ZoneName
    vehicle: VehicleClass
    hour_us: Count
    """The beginning of the hour, UTC."""
    count: Annotated[int, Field(ge=1, le=100_000)]


class CoverageSpan(_Timed):
    """A camera's state from an instant to another. Ailments overlap `up` and count against it; silence is no `up`."""

    state: CameraState
    since_us: Count
    until_us: Count

    def ends_us(self) -> tuple[int, int]:
        return self.since_us, self.until_us


class VisitReport(_Message):
    """One batch of one camera. The same `id` with the same content is taken once; with other content it is refused.

    A camera is said to be `up` only for time of which every visit has been reported, in this batch or before: never
    beyond the beginning of a visit that has not ended.
    """

    schema_version: Literal[1] = 1
    id: ReportId
    camera_id: CameraId
    sequence: Count
    visits: Annotated[tuple[ZoneVisit, ...], Field(max_length=VISITS_A_REPORT)] = ()
    passing: Annotated[tuple[PassingCount, ...], Field(max_length=SPANS_A_REPORT)] = ()
    coverage: Annotated[tuple[CoverageSpan, ...], Field(max_length=SPANS_A_REPORT)] = ()


class VisitReceipt(_Message):
    """What the office answers to a report."""

    report_id: ReportId
    kept: int
    """Visits kept, with or without a plate."""
    counted: int
    """Visits of which only a count is left: no rule of an audit asks for them."""
