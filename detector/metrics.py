"""`/healthz`, `/readyz` and `/metrics` of the worker, on loopback. They tell the truth, and nothing personal."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from detector.errors import SettingsError
from detector.outbox import Outbox
from detector.supervisor import ChildStatus

STANDING_STILL_S = 5.0
OLD_FRAME_S = 10.0
"""A camera whose newest frame is older is not ready, whatever the reason."""
_log = logging.getLogger("phatnguoi.health")


class Watched(Protocol):
    """What is asked about: `detector.supervisor.Supervisor`."""

    @property
    def turn_age_s(self) -> float: ...

    def statuses(self) -> list[ChildStatus]: ...


@dataclass(frozen=True, slots=True)
class Health:
    """What the three pages say."""

    supervisor: Watched
    outbox: Outbox
    is_disk_full: Callable[[], bool] = lambda: False

    def is_alive(self) -> bool:
        """The supervisor itself turns."""
        return self.supervisor.turn_age_s < STANDING_STILL_S

    def why_not_ready(self) -> list[str]:
        """Reasons, empty when every camera is seen and the outbox can be read."""
        reasons = [reason for status in self.supervisor.statuses() if (reason := _why_not(status)) is not None]
        try:
            self.outbox.depths()
        except sqlite3.Error as error:
            reasons.append(f"outbox: {type(error).__name__}")
        if self.is_disk_full():
            reasons.append("disk: full, claims are kept and nothing else is done")
        return reasons

    def collect(self) -> Iterable[Metric]:
        """For prometheus-client."""
        yield from _process_metrics(self.supervisor.statuses())
        yield from _outbox_metrics(self.outbox)

    def metrics(self) -> bytes:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)


def _why_not(status: ChildStatus) -> str | None:
    if status.state == "ended":
        return None
    if status.state != "running" or status.report is None:
        return f"{status.name}: {status.state if status.state != 'running' else 'starting'}"
    if not status.is_camera:
        return None
    if status.report.state == "ended":
        return None
    age_s = status.frame_age_s
    if age_s is None:
        return f"{status.name}: no frame yet ({status.report.state})"
    return None if age_s <= OLD_FRAME_S else f"{status.name}: newest frame {age_s:.0f} s old ({status.report.state})"


def _process_metrics(statuses: list[ChildStatus]) -> Iterator[Metric]:
    up = GaugeMetricFamily("phatnguoi_process_up", "1 while the process runs", labels=["process"])
    restarts = CounterMetricFamily("phatnguoi_process_restarts", "Restarts by reason", labels=["process", "reason"])
    frame_age = GaugeMetricFamily("phatnguoi_camera_frame_age_seconds", "Age of the newest frame", labels=["camera"])
    state = GaugeMetricFamily("phatnguoi_camera_state", "1 for the state it is in", labels=["camera", "state"])
    done = GaugeMetricFamily("phatnguoi_process_work_done", "Frames, or steps, since its start", labels=["process"])
    counts = GaugeMetricFamily(
        "phatnguoi_process_count", "Counts of the process since its start", labels=["process", "name", "reason"]
    )
    for status in statuses:
        up.add_metric([status.name], float(status.state == "running"))
        for reason, count in status.restarts:
            restarts.add_metric([status.name, reason], count)
        if status.is_camera and status.frame_age_s is not None:
            frame_age.add_metric([status.name], status.frame_age_s)
        if status.report is not None:
            done.add_metric([status.name], status.report.done)
            if status.is_camera:
                state.add_metric([status.name, status.report.state], 1)
            for name, reason, count in status.report.counts:
                counts.add_metric([status.name, name, reason], count)
    yield from (up, restarts, frame_age, state, done, counts)


def _outbox_metrics(outbox: Outbox) -> Iterator[Metric]:
    depth = GaugeMetricFamily("phatnguoi_outbox_claims", "Claims in each state", labels=["state"])
    outcomes = CounterMetricFamily(
        "phatnguoi_outbox_outcomes", "Claims that came to an end", labels=["outcome", "reason"]
    )
    oldest = GaugeMetricFamily("phatnguoi_outbox_oldest_seconds", "Age of the oldest claim on its way; 0: none")
    readable = GaugeMetricFamily("phatnguoi_outbox_readable", "1 while the outbox can be read")
    try:
        for state, count in outbox.depths().items():
            depth.add_metric([state], count)
        for outcome, reason, count in outbox.outcomes():
            outcomes.add_metric([outcome, reason], count)
        oldest.add_metric([], outbox.oldest_age_s() or 0.0)
        readable.add_metric([], 1)
    except sqlite3.Error:
        readable.add_metric([], 0)
    yield from (depth, outcomes, oldest, readable)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    health: Health


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_GET(self) -> None:
        pages: dict[str, Callable[[Health], None]] = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
        }
        page = pages.get(self.path)
        if page is None:
            self._send(HTTPStatus.NOT_FOUND, "application/json", b'{"status":"not found"}')
            return
        try:
            page(self.server.health)
        finally:
            self.server.health.outbox.close()

    def _healthz(self, health: Health) -> None:
        is_alive = health.is_alive()
        self._send_json(is_alive, {"status": "alive" if is_alive else "standing still"})

    def _readyz(self, health: Health) -> None:
        reasons = health.why_not_ready()
        self._send_json(not reasons, {"status": "not ready" if reasons else "ready", "reasons": reasons})

    def _metrics(self, health: Health) -> None:
        self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, health.metrics())

    def _send_json(self, is_good: bool, content: dict[str, Any]) -> None:
        status = HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


@contextmanager
def health_server(health: Health, port: int = 0) -> Iterator[int]:
    """Serves on 127.0.0.1 while it is entered; gives the port.

    Raises:
        SettingsError: the port is taken.
    """
    try:
        server = _Server(("127.0.0.1", port), _Handler)
    except OSError as error:
        raise SettingsError(
            f"PHATNGUOI_HEALTH_PORT: got {port}, expected a free port, or 0 for any ({error.strerror})"
        ) from None
    server.health = health
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
