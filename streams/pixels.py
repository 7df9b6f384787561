"""Decoding and pixels, the same way for the detector and for the evidence: the pictures must be the very same."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from models.domain.frame import BGR

_US_A_SECOND = 1_000_000


def to_bgr(frame: VideoFrame) -> BGR:
    """The picture, (height, width, 3), blue green red."""
    image: BGR = np.ascontiguousarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
    return image


def decoder_for(codec: str, extradata: bytes) -> VideoCodecContext:
    """A fresh decoder. One thread: no frame is held back for a second thread, and damage is concealed alike twice."""
    context = av.CodecContext.create(codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise ValueError(f"got the codec {codec}, expected one for pictures")
    if extradata:
        context.extradata = extradata
    use_one_thread(context)
    return context


def use_one_thread(context: VideoCodecContext) -> None:
    context.thread_type = "NONE"
    context.thread_count = 1


def ticks_to_us(ticks: int, time_base: Fraction) -> int:
    """Stream time in µs, rounded to the nearest (half upwards), in whole numbers so that it is the same anywhere."""
    numerator = ticks * time_base.numerator * _US_A_SECOND
    return (2 * numerator + time_base.denominator) // (2 * time_base.denominator)


def us_to_ticks(time_us: int, time_base: Fraction) -> int:
    """The nearest tick of a stream time."""
    return round(Fraction(time_us, _US_A_SECOND) / time_base)
