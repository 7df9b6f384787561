"""Pictures and clip of a visit that a finding may have to show: cut from the ring, into the store."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from detector.evidence.package import digest_of
from detector.evidence.pictures import jpeg
from detector.station import VisitCut
from detector.store import EvidenceStore
from detector.visit_outbox import WaitingReport
from models.domain.store import StoredObject, object_key
from models.domain.visits import VisitReport
from streams.cut import decode_at, write_clip
from streams.errors import StreamError
from streams.packets import PacketStore

AROUND_US = 1_000_000
LONGEST_CLIP_US = 12_000_000
"""Of a longer visit its end is shown: it left."""
STILL_WIDTH_PX = 1280
_log = logging.getLogger("phatnguoi.visits")


class VisitEvidence:
    """Makes `clip.mp4`, `entered.jpg` and `left.jpg` of visits, under the visit's own key."""

    def __init__(self, store: EvidenceStore, packets_of: Callable[[str], PacketStore], folder: Path) -> None:
        """`folder` is worked in, and emptied."""
        self._store, self._packets_of, self._folder = store, packets_of, folder

    def add_to(self, report: WaitingReport) -> str:
        """The report's message with the files of its visits; a visit whose packets are gone has none.

        Raises:
            StoreError: nothing was changed; what was stored so far stays unused.
        """
        message = VisitReport.model_validate_json(report.message)
        cuts = {cut.visit_id: cut for cut in report.cuts}
        visits = []
        for visit in message.visits:
            cut = cuts.get(visit.id)
            objects = () if cut is None else tuple(self._stored(report.camera_id, visit.left_at_us, cut))
            visits.append(visit.model_copy(update={"objects": objects}))
        return message.model_copy(update={"visits": tuple(visits)}).model_dump_json()

    def _stored(self, camera_id: str, left_at_us: int, cut: VisitCut) -> Iterator[StoredObject]:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        try:
            self._make(camera_id, cut)
        except StreamError as error:
            _log.warning("no pictures of a visit", extra={"visit": cut.visit_id, "reason": str(error)})
            return
        day, attempt = datetime.fromtimestamp(left_at_us / 1e6, UTC).date().isoformat(), secrets.token_hex(8)
        for path in sorted(self._folder.iterdir()):
            key = object_key(camera_id, day, cut.visit_id, attempt, path.name)
            yield self._store.put(key, path, digest_of(path))
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self, camera_id: str, cut: VisitCut) -> None:
        since_us = max(cut.entered_us - AROUND_US, cut.left_us - LONGEST_CLIP_US)
        window = self._packets_of(camera_id).window(cut.connection, since_us, cut.left_us + AROUND_US)
        write_clip(window, self._folder / "clip.mp4")
        wanted = {"entered.jpg": max(since_us, cut.entered_us), "left.jpg": cut.left_us}
        shown = [packet.pts_us for packet in window.packets]
        nearest = {name: min(shown, key=lambda pts_us: abs(pts_us - at_us)) for name, at_us in wanted.items()}
        pictures = decode_at(window, nearest.values())
        for name, pts_us in nearest.items():
            image = pictures.get(pts_us)
            if image is not None:
                scale = min(1.0, STILL_WIDTH_PX / image.shape[1])
                small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                (self._folder / name).write_bytes(jpeg(np.asarray(small, dtype=np.uint8)))
