"""The zip that a bundle is: plain names, fixed dates, nothing before or after it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o100644 << 16
PACKED_ALREADY = (".jpg", ".mp4")


def pack(contents: Mapping[str, bytes]) -> bytes:
    """The same contents give the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", allowZip64=False) as archive:
        for name, body in sorted(contents.items()):
            member = zipfile.ZipInfo(name, FIRST_DAY)
            member.external_attr = PLAIN_FILE
            member.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED
            archive.writestr(member, body)
    return whole.getvalue()
