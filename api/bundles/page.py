"""The page of a bundle: what it is and how it is checked, in words that a witness could read out in court."""

from __future__ import annotations

import hashlib

from api.web.render import environment
from models.domain.manifest import Manifest
from models.verify.trust import spaced


def bundle_page(manifest: Manifest, body: bytes, notice_number: str | None, trust: str) -> str:
    """HTML without a script, in Vietnamese and English."""
    return (
        environment()
        .get_template("bundle.html")
        .render(
            manifest=manifest,
            manifest_sha256=spaced(hashlib.sha256(body).hexdigest()),
            notice_number=notice_number,
            fingerprint=spaced(hashlib.sha256(trust.encode()).hexdigest()),
            pictures={file.name: file.sha256 for file in manifest.files},
        )
    )
