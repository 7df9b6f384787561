"""`phatnguoi impact`: which past claims would fall or change under another camera file or another version of a rule."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

from detector.errors import ReplayImpossibleError
from detector.impact import Change, impact
from detector.replay import Recorded, read_recorded
from detector.rulebook import Rulebook, RuleUnknownError, rule_of
from models.camera_file import CameraFile, CameraFileError, load_camera_file
from phatnguoi.errors import CommandError
from phatnguoi.replay import package_folders

_VERSION = re.compile(r"^([a-z_]{3,40})@(\d+)$")
_KINDS = "a camera file, or RULE@VERSION"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE", help="a package's folder, or one of many")
    parser.add_argument("--to", required=True, metavar="NEW", help=f"what is asked about: {_KINDS}")
    parser.add_argument("--from", dest="old", metavar="OLD", help=f"only claims that were made under this: {_KINDS}")


def run(arguments: argparse.Namespace) -> int:
    """0: every claim stands; 1: some would fall or change; 2: some cannot be replayed.

    Raises:
        CommandError: OLD or NEW is neither.
    """
    new, old = _read(arguments.to), None if arguments.old is None else _read(arguments.old)
    counts: Counter[str] = Counter()
    for folder in package_folders(arguments.packages):
        try:
            recorded = read_recorded(folder)
            if not _is_under(recorded, old) or not _is_about(recorded, new):
                counts["not asked about"] += 1
                continue
            found = impact(recorded, _change(new))
        except ReplayImpossibleError as error:
            counts["cannot be replayed"] += 1
            print(f"{folder.name}: cannot be replayed: {error}")
            continue
        counts[found.outcome] += 1
        if found.outcome != "stands":
            print(f"{folder.name}: {recorded.manifest.rule} {found.outcome}: {'; '.join(found.reasons)}")
            if found.outcome == "changes":
                print("".join(f"    {line}\n" for line in found.differences), end="")
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    print("This lists past claims only. What a change would newly claim, `phatnguoi bench violations` finds.")
    return 2 if counts["cannot be replayed"] else int(counts["falls"] + counts["changes"] > 0)


Side = CameraFile | tuple[str, int]


def _read(text: str) -> Side:
    found = _VERSION.match(text)
    try:
        if found is not None:
            rule_of(found[1], int(found[2]))
            return found[1], int(found[2])
        file = load_camera_file(Path(text))
        Rulebook(file, is_recording=True)
    except (CameraFileError, RuleUnknownError) as error:
        raise CommandError(f"{error}; expected {_KINDS}") from None
    return file


def _change(new: Side) -> Change:
    return Change(camera=new) if isinstance(new, CameraFile) else Change(version=new[1])


def _is_under(recorded: Recorded, old: Side | None) -> bool:
    if old is None:
        return True
    if isinstance(old, CameraFile):
        return recorded.camera.sha256 == old.sha256
    return (recorded.manifest.rule, recorded.manifest.software.rule_version) == old


def _is_about(recorded: Recorded, new: Side) -> bool:
    """A camera file speaks of its own camera, a version of its own rule."""
    if isinstance(new, CameraFile):
        return recorded.manifest.camera.id == new.camera.id
    return recorded.manifest.rule == new[0]
