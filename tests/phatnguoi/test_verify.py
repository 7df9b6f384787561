"""`keys`, `run --key` in short, `witness` and `verify`, as they are typed."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from models.verify.keys import read_key_file
from models.verify.trust import spaced
from phatnguoi.main import main
from tests.api.kit import WORKER_SIGNER, seal
from tests.attacks.kit import Agency
from tests.servers import ChildProcess, free_port


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    made = Agency(tmp_path)
    yield made
    made.close()


def _package(folder: Path) -> Path:
    sealed = seal(folder / "store")
    package = folder / "package"
    package.mkdir()
    for each in sealed.message.objects:
        (package / each.name).write_bytes(sealed.path(each.name).read_bytes())
    return package


def test_keys_are_made_once_shown_and_kept_from_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key.pem"
    assert main(["keys", "new", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = capsys.readouterr().out
    assert main(["keys", "show", str(path)]) == 0
    assert capsys.readouterr().out == made
    assert made.split("\n")[0] == read_key_file(path).public.text
    assert main(["keys", "show", str(path), "--witness", "witness.example"]) == 0
    assert capsys.readouterr().out.startswith("witness witness.example+")
    assert main(["keys", "new", str(path)]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_verify_says_what_each_step_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package, trust = _package(tmp_path), tmp_path / "trust.txt"
    trust.write_text(f"# my cameras\n\nworker {WORKER_SIGNER.public.text}\n")
    assert main(["verify", str(package), "--trust", str(trust)]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert [line[:10] for line in lines[:6]] == [f" {number}. passed" for number in range(1, 7)]
    assert lines[6].startswith("VERIFIED")
    assert main(["verify", str(package)]) == 2
    assert "CANNOT CHECK (unknown_issuer)" in capsys.readouterr().out
    (package / "clip.mp4").write_bytes(b"another film")
    assert main(["verify", str(package), "--trust", str(trust)]) == 1
    said = capsys.readouterr().out
    assert " 3. FAILED" in said and "NOT GENUINE (digest_mismatch): clip.mp4: got 12 bytes" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("worker nothing\n", "line 1: public key"),
        ("boss ed25519:x\n", "expected log, witness or worker"),
        ("\nlog a+b+c\n", "line 2: key"),
    ],
)
def test_a_trust_file_that_is_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    trust = tmp_path / "trust.txt"
    trust.write_text(text)
    assert main(["verify", str(_package(tmp_path)), "--trust", str(trust)]) == 2
    assert words in capsys.readouterr().err


def test_a_bundle_is_verified_by_the_fingerprint_on_the_notice(
    agency: Agency, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(agency.small.office.bundles.make(agency.noticed_case()))
    printed = spaced(agency.trust.fingerprint)
    assert main(["verify", str(path), "--fingerprint", printed]) == 0
    said = capsys.readouterr().out
    assert "10. passed" in said and "witness.example saw" in said
    assert main(["verify", str(path), "--fingerprint", printed[::-1]]) == 2
    assert "unknown_issuer" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "absent.zip"), "--fingerprint", printed]) == 2
    assert "not_readable" in capsys.readouterr().out


def test_an_address_that_does_not_answer_cannot_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", f"http://127.0.0.1:{free_port()}/b.zip", "--fingerprint", "00"]) == 2
    assert "CANNOT CHECK (not_readable)" in capsys.readouterr().out


def test_the_witness_is_a_process_that_countersigns(agency: Agency, tmp_path: Path) -> None:
    agency.small.new_case()
    agency.settle()
    key, logs, port = tmp_path / "witness.pem", tmp_path / "logs.txt", free_port()
    assert main(["keys", "new", str(key)]) == 0
    logs.write_text(agency.trust.text)
    command = [sys.executable, "-m", "phatnguoi.main", "witness", "--name", "w.example", "--key", str(key)]
    command += ["--logs", str(logs), "--state", str(tmp_path / "w.db"), "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    kept = agency.book.newest("phatnguoi")
    assert kept is not None
    with ChildProcess(command, log_path=tmp_path / "witness.log") as process, closing(httpx.Client()) as client:
        process.wait_until(lambda: _answers(client, url), 30, "witness")
        answer = client.post(f"{url}/add-checkpoint", content=f"old 0\n\n{kept.note}".encode())
        assert (answer.status_code, answer.text[:12]) == (200, "\u2014 w.example ")


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def test_the_worker_says_that_it_has_no_key(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin", "PHATNGUOI_WORKER_FOLDER": str(tmp_path), "PHATNGUOI_STORE": f"folder://{tmp_path}",
        "PHATNGUOI_OFFICE_URL": "http://127.0.0.1:9", "PHATNGUOI_WORKER_KEY": "wk",
    }  # fmt: skip
    command = [sys.executable, "-m", "phatnguoi.main", "worker", "cameras/redlight_hanoi.yaml"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "PHATNGUOI_SIGNING_KEY_FILE" in done.stderr) == (2, True), done.stderr
