"""A browser without a screen: keeps cookies, reads forms out of pages, and sends them as a person's browser would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from phatnguoi.errors import CheckFailedError

TIMEOUT_S = 20.0


@dataclass(slots=True)
class Form:
    """One form of a page; `fields` are its hidden and filled-in fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Radio buttons: name → values."""
    other_actions: list[str] = field(default_factory=list)
    """Addresses of buttons that send this form elsewhere."""

    def to(self, ending: str) -> Form:
        """This form as its other button sends it.

        Raises:
            CheckFailedError: it has no such button.
        """
        for action in self.other_actions:
            if action.endswith(ending):
                return Form(action, self.method, self.fields, self.choices)
        raise CheckFailedError(f"{self.action}: got no button that leads to {ending!r}, expected one")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feet: dict[str, tuple[float, float]] = {}
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = {name: value or "" for name, value in attrs}
        self.links += [here[name] for name in ("href", "src") if name in here]
        if tag == "rect" and self.links:
            x, y, width, height = (float(here[name]) for name in ("x", "y", "width", "height"))
            self.feet.setdefault(self.links[-1], (x + width / 2, y + height))
        elif tag == "form":
            self._form = Form(here.get("action", ""), here.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None and tag in ("input", "textarea") and "name" in here:
            if here.get("type") == "radio":
                self._form.choices.setdefault(here["name"], []).append(here["value"])
            else:
                self._form.fields[here["name"]] = here.get("value", "")
        elif self._form is not None and "formaction" in here:
            self._form.other_actions.append(here["formaction"])
        elif tag == "input" and "value" in here:
            self.links.append(here["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    links: list[str]
    forms: list[Form]
    text: str
    feet: dict[str, tuple[float, float]]
    """Picture → middle of the lower edge of the box that the page draws on it."""

    def form(self, ending: str) -> Form:
        """The form whose address ends so.

        Raises:
            CheckFailedError: the page has none.
        """
        for one in self.forms:
            if one.action.endswith(ending):
                return one
        raise CheckFailedError(f"{self.url}: got no form {ending!r} on the page (status {self.status}), expected one")

    def has_form(self, ending: str) -> bool:
        return any(one.action.endswith(ending) for one in self.forms)


class Visitor:
    """Somebody at a browser."""

    def __init__(self, base_url: str, language: str = "vi") -> None:
        self._http = httpx.Client(
            base_url=base_url, timeout=TIMEOUT_S, follow_redirects=True, headers={"accept-language": language}
        )

    def open(self, url: str) -> Page:
        return _read(self._http.get(url))

    def send(self, form: Form, typed: Mapping[str, str] | None = None, *, expected: int = 200) -> Page:
        """Send a form as it stands, with what is typed into it.

        Raises:
            CheckFailedError: the answer has another status than expected.
        """
        page = _read(self._http.post(form.action, data=form.fields | dict(typed or {})))
        if page.status != expected:
            raise CheckFailedError(f"{form.action}: got status {page.status}, expected {expected}: {page.text[:300]}")
        return page

    def fetch(self, url: str, first_bytes: int | None = None) -> httpx.Response:
        """A file of a page; with `first_bytes`, by HTTP Range as a player does."""
        headers = {} if first_bytes is None else {"range": f"bytes=0-{first_bytes - 1}"}
        answer = self._http.get(url, headers=headers)
        expected = 200 if first_bytes is None else 206
        if answer.status_code != expected:
            raise CheckFailedError(f"{url.split('?')[0]}: got status {answer.status_code}, expected {expected}")
        return answer

    def close(self) -> None:
        self._http.close()


def _read(answer: httpx.Response) -> Page:
    reader = _Reader()
    reader.feed(answer.text)
    return Page(str(answer.url), answer.status_code, reader.links, reader.forms, " ".join(reader.words), reader.feet)
