"""The servers that other tests lean on are real: they check passwords and signatures, and die with their starter."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from tests.conftest import ROOT, S3Bucket
from tests.servers import RtspServer, ServerNotStartedError

pytestmark = pytest.mark.server


def _conninfo(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def test_postgres_gives_each_test_an_empty_database_and_refuses_a_wrong_password(postgres_url: str) -> None:
    with psycopg.connect(_conninfo(postgres_url)) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)
    password = postgres_url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(_conninfo(postgres_url.replace(password, "wrong")))


def test_s3_keeps_versions_and_refuses_a_wrong_secret(s3_bucket: S3Bucket) -> None:
    client = s3_bucket.server.client()
    first, second = (client.put_object(s3_bucket.name, "a", BytesIO(text), len(text)) for text in (b"one", b"two"))
    assert first.version_id != second.version_id
    with client.get_object(s3_bucket.name, "a", version_id=first.version_id) as answer:
        assert answer.data == b"one"
    stranger = Minio(s3_bucket.server.endpoint, s3_bucket.server.access_key, "wrong", secure=False, region="us-east-1")
    with pytest.raises(S3Error, match="signature"):
        stranger.put_object(s3_bucket.name, "a", BytesIO(b"forged"), 6)


def test_rtsp_answers_at_its_url(rtsp_server: Callable[[Path], RtspServer], tmp_path: Path) -> None:
    server = rtsp_server(tmp_path)
    assert server.is_running
    assert server.url("clip.mp4").startswith(f"rtsp://127.0.0.1:{server.port}/clip.mp4")


@pytest.mark.parametrize("prelude", ["", "signal.signal(signal.SIGINT, signal.SIG_IGN);"])
def test_a_server_dies_with_its_starter(tmp_path: Path, prelude: str) -> None:
    """Also where the starter ignores SIGINT, as what a shell starts in the background does."""
    script = (
        "import os, signal, sys; from pathlib import Path; from tests.servers import RtspServer;"
        f"{prelude}"
        "server = RtspServer(Path(sys.argv[1]), Path(sys.argv[1]) / 'log'); print(server.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    pid = int(done.stdout)
    deadline_s = time.monotonic() + 5
    while _is_alive(pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not _is_alive(pid)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServerNotStartedError, match="rtsp-server: ended with"):
        RtspServer(tmp_path / "absent", tmp_path / "log", port=1_000_000)


def _is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
