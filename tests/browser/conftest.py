"""A real office on loopback, and a real browser in front of it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, sync_playwright

from api.actor import OFFICE
from api.app import create_app
from api.cases.register import add_worker_key
from api.database import migrate
from api.log.signing_keys import enrol_key
from api.office import Office, open_office
from api.people.accounts import add_person
from api.web.pages import add_pages
from models.domain.cases import Role
from tests.api.kit import WORKER, WORKER_SIGNER, accept, camera_row, settings_for
from tests.api.redactions import redact_all
from tests.browser.packages import seal_seen

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "mat khau rat dai 1"
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
CASE_WITHIN_S = 20


@dataclass(slots=True)
class OfficeServer:
    """An office with its pages and its jobs, over HTTP."""

    office: Office
    folder: Path
    url: str

    def person(self, username: str, *roles: Role) -> None:
        name = {"hoa": "Nguyễn Thị Hoà", "minh": "Trần Văn Minh"}.get(username, username)
        add_person(self.office.database, username, PASSWORD, roles, self.office.clock(), display_name=name)

    def case(self, ago: timedelta = timedelta(minutes=5), **changes: Any) -> str:
        """A case made the honest way: sealed, submitted, verified by the office's own job."""
        package = seal_seen(self.folder / "store", self.office.clock() - ago, **changes)
        self.office.submissions.receive(WORKER, package.message)
        self.office.bell.ring()
        end = time.monotonic() + CASE_WITHIN_S
        while time.monotonic() < end:
            answer = self.office.submissions.answer(WORKER, package.message.id)
            if answer.case_id:
                redact_all(self.office, self.folder / "store", WORKER, WORKER_SIGNER)
                return answer.case_id
            assert answer.state == "received", answer
            time.sleep(0.05)
        raise AssertionError(f"got no case within {CASE_WITHIN_S} s, expected one")


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OfficeServer]:
    """Settings can be changed by an indirect parameter."""
    changes = {"job_pause_s": 0.2} | getattr(request, "param", {})
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        database = f"sqlite:///{tmp_path / 'office.db'}"
        settings = settings_for(database, tmp_path, secure_cookies=False, public_url=url, **changes)
        office = open_office(settings, lambda: datetime.now(UTC))
        migrate(office.database)
        now = office.clock()
        with office.database.writing() as session:
            session.add(camera_row(now, address="Lý Thường Kiệt – Hàng Bài, phường Cửa Nam"))
            session.flush()
            accept(session, now)
            session.add(camera_row(now, id="sim-cam", name="Ngã tư mô phỏng", is_simulated=True))
            add_worker_key(session, now, OFFICE, WORKER)
            enrol_key(session, now, OFFICE, WORKER, WORKER_SIGNER.public)
        app = create_app(settings, pages=add_pages, office=office)
        serving = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not serving.started:
            assert thread.is_alive(), "got an office that ended, expected one that serves"
            time.sleep(0.02)
        yield OfficeServer(office, tmp_path, url)
        serving.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "got an office that does not stop, expected it to stop within 15 s"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: while Playwright lives, its event loop runs in this thread, and no other can."""
    if not CHROMIUM.exists():
        pytest.skip("no browser: apt-get install chromium fonts-noto-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a browser must never do, noted while it does it."""

    host: str
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    refused: str = "the server responded with a status of 4"

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((self.host, "data:", "blob:")):
            self.strangers.append(request.url)

    def on_console(self, message: ConsoleMessage) -> None:
        # A refused form is answered by 401 or 422, which the browser notes as an error of the network.
        if message.type in ("error", "warning") and self.refused not in message.text:
            self.complaints.append(message.text)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, server: OfficeServer) -> Iterator[OpenPage]:
    """`open_page(phone=True, scheme="dark")`; at the end nobody may have called strangers or complained."""
    watch, contexts = Watch(server.url), []

    def open_one(*, phone: bool = False, scheme: str = "light", may_fail: bool = False, **changes: Any) -> Page:
        if may_fail:
            watch.refused = "Failed to load resource"
        options: dict[str, Any] = {"viewport": PHONE if phone else DESK, "color_scheme": scheme, "base_url": server.url}
        if phone:
            options |= {"is_mobile": True, "has_touch": True, "device_scale_factor": 2}
        context: BrowserContext = chromium.new_context(**(options | changes))
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", watch.on_request)
        page.on("console", watch.on_console)
        page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert watch.strangers == [] and watch.complaints == []


@pytest.fixture
def shot(tmp_path: Path) -> Callable[..., None]:
    """Keeps a screenshot, in the folder that PHATNGUOI_SCREENSHOTS names."""
    folder = Path(os.environ.get("PHATNGUOI_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str, *, whole: bool = False) -> None:
        page.screenshot(path=folder / f"{name}.png", full_page=whole)

    return keep


def sign_in(page: Page, username: str) -> None:
    page.goto("/login")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/queue")


def open_first(page: Page) -> None:
    """Opens the first case of the queue that is shown, and waits until its keys work."""
    page.locator(".row-link").first.click()
    ready(page)


def ready(page: Page) -> None:
    page.wait_for_url("**/cases/*")
    page.locator("#player").wait_for()


def take(page: Page) -> None:
    page.keyboard.press("t")
    plate_field(page).wait_for()
    ready(page)


def open_every_part(page: Page) -> None:
    """The clip at the act, and the three pictures: before that nobody confirms. Four keys."""
    page.keyboard.press("a")
    page.locator('.thumb[data-show="clip"] .seen').wait_for()
    for key in "123":
        page.keyboard.press(key)


def plate_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Biển số", exact=True)


def until(page: Page, claim: str, within_s: float = 10) -> None:
    """Waits until the expression is true in the page; asked from outside, for the page's policy forbids `eval`."""
    end = time.monotonic() + within_s
    while not page.evaluate(claim):
        assert time.monotonic() < end, f"got {claim} false for {within_s} s, expected it true"
        page.wait_for_timeout(40)
