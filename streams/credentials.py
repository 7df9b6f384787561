"""Credentials: `${VAR}` is read from the environment, and nothing secret ever leaves by a log or an error."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from urllib.parse import quote, unquote

HIDDEN = "***"
SHORTEST_SECRET = 3
"""Shorter values are not searched for in free text: they would blacken ordinary words. URLs are always redacted."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s'\"]*@")
"""Up to the last @: a password that was not percent-encoded may hold @ and / itself."""
_SECRET_KEY = re.compile(r"(?i)([?&](?:password|passwd|pwd|pass|token|key|secret|auth)=)[^&#\s'\"]+")

_lock = threading.Lock()
_secrets: set[str] = set()


class VariableNotSetError(KeyError):
    """An address names a `${VARIABLE}` that the environment does not have. Holds its name only."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"the environment has no {self.name}, expected it for ${{{self.name}}} in the camera's address"


def expand(address: str, environment: Mapping[str, str]) -> str:
    """The address with every `${VAR}` replaced; in a URL's user part the value is percent-encoded.

    Every value that is put in becomes a registered secret, and so does the user part of the result.

    Raises:
        VariableNotSetError: the environment lacks a variable.
    """
    user_part_end = _user_part_end(address)

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise VariableNotSetError(name)
        value = environment[name]
        if match.start() >= user_part_end:
            return value
        register_secret(value)
        return quote(value, safe="")

    expanded = _VARIABLE.sub(value_of, address)
    register_url(expanded)
    return expanded


def _user_part_end(address: str) -> int:
    """Where `user:password@` ends in the address; 0 without one."""
    scheme = address.find("://")
    if scheme < 0:
        return 0
    rest = _VARIABLE.sub(lambda match: "v" * len(match.group(0)), address[scheme + 3 :])
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    at = authority.rfind("@")
    return scheme + 3 + at + 1 if at >= 0 else 0


def register_url(url: str) -> None:
    """Registers the name and the password that stand in a URL."""
    end = _user_part_end(url)
    if end == 0:
        return
    user_part = url[url.find("://") + 3 : end - 1]
    register_secret(user_part)
    for part in user_part.split(":", 1):
        register_secret(part)


def register_secret(value: str) -> None:
    """From now on `redact` blackens this value, as it is and percent-encoded."""
    spellings = {value, unquote(value), quote(value, safe="")}
    with _lock:
        _secrets.update(spelling for spelling in spellings if len(spelling) >= SHORTEST_SECRET)


def redact(text: str) -> str:
    """The text without the user part of any URL, without secret query values, without any registered secret."""
    text = _USERINFO.sub(rf"\g<scheme>{HIDDEN}@", text)
    text = _SECRET_KEY.sub(rf"\g<1>{HIDDEN}", text)
    with _lock:
        known = sorted(_secrets, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return text
