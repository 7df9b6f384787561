"""`phatnguoi demo`: the simulated crossing, from its camera to a notice, on this machine and loopback only."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phatnguoi.demo.clip import draw_clip
from phatnguoi.demo.once import walk_one_case
from phatnguoi.demo.stack import Stack
from phatnguoi.errors import CheckFailedError, CommandError
from phatnguoi.servers import ServerNotStartedError
from phatnguoi.weights import SHIPPED

ROOT = Path(__file__).resolve().parents[2]
FIRST_CASE_WITHIN_S = 60.0
TORCH_WITHIN_S = 120.0
LOOK_EVERY_S = 0.5
EXPORTED, CHECKPOINT = SHIPPED / "phatnguoi-sim_openvino_model", SHIPPED / "phatnguoi-sim.pt"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="drive one case to the notice through the pages, and end")
    parser.add_argument("--full", action="store_true", help="PostgreSQL and S3 in place of SQLite and a folder")
    parser.add_argument("--yolo", action="store_true", help="the .pt by ultralytics in place of the exported network")
    parser.add_argument("--weights", type=Path, help="other weights than those of the simulated crossing")
    parser.add_argument("--within-s", type=float, help="for --once: limit to the first case")
    parser.add_argument("--directory", type=Path, default=ROOT / "var" / "demo", help="keeps everything of the demo")


def run(arguments: argparse.Namespace) -> int:
    started_s = time.monotonic()
    limit_s = arguments.within_s or (TORCH_WITHIN_S if arguments.yolo else FIRST_CASE_WITHIN_S)
    weights = _weights(arguments)
    clip = draw_clip(arguments.directory / "clips")
    kind = ("full" if arguments.full else "small") + ("-once" if arguments.once else "")
    directory = arguments.directory / kind
    if arguments.once:
        shutil.rmtree(directory, ignore_errors=True)
    try:
        with _terminated_as_interrupted(), Stack(directory, clip, weights, arguments.full) as stack:
            print(f"up after {time.monotonic() - started_s:.1f} s", flush=True)
            if arguments.once:
                case_id = walk_one_case(stack.url, stack.people, clip, stack.check, limit_s)
                print(f"case {case_id}: from the camera to the notice and back, all through the pages", flush=True)
                return 0
            _welcome(stack)
            while True:
                stack.check()
                time.sleep(LOOK_EVERY_S)
    except ServerNotStartedError as error:
        raise CheckFailedError(str(error)) from None
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        return 0


def _weights(arguments: argparse.Namespace) -> Path:
    if arguments.yolo and importlib.util.find_spec("ultralytics") is None:
        raise CommandError("--yolo: ultralytics is not in this environment: run `make demo ARGS=--yolo`")
    weights: Path = arguments.weights or (CHECKPOINT if arguments.yolo else EXPORTED)
    if not weights.exists():
        raise CommandError(f"weights {weights}: no such file or folder")
    return weights.resolve()


def _welcome(stack: Stack) -> None:
    print(f"\n  {stack.url}/queue\n")
    for person in stack.people:
        print(f"  {person.username:<6} {person.password}")
    print("\nThe demo asks nobody for a second step at sign-in; an office does (docs/office.md).")
    print("The first case stands in the queue within a minute. The detector knows this simulated world only.")
    print(f"Everything is kept in {stack.directory}. Ctrl-C stops it all.", flush=True)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: with everything stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
