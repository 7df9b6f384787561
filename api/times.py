"""How long the office takes to answer, by route: a histogram of this process, for /metrics."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2, 0.4, 1.0, 2.0, 5.0)
"""0.06 and 0.12 are among them: the office promises them (docs/office.md)."""


class RequestTimes:
    """The histogram `phatnguoi_request_seconds`. Labels are patterns of routes, never an address as it was asked."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "phatnguoi_request_seconds",
            "From a request to the last byte of its answer.",
            ["method", "route", "status"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in ("GET", "HEAD", "POST") else "other"
        self._seconds.labels(known, route, f"{status // 100}xx").observe(seconds)


class TimeRequests:
    """Measures every request but streams, which have no end."""

    def __init__(self, app: ASGIApp, times: RequestTimes, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._times = times
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin_s, status, is_stream = self._clock(), 500, False

        async def send_and_note(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = dict(message.get("headers", ()))
                is_stream = headers.get(b"content-type", b"").startswith(b"text/event-stream")
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            if not is_stream:
                route = getattr(scope.get("route"), "path", None) or "none"
                self._times.observe(scope["method"], route, status, self._clock() - begin_s)
