"""One office on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.kit import SmallOffice, small_office


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database; every test that takes it runs on both engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'office.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[SmallOffice]:
    small = small_office(database_url, tmp_path)
    yield small
    small.office.close()
