"""The page that checks a bundle in the citizen's browser: what the program says, it says; and it sends nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from api.bundles.archive import pack
from models.verify.errors import VerificationError
from models.verify.keys import new_key
from tests.api.kit import LOG_SIGNER
from tests.attacks.kit import Agency, Unpacked, flipped
from tests.attacks.test_bundles import DISHONEST
from tests.browser.conftest import OfficeServer, OpenPage
from tests.browser.test_access import broken_rules
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
VENDOR = ROOT / "api" / "web" / "static" / "verify" / "vendor"
PAGE_LIMIT_BYTES = 300_000
WITHOUT_SUBTLE = "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
WITHOUT_ED25519 = """
const original = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
  if (algorithm?.name === 'Ed25519') return Promise.reject(new DOMException('no', 'NotSupportedError'));
  return original.call(this, format, key, algorithm, ...rest);
};"""
WITHOUT_UNZIP = "delete globalThis.DecompressionStream;"
Shot = Callable[..., None]


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    made = Agency(tmp_path_factory.mktemp("agency"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def honest(agency: Agency) -> Unpacked:
    return agency.bundle(agency.noticed_case())


@pytest.fixture(scope="module", autouse=True)
def forged(tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """Perfect but for whose it is. Made before there is a browser, whose event loop lets no other run."""
    forger = Agency(tmp_path_factory.mktemp("forger"), log_key=new_key())
    made = forger.bundle(forger.noticed_case())
    forger.close()
    return made


def opened(page: Page, fingerprint: str, *, script: str = "") -> Page:
    """The page as the QR code opens it; from then on the network is off."""
    if script:
        page.add_init_script(script)
    page.goto(f"/verify#{fingerprint}", wait_until="networkidle")
    page.context.set_offline(True)
    return page


def verdict(page: Page, bundle: Unpacked, path: Path) -> tuple[str, str]:
    """(how it looks, its code) after the file was chosen."""
    path.write_bytes(pack(bundle.files))
    page.set_input_files("#file", [])
    page.set_input_files("#file", str(path))
    box = page.locator("#verdict:not(.verdict-checking)")
    box.wait_for()
    return str(box.get_attribute("class")).rpartition("-")[2], str(box.get_attribute("data-code"))


def by_program(bundle: Unpacked, path: Path, fingerprint: str) -> str:
    try:
        bundle.verify(path, None, fingerprint)
    except VerificationError as error:
        return error.code
    return "genuine"


def attacks(honest: Unpacked) -> dict[str, Unpacked]:
    found = {f"one bit in {name}": Unpacked({**honest.files, name: flipped(body, len(body) // 2)})
             for name, body in honest.files.items()}  # fmt: skip
    clip = honest.files["redacted_clip.mp4"]
    found["a truncated clip"] = Unpacked({**honest.files, "redacted_clip.mp4": clip[: len(clip) // 2]}).signed_again(
        LOG_SIGNER
    )
    found["a file left out"] = honest.without("redacted_at.jpg")
    found["a file slipped in"] = Unpacked({**honest.files, "b_at2.jpg": b"not mine"}).signed_again(LOG_SIGNER)
    found["signed again by another key"] = honest.signed_again(new_key())
    for name, change, _ in DISHONEST:
        found[name] = honest.signed_again(LOG_SIGNER, change)
    return found


def test_good_is_green_and_nothing_leaves_the_page(
    honest: Unpacked, agency: Agency, server: OfficeServer, open_page: OpenPage, shot: Shot, tmp_path: Path
) -> None:
    page = opened(open_page(phone=True), agency.trust.fingerprint)
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("blob:"):
            asked.append(request.url)

    page.on("request", note)
    assert verdict(page, honest, tmp_path / "b.zip") == ("genuine", "genuine")
    assert page.locator("#steps-list li").count() == 10
    assert page.locator("#pictures img").count() == 3
    assert honest.contents()["notice_number"] in page.inner_text("#facts")
    assert asked == []
    shot(page, "verify_good", whole=True)
    assert broken_rules(page) == []


def test_each_attack_is_red_with_the_reason_that_the_program_gives(
    honest: Unpacked, agency: Agency, open_page: OpenPage, shot: Shot, tmp_path: Path
) -> None:
    page, path = opened(open_page(), agency.trust.fingerprint), tmp_path / "b.zip"
    bent = attacks(honest)
    assert len(bent) > 25
    expected = {name: by_program(bundle, tmp_path / "p.zip", agency.trust.fingerprint) for name, bundle in bent.items()}
    found = {name: verdict(page, bundle, path) for name, bundle in bent.items()}
    grey = {"unknown_issuer", "not_witnessed"}
    assert {name: code for name, (_, code) in found.items()} == expected
    for name, (look, code) in found.items():
        assert (look == "tampered") == (code not in grey), (name, look, code)
    verdict(page, bent["one bit in redacted_at.jpg"], path)
    assert page.locator("#pictures img").count() == 0
    shot(page, "verify_tampered", whole=True)
    page.emulate_media(color_scheme="dark")
    assert broken_rules(page) == []


def test_another_agency_is_grey_and_never_red(
    forged: Unpacked, honest: Unpacked, agency: Agency, open_page: OpenPage, shot: Shot, tmp_path: Path
) -> None:
    page = opened(open_page(), agency.trust.fingerprint)
    assert verdict(page, forged, tmp_path / "b.zip") == ("unknown", "unknown_issuer")
    page.fill("#fingerprint", "")
    assert verdict(page, honest, tmp_path / "b.zip") == ("unknown", "unknown_issuer")
    shot(page, "verify_unknown", whole=True)


@pytest.mark.parametrize("script", [WITHOUT_SUBTLE, WITHOUT_ED25519], ids=["no crypto.subtle", "no Ed25519"])
def test_without_the_browsers_own_crypto_the_vendored_one_decides_alike(
    script: str, honest: Unpacked, agency: Agency, open_page: OpenPage, tmp_path: Path
) -> None:
    page = opened(open_page(), agency.trust.fingerprint, script=script)
    assert verdict(page, honest, tmp_path / "b.zip") == ("genuine", "genuine")
    bent = attacks(honest)
    for name in ("one bit in manifest.json", "a checkpoint rolled back", "signed again by another key"):
        expected = by_program(bent[name], tmp_path / "p.zip", agency.trust.fingerprint)
        assert verdict(page, bent[name], tmp_path / "b.zip")[1] == expected
    envelope = json.loads(honest.files["bundle.json"])
    signature = envelope["signatures"][0]["sig"]
    envelope["signatures"][0]["sig"] = ("A" if signature[0] != "A" else "B") + signature[1:]
    forged = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    bad = Unpacked({**honest.files, "bundle.json": forged})
    assert verdict(page, bad, tmp_path / "b.zip") == ("tampered", "signature_invalid")


def test_a_browser_that_cannot_check_says_so_in_grey(
    honest: Unpacked, agency: Agency, open_page: OpenPage, shot: Shot, tmp_path: Path
) -> None:
    page = opened(open_page(phone=True), agency.trust.fingerprint, script=WITHOUT_UNZIP)
    assert verdict(page, honest, tmp_path / "b.zip") == ("cannot", "no_unzip")
    shot(page, "verify_cannot", whole=True)


@pytest.mark.parametrize(
    "body", [b"", b"PK\x05\x06" + b"\0" * 18, b"x" * 1000], ids=["empty", "a zip of nothing", "no zip"]
)
def test_what_is_no_bundle_is_red(body: bytes, agency: Agency, open_page: OpenPage, tmp_path: Path) -> None:
    page = opened(open_page(), agency.trust.fingerprint)
    (tmp_path / "b.zip").write_bytes(body)
    page.set_input_files("#file", str(tmp_path / "b.zip"))
    page.locator("#verdict.verdict-tampered[data-code=malformed]").wait_for()


def test_the_page_is_small_and_forbids_itself_the_network(
    server: OfficeServer, open_page: OpenPage, agency: Agency
) -> None:
    page, sizes = open_page(), []
    policies: list[Any] = []

    def weigh(response: Any) -> None:
        sizes.append(len(response.body()))
        if response.url.endswith("/verify"):
            policies.append(response.headers["content-security-policy"])

    page.on("response", weigh)
    page.goto("/verify", wait_until="networkidle")
    assert 50_000 < sum(sizes) <= PAGE_LIMIT_BYTES
    assert "connect-src 'none'" in policies[0] and "form-action 'none'" in policies[0]


def test_the_vendored_verifier_is_the_one_that_was_published() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    pinned = {name: digest for digest, name in (line.split() for line in lines)}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")}
    assert found == pinned
