"""The one message between worker and office. Frozen: it may gain a version, never a changed meaning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.domain.manifest import Count, SiteKind
from models.domain.scene import VehicleClass
from models.domain.store import Sha256, StoredObject

ClaimId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{26}$")]
SubmissionState = Literal["received", "case", "refused"]
RefusalReason = Literal[
    "object_missing",
    "length_mismatch",
    "digest_mismatch",
    "manifest_malformed",
    "manifest_mismatch",
    "no_catalogue_row",
    "camera_unknown",
    "signature_missing",
    "signature_malformed",
    "signature_invalid",
    "key_unknown",
    "key_revoked",
]


class Submission(BaseModel):
    """A claim and where its sealed evidence lies. `id` is the idempotency key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    id: ClaimId
    camera_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,40}$")]
    site_kind: SiteKind
    rule: Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,40}$")]
    act_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{3,40}$")] | None
    vehicle: VehicleClass
    is_simulated: bool
    occurred_at_us: Count
    point_px16: tuple[int, int]
    box_px16: tuple[int, int, int, int]
    """The accused vehicle at the act, xyxy: claims within one length and 1 s of each other are one incident."""
    mode: Literal["live", "warning"]
    manifest_sha256: Sha256
    objects: Annotated[tuple[StoredObject, ...], Field(min_length=1, max_length=32)]


class SubmissionAnswer(BaseModel):
    """What the office answers to POST and GET /api/submissions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    submission_id: ClaimId
    state: SubmissionState
    case_id: str | None = None
    reason: RefusalReason | None = None
    detail: str | None = None
