"""Answers at a fixed time after the question, so that how long it took says nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


async def answer_at(started_s: float, after_s: float, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Waits until `after_s` seconds have passed since `started_s` (of `time.monotonic`)."""
    left_s = started_s + after_s - time.monotonic()
    if left_s > 0:
        await wait(left_s)
