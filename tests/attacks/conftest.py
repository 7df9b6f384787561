"""The small office of tests/api, on each engine."""

from tests.api.conftest import database_url, here, office_postgres_url, office_sqlite_path

__all__ = ["database_url", "here", "office_postgres_url", "office_sqlite_path"]
