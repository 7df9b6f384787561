"""A real S3 server on loopback (SeaweedFS out of a pip package), with keys made at random and versioned buckets."""

from __future__ import annotations

import json
import secrets
import signal
from pathlib import Path

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import S3Error
from minio.versioningconfig import VersioningConfig

from phatnguoi.servers.process import ChildProcess, free_port, program

START_TIMEOUT_S = 30.0
PORT_FLAGS = ("master.port", "master.port.grpc", "filer.port", "filer.port.grpc", "volume.port", "volume.port.grpc")
S3_PORT_FLAGS = ("s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "admin.port", "admin.port.grpc")
OFF_FLAGS = ("admin.ui=false", "webdav=false", "master.telemetry=false")


class S3Server(ChildProcess):
    """Serves S3 at `endpoint` (`127.0.0.1:port`, no TLS) out of `directory`; started there again, its objects are back.

    Args:
        directory: keeps the objects and the key file; taken up again by a later server.
        port: the S3 port; a server that is killed and started anew is given its old one.
    """

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.access_key, self.secret_key = self._keys()
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=10), retries=False)
        super().__init__(self._command(), log_path=directory / "weed.log", stop_signal=signal.SIGKILL)
        self.wait_until(self._answers, START_TIMEOUT_S, "weed (S3)")

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._http.clear()
        super().stop()

    def client(self) -> Minio:
        return Minio(
            self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            secure=False,
            region="us-east-1",
            http_client=self._http,
        )

    def make_bucket(self, name: str) -> None:
        """Make a bucket with versioning and object lock."""
        client = self.client()
        client.make_bucket(name, object_lock=True)
        client.set_bucket_versioning(name, VersioningConfig(ENABLED))

    def _keys(self) -> tuple[str, str]:
        path = self.directory / "weed.json"
        if not path.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            credential = {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_hex(20)}
            identity = {"name": "phatnguoi", "credentials": [credential], "actions": ["Admin", "Read", "Write", "List"]}
            path.touch(mode=0o600)
            path.write_text(json.dumps({"identities": [identity]}))
        stored = json.loads(path.read_text())["identities"][0]["credentials"][0]
        return stored["accessKey"], stored["secretKey"]

    def _command(self) -> list[str]:
        data = self.directory / "objects"
        data.mkdir(exist_ok=True)
        command = [program("weed"), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        command += [f"-s3.port={self.port}", f"-s3.config={self.directory / 'weed.json'}"]
        command += [f"-{flag}={free_port()}" for flag in (*PORT_FLAGS, *S3_PORT_FLAGS)]
        return command + [f"-{flag}" for flag in OFF_FLAGS]

    def _answers(self) -> bool:
        """Up only when it lists buckets for us and refuses a wrong secret."""
        try:
            self.client().list_buckets()
        except (S3Error, urllib3.exceptions.HTTPError):
            return False
        return True
