"""`--once`: one case, all the way, through the very pages that people use. No door but theirs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from phatnguoi.demo.clip import Act, DemoClip
from phatnguoi.demo.eyes import Eyes
from phatnguoi.demo.pages import Page, Visitor
from phatnguoi.demo.people import Reviewer
from phatnguoi.errors import CheckFailedError

LOOK_EVERY_S = 0.5
PLAYER_ASKS_BYTES = 4096
REDACTED_WITHIN_S = 60.0
DECIDED_WITHIN_S = 30.0
SIMULATED = "mô phỏng"
NO_MONEY = "không bao giờ yêu cầu chuyển tiền"
CONTEST_TEXT = "Tôi cho rằng đèn lúc đó chưa chuyển đỏ."
UPHOLD_TEXT = "Đã xem lại đoạn phim: đèn đỏ trước khi xe qua vạch."
_CASE = re.compile(r"^/cases/([0-9a-z]{26})$")


def walk_one_case(url: str, people: list[Reviewer], clip: DemoClip, check: Callable[[], None], limit_s: float) -> str:
    """Queue → case → evidence → confirm → notice → picture → contest → second reviewer. Returns the case's id.

    Args:
        check: raises when a process of the demo has ended.
        limit_s: how long the first case may take to stand in the queue.

    Raises:
        CheckFailedError: a step did not happen; the message names it.
    """
    first, second, third, citizen = Visitor(url), Visitor(url), Visitor(url), Visitor(url)
    try:
        sign_in(first, people[0])
        started_s = time.monotonic()
        case_page, act = _find_case(first, Eyes(clip), check, limit_s)
        print(f"case in the queue after {time.monotonic() - started_s:.1f} s: {act.rule}", flush=True)
        _confirm(first, case_page, act)
        sign_in(second, people[1])
        case_page = _page_with(second, urlsplit(case_page.url).path, "/take", DECIDED_WITHIN_S)
        _confirm(second, case_page, act)
        link = _issue(second, urlsplit(case_page.url).path)
        print("confirmed by one, then by another who knew nothing of it; notice issued", flush=True)
        _read_notice(citizen, link, act)
        print("notice read, picture opened with the plate, contested", flush=True)
        sign_in(third, people[2])
        _decide_again(third, urlsplit(case_page.url).path)
        print("a third person has looked again and upheld it", flush=True)
    finally:
        for visitor in (first, second, third, citizen):
            visitor.close()
    return urlsplit(case_page.url).path.rpartition("/")[2]


def sign_in(visitor: Visitor, person: Reviewer) -> None:
    form = visitor.open("/login").form("/login")
    page = visitor.send(form, {"username": person.username, "password": person.password})
    if not page.has_form("/logout"):
        raise CheckFailedError(f"{person.username}: got no session after signing in, expected one")


def _find_case(visitor: Visitor, eyes: Eyes, check: Callable[[], None], limit_s: float) -> tuple[Page, Act]:
    """The first case in the queue that the truth knows; others are passed over (a person would reject them)."""
    seen: set[str] = set()
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s:
        check()
        for path in _cases(visitor.open("/queue")):
            if path in seen:
                continue
            seen.add(path)
            page = visitor.open(path)
            act = _look(visitor, page, eyes)
            if act is not None:
                return page, act
            print("a case whose picture shows no violation of the truth: left in the queue", flush=True)
        time.sleep(LOOK_EVERY_S)
    raise CheckFailedError(f"no case of a true violation in the queue within {limit_s:g} s ({len(seen)} others)")


def _cases(page: Page) -> Iterator[str]:
    for link in page.links:
        if _CASE.match(link):
            yield link


def _look(visitor: Visitor, page: Page, eyes: Eyes) -> Act | None:
    """Looks at every file of the case as the page offers it, plays the clip's beginning, and says who it is."""
    if SIMULATED not in page.text:
        raise CheckFailedError(f"{page.url}: got no word that this is simulated, expected {SIMULATED!r}")
    files = sorted({link for link in page.links if "/evidence/" in link and "#" not in link})
    clips = [link for link in files if link.endswith(".mp4")]
    pictures = {link.rpartition("/")[2]: link for link in files if link.endswith(".jpg")}
    if not clips or "b_at.jpg" not in pictures:
        raise CheckFailedError(f"{page.url}: got the files {files}, expected a clip and b_at.jpg")
    for link in clips:
        visitor.fetch(link, first_bytes=PLAYER_ASKS_BYTES)
    found = {name: visitor.fetch(link).content for name, link in pictures.items()}
    place_px = page.feet.get(pictures["b_at.jpg"])
    if place_px is None:
        raise CheckFailedError(f"{page.url}: got no box on b_at.jpg, expected the accused vehicle's")
    for rule in ("red_light", "wrong_way"):
        act = eyes.find_act(found["b_at.jpg"], rule, place_px)
        if act is not None:
            return act
    return None


def _confirm(visitor: Visitor, page: Page, act: Act) -> None:
    """Take, and confirm with plate, class and colour."""
    path = urlsplit(page.url).path
    page = visitor.send(page.form("/take"))
    visitor.send(page.form("/confirm"), {"plate": ""}, expected=422)  # without a plate there is no confirmation
    page = visitor.open(path)
    visitor.send(
        page.form("/confirm"), {"plate": act.plate, "vehicle": act.vehicle, "plate_colour": "white", "settled": "typed"}
    )


def _issue(visitor: Visitor, path: str) -> str:
    """The citizen's link, once the worker has redacted the pictures and both decisions stand."""
    page = visitor.send(_page_with(visitor, path, "/issue", REDACTED_WITHIN_S).form("/issue"))
    links = [link for link in page.links if "/t/" in link and "c=" in link]
    if not links:
        raise CheckFailedError(f"{path}: got no link for the citizen, expected one")
    return links[0]


def _page_with(visitor: Visitor, path: str, form: str, within_s: float) -> Page:
    """The case's page once it offers a form."""
    deadline_s = time.monotonic() + within_s
    while not (page := visitor.open(path)).has_form(form):
        if time.monotonic() > deadline_s:
            raise CheckFailedError(f"{path}: got no form {form} within {within_s:g} s, expected one")
        time.sleep(LOOK_EVERY_S)
    return page


def _read_notice(citizen: Visitor, link: str, act: Act) -> None:
    page = citizen.open(link)
    if page.status != 200 or NO_MONEY not in page.text.lower():
        raise CheckFailedError(f"the notice: got status {page.status}, expected a page that says {NO_MONEY!r}")
    if act.plate in page.text or _pictures(page):
        raise CheckFailedError("the notice: got the plate or a picture before the plate was typed")
    page = citizen.send(page.form("/plate"), {"plate": act.plate})
    pictures = _pictures(page)
    if not pictures or not citizen.fetch(pictures[0]).content.startswith(b"\xff\xd8"):
        raise CheckFailedError("the notice: got no picture after the plate was typed, expected one")
    page = citizen.send(page.form("/contest"), {"kind": "contest", "text": CONTEST_TEXT})
    if page.has_form("/contest"):
        raise CheckFailedError("the notice: got the form again after contesting, expected it to be contested")


def _pictures(page: Page) -> list[str]:
    return [link for link in page.links if "/picture?" in link]


def _decide_again(visitor: Visitor, path: str) -> None:
    if path not in set(_cases(visitor.open("/queue?show=contested"))):
        raise CheckFailedError(f"{path}: got no such line among the contested cases, expected it there")
    page = visitor.open(path)
    if CONTEST_TEXT not in page.text:
        raise CheckFailedError(f"{path}: got no word of the citizen's, expected what was written")
    page = visitor.send(page.form("/take"))
    visitor.send(page.form("/withdraw").to("/uphold"), {"reason": UPHOLD_TEXT})
