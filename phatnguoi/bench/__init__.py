"""`phatnguoi bench`: what the rules find, miss and wrongly claim, on simulated worlds and on real footage."""

from __future__ import annotations

import argparse
from pathlib import Path

from phatnguoi.bench.plan import PLAN_FILE, SECTIONS, SUBSETS
from phatnguoi.bench.plates_arguments import plates_arguments

NOISE_SEEDS = (200_000, 200_004)


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    violations = actions.add_parser("violations", help="rule × condition → found, missed, false, with intervals")
    violations.add_argument("--subset", choices=SUBSETS, default="full", help="full, or what CI has time for")
    violations.add_argument("--only", choices=SECTIONS, action="append", help="only this section; may be given again")
    violations.add_argument("--out", type=Path, default=Path("var/bench"), metavar="DIR", help="where to write")
    violations.add_argument("--check", action="store_true", help="fail where a rule drops below the kept result")
    violations.add_argument("--keep", action="store_true", help="make this the kept result of this subset")
    violations.add_argument("--plan", type=Path, default=PLAN_FILE, metavar="PLAN.toml", help="worlds and conditions")
    violations.add_argument("--processes", type=int, choices=(1, 2), default=1)
    violations.add_argument("--rule", action="append", metavar="RULE", help="only clips whose plan names this rule")
    violations.add_argument("--minutes", type=float, metavar="M", help="begin no clip of a section after so long")
    noise = actions.add_parser("noise", help="measure the noise of detector and tracker on rendered clips")
    noise.add_argument("--seeds", type=int, nargs=2, default=NOISE_SEEDS, metavar=("FIRST", "LAST"))
    noise.add_argument("--duration-s", type=float, default=60.0)
    noise.add_argument("--fps", type=float, default=10.0)
    noise.add_argument("--out", type=Path, metavar="FILE", help="default: the model that the benchmark uses")
    log = actions.add_parser("log", help="entries a second, proofs over a long log, sealing and verifying a package")
    log.add_argument("--entries", type=int, default=5000, help="appended one move at a time")
    log.add_argument("--size", type=int, default=1_000_000, help="of the log that proofs are asked of")
    log.add_argument("--package", type=Path, metavar="DIR", help="also seal and verify this package")
    log.add_argument("--database", metavar="URL", help="default: SQLite in a temporary folder; it must be empty")
    replay = actions.add_parser("replay", help="make packages of the simulated crossing without pictures; replay them")
    replay.add_argument("--packages", type=int, default=1000, metavar="N")
    replay.add_argument("--out", type=Path, default=Path("var/bench/replay"), metavar="DIR", help="where to write them")
    hidden = actions.add_parser("redaction", help="what of others stays readable in redacted pictures")
    hidden.add_argument("--seconds", type=int, default=40, metavar="S", help="of each simulated clip, a picture each")
    hidden.add_argument("--stills", type=int, default=181, metavar="N", help="real pictures at most")
    hidden.add_argument("--out", type=Path, default=Path("var/bench"), metavar="DIR", help="where to write")
    office = actions.add_parser("office", help="how fast the office answers, at many screens and with many cases")
    office.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    office.add_argument("--cases", type=int, default=100_000, help="of the office that the sessions visit")
    office.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000], help="also asked one page at a time")
    office.add_argument("--sessions", type=int, default=20)
    office.add_argument("--minutes", type=float, default=5.0)
    office.add_argument("--out", type=Path, metavar="FILE.json", help="where to keep the result, with a picture")
    review = actions.add_parser("review", help="a simulated year of the review office: in time, wrong, caught")
    review.add_argument("--days", type=int, default=365)
    review.add_argument("--claims", type=int, default=30_000, metavar="N", help="a year")
    review.add_argument("--seed", type=int, default=1)
    review.add_argument("--out", type=Path, metavar="FILE.json", help="where to keep the result")
    station = actions.add_parser("station", help="visits to a simulated station: found, wrong plate, split, merged")
    station.add_argument("--world", action="append", metavar="URL", help="sim://station?…; may be given again")
    station.add_argument("--processes", type=int, choices=(1, 2), default=1)
    station.add_argument("--out", type=Path, metavar="FILE.json", help="where to keep the result")
    audits = actions.add_parser("audits", help="how fast a station's visits and records are compared, what is found")
    audits.add_argument("--largest", type=int, default=100_000, metavar="VISITS", help="of the weeks that are timed")
    audits.add_argument("--weeks", type=int, default=5, metavar="N", help="seeds of each condition")
    audits.add_argument("--keep", action="store_true", help="make this the kept result")
    plates = actions.add_parser("plates", help="plates right, withheld and wrong, on labelled or simulated pictures")
    plates_arguments(plates)


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "noise":
        from phatnguoi.bench.noise_command import run_noise

        return run_noise(arguments)
    if arguments.action == "replay":
        from phatnguoi.bench.replay_command import run_replay

        return run_replay(arguments)
    if arguments.action == "plates":
        from phatnguoi.bench.plates import run_plates

        return run_plates(arguments)
    if arguments.action == "redaction":
        from phatnguoi.bench.redaction import run_redaction

        return run_redaction(arguments)
    if arguments.action == "office":
        from phatnguoi.bench.office_command import run_office

        return run_office(arguments)
    if arguments.action == "station":
        from phatnguoi.bench.station import run_station

        return run_station(arguments)
    if arguments.action == "audits":
        from phatnguoi.bench.audits import run_audits

        return run_audits(arguments)
    if arguments.action == "review":
        from phatnguoi.bench.review_command import run_review

        return run_review(arguments)
    if arguments.action == "log":
        from phatnguoi.bench.log_command import run_log

        return run_log(arguments)
    from phatnguoi.bench.violations_command import run_violations

    return run_violations(arguments)
