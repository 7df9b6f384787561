"""The worker's door: one answer for one claim, and a clear no to everything else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from api.actor import OFFICE
from api.app import create_app
from api.cases.register import add_worker_key, revoke_worker_keys
from models.domain.submission import Submission
from models.tables import AuditRow
from tests.api.kit import SmallOffice, Web, seal

URL = "/api/submissions"


@pytest.fixture
def web(here: SmallOffice) -> Web:
    """The office over HTTP, its jobs standing still."""
    headers = {"Authorization": f"Bearer {here.worker_key}", "Content-Type": "application/json"}
    return Web(create_app(here.office.settings, office=here.office), headers=headers)


def test_a_claim_is_received_then_becomes_a_case(here: SmallOffice, web: Web) -> None:
    message = here.seal().message
    first = web.post(URL, content=message.model_dump_json())
    received = {"submission_id": message.id, "state": "received", "case_id": None, "reason": None, "detail": None}
    assert (first.status_code, first.json()) == (202, received)
    here.verify()
    after = web.get(f"{URL}/{message.id}").json()
    assert after["state"] == "case"
    assert here.state(after["case_id"]) == "new"


def test_the_same_claim_gives_the_same_answer_and_one_case(here: SmallOffice, web: Web) -> None:
    package = here.seal()
    body = package.message.model_dump_json()
    answers = [web.post(URL, content=body).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    here.verify()
    later = web.post(URL, content=body)
    assert (later.status_code, later.json()["state"]) == (202, "case")
    assert here.verify() == 0


def test_the_same_manifest_under_a_new_attempt_is_the_same_claim(here: SmallOffice, web: Web) -> None:
    first, second = here.seal(attempt="a1").message, here.seal(attempt="a2").message
    assert (first.id, first.manifest_sha256) == (second.id, second.manifest_sha256)
    assert first.objects != second.objects
    assert (
        web.post(URL, content=first.model_dump_json()).json() == web.post(URL, content=second.model_dump_json()).json()
    )


def test_another_manifest_under_the_same_id_is_a_conflict(here: SmallOffice, web: Web) -> None:
    message = here.seal().message
    other = here.seal(track_id=8).message
    assert message.id == other.id
    web.post(URL, content=message.model_dump_json())
    answer = web.post(URL, content=other.model_dump_json())
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert f"got manifest {other.manifest_sha256[:16]}…" in answer.json()["message"]
    assert here.submission(message.id).manifest_sha256 == message.manifest_sha256


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer wk_wrong", "Basic abc", "Bearer \u00e9"])
def test_without_a_valid_key_nothing_is_taken_in(here: SmallOffice, web: Web, header: str | None) -> None:
    web.headers.pop("Authorization")
    headers = {"Authorization": header.encode()} if header is not None else {}
    for answer in (
        web.post(URL, content=here.seal().message.model_dump_json(), headers=headers),
        web.get(f"{URL}/{'a' * 26}", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "worker_refused")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_ends_at_once_and_a_second_key_takes_over(here: SmallOffice, web: Web) -> None:
    message = here.seal().message
    web.post(URL, content=message.model_dump_json())
    with here.office.database.writing() as session:
        revoke_worker_keys(session, here.clock.now, OFFICE, "worker-1")
        new = add_worker_key(session, here.clock.now, OFFICE, "worker-1")
        stranger = add_worker_key(session, here.clock.now, OFFICE, "worker-2")
    assert web.get(f"{URL}/{message.id}").status_code == 401
    assert web.get(f"{URL}/{message.id}", headers={"Authorization": f"Bearer {new}"}).status_code == 200
    other = {"Authorization": f"Bearer {stranger}"}
    assert web.get(f"{URL}/{message.id}", headers=other).status_code == 404
    assert web.post(URL, content=message.model_dump_json(), headers=other).status_code == 409


def test_keys_are_stored_hashed(here: SmallOffice) -> None:
    with here.office.database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM worker_keys").all()
    assert here.worker_key not in repr(rows)


BENT: list[tuple[dict[str, Any], str]] = [
    ({"id": "short"}, "id"),
    ({"extra": 1}, "extra"),
    ({"schema_version": 2}, "schema_version"),
    ({"vehicle": "tank"}, "vehicle"),
    ({"mode": "off"}, "mode"),
    ({"manifest_sha256": "A" * 64}, "manifest_sha256"),
    ({"objects": []}, "objects"),
    ({"occurred_at_us": -1}, "occurred_at_us"),
    ({"point_px16": [1]}, "point_px16"),
    ({"point_px16": [10**30, 1]}, "point_px16"),
    ({"box_px16": [5, 5, 5, 5]}, "box_px16"),
    ({"camera_id": "A\x00"}, "camera_id"),
]


def test_a_malformed_claim_gets_one_clear_line(here: SmallOffice, web: Web) -> None:
    honest = json.loads(here.seal().message.model_dump_json())
    for change, place in BENT:
        _is_refused_in_one_line(web, honest | change, place)


def _is_refused_in_one_line(web: Web, content: dict[str, Any], place: str) -> None:
    answer = web.post(URL, json=content)
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"].startswith(place)
    assert "\n" not in answer.json()["message"]
    assert answer.json()["code"] == "input"


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 60_000, b'{"id": "\\ud800"}'])
def test_what_is_no_claim_at_all_is_refused(web: Web, body: bytes) -> None:
    answer = web.post(URL, content=body)
    assert answer.status_code in (400, 422), answer.text
    assert set(answer.json()) <= {"code", "message", "field"}


def test_a_body_above_the_limit_is_refused_whether_or_not_it_says_so(web: Web) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1000

    for content in (b" " * 200_000, parts()):
        answer = web.post(URL, content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


def test_receipt_leaves_an_audit_row(here: SmallOffice, web: Web) -> None:
    message = here.seal(occurred_at=here.clock.now - timedelta(minutes=3)).message
    web.post(URL, content=message.model_dump_json())
    with here.office.database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.what == "submission_received")).one()
    assert (row.role, row.details) == ("worker", {"submission": message.id, "worker": "worker-1"})


def test_openapi_is_complete(web: Web) -> None:
    document = web.get("/openapi.json").json()
    post = document["paths"][URL]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Submission")
    assert post["responses"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/SubmissionAnswer")
    for status in ("400", "401", "409", "413", "422", "503"):
        assert post["responses"][status]["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal"), status
    assert post["security"] == [{"WorkerKey": []}]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.dictionaries(st.sampled_from(sorted(Submission.model_fields)), _json, min_size=1, max_size=3))
def test_any_bent_message_is_refused_or_survives_the_way_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, change: dict[str, Any]
) -> None:
    root = tmp_path_factory.getbasetemp() / "bent"
    content = json.loads(seal(root).message.model_dump_json()) | change
    try:
        message = Submission.model_validate_json(json.dumps(content))
    except ValidationError:
        return
    assert Submission.model_validate_json(message.model_dump_json()) == message
