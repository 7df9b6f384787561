"""A child process that is waited for until it answers, stopped by its own pid, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

LEASH = Path(__file__).with_name("leash.py")
POLL_S = 0.05
STOP_TIMEOUT_S = 10.0
LOG_TAIL_BYTES = 2000


class ServerNotStartedError(RuntimeError):
    """The server ended, or did not answer in time. The message ends with the last lines of its log."""


def free_port() -> int:
    """A TCP port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str) -> str:
    """The absolute path of a program of this virtual environment."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise ServerNotStartedError(f"{name}: not in this virtual environment; `make test` installs it")
    return str(path)


class ChildProcess:
    """One child in a process group of its own; as a context manager it stops the child at the end.

    Args:
        command: absolute path of the program, and its arguments.
        log_path: takes standard output and standard error; None keeps those of this process.
        environment: the whole environment of the child; None means this process's own.
        stop_signal: asks the child to end; after `STOP_TIMEOUT_S` its whole group is killed.
        owner: (user id, group id) to run as; None means this process's own.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log_path: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        owner: tuple[int, int] | None = None,
        working_directory: Path | None = None,
    ) -> None:
        self.command = list(command)
        self.log_path = log_path
        self.stop_signal = stop_signal
        user_id, group_id = owner or (os.getuid(), os.getgid())
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(stop_signal))]
        log = log_path.open("ab") if log_path else None
        try:
            self.process = subprocess.Popen(
                [*leash, str(user_id), str(group_id), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                env=None if environment is None else dict(environment),
                cwd=working_directory,
                start_new_session=True,
            )
        finally:
            if log:
                log.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def log_tail(self) -> str:
        if self.log_path is None or not self.log_path.exists():
            return ""
        return self.log_path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()

    def wait_until(self, answers: Callable[[], bool], timeout_s: float, name: str) -> None:
        """Ask `answers` again and again until it says yes.

        Raises:
            ServerNotStartedError: the child ended, or `timeout_s` went by. The child is stopped first.
        """
        deadline_s = time.monotonic() + timeout_s
        while self.is_running and time.monotonic() < deadline_s:
            if answers():
                return
            time.sleep(POLL_S)
        reason = f"no answer within {timeout_s:g} s" if self.is_running else f"ended with {self.process.returncode}"
        self.stop()
        raise ServerNotStartedError(f"{name}: {reason}: {self.log_tail()}")

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal to the child's whole group; a child that is gone is no error."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal_number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask the child to end; kill its group when it does not, or when it leaves children behind."""
        if self.is_running:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_TIMEOUT_S)
        self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def answers_tcp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
