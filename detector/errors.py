"""The worker's errors. The class says what the caller can do; the message gives both sides.

DetectorError
├── SettingsError                    a person must act: a setting is missing or makes no sense
├── AlreadyRunningError              a person must act: another process works on the same folder
├── CameraFileRefusedError           a person must act: the office's camera file may not be used here; `reason` is coded
├── EvidenceError
│   ├── SceneLinesError              these bytes are no scene.jsonl
│   ├── ClaimMalformedError          these bytes are no claim
│   ├── PackageRefusedError          nothing can be done: `reason` says why no package can be made
│   ├── PackageNotReadyError         ask again: the packets after the act have not come yet
│   ├── PackageDamagedError          make it again: a finished package does not hold what it says
│   ├── RedactionFailedError         nothing can be done: `reason` says why nothing redacted can be made
│   └── ReplayImpossibleError        nothing can be told: something that the replay needs is not there
├── StoreError
│   ├── StoreUnreachableError        try again later, conclude nothing
│   ├── StoreRefusedError            a person must act: wrong key, no bucket, no versioning
│   ├── StoreKeyTakenError           take a new key: keys are never used again
│   └── DigestMismatchError          put again: what was stored is not what was sent
├── OutboxError
│   ├── OutboxUnusableError          a person must act: the file is no outbox
│   └── MoveNotPossibleError         a fault of the program: the claim is not in the state that this step needs
└── OfficeError
    ├── OfficeUnreachableError       try again later, conclude nothing
    ├── OfficeRefusedWorkerError     a person must act: the worker's key is unknown or revoked
    ├── SubmissionConflictError      a person must act: the office has this id with another manifest
    ├── SubmissionRejectedError      a person must act: the office does not understand the message
    ├── VisitReportRefusedError      nothing can be done: the office does not take this report; its time stays a gap
    ├── JobReportRefusedError        nothing can be done: the office gives the job again, or has given it to another
    └── SubmissionUnknownError       submit again: the office has no such submission

No message holds a credential, a plate or a person's name.
"""

from __future__ import annotations


class DetectorError(Exception):
    """Anything that stops a step of the worker."""


class SettingsError(DetectorError):
    """A setting is missing or makes no sense."""


class AlreadyRunningError(DetectorError):
    """Another living process holds the folder."""


class CameraFileRefusedError(DetectorError):
    """The office's camera file may not be used by this worker.

    Attributes:
        reason: coded.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class EvidenceError(DetectorError):
    """Something about making evidence."""


class SceneLinesError(EvidenceError):
    """The bytes are no scene lines; the message names the line."""


class ClaimMalformedError(EvidenceError):
    """The bytes are no claim."""


class PackageRefusedError(EvidenceError):
    """No package can ever be made of this claim.

    Attributes:
        reason: a coded word, for the counters.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class PackageNotReadyError(EvidenceError):
    """The packets after the act have not come yet."""


class PackageDamagedError(EvidenceError):
    """A package folder does not hold what its manifest says."""


class RedactionFailedError(EvidenceError):
    """No redacted pictures can be made of this package.

    Attributes:
        reason: a coded word, for the counters and the office.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class ReplayImpossibleError(EvidenceError):
    """The decision can be neither confirmed nor refuted: a file, or the version of the rule, is not there."""


class StoreError(DetectorError):
    """Something about the evidence store."""


class StoreUnreachableError(StoreError):
    """The store does not answer, or answers that it cannot now."""


class StoreRefusedError(StoreError):
    """The store says no for good: key, bucket, versioning."""


class StoreKeyTakenError(StoreError):
    """There is an object of this key already."""


class DigestMismatchError(StoreError):
    """What the store holds is not what was sent."""


class OutboxError(DetectorError):
    """Something about the outbox."""


class OutboxUnusableError(OutboxError):
    """The file cannot be used as an outbox."""


class MoveNotPossibleError(OutboxError):
    """The claim is not in the state that this step needs."""


class OfficeError(DetectorError):
    """Something about handing in a claim."""


class OfficeUnreachableError(OfficeError):
    """No answer, or an answer that says nothing about the claim."""


class OfficeRefusedWorkerError(OfficeError):
    """The worker key is unknown or revoked: every claim waits until a person acts."""


class SubmissionConflictError(OfficeError):
    """The office holds this id with another manifest."""


class SubmissionRejectedError(OfficeError):
    """The office cannot read the message: two versions do not match."""


class VisitReportRefusedError(OfficeError):
    """The office does not understand this report of visits, or has it with other content."""


class JobReportRefusedError(OfficeError):
    """The office does not take the report of a job."""


class SubmissionUnknownError(OfficeError):
    """The office has no such submission of this worker."""
