"""The bundle over HTTP: for whoever has the link and types the full plate."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from api.actor import OFFICE
from api.app import create_app
from api.audit import record
from api.cases.intake import Intake
from api.errors import BundleNotReadyError
from models.tables import AuditRow, LogEntryRow, LogOpeningRow, LogPendingRow
from models.verify.entries import Leaf, Opening
from models.verify.merkle import check_inclusion
from models.verify.notes import parse_checkpoint, parse_note
from tests.api.kit import SmallOffice, Web

PLATE = "75B112345"


@pytest.fixture
def noticed(here: SmallOffice) -> tuple[str, str]:
    """Case and code of a notice."""
    reviewer = here.person("reviewer")
    case_id = here.confirmed_case(reviewer)
    return case_id, here.office.notices.issue(reviewer, case_id).code


@pytest.fixture
def web(here: SmallOffice) -> Iterator[Web]:
    yield Web(create_app(here.office.settings, office=here.office))


def test_the_plate_opens_the_bundle_and_the_audit_log_says_so(
    here: SmallOffice, noticed: tuple[str, str], web: Web
) -> None:
    here.sequence()
    case_id, code = noticed
    answer = web.post(f"/api/notices/{case_id}/bundle", json={"code": code, "plate": PLATE})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {"bundle.json", "manifest.json", "manifest_dsse.json", "derived.json", "read_me.html"} <= set(
            archive.namelist()
        )
        assert "b_at.jpg" not in archive.namelist()
    with here.office.database.reading() as session:
        assert session.scalars(select(AuditRow).where(AuditRow.what == "bundle_exported")).one().case_id == case_id


@pytest.mark.parametrize(("plate", "code"), [("75B112346", None), (PLATE, "x" * 22)])
def test_a_wrong_plate_and_an_unknown_link_get_one_answer(
    here: SmallOffice, noticed: tuple[str, str], web: Web, plate: str, code: str | None
) -> None:
    here.sequence()
    answer = web.post(f"/api/notices/{noticed[0]}/bundle", json={"code": code or noticed[1], "plate": plate})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_code_of_another_case_opens_nothing(here: SmallOffice, noticed: tuple[str, str], web: Web) -> None:
    here.sequence()
    answer = web.post(f"/api/notices/{'0' * 26}/bundle", json={"code": noticed[1], "plate": PLATE})
    assert answer.status_code == 404


def test_before_the_log_has_come_so_far_there_is_no_bundle(here: SmallOffice, noticed: tuple[str, str]) -> None:
    with pytest.raises(BundleNotReadyError, match="expected it soon"):
        here.office.bundles.make(noticed[0])


def test_anybody_may_read_the_log_and_check_its_proofs(here: SmallOffice, noticed: tuple[str, str], web: Web) -> None:
    here.sequence()
    checkpoint = parse_checkpoint("it", parse_note("it", web.get("/api/log/checkpoint").text))
    for number in range(checkpoint.size):
        leaf = web.get(f"/api/log/entries/{number}").json()["leaf"]
        proof = web.get(f"/api/log/proofs/inclusion?number={number}&size={checkpoint.size}").json()["hashes"]
        hashes = [bytes.fromhex(each) for each in proof]
        check_inclusion("entry", leaf.encode(), number, checkpoint.size, hashes, checkpoint.root)
    assert web.get(f"/api/log/entries/{checkpoint.size}").status_code == 404
    assert web.get(f"/api/log/proofs/inclusion?number=0&size={checkpoint.size + 1}").status_code == 404
    assert web.get("/api/log/proofs/consistency?old_size=5&size=3").status_code == 404
    assert web.get("/api/log/trust").text == here.office.signer.trust.text  # type: ignore[union-attr]


def test_no_leaf_holds_a_plate_a_person_or_a_worker(here: SmallOffice, noticed: tuple[str, str]) -> None:
    """What an entry commits to is salted, and kept apart: forgetting it leaves the log whole."""
    here.sequence()
    with here.office.database.reading() as session:
        leaves = session.scalars(select(LogEntryRow.leaf)).all()
        openings = session.scalars(select(LogOpeningRow)).all()
        people = set(session.scalars(select(AuditRow.person_id).where(AuditRow.person_id.is_not(None))))
    assert people
    whole = "".join(leaves) + "".join(row.opening for row in openings)
    for secret in (PLATE, "75-B1", "worker-1", *people):
        assert secret not in whole
    assert any(PLATE in (row.private or "") for row in openings)
    kinds = {Leaf.model_validate_json(leaf).kind for leaf in leaves}
    assert {"manifest", "derived", "review", "notice", "key", "audit"} <= kinds


def test_every_audit_row_is_in_the_log(here: SmallOffice, noticed: tuple[str, str]) -> None:
    here.sequence()
    with here.office.database.reading() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
        entries = session.scalars(
            select(LogOpeningRow.opening)
            .join(LogEntryRow, LogEntryRow.number == LogOpeningRow.number)
            .where(LogEntryRow.kind == "audit")
            .order_by(LogEntryRow.number)
        ).all()
        assert session.scalars(select(LogPendingRow)).first() is None
    said = [Opening.model_validate_json(opening).facts["what"] for opening in entries]
    assert said == [row.what for row in rows]


def test_a_move_that_fails_leaves_no_entry(here: SmallOffice) -> None:
    here.sequence()
    with pytest.raises(RuntimeError), here.office.database.writing() as session:
        record(session, here.clock.now, OFFICE, "office", "nothing_happened")
        session.flush()
        raise RuntimeError
    with here.office.database.reading() as session:
        assert session.scalars(select(LogPendingRow)).first() is None


def test_an_unknown_package_of_no_key_gets_no_bundle(here: SmallOffice) -> None:
    unsigned = here.office.settings.model_copy(update={"accept_unsigned": True})
    submission_id = here.submit(here.seal(signer=None))
    Intake(here.office.database, here.office.files.reader, unsigned, here.clock).step()
    case_id = here.submission(submission_id).case_id
    here.sequence()
    assert case_id is not None
    with pytest.raises(BundleNotReadyError, match="no worker signed"):
        here.office.bundles.make(case_id)
