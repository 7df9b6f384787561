"""A scripted reviewer decides case after case by keyboard alone.

`PHATNGUOI_REVIEW_CASES` says how many (60 for the kept result), `PHATNGUOI_REVIEW_RESULT` where the figures go.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page

from api.actor import Actor
from tests.browser.conftest import OfficeServer, OpenPage, open_first, ready, sign_in, take, until

pytestmark = pytest.mark.browser
CASES = int(os.environ.get("PHATNGUOI_REVIEW_CASES", "8"))
REJECT_EVERY = 4
MOST_KEYS = 12
WATCH = """() => {
  const times = window.paceTimes = [];
  window.isTheSame = true;
  let pressed;
  addEventListener("keydown", (press) => { if (press.key === "Enter") pressed = performance.now(); }, true);
  let shown = document.querySelector(".case-root").dataset.case;
  new MutationObserver(() => {
    const root = document.querySelector(".case-root");
    if (!root || root.dataset.case === shown) return;
    shown = root.dataset.case;
    const begun = pressed;
    requestAnimationFrame(() => requestAnimationFrame(() => times.push({
      painted_ms: performance.now() - begun,
      clip_ready: document.getElementById("clip").readyState >= 2,
      pictures_ready: [...document.querySelectorAll(".view img")].every((each) => each.naturalWidth > 0),
    })));
  }).observe(document.getElementById("main"), { childList: true });
}"""


@dataclass(slots=True)
class Hands:
    """Presses keys, and counts them; what is typed as a plate counts apart."""

    page: Page
    pressed: list[int] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.pressed[-1] += len(keys)

    def look(self) -> None:
        self.press("a")
        until(self.page, "document.querySelector('.thumb[data-show=\"clip\"] .seen:not([hidden])') !== null")
        self.press("1", "2", "3")

    def confirm(self, plate: str) -> None:
        self.look()
        self.press("b")
        self.page.keyboard.type(plate)
        self.press("Enter", "2", "1", "Enter")

    def reject(self) -> None:
        self.press("Space", "2", "x")
        until(self.page, "document.getElementById('reject').open")
        self.press("a", "Enter")


def test_decides_every_case_by_keyboard_within_twelve_keys_and_without_a_page_load(
    server: OfficeServer, open_page: OpenPage
) -> None:
    server.person("hoa", "reviewer")
    for count in range(CASES + 1):
        server.case(vehicle="car", point_px16=(1000 + 3000 * count, 2000))
    page = open_page()
    sign_in(page, "hoa")
    open_first(page)
    take(page)
    ready(page)
    page.evaluate(WATCH)
    hands = Hands(page)
    for count in range(CASES):
        shown = page.locator(".case-root").get_attribute("data-case")
        hands.pressed.append(0)
        if count % REJECT_EVERY == REJECT_EVERY - 1:
            hands.reject()
        else:
            hands.confirm(f"75A-{100 + count}.{10 + count % 80}")
        until(page, f"window.paceTimes.length > {count}")
        assert page.locator(".case-root").get_attribute("data-case") != shown
    assert page.evaluate("window.isTheSame === true")
    assert max(hands.pressed) <= MOST_KEYS
    counts = server.office.cases.counts(Actor(frozenset({"auditor"})))
    assert counts["new"] + counts["in_review"] == 1, counts
    assert counts["rejected"] == CASES // REJECT_EVERY
    keep(page.evaluate("window.paceTimes"), hands.pressed, page)


def keep(times: list[dict[str, Any]], pressed: list[int], page: Page) -> None:
    target = os.environ.get("PHATNGUOI_REVIEW_RESULT")
    if not target:
        return
    painted = sorted(each["painted_ms"] for each in times)
    result = {
        "what": "from the last key of a decision to the next case painted, in one page, no time to think between keys",
        "cases": len(times),
        "keys_besides_the_plate": {"most": max(pressed), "median": median(pressed)},
        "painted_ms": {
            "median": round(median(painted), 1),
            "p95": round(painted[max(0, -(-len(painted) * 95 // 100) - 1)], 1),
            "most": round(painted[-1], 1),
        },
        "within_150_ms": sum(each <= 150 for each in painted),
        "pictures_ready_when_painted": sum(each["pictures_ready"] for each in times),
        "clip_ready_when_painted": sum(each["clip_ready"] for each in times),
        "browser": page.context.browser.version if page.context.browser else "",
        "database": "SQLite",
        "cores": os.cpu_count(),
        "load_average_1_min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    Path(target).write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
