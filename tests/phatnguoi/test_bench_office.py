"""The measurement of the office: it notices a wrong page, and reads the office's own histogram rightly."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from models.tables import PersonRow
from phatnguoi.bench import office_command
from phatnguoi.bench.office_fill import AGENCIES, PlannedCase, agency_of, planned
from phatnguoi.bench.office_visits import Tally, Visitor
from phatnguoi.main import main

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OF = 200


def _visitor(page: str, status: int = 200, agency: str | None = None) -> Visitor:
    visitor = Visitor("http://office", PersonRow(username="a", roles=["reviewer"], agency=agency), OF, NOW)
    answer = httpx.MockTransport(lambda _: httpx.Response(status, text=page))
    visitor._client = httpx.Client(transport=answer, base_url="http://office")
    return visitor


def _rows(*cases: PlannedCase) -> str:
    return "".join(f'<a class="row-link" href="/cases/{case.id}">' for case in cases)


def _of_state(state: str) -> list[PlannedCase]:
    return [case for case in planned(OF, NOW) if case.state == state]


def _notices() -> list[PlannedCase]:
    return _of_state("notice_issued")


@pytest.mark.parametrize(
    ("page", "agency", "said"),
    [
        (_rows(*_notices()[:50]), None, None),
        (_rows(*reversed(_notices()[:50])), None, "out of order"),
        (_rows(_notices()[0], _notices()[0]), None, "out of order or twice"),
        (_rows(*_notices()[:51]), None, "got 51 lines"),
        ("", None, "got 0 lines"),
        (_rows(*_of_state("new")[:2]), None, "does not belong"),
        (_rows(next(each for each in _notices() if agency_of(each.camera) != AGENCIES[0])), AGENCIES[0], "not belong"),
    ],
)
def test_a_wrong_list_is_noticed(page: str, agency: str | None, said: str | None) -> None:
    wrong = _visitor(page, agency=agency)._listed("/queue", lambda case: case.state == "notice_issued")
    assert (wrong is None) == (said is None) and (said or "") in (wrong or "")


@pytest.mark.parametrize(("page", "status"), [("</html>", 200), ("", 500)])
def test_a_wrong_case_is_noticed(page: str, status: int) -> None:
    tally = Tally()
    _visitor(page, status).visit("case", tally)
    assert len(tally.wrong) == 1 and len(tally.seconds["case"]) == 1


@pytest.mark.parametrize(
    ("within_60", "total", "p95_ms", "is_held"), [(95, 100, 60.0, True), (94, 100, 70.0, False), (0, 0, None, False)]
)
def test_a_histogram_is_read(within_60: int, total: int, p95_ms: float | None, is_held: bool) -> None:
    before = {0.04: 10.0, 0.06: 10.0, 0.08: 10.0, float("inf"): 10.0}
    after = {0.04: 10.0, 0.06: 10.0 + within_60, 0.08: 10.0 + min(total, within_60 + 2), float("inf"): 10.0 + total}
    held = office_command._held("/queue", before, after)
    assert (held["n"], held["within"], held["is_held"]) == (total, within_60, is_held)
    assert held["p95_ms"] == (None if p95_ms is None else pytest.approx(p95_ms))


@pytest.mark.slow
def test_a_small_office_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_command, "VISITS_A_KIND", 3)
    out = tmp_path / "office.json"
    words = ["bench", "office", "--engine", "sqlite", "--cases", "150", "--sizes", "--sessions", "3"]
    assert main([*words, "--minutes", "0.02", "--out", str(out)]) in (0, 1)  # how fast is not for a test
    result = json.loads(out.read_text())
    load = result["sizes"]["150"]["load"]
    assert load["wrong"] == [] and sum(route["n"] for route in load["routes"].values()) > 0
    assert out.with_suffix(".png").stat().st_size > 5000
