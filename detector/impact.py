"""What a change of a rule, its settings or the camera file would have done to past claims, by replay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from detector.errors import ReplayImpossibleError
from detector.replay import Recorded, Replay, replay
from models.camera_file import CameraFile
from models.domain.camera import Camera, RuleEntry

Outcome = Literal["stands", "changes", "falls"]
_ROOMS = ("signals", "lines", "zones", "lanes")


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked about.

    Attributes:
        camera: the new camera file; None: the one that was sealed.
        version: the new version of the rule; None: the one that claimed.
    """

    camera: CameraFile | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """What becomes of one past claim.

    Attributes:
        reasons: parts of the change that alone make the claim fall or change; or all of them together.
        differences: of the decision, where it changes.
    """

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def impact(recorded: Recorded, change: Change) -> Impact:
    """Replays one past claim under the change.

    A camera file may post a rule several times: the claim stands where one of its entries still makes it.

    Raises:
        ReplayImpossibleError: the claim cannot be replayed, or not under this change.
    """
    entries = _entries(recorded, change)
    if not entries:
        return Impact("falls", (f"rules: {recorded.manifest.rule} is not posted any more",))
    tried = [_under(recorded, entry, change, version=change.version) for entry in entries]
    best = min(tried, key=lambda made: (made.found is None, len(made.differences())))
    differences = tuple(line for line in best.differences() if not line.startswith(("id:", "rule_version:")))
    if best.found is not None and not differences:
        return Impact("stands")
    reasons = tuple(_reasons(recorded, entries[tried.index(best)], change))
    return Impact("falls" if best.found is None else "changes", reasons, differences)


def _entries(recorded: Recorded, change: Change) -> list[RuleEntry]:
    camera = (change.camera or recorded.camera).camera
    return [entry for entry in camera.rules if entry.rule == recorded.manifest.rule and entry.mode != "off"]


def _under(recorded: Recorded, entry: RuleEntry, change: Change, *, version: int | None) -> Replay:
    file = change.camera or recorded.camera
    camera = file.camera.model_copy(update={"rules": (entry,)})
    return replay(recorded, camera=CameraFile(file.path, file.sha256, camera, {}), version=version)


def _reasons(recorded: Recorded, entry: RuleEntry, change: Change) -> Iterator[str]:
    """Each part of the change is made alone; where none suffices alone, all are named."""
    parts = list(_parts(recorded, entry, change))
    found = [name for name, camera, version in parts if not _stands(recorded, camera, version)]
    if found or not parts:
        yield from found
    else:
        yield "only together: " + ", ".join(name for name, _, _ in parts)


def _stands(recorded: Recorded, camera: Camera, version: int | None) -> bool:
    file = CameraFile(recorded.camera.path, recorded.camera.sha256, camera, {})
    try:
        made = replay(recorded, camera=file, version=version)
    except ReplayImpossibleError:
        return False
    return made.found is not None and all(line.startswith("rule_version:") for line in made.differences())


def _parts(recorded: Recorded, entry: RuleEntry, change: Change) -> Iterator[tuple[str, Camera, int | None]]:
    old = recorded.camera.camera
    new = change.camera.camera if change.camera else old
    was = recorded.manifest.software.rule_version
    if change.version is not None and change.version != was:
        yield f"rule version {was} → {change.version}", old, change.version
    own = old.rules[0]
    for key in sorted(own.settings.keys() | entry.settings.keys()):
        if own.settings.get(key) != entry.settings.get(key):
            settings = {**own.settings, key: entry.settings.get(key)}
            changed = _entry(own, {name: value for name, value in settings.items() if value is not None})
            said = f"{key}: {own.settings.get(key, 'unset')} → {entry.settings.get(key, 'unset')}"
            yield said, old.model_copy(update={"rules": (changed,)}), None
    if old.ground != new.ground:
        yield "ground", old.model_copy(update={"ground": new.ground}), None
    for room in _ROOMS:
        yield from _room_parts(room, old, new)


def _room_parts(room: str, old: Camera, new: Camera) -> Iterator[tuple[str, Camera, int | None]]:
    before = {part.id: part for part in getattr(old, room)}
    after = {part.id: part for part in getattr(new, room)}
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            mixed = {key: part for key, part in before.items() if key != name}
            mixed |= {name: after[name]} if name in after else {}
            yield f"{room} {name}", old.model_copy(update={room: tuple(mixed.values())}), None


def _entry(own: RuleEntry, settings: dict[str, Any]) -> RuleEntry:
    return RuleEntry.model_validate({"rule": own.rule, "mode": own.mode, **settings})
