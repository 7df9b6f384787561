"""The sealed manifest, read from bytes that may come from anybody."""

from __future__ import annotations

import rfc8785
from pydantic import ValidationError

from models.domain.manifest import MANIFEST_LIMIT_BYTES, Manifest, SealedFile
from models.verify.errors import DigestMismatchError, MalformedError
from models.verify.files import FILES, NAME, Files, digest_file
from models.verify.strict_json import load_json


def parse_manifest(body: bytes) -> Manifest:
    """The manifest of these very bytes.

    Raises:
        MalformedError: no manifest, other bytes than the canonical ones, or names of files that no package has.
    """
    content = load_json("manifest.json", body, MANIFEST_LIMIT_BYTES)
    try:
        manifest = Manifest.model_validate_json(body)
        is_canonical = rfc8785.dumps(content) == body  # of what is there: an older manifest has fewer fields
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part)[:40] for part in problem["loc"])
        raise MalformedError(f"manifest.json: {place}: {problem['msg'][:120]}") from None
    except ValueError as error:
        raise MalformedError(f"manifest.json: got what cannot be canonical ({type(error).__name__})") from None
    if not is_canonical:
        raise MalformedError("manifest.json: got other bytes than the canonical ones (RFC 8785)")
    _check_names([file.name for file in manifest.files])
    return manifest


def check_files(files: Files, sealed: tuple[SealedFile, ...], *, may_lack: bool) -> int:
    """Compares every sealed file that is here; how many were.

    Args:
        files: what is here.
        sealed: what the manifest says.
        may_lack: a bundle leaves out what others are seen on.

    Raises:
        DigestMismatchError: other bytes. MalformedError: one is missing that must not be.
    """
    compared = 0
    for file in sealed:
        if may_lack and file.name not in files.names:
            continue
        sha256, length = digest_file(files, file.name)
        if (sha256, length) != (file.sha256, file.length_bytes):
            raise DigestMismatchError(
                f"{file.name}: got {length} bytes of SHA-256 {sha256[:16]}…, "
                f"expected {file.length_bytes} bytes of {file.sha256[:16]}…"
            )
        compared += 1
    return compared


def _check_names(names: list[str]) -> None:
    wrong = next((name for name in names if not NAME.fullmatch(name)), None)
    if wrong is not None:
        raise MalformedError(f"manifest.json: files: got the name {wrong[:60]!r}, expected a plain one")
    if len(set(names)) != len(names) or len(names) > FILES:
        raise MalformedError(f"manifest.json: files: got a name twice or more than {FILES}, expected each once")
