"""The text catalogue: every word that a page shows, in Vietnamese and English, from `catalogue/*.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")


class TextMissingError(LookupError):
    """The catalogue has no such entry, or not in that language."""


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Language → text, by `section.name`."""
    entries: dict[str, dict[str, str]] = {}
    for file in files("api.web").joinpath("catalogue").iterdir():
        if file.name.endswith(".toml"):
            for section, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                entries.update({f"{section}.{name}": text for name, text in texts.items()})
    return entries


class Text:
    """The catalogue in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """The text of that entry, its `{places}` filled.

        Raises:
            TextMissingError: there is no such entry, or a place was not filled.
        """
        try:
            text = catalogue()[key][self.language]
            return text.format(**values) if values else text
        except KeyError as error:
            raise TextMissingError(
                f"{key} ({self.language}): got no {error}, expected an entry in the catalogue"
            ) from None

    def has(self, key: str) -> bool:
        return key in catalogue()


def choose_language(asked: str | None, kept: str | None) -> Language:
    """What the address asks for, else what the cookie keeps, else Vietnamese."""
    for wish in (asked, kept):
        if wish in LANGUAGES:
            return wish
    return "vi"
