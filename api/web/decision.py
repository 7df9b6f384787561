"""What the decision form says back, and the reasons to reject with their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from api.web.text import Text
from models.domain.cases import REJECT_REASONS
from models.domain.plates import PLATE_COLOURS, PlateColour, PlateError, check_plate_fits, parse_plate
from models.domain.scene import VEHICLE_CLASSES, VehicleClass

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plate", (
        "PLATE_UNREADABLE", "PLATE_OBSCURED", "PLATE_MISMATCH_VEHICLE", "NO_REGISTER_MATCH", "OUTSIDE_JURISDICTION",
        "WRONG_VEHICLE_ASSOCIATED",
    )),
    ("signal", (
        "SIGNAL_NOT_VISIBLE", "SIGNAL_FAULT_OR_FLASHING", "TIMING_MARGIN", "OFFICER_DIRECTING",
        "SIGN_OR_MARKING_NOT_VALID",
    )),
    ("conduct", (
        "STOPPED_AFTER_LINE", "PERMITTED_TURN", "AVOIDING_HAZARD_OR_YIELDING_TO_PRIORITY", "PRIORITY_VEHICLE",
        "NOT_AN_OFFENCE",
    )),
    ("record", (
        "IMAGE_QUALITY", "INSUFFICIENT_EVIDENCE", "CAMERA_MOVED_OR_GEOMETRY_STALE", "CLOCK_UNSYNCED", "DUPLICATE",
        "EXPIRED_LIMITATION",
    )),
)  # fmt: skip
_ORDER = [reason for _, reasons in _GROUPS for reason in reasons]
assert sorted(_ORDER) == sorted(REJECT_REASONS)
REJECT_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = tuple(
    (group, tuple((chr(ord("a") + _ORDER.index(reason)), reason) for reason in reasons)) for group, reasons in _GROUPS
)
"""Group → (key, reason): one letter for each reason, in the order in which the page shows them."""


def check_confirmation(typed: Mapping[str, str], t: Text) -> dict[str, str]:
    """Everything that is wrong with what was typed, at once: field → what to do."""
    wrong = {}
    if typed["vehicle"] not in VEHICLE_CLASSES:
        wrong["vehicle"] = t("decision.error_vehicle")
    if typed["plate_colour"] not in PLATE_COLOURS:
        wrong["plate_colour"] = t("decision.error_colour")
    plate_problem = _plate_problem(typed, t, fits_are_checked=not wrong)
    return {"plate": plate_problem, **wrong} if plate_problem else wrong


def _plate_problem(typed: Mapping[str, str], t: Text, *, fits_are_checked: bool) -> str | None:
    if not typed["plate"]:
        return t("decision.error_plate_missing")
    try:
        plate = parse_plate(typed["plate"])
    except PlateError:
        return t("decision.error_plate_form")
    if fits_are_checked:
        try:
            check_plate_fits(plate, cast("VehicleClass", typed["vehicle"]), cast("PlateColour", typed["plate_colour"]))
        except PlateError:
            return t("decision.error_plate_fit")
    return None


def problem_text(form: str, field: str, t: Text) -> str:
    """What a refused field means, in the page's words: the office's own message is for programs."""
    keys = {
        ("confirm", "plate"): "decision.error_plate_fit",
        ("confirm", "vehicle"): "decision.error_vehicle_row",
        ("confirm", "plate_colour"): "decision.error_colour",
        ("reject", "reason"): "decision.error_reason",
    }
    return t(keys.get((form, field), "decision.error_text"))
