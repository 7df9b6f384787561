"""The office's errors. The class says what the caller can do; the message gives both sides.

OfficeError
├── NotFoundError                 404  there is no such thing, or not for you
│   ├── CaseNotFoundError
│   ├── SubmissionNotFoundError
│   ├── EvidenceNotFoundError
│   ├── NoticeNotFoundError            (unknown, expired: the same answer)
│   ├── EntryNotFoundError             the log has no such entry, proof or checkpoint
│   ├── KeyNotFoundError               no such signing key
│   ├── JobNotFoundError               no such job of this worker, or not under this lease
│   ├── CameraNotFoundError            no such camera, file or answer, or another agency's
│   └── StationNotFoundError           no such station, file of records or finding, or not for you
├── ConflictError                 409  the state of things forbids it
│   ├── SubmissionConflictError        same id, other manifest
│   ├── CaseMovedError                 somebody else was first
│   ├── CaseHeldError                  another reviewer holds it, or has seen it
│   ├── LimitationPassedError          the year is over
│   ├── CameraOnHoldError              its camera is frozen or suspended
│   ├── UndoTooLateError               the decision has taken effect, or is another's
│   ├── NoticeNotAllowedError          warning mode, or no catalogue row
│   ├── AcceptanceRefusedError         too few reviewed claims, too many wrong ones, or not two persons
│   ├── KeyTakenError                  that signing key is or was somebody's
│   ├── BundleNotReadyError            not in a signed checkpoint yet, or never signed
│   ├── NotRedactedError               a notice waits for its redacted pictures
│   ├── ProposalClosedError            a camera file that was decided already
│   ├── ProposalStaleError             another file of that camera was approved since it was drawn
│   ├── SamePersonError                whoever proposed may not approve
│   ├── VisitReportConflictError       same id, other content
│   ├── RecordsRefusedError            a file with problems, or one that was imported already
│   ├── FindingClosedError             somebody decided it already, or it no longer holds
│   ├── ReportNotReadyError            nothing was compared yet, or no key to sign with
│   └── JobReportRefusedError          what a worker brought is not what it should be; `reason` is coded
├── WorkerRefusedError            401  no valid worker key
├── NotAllowedError               403  not this role, not this agency
├── InputError                    422  what was typed cannot stand; `field` names it
└── StoreError
    ├── StoreUnreachableError     503  try again
    ├── ObjectLockedError              the keeper may not delete it: a lock or a legal hold
    ├── ObjectMissingError             refuse: the store is there, the object is not
    └── DigestMismatchError            never show these bytes
        └── LengthMismatchError

`models.domain.cases.MoveNotAllowedError` (409) and `models.domain.plates.PlateError` (422) come from the domain.
"""

from __future__ import annotations


class OfficeError(Exception):
    """Anything that the office says no to."""

    status = 500
    code = "error"


class NotFoundError(OfficeError):
    status = 404
    code = "not_found"


class CaseNotFoundError(NotFoundError):
    """No such case, or not of this person's agency."""


class SubmissionNotFoundError(NotFoundError):
    """No such submission of this worker."""


class EvidenceNotFoundError(NotFoundError):
    """The case has no file of that name, or this role may not see it."""


class NoticeNotFoundError(NotFoundError):
    """The link is unknown or has expired."""


class EntryNotFoundError(NotFoundError):
    """The log has no such entry, proof or checkpoint."""


class KeyNotFoundError(NotFoundError):
    """No such signing key is enrolled."""


class JobNotFoundError(NotFoundError):
    """This worker has no such job, or was not given it under this lease."""


class CameraNotFoundError(NotFoundError):
    """No such camera, camera file or answer of a worker, or not of this person's agency."""


class StationNotFoundError(NotFoundError):
    """No such station, file of records or finding, or not this person's business."""


class ConflictError(OfficeError):
    status = 409
    code = "conflict"


class SubmissionConflictError(ConflictError):
    """The id is known with another manifest."""


class CaseMovedError(ConflictError):
    """The case is no longer in the state that the caller saw."""


class CaseHeldError(ConflictError):
    """Another reviewer holds the case, or this one has seen what they should not have seen."""


class CameraOnHoldError(ConflictError):
    """The camera is frozen or suspended: nothing of it is decided until a person lifts that."""


class UndoTooLateError(ConflictError):
    """The decision has taken effect, or was somebody else's."""


class LimitationPassedError(ConflictError):
    """The calendar year since the capture is over: nothing may be decided against anybody."""


class NoticeNotAllowedError(ConflictError):
    """This case never gets a notice."""


class KeyTakenError(ConflictError):
    """That signing key is or was enrolled: keys are never used again."""


class BundleNotReadyError(ConflictError):
    """There is no bundle: not in a signed checkpoint yet, or the package was never signed."""


class AcceptanceRefusedError(ConflictError):
    """A rule on a camera cannot be accepted yet, or not by these persons."""


class ProposalClosedError(ConflictError):
    """The proposed camera file was approved, refused or withdrawn already."""


class ProposalStaleError(ConflictError):
    """Another file of this camera was approved since this one was drawn: draw on the newer one."""


class SamePersonError(ConflictError):
    """Two persons are needed, and this is the first of them again."""


class NotRedactedError(ConflictError):
    """The pictures that a citizen may see are not there yet."""


class VisitReportConflictError(ConflictError):
    """The id is known with other content."""


class RecordsRefusedError(ConflictError):
    """The file has problems, was imported already, or has been forgotten: bring it again."""


class FindingClosedError(ConflictError):
    """Somebody decided the finding already, or it no longer holds."""


class ReportNotReadyError(ConflictError):
    """There is nothing to report yet, or no key to sign it with."""


class JobReportRefusedError(ConflictError):
    """What a worker brought is not what it should be.

    Attributes:
        reason: coded.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class WorkerRefusedError(OfficeError):
    status = 401
    code = "worker_refused"


class NotAllowedError(OfficeError):
    status = 403
    code = "not_allowed"


class InputError(OfficeError):
    """What was typed cannot stand.

    Attributes:
        field: name of the field, for the form.
    """

    status = 422
    code = "input"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StoreError(OfficeError):
    status = 503
    code = "store"


class StoreUnreachableError(StoreError):
    """The store does not answer: try again later, conclude nothing."""


class ObjectLockedError(StoreError):
    """A lock or a legal hold forbids it; nothing was deleted."""


class ObjectMissingError(StoreError):
    """The store answers, and has no such object at this version."""


class DigestMismatchError(StoreError):
    """The bytes are not the ones that were sealed."""


class LengthMismatchError(DigestMismatchError):
    """There are more or fewer bytes than were sealed."""
