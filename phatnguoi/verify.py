"""`phatnguoi verify`: check a package, a bundle or an audit report against keys that do not come from it."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from models.domain.audit_report import REPORT_LIMIT_BYTES
from models.verify.audit_report import verify_report
from models.verify.bundle import verify_bundle
from models.verify.errors import CannotCheckError, NotReadableError, VerificationError
from models.verify.files import BUNDLE_LIMIT_BYTES, FolderFiles, ZipFiles
from models.verify.package import verify_package
from models.verify.steps import Step, Steps
from models.verify.trust import TRUST_LIMIT_BYTES, Trust, parse_trust
from phatnguoi.errors import CommandError

MARKS = {"passed": "passed", "failed": "FAILED", "cannot_check": "cannot check"}
TIMEOUT_S = 30.0


def configure(parser: argparse.ArgumentParser) -> None:
    said = "a package's folder, a bundle, an audit report (.json), or where to get a bundle"
    parser.add_argument("what", metavar="PACKAGE|BUNDLE|REPORT|URL", help=said)
    parser.add_argument("--trust", type=Path, metavar="FILE", help="the keys that you trust")
    parser.add_argument("--fingerprint", metavar="HEX", help="as the notice prints it, in place of --trust")
    parser.add_argument("--plate", help="of your vehicle, where the URL is the notice's")


def run(arguments: argparse.Namespace) -> int:
    """Prints the steps; 0: verified, 1: tampered with, 2: cannot be checked.

    Raises:
        CommandError: the trust file cannot be used.
    """
    trust = _trust(arguments.trust)
    steps = Steps()
    try:
        verdict = _verify(arguments, trust, steps)
    except VerificationError as error:
        _print(steps.done)
        cannot = isinstance(error, CannotCheckError)
        print(f"{'CANNOT CHECK' if cannot else 'NOT GENUINE'} ({error.code}): {error}")
        return error.exit_code
    _print(steps.done)
    print(verdict)
    return 0


def _trust(path: Path | None) -> Trust | None:
    if path is None:
        return None
    try:
        with path.open(encoding="utf-8") as file:
            return parse_trust(str(path), file.read(TRUST_LIMIT_BYTES))
    except VerificationError as error:
        raise CommandError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: cannot be read ({error})") from None


def _verify(arguments: argparse.Namespace, trust: Trust | None, steps: Steps) -> str:
    if "://" in arguments.what:
        with tempfile.TemporaryDirectory(prefix="phatnguoi-verify-") as folder:
            path = Path(folder) / "bundle.zip"
            _download(arguments.what, arguments.plate, path)
            return _bundle(path, trust, arguments.fingerprint, steps)
    path = Path(arguments.what)
    if path.is_dir():
        package = verify_package(FolderFiles(path), trust or Trust(), steps)
        return f"VERIFIED: claim {package.manifest.id}, sealed by {package.signer.fingerprint}"
    if path.suffix == ".json":
        report = verify_report(path.name, _bytes(path, REPORT_LIMIT_BYTES), trust or Trust(), steps)
        return f"VERIFIED: audit report of {report.station_id}, {report.first_day} to {report.last_day}"
    return _bundle(path, trust, arguments.fingerprint, steps)


def _bytes(path: Path, limit_bytes: int) -> bytes:
    """Raises NotReadableError."""
    try:
        with path.open("rb") as file:
            return file.read(limit_bytes + 1)
    except OSError as error:
        raise NotReadableError(f"{path}: cannot be read ({error.strerror})") from None


def _bundle(path: Path, trust: Trust | None, fingerprint: str | None, steps: Steps) -> str:
    with closing(ZipFiles(path)) as files:
        bundle = verify_bundle(files, trust, fingerprint, steps)
    withdrawn = "; the accusation was WITHDRAWN" if bundle.withdrawn else ""
    return f"VERIFIED: {bundle.notice_number or 'no notice yet'}, claim {bundle.manifest.id}{withdrawn}"


def _download(url: str, plate: str | None, path: Path) -> None:
    """A bundle, or with a plate the bundle of a notice.

    Raises:
        NotReadableError: no answer, another answer, or more bytes than a bundle has.
    """
    parts = urlsplit(url)
    asked = {"method": "GET", "url": url}
    if plate is not None:
        case_id, code = parts.path.rstrip("/").rpartition("/")[2], parse_qs(parts.query).get("c", [""])[0]
        asked = {"method": "POST", "url": f"{parts.scheme}://{parts.netloc}/api/notices/{case_id}/bundle"}
        asked["json"] = {"code": code, "plate": plate}  # type: ignore[assignment]
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client, client.stream(**asked) as answer:  # type: ignore[arg-type]
            if answer.status_code != httpx.codes.OK:
                raise NotReadableError(f"{parts.netloc}: got {answer.status_code}, expected a bundle")
            _save(answer, path)
    except httpx.HTTPError as error:
        raise NotReadableError(f"{parts.netloc}: got no answer ({type(error).__name__}), expected a bundle") from None


def _save(answer: httpx.Response, path: Path) -> None:
    length = 0
    with path.open("wb") as file:
        for chunk in answer.iter_bytes():
            length += len(chunk)
            if length > BUNDLE_LIMIT_BYTES:
                raise NotReadableError(f"got more than {BUNDLE_LIMIT_BYTES} bytes, expected a bundle")
            file.write(chunk)


def _print(steps: list[Step]) -> None:
    for step in steps:
        print(f"{step.number:>2}. {MARKS[step.outcome]:<12} {step.title}: {step.said}")
