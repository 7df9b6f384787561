"""The worker's settings: environment variables with the prefix PHATNGUOI_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from detector.errors import SettingsError


class WorkerSettings(BaseSettings):
    """Every setting of the worker's processes. Secrets have no default."""

    model_config = SettingsConfigDict(env_prefix="PHATNGUOI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    worker_folder: Path
    """Keeps the outbox, packages on their way and the packet rings. One worker, one folder."""
    store: str
    """`folder:///path`, `s3://host:port/bucket` or `s3+https://host:port/bucket`."""
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    office_url: AnyHttpUrl
    worker_key: SecretStr
    signing_key: SecretStr | None = None
    """Ed25519, PKCS #8 PEM, or `signing_key_file`: it signs every package. `phatnguoi keys new` makes one."""
    signing_key_file: Path | None = None

    camera_sources: tuple[str, ...] = ()
    """JSON list: what a camera file of the office may give as its source beside the worker's own, before `${…}` is
    expanded; `*` stands for letters, digits, `_` and `-`: `["rtsp://${HN_USER}:${HN_PASSWORD}@10.20.0.*/stream1"]`."""
    ring_bytes: Annotated[int, Field(ge=1 << 20)] = 256 * 1024 * 1024
    """Of packets kept for each camera."""
    ring_seconds: Annotated[float, Field(ge=30)] = 300.0
    helmet_weights: Path | None = None
    """An exported YOLO with the classes head and helmet; without it `no_helmet` and `too_many_riders` are silent."""
    heartbeat_limit_s: Annotated[float, Field(gt=0.5)] = 5.0
    """A camera process that stands still longer than this is killed and started anew."""
    start_limit_s: Annotated[float, Field(gt=0.5)] = 60.0
    """The same before its first frame: weights are loaded, the camera is connected."""
    disk_floor_bytes: Annotated[int, Field(ge=0)] = 512 * 1024 * 1024
    """With less free space only claims are committed: the rest stops, loudly."""
    job_poll_s: Annotated[float, Field(gt=0.05)] = 2.0
    """How often the office is asked for jobs."""
    kept_bytes: Annotated[int, Field(ge=0)] = 2 * 1024**3
    """Of packages that are cases and whose redaction was not asked for yet; the oldest go first."""
    kept_days: Annotated[float, Field(gt=0)] = 7.0
    plates: bool = True
    """Plates of accused vehicles are read, where packages are made. False: every case waits for its reviewer's eyes."""
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 9464
    """On loopback; 0 takes a free port."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.store.startswith("s3") and (self.s3_access_key is None or self.s3_secret_key is None):
            raise ValueError("store: got S3 without PHATNGUOI_S3_ACCESS_KEY and PHATNGUOI_S3_SECRET_KEY")
        return self


def load_settings() -> WorkerSettings:
    """The settings from the environment.

    Raises:
        SettingsError: one line that names the variable.
    """
    try:
        return WorkerSettings()  # type: ignore[call-arg]
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in problem["loc"]).upper()
        place = f"PHATNGUOI_{name}: " if name else ""
        raise SettingsError(f"{place}{problem['msg']}") from None
