"""RTSP cameras: `rtsp://` and `rtsps://`, H.264 and H.265, over TCP (usual) or UDP (`…#transport=udp`).

The part behind `#` is ours and never goes to the camera.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal
from urllib.parse import parse_qsl, urldefrag

import av
from av.container import InputContainer
from av.error import (
    FFmpegError,
    HTTPBadRequestError,
    HTTPForbiddenError,
    HTTPNotFoundError,
    HTTPOtherClientError,
    HTTPUnauthorizedError,
)
from av.video.stream import VideoStream

from streams.credentials import redact, register_url
from streams.errors import CameraRefusedError, CameraUnreachableError, SourceNotKnownError, StreamFrozenError
from streams.live import LiveSource, worker_clocks_us
from streams.live_connection import Arrived, LiveFacts
from streams.open import Camera, CameraRequest
from streams.pixels import use_one_thread
from streams.rtp_loss import RtpLoss, listening

Transport = Literal["tcp", "udp"]
_REFUSALS = (
    HTTPBadRequestError,
    HTTPForbiddenError,
    HTTPNotFoundError,
    HTTPOtherClientError,
    HTTPUnauthorizedError,
)


@dataclass(frozen=True, slots=True)
class RtspSettings:
    """FFmpeg notices a stalled read only after twice `read_s`: 1.7 s ends a frozen stream after 3.4 s."""

    transport: Transport = "tcp"
    open_s: float = 4.0
    read_s: float = 1.7
    analyse_us: int = 300_000


class RtspConnection:
    """One open RTSP session."""

    def __init__(
        self, container: InputContainer, shown: str, settings: RtspSettings, loss: RtpLoss | None = None
    ) -> None:
        self._container = container
        self._shown = shown
        self._settings = settings
        self._loss = loss
        self._stream = container.streams.video[0]
        use_one_thread(self._stream.codec_context)
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.facts = LiveFacts(
            codec=self._stream.codec_context.codec.canonical_name,
            extradata=bytes(self._stream.codec_context.extradata or b""),
            width_px=self._stream.width,
            height_px=self._stream.height,
            time_base=self._stream.time_base or Fraction(1, 90_000),
            rate_hz=float(rate) if rate else None,
            may_lose_packets=settings.transport == "udp",
        )

    def packets(self) -> Iterator[Arrived]:
        """Every packet with the two times of its arrival, and the camera's clock where RTCP told it.

        Raises:
            StreamFrozenError: nothing came for the freeze limit.
            CameraUnreachableError: the connection broke.
        """
        asked_s = time.monotonic()
        try:
            for packet in self._container.demux(self._stream):
                arrived_us, monotonic_us = worker_clocks_us()
                if packet.size > 0:
                    is_after_loss = self._loss is not None and self._loss.take()
                    yield Arrived(packet, arrived_us, monotonic_us, *_camera_clock(packet), is_after_loss)
                asked_s = time.monotonic()
        except FFmpegError as error:
            waited_s = time.monotonic() - asked_s
            if waited_s >= self._settings.read_s:
                raise StreamFrozenError(f"{self._shown}: nothing came for {waited_s:.1f} s") from None
            raise CameraUnreachableError(f"{self._shown}: the connection broke ({error.strerror})") from None


@contextmanager
def connect(url: str, settings: RtspSettings) -> Iterator[RtspConnection]:
    """Opens one session.

    Raises:
        CameraRefusedError: wrong name or password, or no such stream.
        CameraUnreachableError: nobody answers, or not in time, or no video.
    """
    with listening() if settings.transport == "udp" else nullcontext() as loss:
        shown = redact(url)
        with _opened(url, shown, settings) as container:
            if not container.streams.video or container.streams.video[0].codec_context is None:
                raise CameraUnreachableError(f"{shown}: got a stream without video that can be decoded")
            yield RtspConnection(container, shown, settings, loss)


def _opened(url: str, shown: str, settings: RtspSettings) -> InputContainer:
    try:
        return av.open(url, options=_options(settings), timeout=(settings.open_s, settings.read_s))
    except _REFUSALS as error:
        raise CameraRefusedError(f"{shown}: the camera refuses ({error.strerror})") from None
    except (FFmpegError, OSError) as error:
        raise CameraUnreachableError(f"{shown}: cannot connect ({error.strerror or 'no answer'})") from None


def open_camera(request: CameraRequest) -> Camera:
    """Makes the live source of an `rtsp://` address; nothing is contacted yet."""
    url, settings = _split(request.address)
    register_url(url)
    source = LiveSource(lambda: connect(url, settings), request.counters, request.pulse, request.ring)
    return Camera(source, source.packets, True, request.counters, request.pulse, lambda: source.shape)


def _options(settings: RtspSettings) -> dict[str, str]:
    return {
        "rtsp_transport": settings.transport,
        "allowed_media_types": "video",
        "analyzeduration": str(settings.analyse_us),
        "timeout": str(round(settings.read_s * 1_000_000)),
    }


def _split(address: str) -> tuple[str, RtspSettings]:
    url, fragment = urldefrag(address)
    wishes = dict(parse_qsl(fragment, keep_blank_values=True))
    transport = wishes.pop("transport", "tcp")
    if wishes or transport not in ("tcp", "udp"):
        raise SourceNotKnownError(f"got #{fragment} behind the camera's address, expected #transport=tcp or =udp")
    return url, RtspSettings(transport="udp" if transport == "udp" else "tcp")


def _camera_clock(packet: av.Packet[VideoStream]) -> tuple[int | None, bool]:
    """The camera's wall clock for this packet (µs since 1970), and whether a sender report came just before it.

    FFmpeg's `AVProducerReferenceTime` begins with the wall clock, 8 bytes, in the machine's order (little-endian).
    """
    is_report = packet.has_sidedata("rtcp_sr")
    if not packet.has_sidedata("prft"):
        return None, is_report
    return int.from_bytes(bytes(packet.get_sidedata("prft"))[:8], "little", signed=True), is_report
