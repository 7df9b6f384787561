"""States of a case, roles, and the one table of moves that page, endpoint and test read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CaseState = Literal[
    "new", "in_review", "decided", "second_review", "disputed",
    "confirmed", "rejected", "contested", "notice_issued", "withdrawn", "expired",
]  # fmt: skip
"""`decided`: a decision is written and its effect waits; `second_review`: for a second person; `disputed`: the two
differ, for a supervisor. Nothing of a decision shows in these three states."""
Role = Literal[
    "reviewer", "supervisor", "auditor", "administrator", "operations", "worker", "keeper", "citizen", "office"
]
"""`office` is the office's own jobs (expiry, notice after effect); nobody can log in as it."""
MoveName = Literal[
    "take", "release", "confirm", "reject", "undo", "undo_second", "undo_supervisor",
    "ask_second", "dispute", "settle_confirmed", "settle_rejected",
    "issue_notice", "contest", "uphold", "withdraw", "expire",
]  # fmt: skip

CASE_STATES: tuple[CaseState, ...] = (
    "new", "in_review", "decided", "second_review", "disputed",
    "confirmed", "rejected", "contested", "notice_issued", "withdrawn", "expired",
)  # fmt: skip
ROLES: tuple[Role, ...] = (
    "reviewer", "supervisor", "auditor", "administrator", "operations", "worker", "keeper", "citizen", "office",
)  # fmt: skip
BLIND_STATES: tuple[CaseState, ...] = ("decided", "second_review", "disputed")


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of a case."""

    name: MoveName
    source: CaseState
    target: CaseState
    roles: frozenset[Role]
    needs_reason: bool = False


def _move(name: MoveName, source: CaseState, target: CaseState, *roles: Role, reason: bool = False) -> Move:
    return Move(name, source, target, frozenset(roles), reason)


MOVES: tuple[Move, ...] = (
    _move("take", "new", "in_review", "reviewer", "supervisor"),
    _move("release", "in_review", "new", "reviewer", "supervisor", "office"),
    _move("confirm", "in_review", "decided", "reviewer", "supervisor"),
    _move("reject", "in_review", "decided", "reviewer", "supervisor", reason=True),
    _move("confirm", "second_review", "decided", "reviewer", "supervisor"),
    _move("reject", "second_review", "decided", "reviewer", "supervisor", reason=True),
    _move("confirm", "disputed", "decided", "supervisor"),
    _move("reject", "disputed", "decided", "supervisor", reason=True),
    _move("undo", "decided", "in_review", "reviewer", "supervisor"),
    _move("undo_second", "decided", "second_review", "reviewer", "supervisor"),
    _move("undo_supervisor", "decided", "disputed", "supervisor"),
    _move("ask_second", "decided", "second_review", "office"),
    _move("dispute", "decided", "disputed", "office"),
    _move("settle_confirmed", "decided", "confirmed", "office"),
    _move("settle_rejected", "decided", "rejected", "office"),
    _move("issue_notice", "confirmed", "notice_issued", "reviewer", "supervisor", "office"),
    _move("withdraw", "confirmed", "withdrawn", "supervisor", reason=True),
    _move("contest", "notice_issued", "contested", "citizen"),
    _move("withdraw", "notice_issued", "withdrawn", "supervisor", reason=True),
    _move("uphold", "contested", "notice_issued", "reviewer", "supervisor", reason=True),
    _move("withdraw", "contested", "withdrawn", "reviewer", "supervisor", reason=True),
    _move("expire", "new", "expired", "office"),
    _move("expire", "in_review", "expired", "office"),
    _move("expire", "decided", "expired", "office"),
    _move("expire", "second_review", "expired", "office"),
    _move("expire", "disputed", "expired", "office"),
    _move("expire", "confirmed", "expired", "office"),
    _move("expire", "contested", "expired", "office"),
)


class MoveNotAllowedError(ValueError):
    """The move does not exist from this state, or not for this role (409)."""


def find_move(name: MoveName, source: CaseState, role: Role) -> Move:
    """The one move of that name from that state that the role may make.

    Raises:
        MoveNotAllowedError: there is none; the message names both sides.
    """
    for move in MOVES:
        if move.name == name and move.source == source:
            if role in move.roles:
                return move
            raise MoveNotAllowedError(f"{name} from {source}: got role {role}, expected one of {sorted(move.roles)}")
    sources = sorted(move.source for move in MOVES if move.name == name)
    raise MoveNotAllowedError(f"{name}: got state {source}, expected one of {sources}")


REJECT_REASONS: tuple[str, ...] = (
    "PLATE_UNREADABLE", "PLATE_OBSCURED", "PLATE_MISMATCH_VEHICLE", "NO_REGISTER_MATCH", "OUTSIDE_JURISDICTION",
    "PRIORITY_VEHICLE", "OFFICER_DIRECTING", "SIGNAL_NOT_VISIBLE", "SIGNAL_FAULT_OR_FLASHING", "TIMING_MARGIN",
    "STOPPED_AFTER_LINE", "PERMITTED_TURN", "AVOIDING_HAZARD_OR_YIELDING_TO_PRIORITY", "SIGN_OR_MARKING_NOT_VALID",
    "WRONG_VEHICLE_ASSOCIATED", "DUPLICATE", "IMAGE_QUALITY", "CAMERA_MOVED_OR_GEOMETRY_STALE", "CLOCK_UNSYNCED",
    "EXPIRED_LIMITATION", "NOT_AN_OFFENCE", "INSUFFICIENT_EVIDENCE",
)  # fmt: skip
