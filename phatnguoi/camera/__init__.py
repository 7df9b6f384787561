"""`phatnguoi camera`: look whether a camera is able to do what its file asks of it; accept a rule on it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from detector.verdicts import Verdict, verdicts
from models.camera_file import CameraFileError, load_camera_file
from phatnguoi.camera import accept
from phatnguoi.camera.drawing import draw
from phatnguoi.camera.look import look_at
from phatnguoi.errors import CheckFailedError, CommandError

SIGNS = {"able": "✓", "unsure": "?", "not_able": "✗"}


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check", help="stream, clock, lamps, plates, calibration, and what each rule can and cannot do here"
    )
    check.add_argument("camera", type=Path, metavar="CAMERA.yaml")
    check.add_argument("--source", metavar="FILE_OR_URL", help="read this instead of the camera file's source")
    check.add_argument("--weights", type=Path, metavar="PATH", help="also look for vehicles with these")
    check.add_argument("--seconds", type=float, default=60.0, help="how long to look (of stream time; usual: 60)")
    check.add_argument("--picture", type=Path, metavar="OUT.jpg", help="draw the file's geometry on what is seen")
    check.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    accept.configure(actions)


def run(arguments: argparse.Namespace) -> int:
    """Looks at one camera.

    Raises:
        CommandError: a bad camera file or argument (2), a source that cannot be opened (3).
        CheckFailedError: it ran, and at least one rule of the file is not able to work here (1).
    """
    if arguments.action != "check":
        return accept.run(arguments)
    if not 1 <= arguments.seconds <= 3600:
        raise CommandError(f"--seconds: got {arguments.seconds:g}, expected 1..3600")
    if arguments.picture is not None and not arguments.picture.resolve().parent.is_dir():
        raise CommandError(f"--picture {arguments.picture}: got no such folder, expected one that exists")
    try:
        file = load_camera_file(arguments.camera)
    except CameraFileError as error:
        raise CommandError(str(error)) from None
    look = look_at(file, arguments.source, arguments.weights, arguments.seconds)
    found = verdicts(file, look)
    if arguments.picture is not None:
        draw(file.camera, look, found, arguments.picture)
    if arguments.json:
        rows = [{"what": each.what, "verdict": each.state, "because": each.because} for each in found]
        print(json.dumps({"camera": file.camera.id, "file_sha256": file.sha256, "checks": rows}, ensure_ascii=False))
    else:
        print(f"{file.camera.id}: {look.frames} frames in {look.seconds:.1f} s of stream time")
        for each in found:
            print(_line(each))
    unable = [each.what for each in found if each.state == "not_able"]
    if unable:
        raise CheckFailedError(f"{file.path}: not able: {', '.join(unable)}")
    return 0


def _line(verdict: Verdict) -> str:
    return f"  {SIGNS[verdict.state]} {verdict.what:<28} {verdict.because}"
