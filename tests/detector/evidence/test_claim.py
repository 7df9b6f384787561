"""A claim outlives its process: what is read back is what was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import ClaimMalformedError
from detector.evidence.claim import Claim, claim_facts, read_claim, time_of, time_us
from models.domain.frame import ClockState
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import VEHICLE_CLASSES, SignalReading
from models.domain.violation import Moment, Violation
from tests.detector.kit import make_claim

WHOLE = st.integers(-(2**50), 2**50)
FRACTION = st.floats(-1e6, 1e6)
MOMENT_OF_TIME = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BOXES = st.builds(BoxPx, FRACTION, FRACTION, FRACTION, FRACTION)


def _moment(name: str) -> st.SearchStrategy[Moment]:
    return st.builds(Moment, st.just(name), st.integers(0, 2**40), WHOLE, BOXES)


VIOLATIONS = st.builds(
    Violation,
    rule=st.text(max_size=20),
    rule_version=st.integers(1, 99),
    act_code=st.none() | st.text(max_size=10),
    track_id=st.integers(1, 2**40),
    vehicle=st.sampled_from(VEHICLE_CLASSES),
    frame_index=st.integers(0, 2**40),
    pts_us=WHOLE,
    point=st.builds(PointPx, FRACTION, FRACTION),
    moments=st.tuples(_moment("before"), _moment("at"), _moment("beyond")),
    measurements=st.dictionaries(st.text(max_size=10), WHOLE, max_size=4),
    signal_id=st.none() | st.text(max_size=10),
)
CLOCKS = st.builds(
    ClockState,
    st.sampled_from(["rtcp", "arrival", "file"]),
    WHOLE,
    st.booleans(),
    st.none() | WHOLE,
    st.none() | WHOLE,
    st.none() | WHOLE,
    st.none() | WHOLE,
)
SIGNALS = st.builds(
    SignalReading,
    st.text(max_size=8),
    st.just("red"),
    WHOLE,
    st.none() | WHOLE,
    WHOLE,
    st.none() | WHOLE,
    st.just("off"),
)


@st.composite
def _claims(draw: st.DrawFn) -> Claim:
    return replace(
        make_claim(),
        mode=draw(st.sampled_from(["live", "warning"])),
        is_simulated=draw(st.booleans()),
        violation=draw(VIOLATIONS),
        connection=draw(st.integers(0, 2**40)),
        captured_at=draw(MOMENT_OF_TIME),
        moments_captured_at=draw(st.tuples(MOMENT_OF_TIME, MOMENT_OF_TIME, MOMENT_OF_TIME)),
        completed_pts_us=draw(WHOLE),
        clock=draw(CLOCKS),
        signal=draw(st.none() | SIGNALS),
        scene=draw(st.binary(max_size=50)),
    )


@given(_claims())
def test_reads_back_the_very_same_claim(claim: Claim) -> None:
    assert read_claim(claim_facts(claim), claim.scene) == claim


@given(MOMENT_OF_TIME)
def test_a_time_is_kept_to_the_microsecond(moment: datetime) -> None:
    assert time_of(time_us(moment)) == moment


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ("", "Invalid JSON"),
        ("[]", "claim"),
        ("{}", "id: Field required"),
        (claim_facts(make_claim()).replace('"connection"', '"link"'), "connection: Field required"),
        (claim_facts(make_claim()).replace('"schema_version": 1', '"schema_version": 2'), "schema_version"),
        (claim_facts(make_claim()).replace('"motorcycle"', '"tank"'), "violation.vehicle"),
    ],
    ids=["nothing", "no object", "empty", "misspelt", "a later version", "no vehicle"],
)
def test_refuses_what_is_no_claim(facts: str, message: str) -> None:
    with pytest.raises(ClaimMalformedError, match=message):
        read_claim(facts, b"")
