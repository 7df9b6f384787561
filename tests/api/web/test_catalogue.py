"""Every word comes from the catalogue, in both languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from api.web.render import environment
from api.web.text import LANGUAGES, Text, TextMissingError, catalogue
from models.domain.cases import CASE_STATES, MOVES, REJECT_REASONS, ROLES
from models.domain.plates import PLATE_COLOURS
from models.domain.scene import VEHICLE_CLASSES

WEB = Path(__file__).resolve().parents[3] / "api" / "web"
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
CODE = [*TEMPLATES, *sorted(WEB.glob("*.py"))]
KEY = re.compile(r'"((?:[a-z_]+)\.[A-Za-z0-9_]+)"')
PREFIX = re.compile(r'"([a-z_]+\.[a-z_]*)" ~|"([a-z_]+\.[a-z_]*)" \+|f"([a-z_]+\.[a-z_]*)\{|\'([a-z_]+\.[a-z_]*)\' \+')
NO_TEXT = re.compile(r"[A-Za-zÀ-ỹ]{2,}")
SPOKEN_ATTRIBUTES = {"aria-label", "title", "alt", "placeholder", "aria-description", "data-copied", "data-play"}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_stands_in_both_languages_with_the_same_places(key: str) -> None:
    entry = catalogue()[key]
    assert set(entry) == set(LANGUAGES)
    assert all(text.strip() == text and text for text in entry.values())
    places = [sorted(re.findall(r"\{(\w+)\}", text)) for text in entry.values()]
    assert places[0] == places[1]


def _used() -> tuple[set[str], set[str]]:
    keys, prefixes = set(), set()
    sections = {key.partition(".")[0] for key in catalogue()}
    for path in CODE:
        text = path.read_text(encoding="utf-8").replace("t('", 't("').replace("')", '")').replace("',", '",')
        keys |= {key for key in KEY.findall(text) if key.partition(".")[0] in sections}  # `t("queue.tab_" ~ name)` too
        prefixes |= {part for found in PREFIX.findall(path.read_text(encoding="utf-8")) for part in found if part}
    return keys, prefixes


def test_every_key_that_is_used_is_there() -> None:
    keys, _ = _used()
    assert len(keys) > 100
    missing = [
        key
        for key in keys
        if key not in catalogue() and not key.endswith(("_", ".jpg", ".mp4", ".js", ".css", ".html"))
    ]
    assert missing == []


def test_nothing_is_there_that_no_page_uses() -> None:
    keys, prefixes = _used()
    unused = [key for key in catalogue() if key not in keys and not any(key.startswith(part) for part in prefixes)]
    assert unused == []


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("state", CASE_STATES),
        ("role", ROLES),
        ("reject", REJECT_REASONS),
        ("vehicle", VEHICLE_CLASSES),
        ("colour", PLATE_COLOURS),
        ("step", (*sorted({move.name for move in MOVES}), "case_created", "claim_joined", "view")),
    ],
)
def test_every_word_of_the_domain_has_its_text(section: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if f"{section}.{name}" not in catalogue()] == []


def test_a_missing_entry_is_an_error_not_a_blank() -> None:
    with pytest.raises(TextMissingError, match=r"no\.such \(vi\)"):
        Text("vi")("no.such")


class _Words(HTMLParser):
    """Text, and attributes that are spoken, outside of kbd, svg, script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"kbd", "script", "style", "option"}:
            self._silent.append(tag)
        self.found += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value and NO_TEXT.search(value)]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent and NO_TEXT.search(data):
            self.found.append(data.strip())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"{% block body_class %}[a-z -]+{% endblock %}", "", source)
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", source, flags=re.S)
    words = _Words()
    words.feed(bare)
    assert words.found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_script_style_or_address_of_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]* src=)|<style|https?://|\|\s*safe", source)
    assert environment().autoescape is True
