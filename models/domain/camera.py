"""The camera file as values. The YAML that people write is read by `models.camera_file`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from models.domain.audits import ZoneKind
from models.domain.geometry import PointM, PointPx
from models.domain.manifest import SiteKind
from models.domain.scene import VehicleClass

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
CameraId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,40}$")]
RuleMode = Literal["off", "warning", "live"]
Turn = Literal["left", "straight", "right", "u_turn"]
Street = Literal["one_way", "two_way"]


def _pair(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) != 2:
        raise ValueError(f"got {len(value)} numbers, expected a point [x, y]")
    return value


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"got {value!r}, expected an IANA name such as Asia/Ho_Chi_Minh") from None
    return value


PointPxIn = Annotated[PointPx, BeforeValidator(_pair)]
PointMIn = Annotated[PointM, BeforeValidator(_pair)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Site(_Part):
    """Where the camera stands, and who runs it."""

    address: str = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    agency: str = ""
    kind: SiteKind = "police_device"


class FrameSize(_Part):
    width: Annotated[int, Field(ge=64, le=16_384)]
    height: Annotated[int, Field(ge=64, le=16_384)]


class Ground(_Part):
    """At least four points of the road, in the picture and in metres (x across the road, y along it)."""

    points_px: tuple[PointPxIn, ...]
    points_m: tuple[PointMIn, ...]

    @model_validator(mode="after")
    def _pairs_match(self) -> Ground:
        if len(self.points_px) < 4 or len(self.points_px) != len(self.points_m):
            raise ValueError(
                f"got {len(self.points_px)} points_px and {len(self.points_m)} points_m, expected 4 or more of each"
            )
        return self


class SignalHead(_Part):
    """A lamp head in the picture (`head_px`, xyxy), or a feed that pushes its phases."""

    id: Name
    head_px: tuple[float, float, float, float] | None = None
    layout: Literal["vertical", "horizontal"] = "vertical"
    feed: str | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> SignalHead:
        if (self.head_px is None) == (self.feed is None):
            raise ValueError("got both or neither of head_px and feed, expected one of them")
        if self.head_px is not None and not (self.head_px[0] < self.head_px[2] and self.head_px[1] < self.head_px[3]):
            raise ValueError(f"head_px: got {list(self.head_px)}, expected [x1, y1, x2, y2] with x1 < x2 and y1 < y2")
        return self


class Line(_Part):
    """A directed line. `from_px` is any point on the side that vehicles come from."""

    id: Name
    points_px: tuple[PointPxIn, ...]
    from_px: PointPxIn | None = None
    solid: bool = False

    @model_validator(mode="after")
    def _is_a_line(self) -> Line:
        if len(set(self.points_px)) < 2:
            raise ValueError(f"points_px: got {len(set(self.points_px))} different points, expected 2 or more")
        return self


def _check_polygon(points: tuple[PointPx, ...]) -> None:
    if len(set(points)) < 3:
        raise ValueError(f"polygon_px: got {len(set(points))} different points, expected 3 or more")
    twice_area = sum(a.x * b.y - b.x * a.y for a, b in zip(points, points[1:] + points[:1], strict=True))
    if abs(twice_area) < 2:
        raise ValueError("polygon_px: got points on one line, expected an area")


class Zone(_Part):
    """A polygon to be in; with `exclude`, nothing is claimed there.

    Attributes:
        kind: of a station: visits to it are told to the office; `passing`: only counted, never a plate.
    """

    id: Name
    polygon_px: tuple[PointPxIn, ...]
    exclude: bool = False
    kind: ZoneKind | Literal["passing"] | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A zone without a kind is written as before there were any: its hash is part of acceptances."""
        written: dict[str, Any] = serialise(self)
        if self.kind is None:
            written.pop("kind", None)
        return written

    @model_validator(mode="after")
    def _is_an_area(self) -> Zone:
        _check_polygon(self.polygon_px)
        return self


class Lane(_Part):
    """A zone with a heading: drive from the first point of `heading_px` to the second."""

    id: Name
    polygon_px: tuple[PointPxIn, ...]
    heading_px: tuple[PointPxIn, PointPxIn]
    classes: tuple[VehicleClass, ...] = ("car", "motorcycle", "bicycle", "bus", "truck")
    turns: tuple[Turn, ...] = ()
    street: Street = "one_way"

    @model_validator(mode="after")
    def _is_an_area(self) -> Lane:
        _check_polygon(self.polygon_px)
        if self.heading_px[0] == self.heading_px[1]:
            raise ValueError("heading_px: got one point twice, expected two different points")
        return self


class RuleEntry(_Part):
    """One rule on this camera. What is not named here are the rule's own settings, which the rulebook checks."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    rule: Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,40}$")]
    mode: RuleMode = "warning"
    since: date | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Camera(_Part):
    """One camera, as its file says."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    id: CameraId
    name: str
    source: str
    timezone: Annotated[str, AfterValidator(_zone_name)] = "Asia/Ho_Chi_Minh"
    starts_at: AwareDatetime | None = None
    site: Site = Site()
    frame: FrameSize
    ground: Ground | None = None
    signals: tuple[SignalHead, ...] = ()
    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    lanes: tuple[Lane, ...] = ()
    rules: tuple[RuleEntry, ...] = ()

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def local(self, moment: datetime) -> datetime:
        """The same instant on the wall clocks of the camera's zone."""
        return moment.astimezone(self.zone_info)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Camera:
        for room, parts in (
            ("signals", self.signals),
            ("lines", self.lines),
            ("zones", self.zones),
            ("lanes", self.lanes),
        ):
            seen: set[str] = set()
            for part in parts:
                if part.id in seen:
                    raise ValueError(f"{room}: got the id {part.id!r} twice, expected unique ids")
                seen.add(part.id)
        return self
