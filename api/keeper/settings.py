"""The keeper's settings: environment variables with the prefix PHATNGUOI_."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KeeperSettings(BaseSettings):
    """The keeper's credential is no other process's."""

    model_config = SettingsConfigDict(env_prefix="PHATNGUOI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr
    store: str
    keeper_access_key: SecretStr | None = None
    keeper_secret_key: SecretStr | None = None
    retention_file: Path | None = None
    """TOML: `[usual]`, `[by_site.citizen]` with `rejected`, `closed`, `refused` in days; absent: the proposals."""
    keeper_pause_s: float = 30.0
