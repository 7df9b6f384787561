"""The command line: one line that says what and where, and the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.actor import PEOPLES_ROLES
from models.domain.cases import ROLES
from phatnguoi.main import COMMANDS, main
from tests.conftest import ROOT

PASSWORD = "a-long-enough-password"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of an office with a migrated database; returns the database file."""
    monkeypatch.setenv("PHATNGUOI_DATABASE_URL", f"sqlite:///{tmp_path / 'office.db'}")
    monkeypatch.setenv("PHATNGUOI_STORE", f"folder://{tmp_path / 'store'}")
    monkeypatch.setenv("PHATNGUOI_EVIDENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PHATNGUOI_NEW_PASSWORD", PASSWORD)
    assert main(["office", "migrate"]) == 0
    return tmp_path / "office.db"


def _refused(capsys: pytest.CaptureFixture[str], words: list[str], *, code: int = 2) -> str:
    capsys.readouterr()
    assert main(words) == code
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    return complaint


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"phatnguoi {command}" in capsys.readouterr().out


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fine-everybody"])
    assert ended.value.code == 2
    assert "invalid choice: 'fine-everybody'" in capsys.readouterr().err


def test_the_office_command_imports_neither_pictures_nor_networks() -> None:
    """The office's image holds none of these: importing one of them would end it at once."""
    script = (
        "import sys\n"
        "for name in ('cv2', 'av', 'openvino', 'trackers', 'torch'): sys.modules[name] = None\n"
        "from phatnguoi.main import make_parser; import phatnguoi.office; make_parser('office')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in os.environ if name.startswith("PHATNGUOI_")]:
        monkeypatch.delenv(name)
    assert "setting PHATNGUOI_DATABASE_URL: Field required" in _refused(capsys, ["office"])


def test_an_office_whose_tables_are_old_does_not_start(
    tmp_path: Path, office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHATNGUOI_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert "run `phatnguoi office migrate`" in _refused(capsys, ["office"])


def test_a_database_that_is_not_there_is_one_line_without_its_password(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHATNGUOI_DATABASE_URL", "postgresql+psycopg://postgres:hunter2@127.0.0.1:9/none")
    complaint = _refused(capsys, ["office", "migrate"])
    assert "the database does not answer" in complaint
    assert "hunter2" not in complaint


def test_people_are_added_once(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["office", "add-person", "lan", "--role", "reviewer"]
    assert main(words) == 0
    assert "person 'lan': the name is taken" in _refused(capsys, words)


def test_a_short_password_is_refused(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHATNGUOI_NEW_PASSWORD", "short")
    complaint = _refused(capsys, ["office", "add-person", "lan", "--role", "reviewer"])
    assert "got a password of 5 characters" in complaint


def test_roles_that_nobody_logs_in_with_are_not_offered() -> None:
    assert set(PEOPLES_ROLES) == set(ROLES) - {"worker", "keeper", "citizen", "office"}


def test_a_worker_key_is_printed_and_stored_hashed(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["office", "add-worker", "camera-1"]) == 0
    key = capsys.readouterr().out.strip()
    assert len(key) >= 43
    stored = b"".join(path.read_bytes() for path in office.parent.glob("office.db*"))
    assert b"camera-1" in stored
    assert key.encode() not in stored


def test_a_camera_that_is_not_there_is_refused(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complaint = _refused(capsys, ["office", "add-camera", "absent.yaml", "--telephone", "0234 3 123 456"])
    assert "absent.yaml" in complaint
