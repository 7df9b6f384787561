"""Real servers, real footage, and the last word on skipped tests."""

from __future__ import annotations

import collections
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import PostgresServer, RtspServer, S3Server

ROOT = Path(__file__).resolve().parents[1]
IS_CI = os.environ.get("CI") == "true"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """A fresh, versioned bucket; `environment` is what a worker and an office are started with."""

    server: S3Server
    name: str

    @property
    def store_url(self) -> str:
        return f"s3://{self.server.endpoint}/{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PHATNGUOI_STORE": self.store_url,
            "PHATNGUOI_S3_ACCESS_KEY": self.server.access_key,
            "PHATNGUOI_S3_SECRET_KEY": self.server.secret_key,
        }


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real footage beside the project; never copied into it."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("no real footage: ../shared/data is absent")
    return path


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """A folder that a server of another user can reach (pytest's own are closed to others)."""
    path = Path(tempfile.mkdtemp(prefix="phatnguoi-servers-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_directory: Path) -> Iterator[PostgresServer]:
    with PostgresServer(server_directory / "postgres") as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The SQLAlchemy URL of a fresh, empty database."""
    return postgres_server.make_database(f"test_{next(_numbers)}")


@pytest.fixture(scope="session")
def s3_server(server_directory: Path) -> Iterator[S3Server]:
    with S3Server(server_directory / "s3") as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> S3Bucket:
    name = f"evidence-{next(_numbers)}"
    s3_server.make_bucket(name)
    return S3Bucket(s3_server, name)


@pytest.fixture
def rtsp_server(tmp_path: Path) -> Iterator[Callable[[Path], RtspServer]]:
    """`rtsp_server(directory)` serves the clips of a folder until the test ends."""
    with ExitStack() as stack:

        def start(directory: Path) -> RtspServer:
            return stack.enter_context(RtspServer(directory, tmp_path / f"rtsp-{next(_numbers)}.log"))

        yield start


def _skip_reasons(reporter: pytest.TerminalReporter) -> collections.Counter[str]:
    reasons: collections.Counter[str] = collections.Counter()
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    return reasons


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IS_CI and reporter is not None and _skip_reasons(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """`make test` ends with how many tests were skipped, and why."""
    reasons = _skip_reasons(terminalreporter)
    why = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common())
    verdict = " -- CI allows none: FAILED" if IS_CI and reasons else ""
    terminalreporter.write_line(f"skipped tests: {reasons.total()}{': ' if why else ''}{why}{verdict}")
