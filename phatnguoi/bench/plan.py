"""What the benchmark runs: a plan in TOML, so that a world, a rule or a condition comes in without a line of code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phatnguoi.errors import CommandError

PLAN_FILE = Path(__file__).with_name("plan.toml")
Section = Literal["sumo", "trajectories", "video", "real"]
SECTIONS: tuple[Section, ...] = get_args(Section)
Subset = Literal["ci", "full"]
SUBSETS: tuple[Subset, ...] = get_args(Subset)


class Amount(BaseModel):
    """How many clips of a world, and when fewer do.

    Attributes:
        clips: at most so many, of consecutive seeds.
        duration_s: of each.
        violations: enough of them for each of `rules`.
        near_misses: enough of them for each of `rules` that has any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: int = Field(ge=0, le=2000)
    duration_s: float = Field(gt=0, le=24 * 3600)
    violations: int | None = None
    near_misses: int | None = None
    lawful: int | None = None


class Stretch(BaseModel):
    """One world under one condition. `{seed}` and `{duration_s}` stand in its address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    condition: str
    world: str
    first_seed: int
    rules: tuple[str, ...] = ()
    ci: Amount | None = None
    full: Amount | None = None

    def amount(self, subset: Subset) -> Amount | None:
        return self.ci if subset == "ci" else self.full

    def addresses(self, subset: Subset) -> Iterator[str]:
        amount = self.amount(subset)
        for number in range(amount.clips if amount else 0):
            assert amount is not None
            yield self.world.format(seed=self.first_seed + number, duration_s=f"{amount.duration_s:g}")


class Expected(BaseModel):
    """A claim that is due on real footage, or that may be made (`may`): its rule, its frames, where, by what class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    rule: str
    frames: tuple[int, int]
    box_px: tuple[float, float, float, float] = (0.0, 0.0, 1e6, 1e6)
    vehicle: tuple[str, ...] = ()
    may: bool = False


class Footage(BaseModel):
    """One real clip: its camera file (with `settings` changed by rule), its truth, and what is due on it.

    Red-light crossings are scored by the shared scorer and the truth's own file. Every other claim that is not expected
    is false.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip: str
    camera: str
    truth: str
    settings: dict[str, dict[str, Any]] = {}
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    sumo: tuple[Stretch, ...]
    trajectories: tuple[Stretch, ...]
    video: tuple[Stretch, ...]
    real: tuple[Footage, ...]

    def stretches(self, section: Section) -> tuple[Stretch, ...]:
        return {"sumo": self.sumo, "trajectories": self.trajectories, "video": self.video, "real": ()}[section]


def read_plan(path: Path) -> Plan:
    """Reads a plan.

    Raises:
        CommandError: it is missing, is no TOML, or says something that a plan cannot say.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        sumo, trajectories, video = (
            tuple(Stretch.model_validate(one) for one in content.get(name, [])) for name in SECTIONS[:3]
        )
        return Plan(sumo, trajectories, video, tuple(Footage.model_validate(one) for one in content.get("real", [])))
    except FileNotFoundError:
        raise CommandError(f"{path}: no such file, expected a plan (TOML)") from None
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{path}: no valid TOML: {error}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        raise CommandError(f"{path}: {place}: {problem['msg']}, got {problem.get('input')!r}") from None
