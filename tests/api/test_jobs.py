"""The jobs run beside the web or alone, and the office tells the truth about itself."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from api.app import create_app
from api.database import alembic_config
from api.health import job_names
from api.jobs import Bell, Job, Jobs, beat
from api.office import office_jobs
from models.tables import HeartbeatRow
from tests.api.kit import SmallOffice, Web, small_office


def wait_until(is_done: Callable[[], bool], limit_s: float = 10.0) -> None:
    end_s = time.monotonic() + limit_s
    while not is_done():
        assert time.monotonic() < end_s, "it never happened"
        time.sleep(0.01)


def test_the_application_runs_its_jobs_while_it_lives(here: SmallOffice) -> None:
    app = create_app(here.office.settings, office=here.office)
    web = Web(app)

    async def live() -> None:
        async with app.router.lifespan_context(app):
            submission_id = here.submit(here.seal())
            here.office.bell.ring()
            is_case: Callable[[], bool] = lambda: here.submission(submission_id).state == "case"  # noqa: E731
            await asyncio.to_thread(wait_until, is_case)
            await asyncio.to_thread(wait_until, lambda: web.get("/readyz").status_code == 200)
            ready = await asyncio.to_thread(web.get, "/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "ready"), ready.text

    before = set(threading.enumerate())
    asyncio.run(live())
    own = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("verification")]
    wait_until(lambda: not any(thread.is_alive() for thread in own), limit_s=60)  # a busy disk may hold a commit up


def test_a_step_that_stumbles_does_not_end_the_job(here: SmallOffice, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def step() -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise ZeroDivisionError
        return False

    jobs = Jobs(here.office.database, [Job("stumbling", step, pause_s=0.01)], here.clock, Bell())
    jobs.start()
    wait_until(lambda: len(calls) >= 4)
    jobs.stop()
    assert [record.message for record in caplog.records if record.name == "phatnguoi.jobs"] == ["job stumbled"] * 2


def test_a_bell_wakes_a_job_that_sleeps_long(here: SmallOffice) -> None:
    calls: list[int] = []
    bell = Bell()
    jobs = Jobs(here.office.database, [Job("sleeper", lambda: bool(calls.append(1)), pause_s=60)], here.clock, bell)
    jobs.start()
    wait_until(lambda: len(calls) == 1)
    time.sleep(0.05)
    bell.ring()
    wait_until(lambda: len(calls) == 2)
    jobs.stop()


@pytest.mark.parametrize("has_webhook", [False, True])
def test_every_job_is_watched(tmp_path: Path, has_webhook: bool) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    changes = {"webhook_url": "http://127.0.0.1:9/", "webhook_secret": secret} if has_webhook else {}
    here = small_office(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, **changes)
    assert office_jobs(here.office).names == tuple(job_names(here.office))
    here.office.close()


def beat_all(here: SmallOffice) -> None:
    with here.office.database.writing() as session:
        for name in job_names(here.office):
            beat(session, name, here.clock.now)


def test_threads_of_one_job_may_beat_for_the_first_time_at_once(here: SmallOffice) -> None:
    barrier, failures = threading.Barrier(4), list[BaseException]()

    def run() -> None:
        barrier.wait()
        try:
            with here.office.database.writing() as session:
                beat(session, "verification", here.clock.now)
        except SQLAlchemyError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with here.office.database.reading() as session:
        assert session.get_one(HeartbeatRow, "verification").at == here.clock.now


def newest_migration() -> str:
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def test_ready_only_while_everything_is(here: SmallOffice) -> None:
    web = Web(create_app(here.office.settings, office=here.office))

    def checks() -> dict[str, str]:
        answer = web.get("/readyz")
        content = answer.json()
        assert (answer.status_code == 200) is (content["status"] == "ready")
        return {name: outcome for name, outcome in content["checks"].items() if outcome != "ok"}

    assert checks() == {"jobs": "not come round within 60 s: verification, effects, care, watch, log"}
    beat_all(here)
    assert checks() == {}
    here.clock.turn(timedelta(seconds=61))
    assert list(checks()) == ["jobs"]
    beat_all(here)
    away = here.store.rename(here.store.with_name("away"))
    assert checks() == {"store": "the store's folder is not there"}
    away.rename(here.store)
    with here.office.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert checks() == {"migrations": f"got migration 0000, expected {newest_migration()}"}
    with here.office.database.writing() as session:
        session.connection().exec_driver_sql(f"UPDATE alembic_version SET version_num = '{newest_migration()}'")
    assert web.get("/healthz").json() == {"status": "ok"}


def test_a_database_that_is_gone_is_said_without_its_password(tmp_path: Path) -> None:
    here = small_office(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    web = Web(
        create_app(here.office.settings, office=here.office), headers={"Authorization": f"Bearer {here.worker_key}"}
    )
    here.office.close()
    for path in tmp_path.glob("office.db*"):
        path.unlink()
    (tmp_path / "office.db").mkdir()
    ready = web.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["database"] == "the database does not answer (OperationalError)"
    answer = web.get(f"/api/submissions/{'a' * 26}")
    assert (answer.status_code, answer.json()["code"]) == (503, "database")
    assert str(tmp_path) not in answer.text + ready.text


def test_metrics_count_from_the_database_and_name_no_plate(here: SmallOffice) -> None:
    web = Web(create_app(here.office.settings, office=here.office))
    reviewer = here.person("reviewer")
    here.office.notices.issue(reviewer, here.confirmed_case(reviewer))
    here.submit(here.seal(act_code=None, occurred_at=here.clock.now - timedelta(hours=3)))
    here.verify()
    here.submit(here.seal(occurred_at=here.clock.now - timedelta(hours=2)))
    here.clock.turn(timedelta(seconds=30))
    text = web.get("/metrics").text
    for line in (
        'phatnguoi_submissions{state="received"} 1.0',
        'phatnguoi_submissions{state="case"} 1.0',
        'phatnguoi_refusals_total{reason="no_catalogue_row"} 1.0',
        'phatnguoi_cases{state="notice_issued"} 1.0',
        'phatnguoi_moves_total{move="confirm"} 1.0',
        'phatnguoi_moves_total{move="reject"} 0.0',
        'phatnguoi_deliveries{state="pending"} 0.0',
        "phatnguoi_oldest_submission_age_s 30.0",
    ):
        assert line in text
    assert "12345" not in text
