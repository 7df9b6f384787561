"""Notices: issued on a confirmed case, read by whoever has the link, contested there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.actor import Actor
from api.database import Database
from api.evidence import VerifiedFile, VerifiedFiles
from api.notices.schemas import ContestKind, IssuedNotice, NoticeView
from api.settings import OfficeSettings


class NoticeService:
    """What a notice needs, from both sides."""

    def __init__(
        self, database: Database, evidence: VerifiedFiles, settings: OfficeSettings, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._evidence = evidence
        self._settings = settings
        self._clock = clock

    def issue(self, actor: Actor, case_id: str) -> IssuedNotice:
        """Issues the notice of a confirmed case. The link's code is in the answer and nowhere else.

        Raises:
            MoveNotAllowedError, CaseMovedError, CaseNotFoundError
            NoticeNotAllowedError: a warning-mode case, or no catalogue row for the typed vehicle.
            LimitationPassedError: the year is over.
        """
        raise NotImplementedError

    def view(self, code: str) -> NoticeView:
        """What the link shows at once: all but the picture.

        Raises:
            NoticeNotFoundError: unknown or expired link.
        """
        raise NotImplementedError

    def open_picture(self, code: str, plate: str) -> str | None:
        """A visit token for the picture when the full plate is right; None for a wrong plate, an unknown link or no
        tries left. The same work is done in every case; the endpoint answers through `answer_at`."""
        raise NotImplementedError

    def picture(self, code: str, visit: str) -> VerifiedFile:
        """The pixelated picture of the act (`citizen.jpg`), for a visit that typed the plate.

        Raises:
            NoticeNotFoundError: no such link or visit.
            EvidenceNotFoundError: the package has no such picture.
        """
        raise NotImplementedError

    def contest(self, code: str, kind: ContestKind, text: str) -> None:
        """ "I contest" or "I was not driving": the case becomes `contested`.

        Raises:
            NoticeNotFoundError, InputError (field `text`)
            MoveNotAllowedError: it was contested already, or withdrawn.
        """
        raise NotImplementedError
