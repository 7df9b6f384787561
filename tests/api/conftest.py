"""One office on each engine."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.database import Database, migrate
from models.tables import Base
from tests.api.kit import SmallOffice, small_office
from tests.servers import PostgresServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def office_postgres_url(postgres_server: PostgresServer) -> str:
    """One migrated database for all tests of a folder: making and dropping hundreds costs a minute."""
    url = postgres_server.make_database(f"office_tests_{next(_numbers)}")
    database = Database(url)
    migrate(database)
    database.close()
    return url


@pytest.fixture(scope="session")
def office_sqlite_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database to copy."""
    path = tmp_path_factory.mktemp("office") / "office.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database; every test that takes it runs on both engines."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("office_sqlite_path"), tmp_path / "office.db")
        return f"sqlite:///{copy}"
    url = str(request.getfixturevalue("office_postgres_url"))
    database = Database(url)
    with database.writing() as session:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        session.connection().exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    database.close()
    return url


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[SmallOffice]:
    small = small_office(database_url, tmp_path)
    yield small
    small.office.close()
