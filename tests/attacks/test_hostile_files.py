"""Files that nobody honest wrote: each gives one exact error, and nothing hangs."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.verify.derived import parse_derived
from models.verify.entries import parse_leaf, parse_opening
from models.verify.envelope import MANIFEST_TYPE, open_envelope, sign_envelope
from models.verify.errors import KeyFileError, MalformedError, NotReadableError, VerificationError
from models.verify.files import FolderFiles, ZipFiles, read_file
from models.verify.keys import new_key, parse_public_key, read_key_file, write_key_file
from models.verify.manifest import parse_manifest
from models.verify.notes import parse_checkpoint, parse_note, parse_note_key
from models.verify.package import verify_package
from models.verify.steps import Steps
from models.verify.strict_json import load_json
from models.verify.trust import Trust, parse_trust
from tests.api.kit import WORKER_SIGNER, Package, seal

EXAMPLES = int(os.environ.get("PHATNGUOI_FUZZ_EXAMPLES", "60"))
"""`PHATNGUOI_FUZZ_EXAMPLES=400000 pytest tests/attacks -k fuzz` for ten minutes; few in CI."""
TRUST = Trust(workers=(WORKER_SIGNER.public,))


def _zip(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes], deflated: bool = False) -> Path:
    kind = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, body in members:
            archive.writestr(name, body, kind)
    return path


def _link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _locked(path: Path) -> Path:
    body = bytearray(_zip(path, ("a.txt", b"x")).read_bytes())
    body[body.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(body)
    return path


def _commented(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"x")
        archive.comment = b"hello"
    return path


def _prefixed(path: Path) -> Path:
    path.write_bytes(b"#!/bin/sh\n" + _zip(path, ("a.txt", b"x")).read_bytes())
    return path


def _zero_byte(path: Path) -> Path:
    path.write_bytes(_zip(path, ("a.txtX.jpg", b"x")).read_bytes().replace(b"a.txtX", b"a.txt\0"))
    return path


HOSTILE_ZIPS: list[tuple[str, Callable[[Path], Path], str]] = [
    ("path traversal", lambda p: _zip(p, ("../evil.txt", b"x")), "expected lower-case"),
    ("an absolute path", lambda p: _zip(p, ("/etc/passwd", b"x")), "expected lower-case"),
    ("a folder", lambda p: _zip(p, ("a/b.txt", b"x")), "expected lower-case"),
    ("a name with a zero byte", _zero_byte, "expected lower-case"),
    ("a link", lambda p: _zip(p, (_link("a.txt"), b"/etc/passwd")), "a link"),
    ("a name twice", lambda p: _zip(p, ("a.txt", b"x"), ("b.txt", b"y")), "two files of this name"),
    ("too many files", lambda p: _zip(p, *[(f"a{n}.txt", b"") for n in range(65)]), "expected at most 64"),
    ("a locked file", _locked, "locked"),
    ("a comment at the end", _commented, "plain zip"),
    ("something before it", _prefixed, "plain zip"),
]


@pytest.mark.parametrize(("make", "words"), [(m, w) for _, m, w in HOSTILE_ZIPS], ids=[n for n, _, _ in HOSTILE_ZIPS])
def test_a_hostile_zip_is_malformed(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    path = make(tmp_path / "b.zip")
    if "two files" in words:
        path.write_bytes(path.read_bytes().replace(b"b.txt", b"a.txt"))
    with pytest.raises(MalformedError, match=words):
        ZipFiles(path)


def test_a_zip_bomb_is_stopped_at_what_its_directory_says(tmp_path: Path) -> None:
    """A thousandfold bomb whose directory lies about its size, and one that admits it."""
    path = _zip(tmp_path / "b.zip", ("a.txt", bytes(50_000_000)), deflated=True)
    body = path.read_bytes()
    assert len(body) < 100_000
    honest = (50_000_000).to_bytes(4, "little")
    path.write_bytes(body.replace(honest, (600_000_000).to_bytes(4, "little")))
    with pytest.raises(MalformedError, match="unpacked"):
        ZipFiles(path)
    path.write_bytes(body.replace(honest, (1000).to_bytes(4, "little")))
    with closing(ZipFiles(path)) as files, pytest.raises(MalformedError):
        read_file(files, "a.txt", 1 << 20)
    path.write_bytes(body)
    with closing(ZipFiles(path)) as files, pytest.raises(MalformedError, match="expected at most"):
        read_file(files, "a.txt", 1 << 20)


def test_what_is_no_zip_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK\x05\x06" + b"\xff" * 18)
    with pytest.raises(MalformedError):
        ZipFiles(tmp_path / "b.zip")
    with pytest.raises(NotReadableError):
        ZipFiles(tmp_path / "absent.zip")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An honest, signed package in a folder of its own."""
    sealed: Package = seal(tmp_path / "store")
    folder = tmp_path / "package"
    folder.mkdir()
    for each in sealed.message.objects:
        (folder / each.name).write_bytes(sealed.path(each.name).read_bytes())
    return folder


def _code(folder: Path, trust: Trust = TRUST) -> str:
    with pytest.raises(VerificationError) as caught:
        verify_package(FolderFiles(folder), trust, Steps())
    return caught.value.code


def test_the_honest_package_is_verified_and_says_whose_time_it_is(package: Path) -> None:
    steps = Steps()
    verify_package(FolderFiles(package), TRUST, steps)
    assert [step.outcome for step in steps.done] == ["passed"] * 6
    assert steps.done[-1].said.startswith("sealing time: claimed by the worker")


def test_a_package_of_an_unknown_key_is_never_verified(package: Path) -> None:
    assert _code(package, Trust()) == "unknown_issuer"
    assert _code(package, Trust(workers=(new_key().public,))) == "unknown_issuer"


def test_one_bit_in_any_file_of_a_package(package: Path) -> None:
    expected = {
        "manifest.json": {"malformed", "entry_mismatch", "digest_mismatch"},
        "manifest_dsse.json": {"malformed", "unknown_issuer"},
    }
    for path in sorted(package.iterdir()):
        body = path.read_bytes()
        for place in (0, len(body) // 2, len(body) - 1):
            path.write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
            assert _code(package) in expected.get(path.name, {"digest_mismatch"}) | (
                {"signature_invalid"} if path.name == "manifest_dsse.json" else set()
            ), (path.name, place)
        path.write_bytes(body)


def test_a_truncated_clip_a_missing_file_and_one_too_many(package: Path) -> None:
    clip = package / "clip.mp4"
    body = clip.read_bytes()
    clip.write_bytes(body[:-1])
    assert _code(package) == "digest_mismatch"
    clip.unlink()
    assert _code(package) == "malformed"
    clip.write_bytes(body)
    (package / "more.jpg").write_bytes(b"x")
    assert _code(package) == "malformed"


def test_links_and_folders_in_a_package_are_not_followed(package: Path) -> None:
    clip = package / "clip.mp4"
    body = clip.read_bytes()
    elsewhere = package.parent / "elsewhere.mp4"
    elsewhere.write_bytes(body)
    clip.unlink()
    clip.symlink_to(elsewhere)
    assert _code(package) == "malformed"
    clip.unlink()
    clip.mkdir()
    assert _code(package) == "malformed"
    clip.rmdir()
    os.mkfifo(clip)
    assert _code(package) == "malformed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('"files":[{"name":"../../etc/passwd"', "expected a plain one"),
        ('"files":[{"name":"/dev/zero"', "expected a plain one"),
    ],
)
def test_a_manifest_whose_files_lead_elsewhere(package: Path, change: str, words: str) -> None:
    body = (package / "manifest.json").read_text()
    content = json.loads(body)
    content["files"][0]["name"] = json.loads("{" + change.split("[{")[1] + "}")["name"]
    bent = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    with pytest.raises(MalformedError, match=words):
        parse_manifest(bent.encode())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"x" * 100_001, "at most 100000"),
        (b"[" * 50_000, "no JSON"),
        (b"[" * 30 + b"]" * 30, "deeper"),
        (b'{"a":1,"a":1}', "twice"),
        (b'{"a":1.0}', "whole numbers"),
        (b'{"a":NaN}', "whole numbers"),
        (b"9007199254740993", "2\\^53"),
        (b"1" * 5000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"", "no JSON"),
    ],
)
def test_hostile_json(body: bytes, words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        load_json("it", body, 100_000)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_key_file(path, new_key())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path).public.raw
    with pytest.raises(KeyFileError, match="cannot be made"):
        write_key_file(path, new_key())
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="others may read"):
        read_key_file(path)


ENVELOPE = sign_envelope(WORKER_SIGNER, b'{"a":1}', MANIFEST_TYPE)
PARSERS: dict[str, Callable[[bytes], object]] = {
    "manifest": parse_manifest,
    "derived": parse_derived,
    "envelope": lambda body: open_envelope("it", body, MANIFEST_TYPE).payload(WORKER_SIGNER.public),
    "leaf": lambda body: parse_leaf("it", body),
    "opening": lambda body: parse_opening("it", body),
    "note": lambda body: parse_checkpoint("it", parse_note("it", body.decode("utf-8", "replace"))),
    "note key": lambda body: parse_note_key(body.decode("utf-8", "replace")),
    "public key": lambda body: parse_public_key(body.decode("utf-8", "replace")),
    "trust": lambda body: parse_trust("it", body.decode("utf-8", "replace")),
}
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
_BODIES = (
    st.binary(max_size=400)
    | _VALUES.map(lambda value: json.dumps(value).encode())
    | st.tuples(st.integers(0, len(ENVELOPE) - 1), st.binary(max_size=4)).map(
        lambda cut: ENVELOPE[: cut[0]] + cut[1] + ENVELOPE[cut[0] + 1 :]
    )
    | st.text(max_size=300).map(lambda text: f"log {text}\n1\n\n\u2014 a b\n".encode("utf-8", "replace"))
)


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_fuzz_a_parser_says_no_and_never_stumbles(name: str) -> None:
    @given(_BODIES)
    @settings(max_examples=EXAMPLES, deadline=None)
    def check(body: bytes) -> None:
        try:
            PARSERS[name](body)
        except VerificationError as error:
            assert str(error) and "\n" not in str(error)

    check()


def test_fuzz_a_zip_says_no_and_never_stumbles(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"{}" * 200)
        archive.writestr("clip.mp4", b"m" * 500)
    body, path = whole.getvalue(), tmp_path / "b.zip"

    @given(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 40))
    @settings(max_examples=EXAMPLES, deadline=None)
    def check(changes: list[tuple[int, int]], cut: int) -> None:
        bent = bytearray(body)
        for at, value in changes:
            bent[at] = value
        path.write_bytes(bent[: len(bent) - cut])
        try:
            with closing(ZipFiles(path)) as files:
                for name in files.names:
                    read_file(files, name, 4096)
        except VerificationError:
            pass

    check()
