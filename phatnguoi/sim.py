"""`phatnguoi sim`: the simulated crossing as a clip, its exact truth, and the camera file that goes with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from phatnguoi.errors import CommandError
from streams.simulated.camera_files import camera_file
from streams.simulated.clip import VideoForm, render_clip
from streams.simulated.errors import WorldSettingError
from streams.simulated.settings import WorldSettings, parse_url

USUAL_WORLD = WorldSettings().url


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    render = actions.add_parser("render", help="draw the world into an MP4 file, and write its truth")
    render.add_argument("--world", default=USUAL_WORLD, help=f"a sim:// URL (default: {USUAL_WORLD})")
    render.add_argument("--out", type=Path, required=True, metavar="CLIP.mp4")
    render.add_argument("--truth", type=Path, metavar="TRUTH.jsonl", help="write the truth of every frame here")
    render.add_argument("--codec", choices=["h264", "h265"], default="h264")
    render.add_argument("--key-every-s", type=float, default=2.0, help="longest time between key frames")
    render.add_argument("--b-frames", type=int, default=0)
    render.add_argument("--bitrate-kbps", type=int, metavar="N", help="encode with so few kilobits a second")
    render.add_argument(
        "--damage", type=float, default=0.0, metavar="SHARE", help="flip bytes in this share of packets"
    )
    camera = actions.add_parser("camera", help="write the camera file of a world")
    camera.add_argument("--world", default=USUAL_WORLD)
    camera.add_argument("--out", type=Path, required=True, metavar="CAMERA.yaml")
    camera.add_argument("--source", help="where the frames come from (default: the world itself)")


def run(arguments: argparse.Namespace) -> int:
    try:
        world = parse_url(arguments.world)
    except WorldSettingError as error:
        raise CommandError(f"--world {error}") from None
    if not arguments.out.resolve().parent.is_dir():
        raise CommandError(f"--out {arguments.out}: got no such folder, expected one that exists")
    if arguments.action == "camera":
        arguments.out.write_text(camera_file(world, source=arguments.source), encoding="utf-8")
        return 0
    if not 0 <= arguments.damage <= 1:
        raise CommandError(f"--damage: got {arguments.damage:g}, expected 0..1")
    if arguments.bitrate_kbps is not None and not 16 <= arguments.bitrate_kbps <= 100_000:
        raise CommandError(f"--bitrate-kbps: got {arguments.bitrate_kbps}, expected 16..100000")
    form = VideoForm(
        arguments.codec, arguments.key_every_s, arguments.b_frames,
        bitrate_kbps=arguments.bitrate_kbps, damage=arguments.damage,
    )  # fmt: skip
    frames = render_clip(world, arguments.out, arguments.truth, form)
    print(f"{arguments.out}: {frames} frames of {world.url}")
    return 0
