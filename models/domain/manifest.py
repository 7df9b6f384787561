"""The evidence manifest: what was sealed. Integers and strings only, so that its canonical bytes are the same anywhere.

Times are µs since 1970 UTC, coordinates 1/16 px of the camera file's frame, confidences per mille.
"""

from __future__ import annotations

from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from models.domain.frame import ClockSource
from models.domain.scene import SignalState, VehicleClass
from models.domain.store import Sha256
from models.domain.violation import MomentName

MANIFEST_NAME = "manifest.json"
ENVELOPE_NAME = "manifest_dsse.json"
"""The worker's signature over the manifest. The manifest cannot name it: its digest is not known before."""
MANIFEST_LIMIT_BYTES = 65_536
Count = Annotated[int, Field(ge=0, lt=2**53)]
SiteKind = Literal["police_device", "infrastructure_operator", "station", "citizen"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SealedFile(_Value):
    """One file of the package."""

    name: str
    media_type: str
    sha256: Sha256
    length_bytes: Count
    frame_index: Count | None = None
    captured_at_us: Count | None = None
    is_copy_of: str | None = None
    """Name of the file that this one is only a viewing copy of."""


class SealedMoment(_Value):
    """An instant that a picture shows; box is xyxy in 1/16 px."""

    name: MomentName
    frame_index: Count
    pts_us: int
    captured_at_us: Count
    box_px16: tuple[int, int, int, int]


class SealedCamera(_Value):
    """The camera as its file in force says. Never the stream's address."""

    id: str
    name: str
    file_sha256: Sha256
    site_kind: SiteKind
    address: str
    agency: str
    timezone: str
    frame_width_px: Count
    frame_height_px: Count


class SealedClock(_Value):
    source: ClockSource
    uncertainty_us: Count
    camera_offset_us: int | None
    camera_offset_age_us: Count | None
    ntp_offset_us: int | None
    ntp_offset_age_us: Count | None


class SealedSignal(_Value):
    """The lamp at the act, in stream time. `onset_us` is None where the onset was not seen."""

    signal_id: str
    state: SignalState
    held_since_us: int
    onset_us: int | None
    uncertainty_us: Count
    amber_us: Count | None = None
    """Length of the amber before this red; None: length unknown (its start lies before the recording)."""


class SealedSoftware(_Value):
    version: str
    revision: str
    rule_version: int
    rule_settings: dict[str, str]
    weights_name: str
    weights_sha256: Sha256
    packages: dict[str, str]
    rule_basis_sha256: str = ""
    """Of the geometry and settings that the claim rests on: `models.domain.acceptance.rule_basis_sha256`."""


class SealedClip(_Value):
    """The clip: a remux of the camera's own packets. `times_us` are capture times of its frames, in order."""

    codec: str
    first_frame_index: int
    frame_count: Count
    starts_before_act_us: int
    ends_after_act_us: int
    short_because: str | None = None
    times_us: tuple[int, ...] = ()


class SealedPlate(_Value):
    """What the reader made of the vehicle's plate. It accuses nobody: a person types the plate before this is shown.

    Attributes:
        text: letters and digits, line by line, parted by `|`; None: `unread_because` says why.
        characters_permille: how sure each letter and digit is.
        agreeing_frames: pictures whose own reading is this text.
        is_repaired: the grammar changed a character that the network preferred.
        aside: recognised as another authority's.
        is_obscured: a legible plate would have been seen here, and something covers it: a suspicion, no claim.
        frame_index: of the picture that shows it best; `corners_px16` are in it.
    """

    text: str | None
    unread_because: str | None
    characters_permille: tuple[Count, ...] = ()
    agreeing_frames: Count = 0
    seen_frames: Count = 0
    is_repaired: bool = False
    is_obscured: bool = False
    colour: str = "white"
    aside: str | None = None
    frame_index: Count | None = None
    corners_px16: tuple[int, ...] = ()
    reader: str = ""


class Manifest(_Value):
    """What the worker seals about one claim."""

    schema_version: Literal[1] = 1
    id: str
    rule: str
    act_code: str | None
    is_simulated: bool
    """The camera looked at the simulated world: such a case never becomes a real notice."""
    vehicle: VehicleClass
    track_id: Count
    frame_index: Count
    occurred_at_us: Count
    occurred_at_local: str
    point_px16: tuple[int, int]
    measurements: dict[str, int]
    camera: SealedCamera
    clock: SealedClock
    signal: SealedSignal | None
    moments: tuple[SealedMoment, SealedMoment, SealedMoment]
    clip: SealedClip | None
    software: SealedSoftware
    files: tuple[SealedFile, ...]
    plate: SealedPlate | None = None
    """None: no reader ran."""

    def canonical(self) -> bytes:
        """RFC 8785 bytes; these are what is hashed, signed and stored."""
        content = self.model_dump(mode="json")
        if self.plate is None:  # so that what was sealed before plates were read keeps its bytes
            del content["plate"]
        return rfc8785.dumps(content)
