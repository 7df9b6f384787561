"""Camera files by two persons, questions to workers, and what a hostile worker may not make of them."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from api.acceptance.requests import AcceptanceRequests
from api.actor import OFFICE, Actor
from api.app import create_app
from api.cameras.diff import Change, changes
from api.cameras.files import check_text, read_text, to_text
from api.cameras.ground import ground_view
from api.cameras.jpeg import check_jpeg
from api.cameras.schemas import Proposal
from api.cases.register import register_camera
from api.errors import (
    AcceptanceRefusedError,
    CameraNotFoundError,
    InputError,
    JobNotFoundError,
    JobReportRefusedError,
    NotAllowedError,
    ProposalClosedError,
    ProposalStaleError,
    SamePersonError,
)
from models.camera_file import CameraFileError
from models.domain.camera_jobs import PICTURE_LIMIT_BYTES, Trial
from models.domain.jobs import JobReport, WorkerJob
from models.tables import AuditRow, CameraFileRow, CameraRow, CaseRow, LogPendingRow, SubmissionRow, WorkerJobRow
from tests.api.kit import AGENCY, WORKER, SmallOffice, Web

NEW: dict[str, Any] = {
    "schema": 1, "id": "hue-01", "name": "Ngã tư Huế", "source": "rtsp://${USER}:${PASSWORD}@10.0.0.5/s",
    "site": {"address": "Huế", "agency": AGENCY}, "frame": {"width": 640, "height": 480},
    "ground": {"points_px": [[100, 400], [500, 400], [400, 200], [200, 200], [300, 300]],
               "points_m": [[0, 0], [7, 0], [7, 20], [0, 20], [3.5, 6.6667]]},
    "signals": [{"id": "main", "head_px": [535, 140, 580, 240]}],
    "lines": [{"id": "stop", "points_px": [[100, 380], [530, 400]], "from_px": [330, 460]}],
    "rules": [{"rule": "red_light", "line": "stop", "signal": "main", "mode": "live"}],
}  # fmt: skip
PICTURE = (
    b"\xff\xd8\xff\xe0\x00\x04JF\xff\xdb\x00\x04ab\xff\xc0\x00\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\x00"
    b"\xff\xda\x00\x03\x01pixels\xff\xd9"
)
"""The headers of a JPEG of 640×480."""


one_engine = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is asked of the office, and not of its database."""


def text_of(**changed: Any) -> str:
    return to_text(NEW | changed)


def proposal(text: str, base: str | None = None, **changed: Any) -> Proposal:
    return Proposal(**({"text": text, "base_sha256": base, "worker": WORKER, "unit_telephone": "0234 1"} | changed))


def approved(here: SmallOffice, text: str | None = None) -> tuple[Actor, Actor, str]:
    """A camera whose first file is in force; who proposed, who approved, and its SHA-256."""
    first, second = here.person("administrator"), here.person("supervisor")
    file_id = here.office.cameras.propose(first, None, proposal(text or text_of()))
    here.office.cameras.approve(second, file_id)
    here.clock.turn(timedelta(seconds=1))
    return first, second, here.office.cameras.file(first, file_id).sha256


def job_of(here: SmallOffice, kind: str) -> WorkerJob:
    job = here.office.worker_jobs.next(WORKER, [kind])
    assert job is not None
    return job


def hand_in(here: SmallOffice, job: WorkerJob, *names: str) -> None:
    for name in names:
        here.office.camera_answers.receive_picture(WORKER, job.id, job.lease, name, PICTURE)


def test_a_proposed_file_changes_nothing_until_another_person_approves_it(here: SmallOffice) -> None:
    first = here.person("administrator")
    file_id = here.office.cameras.propose(first, None, proposal(text_of()))
    with here.office.database.reading() as session:
        assert session.get(CameraRow, "hue-01") is None
        assert session.scalars(select(WorkerJobRow.kind)).all() == []
    with pytest.raises(SamePersonError):
        here.office.cameras.approve(first, file_id)
    here.office.cameras.approve(here.person("supervisor"), file_id)
    with here.office.database.reading() as session:
        camera = session.get_one(CameraRow, "hue-01")
    assert camera.file_sha256 == hashlib.sha256(text_of().encode()).hexdigest()
    assert job_of(here, "reload_camera").details["file"] == text_of()


@one_engine
@pytest.mark.parametrize("role", ["reviewer", "auditor", "operations", "supervisor"])
def test_only_an_administrator_proposes(here: SmallOffice, role: Any) -> None:
    with pytest.raises(NotAllowedError):
        here.office.cameras.propose(here.person(role), None, proposal(text_of()))


@one_engine
@pytest.mark.parametrize("role", ["reviewer", "auditor", "operations"])
def test_only_an_administrator_or_a_supervisor_approves(here: SmallOffice, role: Any) -> None:
    file_id = here.office.cameras.propose(here.person("administrator"), None, proposal(text_of()))
    with pytest.raises(NotAllowedError):
        here.office.cameras.approve(here.person(role), file_id)


def test_a_file_drawn_on_an_older_one_is_stale(here: SmallOffice) -> None:
    first, second, sha256 = approved(here)
    mine = here.office.cameras.propose(first, "hue-01", proposal(text_of(name="mine"), sha256))
    other = here.office.cameras.propose(first, "hue-01", proposal(text_of(name="other"), sha256))
    here.office.cameras.approve(second, other)
    with pytest.raises(ProposalStaleError):
        here.office.cameras.approve(second, mine)
    assert here.office.cameras.file(first, mine).state == "stale"
    current = here.office.cameras.current(first, "hue-01")
    assert current is not None and "other" in current.text
    with pytest.raises(ProposalStaleError):
        here.office.cameras.propose(first, "hue-01", proposal(text_of(name="third"), sha256))
    with pytest.raises(ProposalClosedError):
        here.office.cameras.approve(second, mine)


def test_of_two_files_that_are_approved_at_once_one_comes_into_force(here: SmallOffice) -> None:
    first, second, sha256 = approved(here)
    ids = [here.office.cameras.propose(first, "hue-01", proposal(text_of(name=name), sha256)) for name in "ab"]
    here.clock.turn(timedelta(seconds=1))

    def approve(file_id: str) -> bool:
        try:
            here.office.cameras.approve(second, file_id)
        except ProposalStaleError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, ids)) == [False, True]
    assert sorted(here.office.cameras.file(first, each).state for each in ids) == ["approved", "stale"]


@one_engine
def test_a_refusal_needs_a_reason_and_a_withdrawal_does_not(here: SmallOffice) -> None:
    first, second = here.person("administrator"), here.person("supervisor")
    ids = [here.office.cameras.propose(first, None, proposal(text_of())) for _ in range(2)]
    with pytest.raises(InputError):
        here.office.cameras.refuse(second, ids[0], " ")
    here.office.cameras.refuse(second, ids[0], "vạch dừng sai chỗ")
    here.office.cameras.refuse(first, ids[1], "")
    assert [here.office.cameras.file(first, each).state for each in ids] == ["refused", "withdrawn"]


@one_engine
def test_another_agency_sees_nothing_and_takes_nothing(here: SmallOffice) -> None:
    first, _, sha256 = approved(here)
    stranger = here.person("administrator", "supervisor", agency="Đội CSGT số 2")
    assert here.office.cameras.lines(stranger) == []
    for act in (
        lambda: here.office.cameras.versions(stranger, "hue-01"),
        lambda: here.office.cameras.propose(stranger, "hue-01", proposal(text_of(name="x"), sha256)),
        lambda: here.office.camera_answers.ask_snapshot(stranger, text_of(), WORKER),
        lambda: here.office.acceptances.standings(stranger, "hue-01", ("red_light",)),
    ):
        with pytest.raises(CameraNotFoundError):
            act()
    file_id = here.office.cameras.propose(first, "hue-01", proposal(text_of(name="y"), sha256))
    with pytest.raises(CameraNotFoundError):
        here.office.cameras.approve(stranger, file_id)
    taking = NEW["site"] | {"agency": "Đội CSGT số 2"}
    with pytest.raises(CameraNotFoundError):
        here.office.cameras.propose(stranger, "hue-01", proposal(text_of(site=taking), sha256))


@pytest.mark.parametrize(
    ("changed", "place", "message"),
    [
        ({"source": "rtsp://root:geheim@10.0.0.5/s"}, "source", "got a user name or password"),
        ({"source": "rtsp://root:${PASSWORD}@10.0.0.5/s"}, "source", "got a user name or password"),
        ({"rules": [{"rule": "red_light", "line": "stpo", "signal": "main"}]}, "rules.0.line", "did you mean 'stop'?"),
        ({"id": "new"}, "id", "the name of a page"),
        ({"lines": [{"id": "stop", "points_px": [[1, 1], [9000, 2]]}]}, "lines.0.points_px", "inside the frame"),
        ({"colour": "red"}, "colour", "unknown key"),
    ],
)
def test_an_error_stands_at_its_field(changed: dict[str, Any], place: str, message: str) -> None:
    problem = check_text(text_of(**changed)).problem
    assert problem is not None and problem.place == place
    assert message in problem.message
    assert "geheim" not in problem.message


def test_a_text_of_aliases_of_aliases_ends_soon() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    problem = check_text("\n".join(lines)).problem
    assert problem is not None and "alias" in problem.message


def test_the_editor_writes_a_file_that_the_contract_s_reader_reads_back() -> None:
    camera = read_text(text_of()).camera
    assert changes(camera, read_text(to_text(yaml.safe_load(text_of()))).camera) == ()
    assert "\n  points_px: [[100, 380], [530, 400]]\n" in text_of()


def test_the_diff_names_each_part_and_both_sides() -> None:
    before = read_text(text_of()).camera
    lines = [{"id": "stop", "points_px": [[100, 390], [530, 400]], "from_px": [330, 460]}]
    zones = [{"id": "trees", "polygon_px": [[1, 1], [9, 1], [9, 9]], "exclude": True}]
    rules = [{"rule": "red_light", "line": "stop", "signal": "main", "mode": "warning"}]
    after = read_text(text_of(lines=lines, zones=zones, rules=rules)).camera
    assert changes(before, after) == (
        Change("lines stop.points_px", "100,380 530,400", "100,390 530,400"),
        Change("zones trees.polygon_px", None, "1,1 9,1 9,9"),
        Change("zones trees.exclude", None, "True"),
        Change("rules red_light stop main.mode", "live", "warning"),
    )
    assert Change("zones trees.exclude", "True", None) in changes(after, before)


def test_the_calibration_shows_its_error_and_a_grid_on_the_road() -> None:
    exact = ground_view(read_text(text_of()).camera)
    bent = NEW["ground"] | {"points_m": [[0, 0], [7, 0], [7, 20], [0, 20], [3.5, 9]]}
    off = ground_view(read_text(text_of(ground=bent)).camera)
    assert exact is not None and off is not None
    assert exact.error_m < 0.01 < 0.3 < off.error_m
    assert len(off.residuals_m) == 5 and exact.step_m == 1.0
    assert [exact.grid_px[0][0], exact.grid_px[0][-1]] == [
        pytest.approx((100, 400), abs=0.5),
        pytest.approx((200, 200), abs=0.5),
    ]
    flat = NEW["ground"] | {"points_px": [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]]}
    view = ground_view(read_text(text_of(ground=flat)).camera)
    assert view is not None and view.problem is not None


def test_a_snapshot_is_answered_with_two_pictures_and_shown_by_role(here: SmallOffice) -> None:
    first, second, _ = approved(here)
    auditor = here.person("auditor")
    answer_id = here.office.camera_answers.ask_snapshot(first, text_of(), WORKER)
    job = job_of(here, "snapshot")
    assert (job.subject, job.details["camera"]) == (answer_id, "hue-01")
    hand_in(here, job, "live.jpg", "road.jpg")
    details = {"width": 640, "height": 480, "captured_at_us": 1, "road_frames": 9}
    here.office.worker_jobs.report(WORKER, job.id, JobReport(lease=job.lease, state="done", details=details))
    assert here.office.camera_answers.read(first, answer_id).pictures == ("road.jpg",)
    assert here.office.camera_answers.read(auditor, answer_id).pictures == ("live.jpg", "road.jpg")
    assert here.office.camera_answers.picture(first, answer_id, "road.jpg") == PICTURE
    with pytest.raises(NotAllowedError):
        here.office.camera_answers.picture(first, answer_id, "live.jpg")
    assert here.office.camera_answers.picture(second, answer_id, "live.jpg") == PICTURE
    with here.office.database.reading() as session:
        looks = session.scalars(select(AuditRow.person_id).where(AuditRow.what == "camera_picture_seen")).all()
    assert looks == [second.person_id]
    here.clock.turn(timedelta(hours=24, minutes=1))
    assert here.office.camera_answers.forget_pictures() == 2
    with pytest.raises(CameraNotFoundError):
        here.office.camera_answers.picture(here.person("supervisor"), answer_id, "road.jpg")


@one_engine
def test_a_worker_that_never_answers_is_told_of_and_asked_anew(here: SmallOffice) -> None:
    first, _, _ = approved(here)
    old = here.office.camera_answers.ask_snapshot(first, text_of(), WORKER)
    assert here.office.camera_answers.read(first, old).state == "waiting"
    here.clock.turn(timedelta(minutes=11))
    silent = here.office.camera_answers.read(first, old)
    assert (silent.state, silent.reason) == ("failed", "worker_silent")
    new = here.office.camera_answers.ask_snapshot(first, text_of(), WORKER)
    job = job_of(here, "snapshot")
    assert job.subject == new
    assert here.office.worker_jobs.next(WORKER, ["snapshot"]) is None
    assert here.office.camera_answers.read(first, old).reason == "asked_anew"


@one_engine
def test_a_question_is_given_before_redactions(here: SmallOffice) -> None:
    first, _, _ = approved(here)
    here.submit(here.seal())
    here.verify()
    here.clock.turn(timedelta(minutes=1))
    here.office.camera_answers.ask_snapshot(first, text_of(), WORKER)
    kinds = ["redact", "snapshot"]
    assert [getattr(here.office.worker_jobs.next(WORKER, kinds), "kind", None) for _ in kinds] == ["snapshot", "redact"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<svg onload=alert(1)>",
        PICTURE[:-2],
        PICTURE + PICTURE,
        PICTURE.replace(b"\xff\xe0\x00\x04JF", b"\xff\xe1\x00\x04Ex"),
        PICTURE.replace(b"\x01\xe0\x02\x80", b"\xff\xff\xff\xff"),
        PICTURE.replace(b"\x01\xe0\x02\x80", b"\x00\x00\x02\x80"),
        PICTURE[:-2] + b"x" * PICTURE_LIMIT_BYTES + b"\xff\xd9",
    ],
    ids=["empty", "svg", "cut off", "two pictures", "metadata", "a bomb", "no height", "too long"],
)
def test_a_hostile_picture_is_refused(body: bytes) -> None:
    assert check_jpeg(PICTURE) == (640, 480)
    with pytest.raises(JobReportRefusedError):
        check_jpeg(body)


@one_engine
def test_an_oversized_picture_is_refused_before_it_is_read(here: SmallOffice) -> None:
    first, _, _ = approved(here)
    here.office.camera_answers.ask_snapshot(first, text_of(), WORKER)
    job = job_of(here, "snapshot")
    web = Web(create_app(here.office.settings, office=here.office), {"Authorization": f"Bearer {here.worker_key}"})
    url = f"/api/jobs/{job.id}/pictures/live.jpg?lease={job.lease}"
    headers = {"Content-Type": "image/jpeg"}
    assert web.request("PUT", url, content=b"x" * (PICTURE_LIMIT_BYTES + 1), headers=headers).status_code == 413
    assert web.request("PUT", url, content=b"no picture", headers=headers).status_code == 409
    assert web.request("PUT", url, content=PICTURE, headers=headers).status_code == 204
    assert web.request("PUT", url.replace("live", "claim_1"), content=PICTURE, headers=headers).status_code == 409
    assert web.request("PUT", url.replace("live", "other"), content=PICTURE, headers=headers).status_code == 422
    big = web.post(f"/api/jobs/{job.id}/report", content=b"x" * 200_000, headers={"Content-Type": "application/json"})
    assert big.status_code == 413


@one_engine
def test_only_the_worker_that_holds_the_job_hands_in_pictures(here: SmallOffice) -> None:
    first, _, _ = approved(here)
    here.office.camera_answers.ask_snapshot(first, text_of(), WORKER)
    job = job_of(here, "snapshot")
    for worker, lease in (("worker-2", job.lease), (WORKER, "0" * 26)):
        with pytest.raises(JobNotFoundError):
            here.office.camera_answers.receive_picture(worker, job.id, lease, "live.jpg", PICTURE)


@one_engine
def test_a_trial_is_kept_as_words_and_makes_no_case(here: SmallOffice) -> None:
    first, _, _ = approved(here)
    answer_id = here.office.camera_answers.ask_trial(first, text_of(), WORKER, 30)
    job = job_of(here, "try_rules")
    claim = {
        "rule": "red_light", "mode": "live", "vehicle": "car", "at_ms": 5, "point_px": (1, 2), "picture": "claim_1.jpg",
        "boxes": [(0, 0, 1, 1)] * 3,
    }  # fmt: skip
    trial = Trial.model_validate({"seconds": 30, "frames": 300, "claims": [claim]}).model_dump_json()
    report = JobReport(lease=job.lease, state="done", details={"trial": trial})
    with pytest.raises(JobReportRefusedError, match=r"without claim_1\.jpg"):
        here.office.worker_jobs.report(WORKER, job.id, report)
    here.clock.turn(timedelta(minutes=1))
    job = job_of(here, "try_rules")
    hand_in(here, job, "claim_1.jpg")
    here.office.worker_jobs.report(WORKER, job.id, JobReport(lease=job.lease, state="done", details={"trial": trial}))
    answer = here.office.camera_answers.read(first, answer_id)
    assert answer.state == "done" and answer.content["claims"][0]["rule"] == "red_light" and answer.pictures == ()
    with here.office.database.reading() as session:
        assert session.scalars(select(CaseRow.id)).all() == session.scalars(select(SubmissionRow.id)).all() == []


@one_engine
@pytest.mark.parametrize("trial", ["{}", "[]", '{"seconds": 1, "frames": 1, "claims": "<script>"}', "x" * 70_000, 7])
def test_a_malformed_trial_is_refused(here: SmallOffice, trial: Any) -> None:
    first, _, _ = approved(here)
    here.office.camera_answers.ask_trial(first, text_of(), WORKER, 30)
    job = job_of(here, "try_rules")
    with pytest.raises(JobReportRefusedError, match="answer_malformed"):
        here.office.worker_jobs.report(
            WORKER, job.id, JobReport(lease=job.lease, state="done", details={"trial": trial})
        )


def test_the_hash_that_a_worker_runs_on_is_recorded_and_another_is_refused(here: SmallOffice) -> None:
    first, _, sha256 = approved(here)
    job = job_of(here, "reload_camera")
    with pytest.raises(JobReportRefusedError, match="other_file"):
        wrong = JobReport(lease=job.lease, state="done", details={"file_sha256": "0" * 64})
        here.office.worker_jobs.report(WORKER, job.id, wrong)
    here.clock.turn(timedelta(minutes=1))
    job = job_of(here, "reload_camera")
    report = JobReport(lease=job.lease, state="done", details={"file_sha256": sha256})
    here.office.worker_jobs.report(WORKER, job.id, report)
    with here.office.database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.what == "camera_file_loaded")).one()
        logged = session.scalars(select(LogPendingRow.opening).where(LogPendingRow.kind == "camera")).all()
    assert row.details == {"camera": "hue-01", "file_sha256": sha256, "worker": WORKER}
    assert any(sha256 in opening for opening in logged)
    assert here.office.camera_answers.newest(first, "hue-01", "reload_camera") is not None


def test_a_file_registered_at_the_command_line_makes_what_was_drawn_before_stale(here: SmallOffice) -> None:
    first, second, sha256 = approved(here)
    mine = here.office.cameras.propose(first, "hue-01", proposal(text_of(name="mine"), sha256))
    here.clock.turn(timedelta(seconds=1))
    with here.office.database.writing() as session:
        register_camera(session, here.clock.now, OFFICE, read_text(text_of(name="by hand")), unit_telephone="0234 2")
    with pytest.raises(ProposalStaleError):
        here.office.cameras.approve(second, mine)
    with here.office.database.reading() as session:
        newest = session.scalars(select(CameraFileRow).order_by(CameraFileRow.id.desc())).first()
    assert newest is not None and (newest.state, newest.proposed_by) == ("approved", None)


def _reviewed(here: SmallOffice, count: int) -> None:
    reviewer = here.person("reviewer")
    for number in range(count):
        occurred_at = here.clock.now - timedelta(minutes=5, seconds=10 * number)
        case_id = here.new_case(mode="warning", occurred_at=occurred_at)
        here.set_state(case_id, "confirmed", reviewer)


def test_a_rule_is_accepted_by_two_persons_at_two_desks(here: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.domain.acceptance.LEAST_REVIEWED", 2)
    acceptances: AcceptanceRequests = here.office.acceptances
    first, second = here.person("reviewer"), here.person("supervisor")
    camera = "hn-ltk-hb"
    acceptances.revoke(second, camera, "red_light", "vạch mới")
    _reviewed(here, 1)
    with pytest.raises(AcceptanceRefusedError):
        acceptances.ask(first, camera, "red_light")
    here.clock.turn(timedelta(minutes=1))
    _reviewed(here, 2)
    request = acceptances.ask(first, camera, "red_light")
    (standing,) = acceptances.standings(first, camera, ("red_light",))
    assert standing.accepted_at is None and standing.request is not None and standing.request.id == request
    with pytest.raises(SamePersonError):
        acceptances.accept(first, request)
    with pytest.raises(AcceptanceRefusedError, match="no supervisor"):
        acceptances.accept(here.person("reviewer"), request)
    acceptances.accept(second, request)
    (standing,) = acceptances.standings(first, camera, ("red_light",))
    assert standing.accepted_at == here.clock.now and standing.request is None
    with pytest.raises(AcceptanceRefusedError, match="closed"):
        acceptances.accept(second, request)


@one_engine
def test_a_first_signature_lapses_after_a_day(here: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.domain.acceptance.LEAST_REVIEWED", 1)
    second = here.person("supervisor")
    here.office.acceptances.revoke(second, "hn-ltk-hb", "red_light", "vạch mới")
    _reviewed(here, 1)
    request = here.office.acceptances.ask(here.person("reviewer"), "hn-ltk-hb", "red_light")
    here.clock.turn(timedelta(hours=24))
    with pytest.raises(AcceptanceRefusedError, match="older than a day"):
        here.office.acceptances.accept(here.person("supervisor"), request)


def test_another_id_is_another_camera() -> None:
    with pytest.raises(CameraFileError, match="expected 'hue-01'"):
        read_text(text_of(id="hue-02"), "hue-01")
