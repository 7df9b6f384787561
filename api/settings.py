"""The office's settings: environment variables with the prefix PHATNGUOI_."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.actor import PEOPLES_ROLES
from models.domain.cases import Role


class OfficeSettings(BaseSettings):
    """Every setting of the office's process. Secrets have no default."""

    model_config = SettingsConfigDict(env_prefix="PHATNGUOI_", frozen=True, extra="ignore")

    database_url: SecretStr
    """SQLAlchemy URL: `sqlite:////path/office.db` or `postgresql+psycopg://…`; it may hold a password."""
    store: str
    """`folder:///path`, `s3://host:port/bucket` or `s3+https://host:port/bucket`."""
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    evidence_cache: Path
    """A folder for verified copies of evidence files; it may be emptied at any time."""
    evidence_cache_limit_bytes: int = 2 * 1024**3

    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    """Where citizens reach the office; the beginning of every link."""
    secure_cookies: bool = True
    session_length: timedelta = timedelta(hours=8)
    session_idle: timedelta = timedelta(minutes=60)
    people_key: SecretStr | None = None
    """Encrypts the secrets of authenticators: a Fernet key (`phatnguoi office new-people-key`); while it is rotated
    several, parted by a blank, the newest first."""
    second_factor_roles: tuple[Role, ...] = PEOPLES_ROLES
    """Whoever has one of these roles must have a second factor. `[]`: nobody must; the pages then say so."""

    review_lease: timedelta = timedelta(minutes=30)
    """How long a reviewer holds a taken case before it goes back to the queue."""
    decision_effect_s: Annotated[float, Field(ge=0.0, le=3600.0)] = 10.0
    """How long a decision can be undone: whatever follows from it waits so long. 0: nothing waits."""
    second_review: bool = True
    """False: one person's yes is enough for a notice, also where the law takes points. For trials only."""
    sample_key: SecretStr | None = None
    """Draws the cases that a second person looks at; unset: a new one at every start."""
    agency_timezone: str = "Asia/Ho_Chi_Minh"
    """The zone whose calendar days alarms count in."""
    notice_within_days: int = 10
    """Calendar days from capture to notice (TT 73/2024 art. 24.1)."""
    link_valid: timedelta = timedelta(days=30)
    plate_tries: int = 5
    picture_visit: timedelta = timedelta(minutes=15)
    citizen_answer_after_s: float = 0.4
    """Every answer to a typed plate is held back until this long after the question, right or wrong."""
    hotline: str = "19001075"
    visits_kept: timedelta = timedelta(days=92)
    """How long visits to a station's zones and its cameras' coverage stay; findings keep what they are about."""

    log_key: SecretStr | None = None
    """The office's own Ed25519 key (PKCS #8 PEM), or `log_key_file`: it signs checkpoints of the log and bundles."""
    log_key_file: Path | None = None
    log_origin: str = "phatnguoi"
    """Name of the log, as its checkpoints begin: of the agency, never of a machine."""
    witnesses: tuple[str, ...] = ()
    """Who countersigns: each a URL, a blank and the witness's key (`phatnguoi keys show --witness`)."""
    accept_unsigned: bool = False
    """True takes packages without a signature. Nobody can check them afterwards."""

    jobs_in_process: bool = True
    """False where `phatnguoi office-jobs` runs beside the web process."""
    verification_threads: Annotated[int, Field(ge=1, le=16)] = 2
    job_pause_s: float = 1.0
    """The longest a job sleeps when nothing wakes it."""
    submission_limit_bytes: int = 131_072

    webhook_url: AnyHttpUrl | None = None
    """Where notices are announced; unset: nowhere."""
    webhook_secret: SecretStr | None = None
    """`whsec_` and base64 of at least 24 bytes; several, parted by a space, while keys are rotated."""
    webhook_source: str = "/vn/hue/csgt/tvp"
    webhook_retry_for: timedelta = timedelta(hours=24)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret is None:
            raise ValueError("webhook_url: got an address without PHATNGUOI_WEBHOOK_SECRET, expected both")
        if self.store.startswith("s3") and (self.s3_access_key is None or self.s3_secret_key is None):
            raise ValueError("store: got S3 without PHATNGUOI_S3_ACCESS_KEY and PHATNGUOI_S3_SECRET_KEY")
        return self
