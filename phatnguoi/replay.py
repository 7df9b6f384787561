"""`phatnguoi replay`: the stored scene through the named rule must give the stored decision, bit for bit."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from detector.errors import ReplayImpossibleError
from detector.from_video import FRAMES_TOLERANCE, OVERLAP_TOLERANCE, look_again
from detector.replay import Recorded, read_recorded, replay
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import open_weights
from phatnguoi.errors import CommandError
from phatnguoi.weights import chosen_weights

EQUAL, DIFFERENT, IMPOSSIBLE = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE", help="a package's folder, or one of many")
    parser.add_argument("--from-video", action="store_true", help="also run the network on the clip, and compare")
    parser.add_argument("--weights", type=Path, metavar="PATH", help="for --from-video: exported YOLO, or .pt")


def run(arguments: argparse.Namespace) -> int:
    """0: every decision is equal; 1: one is not; 2: one cannot be made again, or there is none."""
    worst, equal, count = EQUAL, 0, 0
    for folder in package_folders(arguments.packages):
        count += 1
        code = _replay_one(folder, arguments)
        equal += code == EQUAL
        worst = DIFFERENT if DIFFERENT in (worst, code) else max(worst, code)
    print(f"{equal} of {count} equal")
    return worst


def package_folders(paths: list[Path]) -> Iterator[Path]:
    """Each path that is a package, and every package below those that are not, by name.

    Raises:
        CommandError: a path holds none.
    """
    for path in paths:
        if (path / "manifest.json").is_file():
            yield path
            continue
        found = sorted(manifest.parent for manifest in path.rglob("manifest.json"))
        if not found:
            raise CommandError(f"{path}: got no manifest.json in it or below, expected a package")
        yield from found


def _replay_one(folder: Path, arguments: argparse.Namespace) -> int:
    try:
        recorded = read_recorded(folder)
        made = replay(recorded)
    except ReplayImpossibleError as error:
        print(f"{folder.name}: cannot be replayed: {error}")
        return IMPOSSIBLE
    manifest = recorded.manifest
    what = f"{folder.name}: {manifest.rule} version {manifest.software.rule_version}, {len(recorded.scenes)} scenes"
    for line in _shortened(recorded):
        print(f"{folder.name}: {line}")
    if made.is_equal:
        print(f"{what}: equal, decision {made.stored_sha256[:16]}…")
    else:
        print(f"{what}: NOT EQUAL")
        for line in made.differences():
            print(f"    {line}")
    if arguments.from_video:
        _look_again(folder, recorded, arguments.weights)
    return EQUAL if made.is_equal else DIFFERENT


def _shortened(recorded: Recorded) -> Iterator[str]:
    if recorded.scenes_left_out:
        yield f"the scene was shortened, {recorded.scenes_left_out} scenes before it were left out"
    clip = recorded.manifest.clip
    if clip is not None and clip.short_because:
        yield f"the clip was shortened ({clip.short_because}); the decision does not need it"


def _look_again(folder: Path, recorded: Recorded, weights_path: Path | None) -> None:
    """Only ever a report: a network's numbers are not the same on every machine."""
    try:
        weights = open_weights(chosen_weights(weights_path), region_of_interest(recorded.camera.camera).input_px)
        look = look_again(folder, recorded, weights)
    except (ReplayImpossibleError, WeightsUnusableError) as error:
        raise CommandError(f"{folder.name}: --from-video: {error}") from None
    network = "the same network" if look.is_same_network else "ANOTHER network than the sealed one"
    tolerance = f"tolerance {FRAMES_TOLERANCE} frames, overlap {OVERLAP_TOLERANCE:g}"
    if look.frames_off is None:
        print(f"    from video ({network}, {look.frames} frames): no such claim in the clip ({tolerance})")
        return
    verdict = "agrees" if look.agrees else "does not agree"
    found = f"act {look.frames_off:+d} frames, boxes overlap {look.overlap:.2f}"
    print(f"    from video ({network}, {look.frames} frames): {verdict}: {found} ({tolerance})")
