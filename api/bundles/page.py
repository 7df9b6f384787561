"""The page of a bundle: what it is and how it is checked, in words that a witness could read out in court."""

from __future__ import annotations

import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from models.domain.manifest import Manifest
from models.verify.trust import spaced


@cache
def _template() -> Template:
    """Stands alone: it is read where no server is, so that it brings its words and its looks along."""
    loader = PackageLoader("api.bundles", ".")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html")


def bundle_page(manifest: Manifest, body: bytes, notice_number: str | None, trust: str) -> str:
    """HTML without a script, in Vietnamese and English."""
    return _template().render(
        manifest=manifest,
        manifest_sha256=spaced(hashlib.sha256(body).hexdigest()),
        notice_number=notice_number,
        fingerprint=spaced(hashlib.sha256(trust.encode()).hexdigest()),
    )
