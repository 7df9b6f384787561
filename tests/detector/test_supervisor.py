"""Who stands still is killed and started anew; who only waits for its camera is left alone."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from detector import supervisor as supervisor_module
from detector.child import Entry, Report
from detector.errors import SettingsError
from detector.metrics import Health, health_server
from detector.outbox import Outbox
from detector.supervisor import ChildSpec, ChildStatus, Supervisor
from streams.reconnect import Waits
from tests.conftest import ROOT
from tests.detector import children
from tests.detector.kit import make_claim

TIMEOUT_S = 40.0
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "WAITS", Waits(first_s=0.1, longest_s=0.3))
    monkeypatch.setattr(supervisor_module, "REPORT_LIMIT_S", 2.0)
    monkeypatch.setattr(supervisor_module, "STOP_TIMEOUT_S", 2.0)


def _spec(folder: Path, entry: Entry, name: str = "cam-1", start_limit_s: float = 30.0) -> ChildSpec:
    return ChildSpec(name, entry, folder, limit_s=2.0, start_limit_s=start_limit_s)


@contextmanager
def _supervised(folder: Path, *specs: ChildSpec) -> Iterator[Supervisor]:
    supervisor = Supervisor(specs, folder / "worker")
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        thread.join(20)
        assert not thread.is_alive()


def _until(holds: Callable[[], bool], what: Callable[[], object] = lambda: "") -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline_s, what()
        time.sleep(0.05)


def _births(folder: Path) -> int:
    return len(list(folder.glob("*.pid")))


def _works(supervisor: Supervisor) -> bool:
    status = supervisor.statuses()[0]
    return status.state == "running" and status.report is not None and status.report.done > 5


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (children.hangs_in_its_work, "work_stands_still"),
        (children.source_hangs, "source_stands_still"),
        (children.is_stopped, "silent"),
    ],
)
def test_who_stands_still_is_killed_and_works_again(tmp_path: Path, entry: Entry, reason: str) -> None:
    with _supervised(tmp_path, _spec(tmp_path, entry)) as supervisor:
        _until(lambda: _births(tmp_path) == 2 and _works(supervisor), supervisor.statuses)
        assert supervisor.statuses()[0].restarts == ((reason, 1),)


def test_a_camera_that_is_away_is_no_reason_to_kill(tmp_path: Path) -> None:
    with _supervised(tmp_path, _spec(tmp_path, children.camera_is_away, start_limit_s=3.0)) as supervisor:
        _until(lambda: supervisor.statuses()[0].report is not None)
        time.sleep(4)
        status = supervisor.statuses()[0]
        assert (status.restarts, status.state) == ((), "running")
        assert _births(tmp_path) == 1


def test_who_never_starts_is_killed(tmp_path: Path) -> None:
    with _supervised(tmp_path, _spec(tmp_path, children.never_starts, start_limit_s=3.0)) as supervisor:
        _until(lambda: _births(tmp_path) >= 2, supervisor.statuses)
        (reason, _), *_ = supervisor.statuses()[0].restarts
        assert reason in ("source_stands_still", "no_start")


def test_who_crashes_is_started_again_and_tells_no_secret(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with _supervised(tmp_path, _spec(tmp_path, children.crashes)) as supervisor:
        _until(lambda: _births(tmp_path) >= 2, supervisor.statuses)
        assert dict(supervisor.statuses()[0].restarts)["failed"] >= 1
    told = capfd.readouterr().err
    assert "cannot be" in told
    assert "secret-of-the-camera" not in told


def test_a_killed_child_is_started_again_beside_one_that_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    specs = (_spec(tmp_path / "a", children.steady, "cam-a"), _spec(tmp_path / "b", children.steady, "cam-b"))
    with _supervised(tmp_path, *specs) as supervisor:
        _until(lambda: _works(supervisor))
        pid = supervisor.statuses()[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _until(lambda: _births(tmp_path / "a") == 2 and _works(supervisor))
        assert supervisor.statuses()[0].restarts == (("killed", 1),)
        assert supervisor.statuses()[1].restarts == ()


def test_a_recording_that_came_to_its_end_is_not_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor([_spec(tmp_path, children.comes_to_its_end)], tmp_path / "worker")
    supervisor.run()
    assert [status.state for status in supervisor.statuses()] == ["ended"]
    assert _births(tmp_path) == 1


def test_the_publisher_goes_on_until_everything_is_handed_in(tmp_path: Path) -> None:
    (tmp_path / "camera").mkdir()
    (tmp_path / "publisher").mkdir()
    publisher = ChildSpec("publisher", children.steady, tmp_path / "publisher", is_camera=False)
    drained = threading.Event()
    specs = [_spec(tmp_path / "camera", children.comes_to_its_end), publisher]
    supervisor = Supervisor(specs, tmp_path / "worker", drained.is_set)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    _until(lambda: supervisor.statuses()[0].state == "ended" and _births(tmp_path / "publisher") == 1)
    assert thread.is_alive()
    drained.set()
    thread.join(20)
    assert [status.state for status in supervisor.statuses()] == ["ended", "stopped"]


def test_who_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "STOP_TIMEOUT_S", 1.0)
    with _supervised(tmp_path, _spec(tmp_path, children.will_not_end)) as supervisor:
        _until(lambda: _births(tmp_path) == 1)
        pid = supervisor.statuses()[0].pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from detector.supervisor import ChildSpec, Supervisor\n"
        "from tests.detector import children\n"
        "folder = Path(sys.argv[1])\n"
        "if __name__ == '__main__':\n"
        "    Supervisor([ChildSpec('cam-1', children.steady, folder)], folder / 'worker').run()\n"
    )
    path = tmp_path / "starter.py"
    path.write_text(script)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    starter = subprocess.Popen([sys.executable, str(path), str(tmp_path)], cwd=ROOT, env=environment)
    _until(lambda: _births(tmp_path) == 1)
    starter.kill()
    starter.wait()
    child = int(next(tmp_path.glob("*.pid")).stem)
    _until(lambda: not _is_running(child))


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Watched:
    """A supervisor that says what a test wants."""

    def __init__(self, *statuses: ChildStatus, turn_age_s: float = 0.0) -> None:
        self.turn_age_s = turn_age_s
        self._statuses = list(statuses)

    def statuses(self) -> list[ChildStatus]:
        return self._statuses


def _status(frame_age_s: float | None = 0.2, state: str = "reading", **changes: object) -> ChildStatus:
    report = Report(state, 0.1, 0.0, frame_age_s, 40, (("frames", "", 40), ("frames_dropped", "newer_frame_came", 3)))
    values: dict[str, object] = {
        "name": "hn-ltk-hb", "is_camera": True, "state": "running", "pid": 1, "report": report, "report_age_s": 0.0,
        "restarts": (("killed", 2),),
    }  # fmt: skip
    return ChildStatus(**(values | changes))  # type: ignore[arg-type]


def _get(port: int, page: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("watched", "reasons"),
    [
        (Watched(_status()), []),
        (Watched(_status(frame_age_s=30.0)), ["hn-ltk-hb: newest frame 30 s old (reading)"]),
        (Watched(_status(frame_age_s=1.0, report_age_s=30.0)), ["hn-ltk-hb: newest frame 31 s old (reading)"]),
        (Watched(_status(frame_age_s=None, state="waiting")), ["hn-ltk-hb: no frame yet (waiting)"]),
        (Watched(_status(state="reading", report=None)), ["hn-ltk-hb: starting"]),
        (Watched(ChildStatus("publisher", False, "waiting", None, None, None, ())), ["publisher: waiting"]),
    ],
    ids=["all well", "frozen", "silent", "no frame yet", "starting", "the publisher is down"],
)
def test_readiness_tells_the_truth(tmp_path: Path, watched: Watched, reasons: list[str]) -> None:
    with health_server(Health(watched, Outbox(tmp_path / "outbox.db"))) as port:
        status, body = _get(port, "/readyz")
    assert json.loads(body)["reasons"] == reasons
    assert status == (503 if reasons else 200)


def test_a_supervisor_that_stands_still_is_not_alive(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    with health_server(Health(Watched(), outbox)) as port:
        with (
            pytest.raises(SettingsError, match=f"got {port}, expected a free port"),
            health_server(Health(Watched(), outbox), port),
        ):
            pass
        assert _get(port, "/healthz")[0] == 200
        assert _get(port, "/elsewhere")[0] == 404
    with health_server(Health(Watched(turn_age_s=9.0), outbox)) as port:
        assert _get(port, "/healthz")[0] == 503


def test_metrics_say_what_lies_in_the_outbox(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.commit(make_claim())
    with health_server(Health(Watched(_status()), outbox)) as port:
        status, body = _get(port, "/metrics")
    assert status == 200
    for line in (
        'phatnguoi_outbox_claims{state="claimed"} 1.0',
        'phatnguoi_process_restarts_total{process="hn-ltk-hb",reason="killed"} 2.0',
        'phatnguoi_camera_frame_age_seconds{camera="hn-ltk-hb"} 0.2',
        'phatnguoi_process_count{name="frames_dropped",process="hn-ltk-hb",reason="newer_frame_came"} 3.0',
        "phatnguoi_outbox_readable 1.0",
    ):
        assert line in body


def test_an_outbox_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        database.execute("DROP TABLE claims")
    database.close()
    with health_server(Health(Watched(_status()), outbox)) as port:
        assert _get(port, "/readyz")[0] == 503
        assert "phatnguoi_outbox_readable 0.0" in _get(port, "/metrics")[1]


def test_a_camera_with_a_new_file_starts_anew_at_once_and_it_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "WAITS", Waits(first_s=60, longest_s=60))
    with _supervised(tmp_path, _spec(tmp_path, children.reloads_once)) as supervisor:
        _until(lambda: supervisor.statuses()[0].restarts == (("reload", 1),))
        _until(lambda: (report := supervisor.statuses()[0].report) is not None and report.done > 0)


def test_a_camera_that_the_office_adds_is_taken_in_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "MORE_EVERY_S", 0.1)
    new = _spec(tmp_path, children.steady, "cam-new")
    first = _spec(tmp_path, children.steady)
    more = lambda names: [] if "cam-new" in names else [new]  # noqa: E731 - as `phatnguoi worker` gives it
    supervisor = Supervisor([first], tmp_path / "worker", more=more)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    _until(lambda: [status.state for status in supervisor.statuses()] == ["running", "running"])
    time.sleep(0.5)
    assert [status.name for status in supervisor.statuses()] == ["cam-1", "cam-new"]
    supervisor.stop()
    thread.join(20)
    assert not thread.is_alive()
