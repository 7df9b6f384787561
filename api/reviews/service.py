"""Decisions on cases. Every move goes by the one table; move and audit row are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.actor import Actor
from api.database import Database
from api.settings import OfficeSettings
from models.domain.cases import CaseState


class ReviewService:
    """What reviewers and supervisors may do with a case.

    Every method raises `MoveNotAllowedError` (409) when state or role forbid it, `CaseMovedError` (409) when somebody
    else was first, `CaseHeldError` (409) when another reviewer holds the case, and `CaseNotFoundError` (404).
    """

    def __init__(self, database: Database, settings: OfficeSettings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def take(self, actor: Actor, case_id: str) -> None:
        """Holds the case for this reviewer until the lease ends. `new` becomes `in_review`.

        A contested case stays `contested` and is given only to somebody who had not seen it before it was contested.
        Taking what one already holds renews the lease.
        """
        raise NotImplementedError

    def release(self, actor: Actor, case_id: str) -> None:
        """Gives the case back to the queue."""
        raise NotImplementedError

    def confirm(self, actor: Actor, case_id: str, *, plate: str, vehicle: str, plate_colour: str) -> None:
        """Says yes, with what the reviewer typed.

        Raises:
            InputError: field `plate`, `vehicle` or `plate_colour` is missing or cannot be.
            LimitationPassedError: the year is over.
        """
        raise NotImplementedError

    def reject(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """Says no, with one of `REJECT_REASONS`.

        Raises:
            InputError: field `reason`.
        """
        raise NotImplementedError

    def uphold(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """The contest does not convince: the notice stands. Only by the one who took the contested case."""
        raise NotImplementedError

    def withdraw(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """Takes the accusation back, with a reason in words; the citizen's page says so at once."""
        raise NotImplementedError

    def next_case(self, actor: Actor) -> str | None:
        """Takes the case that runs out first of those that this reviewer may take; None: the queue is empty."""
        raise NotImplementedError

    def release_lapsed(self) -> int:
        """Job: gives back the cases whose lease has ended; how many."""
        raise NotImplementedError

    def expire_due(self) -> int:
        """Job: expires the cases whose limitation has passed, each with its audit row; how many."""
        raise NotImplementedError


OPEN_STATES: tuple[CaseState, ...] = ("new", "in_review", "confirmed", "contested")
