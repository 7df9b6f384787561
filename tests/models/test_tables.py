"""Tables and migrations say the same on both engines; instants keep their zone; ids sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from api.database import Database, alembic_config, check_models, migrate, migration_gap
from models.tables import Base, CounterRow, HeartbeatRow, SubmissionRow, new_id

NOW = datetime(2026, 11, 20, 2, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'office.db'}")
    return Database(str(request.getfixturevalue("postgres_url")))


def test_models_and_migrations_agree(database: Database) -> None:
    assert str(migration_gap(database)).startswith("got migration None, expected 0")
    migrate(database)
    migrate(database)  # again: nothing to do
    assert migration_gap(database) is None
    check_models(database)
    assert set(inspect(database.engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    database.close()


def test_a_column_that_no_migration_makes_is_noticed(database: Database) -> None:
    migrate(database)
    with database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE cameras DROP COLUMN address")
    with pytest.raises(Exception, match="New upgrade operations"):
        check_models(database)
    database.close()


def test_the_way_back_leaves_nothing(database: Database) -> None:
    migrate(database)
    with database.engine.execution_options(is_write=True).begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()


def test_an_instant_comes_back_aware_and_in_utc(database: Database) -> None:
    migrate(database)
    hanoi = timezone(timedelta(hours=7))
    with database.writing() as session:
        session.add(HeartbeatRow(job="a", at=NOW.astimezone(hanoi)))
    with database.reading() as session:
        at = session.get_one(HeartbeatRow, "a").at
    assert at == NOW
    assert at.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="expected an aware one"), database.writing() as session:
        session.add(HeartbeatRow(job="b", at=NOW.replace(tzinfo=None)))
    database.close()


def test_foreign_keys_hold(database: Database) -> None:
    migrate(database)
    row = {"worker": "w", "camera_id": "c", "state": "case", "manifest_sha256": "", "message": "", "received_at": NOW}
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(SubmissionRow(id="a", next_try_at=NOW, case_id="nobody", **row))
    database.close()


def test_an_error_undoes_the_whole_unit_of_work(database: Database) -> None:
    migrate(database)
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        session.add(CounterRow(name="a", value=1))
        session.flush()
        raise ZeroDivisionError
    with database.reading() as session:
        assert session.get(CounterRow, "a") is None
    database.close()


def test_an_error_does_not_repeat_what_was_to_be_stored(database: Database) -> None:
    migrate(database)
    with pytest.raises(DBAPIError) as caught, database.writing() as session:
        session.execute(text("SELECT 1 FROM nowhere WHERE name = :plate"), {"plate": "75A-123.45"})
    assert "75A-123.45" not in str(caught.value)
    assert "hide_parameters" in str(caught.value)
    database.close()


def test_ids_are_opaque_and_sort_by_time() -> None:
    ids = [new_id(NOW + timedelta(milliseconds=number)) for number in range(50)]
    assert ids == sorted(ids)
    assert len({*ids, new_id(NOW), new_id(NOW)}) == 52
    assert all(len(each) == 26 and each.isalnum() and each.islower() for each in ids)
