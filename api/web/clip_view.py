"""The clip and its time line: where the lamp was red, and where the three pictures were taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.cases.schemas import CaseFile
from api.web import format
from api.web.text import Text
from models.domain.manifest import Manifest, SealedClip

LINE_WIDTH = 1000
"""The time line's own units, from the clip's first frame to its last."""


@dataclass(frozen=True, slots=True)
class ClipView:
    """`times_us` are the capture times of its frames; the script steps by them."""

    url: str
    times_us: tuple[int, ...]
    act_us: int
    copy_note: str | None
    short_because: str | None


@dataclass(frozen=True, slots=True)
class Span:
    state: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Mark:
    name: str
    x: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """`red_offset`: when the red began, in seconds from the act; None where that was not seen."""

    spans: tuple[Span, ...]
    marks: tuple[Mark, ...]
    red_offset: str | None


def clip_view(file: CaseFile, t: Text) -> ClipView | None:
    """The viewing copy where there is one, else the camera's own packets."""
    clip = file.manifest.clip
    there = {evidence.name: evidence for evidence in file.evidence}
    copy = there.get("clip_view.mp4")
    shown = copy or there.get("clip.mp4")
    if clip is None or shown is None:
        return None
    return ClipView(
        url=f"/cases/{file.line.id}/evidence/{shown.name}",
        times_us=clip.times_us,
        act_us=file.manifest.occurred_at_us,
        copy_note=t("case.copy_note", codec=clip.codec.upper()) if copy else None,
        short_because=clip.short_because,
    )


def timeline(manifest: Manifest, t: Text) -> Timeline | None:
    """What the manifest knows of the lamp, laid along the clip; nothing is drawn that was not seen."""
    clip = manifest.clip
    if clip is None:
        return None
    start_us, end_us = _bounds(manifest, clip)
    length_us = max(1, end_us - start_us)

    def place(moment_us: int) -> int:
        return min(max(round((moment_us - start_us) * LINE_WIDTH / length_us), 0), LINE_WIDTH)

    marks = tuple(Mark(moment.name, min(place(moment.captured_at_us), LINE_WIDTH - 4)) for moment in manifest.moments)
    spans, red_offset = [], None
    for state, from_us, to_us in _lamp(manifest):
        x = place(from_us)
        spans.append(Span(state, x, max(0, place(to_us) - x)))
        if state == "red":
            red_offset = format.seconds(from_us - manifest.occurred_at_us, t, signed=True)
    return Timeline(tuple(spans), marks, red_offset)


def _bounds(manifest: Manifest, clip: SealedClip) -> tuple[int, int]:
    if len(clip.times_us) > 1:
        return clip.times_us[0], clip.times_us[-1]
    return manifest.occurred_at_us - clip.starts_before_act_us, manifest.occurred_at_us + clip.ends_after_act_us


def _lamp(manifest: Manifest) -> Iterable[tuple[str, int, int]]:
    """State, from, to, as capture times. Red is known until the last moment that the rule needed it for."""
    signal = manifest.signal
    if signal is None or signal.state != "red":
        return
    at = manifest.moments[1]
    to_capture_us = at.captured_at_us - at.pts_us
    red_us = (signal.held_since_us if signal.onset_us is None else signal.onset_us) + to_capture_us
    if signal.amber_us and signal.onset_us is not None:
        yield "amber", red_us - signal.amber_us, red_us
    yield "red", red_us, manifest.moments[2].captured_at_us
