"""What an acceptance rests on, and when there is enough of it."""

from __future__ import annotations

from typing import Any

import pytest

from models.domain.acceptance import Tally, rule_basis_sha256
from models.domain.camera import Camera

CAMERA: dict[str, Any] = {
    "schema": 1,
    "id": "hue-01",
    "name": "Ngã tư",
    "source": "rtsp://10.0.0.1/a",
    "frame": {"width": 640, "height": 480},
    "signals": [{"id": "main", "head_px": [500, 100, 520, 160]}],
    "lines": [{"id": "stop", "points_px": [[100, 380], [530, 400]], "from_px": [330, 460]}],
    "rules": [{"rule": "red_light", "line": "stop", "signal": "main", "mode": "live"}],
}


def basis(**changes: Any) -> str:
    camera = Camera.model_validate(CAMERA | changes)
    return rule_basis_sha256(camera, camera.rules[0])


def with_rule(**changes: Any) -> list[dict[str, Any]]:
    return [CAMERA["rules"][0] | changes]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Ngã tư Hùng Vương"},
        {"source": "rtsp://10.0.0.2/b"},
        {"rules": with_rule(mode="warning")},
        {"rules": with_rule(since="2026-12-01")},
        {"rules": [*with_rule(), {"rule": "wrong_way", "lane": "l1"}]},
    ],
)
def test_an_acceptance_outlives(changes: dict[str, Any]) -> None:
    assert basis(**changes) == basis()


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [{"id": "stop", "points_px": [[100, 381], [530, 400]], "from_px": [330, 460]}]},
        {"signals": [{"id": "main", "head_px": [500, 100, 520, 161]}]},
        {"frame": {"width": 1280, "height": 960}},
        {"rules": with_rule(grace_s=0.2)},
        {"ground": {"points_px": [[0, 0], [9, 0], [9, 9], [0, 9]], "points_m": [[0, 0], [1, 0], [1, 1], [0, 1]]}},
    ],
)
def test_an_acceptance_does_not_outlive(changes: dict[str, Any]) -> None:
    assert basis(**changes) != basis()


@pytest.mark.parametrize(
    ("tally", "why_not"),
    [
        (Tally(29, 0, 0), "got 29 reviewed claims in warning mode, expected at least 30"),
        (Tally(28, 2, 0), "got 2 wrong of 30, expected at most 5%"),
        (Tally(29, 1, 0), None),
        (Tally(20, 0, 10), None),
        (Tally(95, 5, 0), None),
        (Tally(94, 6, 0), "got 6 wrong of 100, expected at most 5%"),
    ],
)
def test_there_is_enough_or_it_says_what_is_missing(tally: Tally, why_not: str | None) -> None:
    assert tally.why_not() == why_not
