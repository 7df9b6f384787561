"""The sections of the main navigation. A new section is one line here, with `section.<name>` in the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from models.domain.cases import Role


@dataclass(frozen=True, slots=True)
class Section:
    """`name` is what a page of the section passes as `at`; only people with one of the roles see the link."""

    name: str
    address: str
    roles: frozenset[Role]


SECTIONS: tuple[Section, ...] = (
    Section("queue", "/queue", frozenset({"reviewer", "supervisor", "auditor"})),
    Section("search", "/search", frozenset({"reviewer", "supervisor", "auditor"})),
    Section("lookups", "/people/lookups", frozenset({"supervisor", "auditor"})),
    Section("measures", "/measures", frozenset({"supervisor", "auditor"})),
    Section("audits", "/audits", frozenset({"auditor"})),
    Section("cameras", "/cameras", frozenset({"administrator", "supervisor", "auditor", "operations", "reviewer"})),
    Section("people", "/people", frozenset({"administrator"})),
)


def sections_of(roles: Collection[str]) -> tuple[Section, ...]:
    """The sections that a person of these roles may open, in the order of the navigation."""
    return tuple(section for section in SECTIONS if section.roles.intersection(roles))
