"""A small office over real HTTP that keeps the contract of /api/submissions, and can be made to fail.

It verifies every package with the office's own code before it makes a case, and keeps its cases when it "restarts".
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from api.cases.verification import ClaimRefusedError, verify_package
from api.errors import StoreUnreachableError
from api.store import EvidenceReader, FolderReader
from models.domain.submission import Submission

KEY = "worker-key-of-the-tests"
PATH = "/api/submissions"


class FakeOffice:
    """The office's memory. `faults` are taken by the next requests, one each: a status, "silent" or "lost"."""

    def __init__(self, store: Path | EvidenceReader, *, verify_after_s: float = 0.0) -> None:
        self.reader: EvidenceReader = FolderReader(store) if isinstance(store, Path) else store
        self.verify_after_s = verify_after_s
        self.messages: dict[str, Submission] = {}
        self.received_s: dict[str, float] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.cases: Counter[str] = Counter()
        self.faults: deque[int | str] = deque()
        self.requests: Counter[str] = Counter()
        self.lock = threading.Lock()

    def receive(self, message: Submission) -> tuple[int, dict[str, Any]]:
        with self.lock:
            known = self.messages.get(message.id)
            if known is not None and known.manifest_sha256 != message.manifest_sha256:
                return 409, {"code": "conflict", "message": "another manifest"}
            self.messages.setdefault(message.id, message)
            self.received_s.setdefault(message.id, time.monotonic())
            return 202, self.answers.get(message.id, {"submission_id": message.id, "state": "received"})

    def tell(self, claim_id: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            message = self.messages.get(claim_id)
            if message is None:
                return 404, {"code": "not_found", "message": "unknown"}
            if time.monotonic() - self.received_s[claim_id] >= self.verify_after_s:
                self._verify(message)
            return 200, self.answers.get(claim_id, {"submission_id": claim_id, "state": "received"})

    def forget(self) -> None:
        """A restart on an older backup."""
        with self.lock:
            self.messages.clear()

    def _verify(self, message: Submission) -> None:
        if message.id in self.answers:
            return
        answer: dict[str, Any] = {"submission_id": message.id}
        try:
            verify_package(message, self.reader)
        except StoreUnreachableError:
            return
        except ClaimRefusedError as error:
            self.answers[message.id] = answer | {"state": "refused", "reason": error.reason, "detail": error.detail}
            return
        self.cases[message.id] += 1
        self.answers[message.id] = answer | {"state": "case", "case_id": f"case-{message.id[:6]}"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    office: FakeOffice


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(lambda: self.server.office.receive(Submission.model_validate_json(body)))

    def do_GET(self) -> None:
        self._answer(lambda: self.server.office.tell(self.path.rpartition("/")[2]))

    def _answer(self, act: Any) -> None:
        office = self.server.office
        office.requests[self.command] += 1
        fault = office.faults.popleft() if office.faults else None
        if fault == "silent":
            time.sleep(1.5)
            return
        if isinstance(fault, int):
            self._send(fault, {"code": "fault", "message": "as told"})
            return
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._send(401, {"code": "worker_refused", "message": "unknown key"})
            return
        status, content = act()
        if fault != "lost":  # else: done, and the answer never arrives
            self._send(status, content)

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def served(office: FakeOffice, port: int = 0) -> Iterator[str]:
    """Its address, while it is up."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.office = office
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
