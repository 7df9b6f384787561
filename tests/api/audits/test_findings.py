"""Three rules of an audit. Each accuses one thing, and is silent wherever it could be wrong."""

from __future__ import annotations

import pytest

from api.audits.findings import AUDIT_RULES, ExitWithoutOrder, GhostTrip, InspectedUnseen
from api.audits.findings.rule import AuditRule
from api.audits.station_view import StationView
from models.domain.audits import FINDING_CODES
from tests.api.audits.scenes import COACH, DAY, OTHER, Span, at, inspection, order, seen, view

SLEEPER = "75B01235"
"""One character off."""
LOOKS_LIKE = "75801Z34"
"""The same but for look-alikes: B and 8, 2 and Z."""


def said(rule: AuditRule, scene: StationView) -> str | None:
    """`finding`, why it is undecided, or None where everything is as recorded."""
    verdicts = rule.check(scene).verdicts
    assert len(verdicts) <= 1
    return None if not verdicts else verdicts[0].why or "finding"


GHOST = {
    "signed departed, never seen": (view(orders=[order(COACH, 10)]), "finding"),
    "seen within the tolerance": (view([seen(COACH, 10.2)], orders=[order(COACH, 10)]), None),
    "seen an hour later": (view([seen(COACH, 11)], orders=[order(COACH, 10)]), "finding"),
    "planned, never signed departed": (view(orders=[order(COACH, None, planned=10)]), None),
    "the exit camera down for one minute of the window: never accuse":
        (view(orders=[order(COACH, 10)], down=[(10.1, 10.1 + 1 / 60)]), "gap"),
    "the camera down an hour earlier": (view(orders=[order(COACH, 10)], down=[(8, 9)]), "finding"),
    "no camera at the exit: never accuse": (view(orders=[order(COACH, 10)], watched=["gate_in"]), "no_camera"),
    "a coach left unread: never accuse": (view([seen(None, 10)], orders=[order(COACH, 10)]), "unread"),
    "a truck left unread: it may be the coach": (view([seen(None, 10, vehicle="truck")], orders=[order(COACH, 10)]),
                                                 "unread"),
    "a motorbike left unread": (view([seen(None, 10, vehicle="motorcycle")], orders=[order(COACH, 10)]), "finding"),
    "another plate, not surely read: never accuse":
        (view([seen(OTHER, 10, is_sure=False)], orders=[order(COACH, 10)]), "unread"),
    "one character off: never accuse": (view([seen(SLEEPER, 10)], orders=[order(COACH, 10)]), "near_plate"),
    "a character lost: never accuse": (view([seen(COACH[:-1], 10)], orders=[order(COACH, 10)]), "near_plate"),
    "look-alikes: never accuse": (view([seen(LOOKS_LIKE, 10)], orders=[order(COACH, 10)]), "near_plate"),
    "quite another plate": (view([seen(OTHER, 10)], orders=[order(COACH, 10)]), "finding"),
    "came in, and was not seen leaving: never accuse":
        (view([seen(COACH, 9, "gate_in")], orders=[order(COACH, 10)]), "in_yard"),
    "came in and left before": (view([seen(COACH, 8, "gate_in"), seen(COACH, 8.5)], orders=[order(COACH, 10)]),
                                "finding"),
    "came in after the signed time": (view([seen(COACH, 10.1, "gate_in")], orders=[order(COACH, 10)]), "in_yard"),
    "came in the day before": (view([seen(COACH, -8, "gate_in")], orders=[order(COACH, 10)]), "finding"),
    "signed on another day": (view(orders=[order(COACH, 25)]), None),
}  # fmt: skip


@pytest.mark.parametrize("scene", GHOST, ids=str)
def test_ghost_trip(scene: str) -> None:
    assert said(GhostTrip(), GHOST[scene][0]) == GHOST[scene][1]


EXIT = {
    "left without an order": (view([seen(COACH, 10)]), "finding"),
    "an order of that time": (view([seen(COACH, 10)], orders=[order(COACH, 10.1)]), None),
    "only planned for that time": (view([seen(COACH, 10)], orders=[order(COACH, None, planned=10.1)]), None),
    "signed later than it left, planned for then": (view([seen(COACH, 10)], orders=[order(COACH, 12, planned=10)]),
                                                    None),
    "an order of two hours later": (view([seen(COACH, 10)], orders=[order(COACH, 12)]), "finding"),
    "no file speaks for that day: never accuse": (view([seen(COACH, 10)], order_days=None), "records_missing"),
    "the file begins within the window: never accuse":
        (view([seen(COACH, 0.1)], order_days=Span(DAY, at(48))), "records_missing"),
    "the camera's clock was off: never accuse": (view([seen(COACH, 10)], down=[(9, 11)]), "gap"),
    "an order one character off: never accuse": (view([seen(COACH, 10)], orders=[order(SLEEPER, 10)]), "near_record"),
    "an order two characters off, its vehicle not seen: never accuse":
        (view([seen(COACH, 10)], orders=[order("75B01299", 10)]), "near_record"),
    "came in as a plate one character off: never accuse":
        (view([seen(SLEEPER, 9, "gate_in"), seen(COACH, 10)]), "near_plate"),
    "came in as itself, beside one that is one character off":
        (view([seen(SLEEPER, 9, "gate_in"), seen(COACH, 9, "gate_in"), seen(COACH, 10)]), "finding"),
    "not surely read: not even looked at": (view([seen(COACH, 10, is_sure=False)]), None),
    "unread": (view([seen(None, 10)]), None),
    "a private car": (view([seen(COACH, 10, vehicle="car")]), None),
    "came in, did not leave": (view([seen(COACH, 10, "gate_in")]), None),
}  # fmt: skip


@pytest.mark.parametrize("scene", EXIT, ids=str)
def test_exit_without_order(scene: str) -> None:
    assert said(ExitWithoutOrder(), EXIT[scene][0]) == EXIT[scene][1]


def test_an_order_whose_vehicle_was_seen_leaving_excuses_no_plate_two_characters_off() -> None:
    scene = view([seen(COACH, 10), seen("75B01299", 10.1)], orders=[order("75B01299", 10.1)])
    assert said(ExitWithoutOrder(), scene) == "finding"


LANE = "inspection_lane"
INSPECTED = {
    "in no lane that day": (view(inspections=[inspection(COACH, 10)]), "finding"),
    "in a lane": (view([seen(COACH, 10, LANE, minutes=20)], inspections=[inspection(COACH, 10)]), None),
    "in a lane at another hour of the day": (view([seen(COACH, 9.2, LANE, minutes=20)],
                                                  inspections=[inspection(COACH, 10)]), None),
    "in a lane the day before": (view([seen(COACH, -14, LANE)], inspections=[inspection(COACH, 10)]), "finding"),
    "at the gate only": (view([seen(COACH, 10, "gate_in")], inspections=[inspection(COACH, 10)]), "finding"),
    "a lane camera down for five minutes of the working day: never accuse":
        (view(inspections=[inspection(COACH, 10), inspection(COACH, 15, "K2")][:1], down=[(9.1, 9.2)]), "gap"),
    "down for a minute within the record's time: never accuse":
        (view(inspections=[inspection(COACH, 10)], down=[(10.2, 10.22)]), "gap"),
    "down at night": (view(inspections=[inspection(COACH, 10)], down=[(1, 5)]), "finding"),
    "no camera over the lanes: never accuse": (view(inspections=[inspection(COACH, 10)], watched=[]), "no_camera"),
    "a vehicle unread in a lane at that time: never accuse":
        (view([seen(None, 10, LANE, vehicle="car", minutes=20)], inspections=[inspection(COACH, 10)]), "unread"),
    "not surely read at that time: never accuse":
        (view([seen(OTHER, 10, LANE, is_sure=False)], inspections=[inspection(COACH, 10)]), "unread"),
    "one character off: never accuse": (view([seen(SLEEPER, 10, LANE)], inspections=[inspection(COACH, 10)]),
                                        "near_plate"),
    "look-alikes: never accuse": (view([seen(LOOKS_LIKE, 10, LANE)], inspections=[inspection(COACH, 10)]),
                                  "near_plate"),
}  # fmt: skip


@pytest.mark.parametrize("scene", INSPECTED, ids=str)
def test_inspected_unseen(scene: str) -> None:
    assert said(InspectedUnseen(), INSPECTED[scene][0]) == INSPECTED[scene][1]


def test_a_gap_between_two_records_of_a_day_is_in_the_working_day() -> None:
    records = [inspection(COACH, 8), inspection(OTHER, 16, "K2")]
    verdicts = InspectedUnseen().check(view(inspections=records, down=[(12, 12.2)])).verdicts
    assert [verdict.why for verdict in verdicts] == ["gap", "gap"]


def test_every_rule_is_one_of_the_known_and_says_what_it_does_not_prove() -> None:
    assert tuple(rule.code for rule in AUDIT_RULES) == FINDING_CODES
    for rule in AUDIT_RULES:
        text = type(rule).__doc__ or ""
        assert "It does not prove" in text
        assert rule.fields and rule.zones and rule.tolerance
        assert str(int(rule.tolerance.total_seconds() // 60)) in text


def test_what_is_as_recorded_is_counted() -> None:
    scene = view([seen(COACH, 10)], orders=[order(COACH, 10), order(OTHER, 12, number="L2")])
    outcome = GhostTrip().check(scene)
    assert (outcome.checked, outcome.as_recorded, len(outcome.findings)) == (2, 1, 1)
    (finding,) = outcome.findings
    assert (finding.subject, finding.record_number, finding.plate) == ("order-L2", "L2", OTHER)
