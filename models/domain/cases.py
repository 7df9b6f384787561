"""States of a case, roles, and the one table of moves that page, endpoint and test read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CaseState = Literal["new", "in_review", "confirmed", "rejected", "contested", "notice_issued", "withdrawn", "expired"]
Role = Literal[
    "reviewer", "supervisor", "auditor", "administrator", "operations", "worker", "keeper", "citizen", "office"
]
"""`office` is the office's own jobs (expiry, notice after effect); nobody can log in as it."""
MoveName = Literal["take", "release", "confirm", "reject", "issue_notice", "contest", "uphold", "withdraw", "expire"]

CASE_STATES: tuple[CaseState, ...] = (
    "new", "in_review", "confirmed", "rejected", "contested", "notice_issued", "withdrawn", "expired",
)  # fmt: skip
ROLES: tuple[Role, ...] = (
    "reviewer", "supervisor", "auditor", "administrator", "operations", "worker", "keeper", "citizen", "office",
)  # fmt: skip


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
    _move("confirm", "in_review", "confirmed", "reviewer", "supervisor"),
    _move("reject", "in_review", "rejected", "reviewer", "supervisor", reason=True),
    _move("issue_notice", "confirmed", "notice_issued", "reviewer", "supervisor", "office"),
    _move("withdraw", "confirmed", "withdrawn", "supervisor", reason=True),
    _move("contest", "notice_issued", "contested", "citizen"),
    _move("withdraw", "notice_issued", "withdrawn", "supervisor", reason=True),
    _move("uphold", "contested", "notice_issued", "reviewer", "supervisor", reason=True),
    _move("withdraw", "contested", "withdrawn", "reviewer", "supervisor", reason=True),
    _move("expire", "new", "expired", "office"),
    _move("expire", "in_review", "expired", "office"),
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
