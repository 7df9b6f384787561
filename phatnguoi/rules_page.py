"""docs/rules.md: what every rule tells of itself, with the acts of the catalogue."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from detector.rule import Rule
from detector.rulebook import known_rules
from models.domain.catalogue import UNCHECKED_NOTE, find_offences

HEAD = """# The rules

Made from the rules themselves by `phatnguoi rules --write docs/rules.md`; a test holds it current. A camera file
names a rule with `rule`, its `mode` and the settings below; a setting without a usual value must be given. In the
drawings red is claimed, grey is not. Acts and references are those of `models/domain/fines_vn.csv` ({note}: no person
has checked them yet).

What holds for all of them (`detector/rulebook.py`): nothing is claimed in an excluded zone, of a priority vehicle on
duty, or twice of one vehicle by one rule; nothing while the clock of the stream settles; nothing of what is not known
to be a vehicle. Distances are in metres where the camera file has ground points, else in the vehicle's own box heights.

| rule | act | version |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rules = sorted(known_rules().items())
    rows = [f"| [{code}](#{code}) | {', '.join(rule.acts)} | {rule.version} |" for code, rule in rules]
    parts = [HEAD.format(note=UNCHECKED_NOTE) + "\n".join(rows) + "\n"]
    return "\n".join([*parts, *(_section(code, rule) for code, rule in rules)])


def title_of(rule: type[Rule]) -> str:
    """The sentence that the reviewer reads: the first paragraph of the docstring."""
    return " ".join(inspect.cleandoc(rule.__doc__ or "").split("\n\n")[0].split())


def _section(code: str, rule: type[Rule]) -> str:
    paragraphs = [" ".join(text.split()) for text in inspect.cleandoc(rule.__doc__ or "").split("\n\n")]
    parts = [f"## {code}", f"> {paragraphs[0]}", *(textwrap.fill(text, 130) for text in paragraphs[1:])]
    parts.append(f"![{code}](rules/{code}.svg)")
    parts.append("Never claimed:\n\n" + "\n".join(f"- {text}" for text in rule.never))
    parts.append("\n".join(["| act | vehicle | reference | decree |", "|---|---|---|---|", *_acts(rule)]))
    parts.append("\n".join(["| setting | usual | what | source |", "|---|---|---|---|", *_settings(rule)]))
    numbers = list(_numbers(rule))
    if numbers:
        parts.append("\n".join(["| number in the code | value | what | source |", "|---|---|---|---|", *numbers]))
    return "\n\n".join(parts) + "\n"


def _acts(rule: type[Rule]) -> Iterator[str]:
    for code in rule.acts:
        for vehicle, offence in find_offences(code):
            act = f"{offence.reference}: {_cell(offence.description)}"
            yield f"| {code} | {vehicle} | {act} | {offence.decree} |"


def _settings(rule: type[Rule]) -> Iterator[str]:
    for name, field in rule.settings_class.model_fields.items():
        key = field.alias or name
        what = "Code of the offence catalogue." if name == "act_code" else field.description or ""
        source = rule.sources.get(key, rule.sources.get(name, ""))
        yield f"| `{key}` | {_usual(field)} | {_cell(what)}{_bounds(field)} | {_cell(source)} |"


def _usual(field: FieldInfo) -> str:
    if field.is_required():
        return "–"
    value = field.get_default(call_default_factory=True)
    return "unset" if value is None else f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, tuple | list | frozenset):
        return "[" + ", ".join(str(item) for item in value) + "]"
    return str(value)


def _bounds(field: FieldInfo) -> str:
    """From what to what, and which words."""
    least = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    above = next((m.gt for m in field.metadata if hasattr(m, "gt")), None)
    most = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    words = [value for value in get_args(field.annotation) if isinstance(value, str)]
    if words:
        return f" One of {', '.join(f'`{word}`' for word in words)}."
    low = f"{least:g}" if least is not None else f"above {above:g}" if above is not None else None
    return f" ({low} to {most:g})" if low is not None and most is not None else ""


def _numbers(rule: type[Rule]) -> Iterator[str]:
    """Upper-case numbers of the rule's files that a docstring follows."""
    files = dict.fromkeys(inspect.getfile(c) for c in rule.__mro__ if c.__module__.startswith("detector"))
    for file in files:
        for node, after in itertools.pairwise(ast.parse(Path(file).read_text(encoding="utf-8")).body):
            match node, after:
                case ast.Assign(), ast.Expr(value=ast.Constant(value=str(text))):
                    names, value = (ast.unparse(part).strip("()") for part in (node.targets[0], node.value))
                    source = next((rule.sources[name] for name in names.split(", ") if name in rule.sources), "")
                    yield f"| `{names}` | {_cell(value)} | {_cell(text)} | {_cell(source)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
