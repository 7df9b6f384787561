"""People at their screens, as a machine plays them: ask for a page, check what came, think, ask again."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from models.tables import PersonRow
from phatnguoi.bench.office_fill import CAMERAS, PASSWORD, PlannedCase, agency_of, camera_id, group_of, planned

LINES_A_PAGE = 50
TABS = {"new": ("new",), "contested": ("contested",), "notice_issued": ("notice_issued",),
        "closed": ("rejected", "withdrawn", "expired")}  # fmt: skip
KINDS = ("queue", "next_page", "filter", "search", "case")
WEIGHTS = (30, 15, 15, 15, 25)
_ROW = re.compile(r'class="row-link" href="/cases/([0-9a-z]{26})"')
_NEXT = re.compile(r'href="(/queue\?[^"]*after=[^"]*)"')
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass(slots=True)
class Tally:
    """What the visits took, by kind, as the visitor saw it; and every page that was not what it should be."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float, wrong: str | None) -> None:
        with self.lock:
            self.seconds[kind].append(seconds)
            if wrong:
                self.wrong.append(f"{kind}: {wrong}")


class Visitor:
    """One person with one session; what comes is held against the plan of the cases."""

    def __init__(self, url: str, person: PersonRow, of: int, now: datetime) -> None:
        self._client = httpx.Client(base_url=url, timeout=30, headers={"accept": "text/html"})
        self._person = person
        self._of = of
        self._now = now
        self._random = random.Random(person.username)  # noqa: S311  (which page next)
        self._after: str | None = None

    def sign_in(self) -> None:
        token = self._token(self._client.get("/login").text)
        typed = {"form_token": token, "username": self._person.username, "password": PASSWORD, "code": "", "next": ""}
        answer = self._client.post("/login", data=typed)
        assert answer.status_code == 303, f"{self._person.username}: got {answer.status_code} at the door"

    def close(self) -> None:
        self._client.close()

    def visit(self, kind: str, tally: Tally) -> None:
        begin_s = time.perf_counter()
        wrong = getattr(self, f"_{kind}")()
        tally.add(kind, time.perf_counter() - begin_s, wrong)

    def stay(self, until_s: float, tally: Tally, think_s: tuple[float, float], stop: threading.Event) -> None:
        """Visits until then, with pauses."""
        while time.monotonic() < until_s and not stop.wait(self._random.uniform(*think_s)):
            self.visit(self._random.choices(KINDS, WEIGHTS)[0], tally)

    def _queue(self) -> str | None:
        tab = self._random.choice(list(TABS))
        return self._listed(f"/queue?show={tab}", lambda case: case.state in TABS[tab])

    def _next_page(self) -> str | None:
        """Of the list that was shown last, else of the notices."""
        if self._after is None:
            return self._listed("/queue?show=notice_issued", lambda case: case.state == "notice_issued")
        return self._listed(self._after, lambda _: True)

    def _filter(self) -> str | None:
        camera = self._random.choice([each for each in range(CAMERAS) if self._sees(each)])
        tab = self._random.choice(["new", "closed"])
        url = f"/queue?show={tab}&camera={camera_id(camera)}"
        return self._listed(url, lambda case: case.camera == camera and case.state in TABS[tab])

    def _search(self) -> str | None:
        case = self._some_case()
        if self._person.roles == ["reviewer"] or case.plate is None:
            return self._listed(f"/search?number={case.number}", lambda found: found == case)
        day = (case.occurred_at + timedelta(hours=7)).date()
        url = f"/search?camera={camera_id(case.camera)}&first={day}&last={day + timedelta(days=1)}"
        return self._listed(url, lambda found: found.camera == case.camera, must_hold=case)

    def _case(self) -> str | None:
        case = self._some_case()
        answer = self._client.get(f"/cases/{case.id}")
        if answer.status_code != 200 or case.number not in answer.text or "</html>" not in answer.text:
            return f"{case.id}: got {answer.status_code}, expected the page of {case.number}"
        return None

    def _listed(
        self, url: str, belongs: Callable[[PlannedCase], bool], must_hold: PlannedCase | None = None
    ) -> str | None:
        """What is wrong with a list: a stranger's line, a line out of order, no line at all."""
        answer = self._client.get(url)
        if answer.status_code != 200:
            return f"{url}: got {answer.status_code}, expected 200"
        cases = [PlannedCase(int(each), self._of, self._now) for each in _ROW.findall(answer.text)]
        followed = _NEXT.search(answer.text)
        self._after = followed.group(1).replace("&amp;", "&") if followed else None
        if len(cases) > LINES_A_PAGE or (not cases and self._has_any(belongs)):
            return f"{url}: got {len(cases)} lines, expected 1 to {LINES_A_PAGE}"
        if [case.place for case in cases] != sorted({case.place for case in cases}):
            return f"{url}: got lines out of order or twice"
        strangers = [case for case in cases if not (belongs(case) and self._sees(case.camera))]
        if strangers:
            return f"{url}: got {strangers[0].id}, which does not belong there"
        if must_hold is not None and must_hold not in cases and followed is None and len(cases) < LINES_A_PAGE:
            return f"{url}: got no line of {must_hold.id}, expected it"
        return None

    def _has_any(self, belongs: Callable[[PlannedCase], bool]) -> bool:
        return any(belongs(case) and self._sees(case.camera) for case in planned(self._of, self._now))

    def _some_case(self) -> PlannedCase:
        while True:
            case = PlannedCase(self._random.randint(1, self._of), self._of, self._now)
            if self._sees(case.camera):
                return case

    def _sees(self, camera: int) -> bool:
        person = self._person
        if person.agency is not None and agency_of(camera) != person.agency:
            return False
        return person.camera_groups is None or group_of(camera) in person.camera_groups

    def _token(self, text: str) -> str:
        found = _TOKEN.search(text)
        assert found is not None, "got a page without a form"
        return found.group(1)
