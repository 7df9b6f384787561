"""When each camera of a station could see, as a person is shown it."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.audits.repository import zones_of
from api.audits.schemas import CameraCoverage
from models.domain.audits import Span
from models.domain.coverage import Coverage
from models.tables import CameraRow, CoverageSpanRow, ZoneVisitRow

SILENT = "silent"


def station_coverage(session: Session, station_id: str, period: Span) -> tuple[CameraCoverage, ...]:
    """One entry a camera, by its name."""
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for kind, cameras in zones_of(session, station_id).items():
        for camera in cameras:
            kinds[camera].append(kind)
    rows = session.scalars(select(CameraRow).where(CameraRow.id.in_(kinds)).order_by(CameraRow.name, CameraRow.id))
    return tuple(_of_camera(session, row, tuple(kinds[row.id]), period) for row in rows)


def _of_camera(session: Session, camera: CameraRow, kinds: tuple[str, ...], period: Span) -> CameraCoverage:
    said = session.execute(
        select(CoverageSpanRow.state, CoverageSpanRow.since, CoverageSpanRow.until).where(
            CoverageSpanRow.camera_id == camera.id,
            CoverageSpanRow.until >= period.since,
            CoverageSpanRow.since <= period.until,
        )
    ).all()
    ailing = [(state, Span(since, until)) for state, since, until in said if state != "up"]
    coverage = Coverage([Span(since, until) for state, since, until in said if state == "up"],
                        [span for _, span in ailing])  # fmt: skip
    gaps = tuple((gap, _why(gap, ailing)) for gap in coverage.gaps(period))
    visits, read = session.execute(
        select(func.count(), func.count(ZoneVisitRow.plate)).where(
            ZoneVisitRow.camera_id == camera.id,
            ZoneVisitRow.left_at >= period.since,
            ZoneVisitRow.left_at < period.until,
        )
    ).one()
    return CameraCoverage(
        camera_id=camera.id,
        name=camera.name,
        kinds=kinds,
        covered=tuple(coverage.spans),
        share=coverage.share(period),
        gaps=gaps,
        visits=visits,
        unread=visits - read,
    )


def _why(gap: Span, ailing: list[tuple[str, Span]]) -> str:
    """The ailment that was said of most of the gap."""
    shared = [(min(span.until, gap.until) - max(span.since, gap.since), state) for state, span in ailing
              if span.since < gap.until and gap.since < span.until]  # fmt: skip
    return max(shared, key=lambda each: each[0])[1] if shared else SILENT
