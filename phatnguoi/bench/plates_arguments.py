"""The arguments of `phatnguoi bench plates`, apart from what it imports."""

from __future__ import annotations

import argparse
from pathlib import Path


def plates_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--labels", type=Path, metavar="CSV", help="columns image, text; `|` parts the lines")
    parser.add_argument("--crops", type=Path, metavar="DIR", help="default: crops/ beside the labels")
    parser.add_argument("--simulated", type=int, default=3000, metavar="N", help="plates, where no labels are given")
    parser.add_argument("--from-px", type=float, default=5, help="leave out smaller characters (default %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("var/bench"), metavar="DIR", help="where to write")
