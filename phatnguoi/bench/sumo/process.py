"""Eclipse SUMO as a process: a network made from small text files, and its vehicles' states read line by line.

SUMO is a separate programme under EPL-2.0; nothing of it is imported here but the place where it lies.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from phatnguoi.errors import CommandError

HERE = Path(__file__).parent
BUILD_TIMEOUT_S = 60
_VEHICLE = re.compile(
    r'<vehicle id="([^"]+)" x="([^"]+)" y="([^"]+)" angle="([^"]+)" type="([^"]+)" speed="([^"]+)" lane="([^"]*)"'
)
_STEP = re.compile(r'<timestep time="([^"]+)"')


class Driven(NamedTuple):
    """One vehicle as SUMO states it: x, y of the middle of its front, metres; angle clockwise from north, degrees."""

    vehicle_id: str
    x_m: float
    y_m: float
    angle_deg: float
    type_id: str
    speed_m_s: float
    lane: str

    @property
    def kind(self) -> str:
        return self.type_id.partition(".")[0]

    @property
    def habit(self) -> str:
        return self.type_id.partition(".")[2].partition("@")[0]


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of the network, from its first to its last point, metres."""

    lane_id: str
    shape_m: tuple[tuple[float, float], ...]
    width_m: float


@dataclass(frozen=True, slots=True)
class Program:
    """The lamp of one approach: states and their lengths, from t = 0 on; `r`, `y`, `g` or `G`."""

    phases: tuple[tuple[str, float], ...]

    @property
    def cycle_s(self) -> float:
        return sum(length_s for _, length_s in self.phases)

    def at(self, t_s: float) -> tuple[str, float]:
        """State, and seconds since it began. The cycle begins with green and ends with red, so no state wraps."""
        rest_s, place_s, begun_s, state_before = t_s % self.cycle_s, 0.0, 0.0, ""
        for state, length_s in self.phases:
            if state != state_before:
                begun_s, state_before = place_s, state
            place_s += length_s
            if rest_s < place_s:
                break
        return state_before, rest_s - begun_s


def sumo_home() -> Path:
    """Where the package `eclipse-sumo` put SUMO.

    Raises:
        CommandError: it is not installed.
    """
    found = importlib.util.find_spec("sumo")
    if found is None or found.origin is None:
        raise CommandError("the tier `sumo` needs the package eclipse-sumo (extra `dev`): it is not installed")
    return Path(found.origin).parent


class Network:
    """A network that netconvert made in a folder of its own."""

    def __init__(self, name: str, folder: Path, *options: str) -> None:
        self.path = folder / f"{name}.net.xml"
        files = ("-n", str(HERE / f"{name}.nod.xml"), "-e", str(HERE / f"{name}.edg.xml"), "-o", str(self.path))
        made = subprocess.run(
            [sumo_home() / "bin" / "netconvert", *files, *options],
            capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, env=_environment(), check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise CommandError(f"netconvert: {made.stderr.strip()[:300]}")
        self._tree = ET.parse(self.path)  # noqa: S314 - our own netconvert wrote it
        self._root = self._tree.getroot()

    def set_phases(self, lengths_s: tuple[float, ...]) -> None:
        """Gives the lamp's phases other lengths than netconvert did."""
        for phase, length_s in zip(self._root.findall("tlLogic/phase"), lengths_s, strict=True):
            phase.set("duration", f"{length_s:g}")
        self._tree.write(self.path)

    def lanes(self, edge: str) -> list[Lane]:
        """The lanes of an edge, from the right to the left."""
        found = self._root.findall(f"edge[@id='{edge}']/lane")
        return [
            Lane(lane.attrib["id"], _shape(lane.attrib["shape"]), float(lane.get("width", "3.2"))) for lane in found
        ]

    def program(self, edge: str, direction: str = "s") -> Program:
        """The lamp of an approach, for the vehicles that go straight on (`s`), left (`l`) or right (`r`)."""
        link = self._root.find(f"connection[@from='{edge}'][@dir='{direction}'][@tl]")
        assert link is not None
        index = int(link.attrib["linkIndex"])
        phases = self._root.findall("tlLogic/phase")
        return Program(tuple((phase.attrib["state"][index], float(phase.attrib["duration"])) for phase in phases))


def _shape(text: str) -> tuple[tuple[float, float], ...]:
    points = [tuple(map(float, pair.split(","))) for pair in text.split()]
    return tuple((x, y) for x, y, *_ in points)


def _environment() -> dict[str, str]:
    return {**os.environ, "SUMO_HOME": str(sumo_home())}


def drive(
    network: Network, name: str, view_m: tuple[float, float, float, float], *, seed: int, step_s: float, until_s: float,
    options: tuple[str, ...] = (),
) -> Iterator[tuple[float, list[Driven]]]:  # fmt: skip
    """SUMO's vehicles inside a rectangle (x from, y from, x to, y to), step by step."""
    x0, y0, x1, y1 = view_m
    view = network.path.with_suffix(".view.xml")
    shape = f"{x0},{y0} {x1},{y0} {x1},{y1} {x0},{y1}"
    view.write_text(f'<additional><poly id="view" color="red" shape="{shape}"/></additional>')
    command = [
        str(sumo_home() / "bin" / "sumo"), "-n", str(network.path), "-r", str(HERE / f"{name}.rou.xml"),
        "-a", str(view), "--fcd-output", "stdout", "--fcd-output.filter-shapes", "view",
        "--fcd-output.attributes", "x,y,angle,type,speed,lane", "--seed", str(seed), "--step-length", f"{step_s:g}",
        "--end", f"{until_s:g}", "--no-step-log", "--no-warnings", "--collision.action", "none",
        "--time-to-teleport", "-1", *options,
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_environment()
    ) as process:
        assert process.stdout is not None
        try:
            yield from _steps(process.stdout)
        finally:
            process.terminate()
    if process.returncode not in (0, -15):
        raise CommandError(f"sumo ended with {process.returncode}, expected 0")


def _steps(lines: IO[str]) -> Iterator[tuple[float, list[Driven]]]:
    t_s: float | None = None
    driven: list[Driven] = []
    for line in lines:
        found = _VEHICLE.search(line)
        if found is not None:
            name, x, y, angle, type_id, speed, lane = found.groups()
            driven.append(Driven(name, float(x), float(y), float(angle), type_id, float(speed), lane))
            continue
        step = _STEP.search(line)
        if step is not None:
            if t_s is not None:
                yield t_s, driven
            t_s, driven = float(step[1]), []
    if t_s is not None:
        yield t_s, driven
