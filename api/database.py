"""The office's database: one engine, short transactions, migrations. SQLite and PostgreSQL look alike from here up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker

SQLITE_BUSY_MS = 15_000


class Database:
    """An engine and its two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self.engine = _open_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reads = sessionmaker(self.engine, expire_on_commit=False)
        self._writes = sessionmaker(self.engine.execution_options(is_write=True), expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that writes nothing; it is rolled back at the end."""
        with self._reads() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One unit of work: commits at the end, rolls back on any error. Never wait for a network inside."""
        with self._writes.begin() as session:
            yield session

    def is_reachable(self) -> None:
        """Raises SQLAlchemyError where the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def _open_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_MS / 1000})
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"busy_timeout={SQLITE_BUSY_MS}", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for a connection; the migrations lie beside the tables."""
    config = Config()
    config.set_main_option("script_location", str(files("models.tables").joinpath("migrations")))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> None:
    """Brings the tables to the newest form. Safe to run again, and at every start."""
    with database.engine.execution_options(is_write=True).begin() as connection:
        if not database.is_sqlite:  # two processes may start at once: one waits
            connection.execute(text("SELECT pg_advisory_xact_lock(7140315)"))
        command.upgrade(alembic_config(connection), "head")


def migration_gap(database: Database) -> str | None:
    """None when the tables are in the newest form, else "got …, expected …"."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return None if current == head else f"got migration {current}, expected {head}"


def check_models(database: Database) -> None:
    """Raises alembic's CommandError where models and migrations disagree."""
    with database.engine.connect() as connection:
        command.check(alembic_config(connection))
