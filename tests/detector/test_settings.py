"""The worker says in one line which setting is missing, and never repeats a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.errors import AlreadyRunningError, SettingsError
from detector.folders import WorkerFolders
from detector.settings import load_settings

WHOLE = {
    "PHATNGUOI_WORKER_FOLDER": "/var/lib/phatnguoi",
    "PHATNGUOI_STORE": "folder:///evidence",
    "PHATNGUOI_OFFICE_URL": "http://127.0.0.1:8000",
    "PHATNGUOI_WORKER_KEY": "key-of-the-worker",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_reads_them_all(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.worker_folder == Path("/var/lib/phatnguoi")
    assert "key-of-the-worker" not in repr(settings)


@pytest.mark.parametrize("name", WHOLE)
def test_names_the_one_that_is_missing(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PHATNGUOI_OFFICE_URL", "key-of-mine@nowhere", "PHATNGUOI_OFFICE_URL"),
        ("PHATNGUOI_STORE", "s3://127.0.0.1:9000/evidence", "without PHATNGUOI_S3_ACCESS_KEY"),
        ("PHATNGUOI_HEARTBEAT_LIMIT_S", "0", "PHATNGUOI_HEARTBEAT_LIMIT_S"),
        ("PHATNGUOI_RING_BYTES", "12", "PHATNGUOI_RING_BYTES"),
        ("PHATNGUOI_HEALTH_PORT", "70000", "PHATNGUOI_HEALTH_PORT"),
    ],
)
def test_refuses_what_makes_no_sense(environment: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings()
    assert "key-of-mine" not in str(caught.value)


def test_a_lock_is_held_by_one_and_given_back(tmp_path: Path) -> None:
    folders = WorkerFolders(tmp_path)
    with (
        folders.held("publisher"),
        folders.held("other"),
        pytest.raises(AlreadyRunningError, match="held by another process"),
        folders.held("publisher", timeout_s=0.1),
    ):
        pass
    with folders.held("publisher"):
        pass
