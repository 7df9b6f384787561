"""A rule's claims on a camera lead to notices only after two persons accepted them; nothing else lifts this."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.acceptance.service import AcceptanceService
from api.actor import Actor
from api.errors import AcceptanceRefusedError, InputError, NotAllowedError, NoticeNotAllowedError
from models.domain.acceptance import LEAST_REVIEWED, AcceptedThing, Tally
from models.domain.cases import Role
from models.tables import AcceptanceRow, CameraRow, CaseRow
from tests.api.kit import BASIS_SHA256, CAMERA, START, WEIGHTS_SHA256, SmallOffice

THING = AcceptedThing(CAMERA, "red_light", 1, WEIGHTS_SHA256, BASIS_SHA256)


@pytest.fixture
def unaccepted(here: SmallOffice) -> SmallOffice:
    """The office without any acceptance: every camera is new once."""
    with here.office.database.writing() as session:
        session.query(AcceptanceRow).delete()
    return here


def service(here: SmallOffice) -> AcceptanceService:
    return AcceptanceService(here.office.database, here.clock)


def mode(here: SmallOffice, case_id: str) -> str:
    with here.office.database.reading() as session:
        return session.get_one(CaseRow, case_id).mode


def decide(here: SmallOffice, reviewer: Actor, count: int, *, wrong: int = 0, unreadable: int = 0) -> None:
    """So many claims in warning mode, reviewed: the first `wrong` are rejected, the next have no readable plate."""
    for number in range(count):
        case_id = here.new_case(occurred_at=START - timedelta(minutes=number + 1))
        here.office.reviews.take(reviewer, case_id)
        if number < wrong:
            here.office.reviews.reject(reviewer, case_id, reason="NOT_AN_OFFENCE")
        elif number < wrong + unreadable:
            here.office.reviews.reject(reviewer, case_id, reason="PLATE_UNREADABLE")
        else:
            here.confirm(reviewer, case_id)


def test_whatever_the_camera_file_says_a_new_camera_only_warns(unaccepted: SmallOffice) -> None:
    reviewer = unaccepted.person("reviewer")
    case_id = unaccepted.confirmed_case(reviewer)
    assert mode(unaccepted, case_id) == "warning"
    with pytest.raises(NoticeNotAllowedError):
        unaccepted.office.notices.issue(reviewer, case_id)


def test_two_persons_accept_what_thirty_claims_have_shown(unaccepted: SmallOffice) -> None:
    reviewer, supervisor = unaccepted.person("reviewer"), unaccepted.person("supervisor")
    decide(unaccepted, reviewer, LEAST_REVIEWED, wrong=1, unreadable=4)
    assert service(unaccepted).tallies(CAMERA, "red_light") == {THING: Tally(25, 1, 4)}
    service(unaccepted).accept(reviewer, supervisor, THING)
    assert mode(unaccepted, unaccepted.new_case(occurred_at=START - timedelta(hours=2))) == "live"
    with unaccepted.office.database.reading() as session:
        row = session.query(AcceptanceRow).one()
    assert (row.confirmed, row.wrong, row.other) == (25, 1, 4)
    assert {row.first_person_id, row.second_person_id} == {reviewer.person_id, supervisor.person_id}


@pytest.mark.parametrize(
    ("field", "value"), [("rule_version", 2), ("weights_sha256", "f" * 64), ("rule_basis_sha256", "f" * 64)]
)
def test_another_version_network_or_geometry_warns_again(here: SmallOffice, field: str, value: object) -> None:
    with here.office.database.writing() as session:
        for row in session.query(AcceptanceRow):
            setattr(row, field, value)
    assert mode(here, here.new_case()) == "warning"


def test_a_claim_without_a_basis_only_warns(here: SmallOffice) -> None:
    """Of a worker that does not say what its claim rests on, nothing was accepted."""
    with here.office.database.writing() as session:
        for row in session.query(AcceptanceRow):
            row.rule_basis_sha256 = ""
    assert mode(here, here.new_case()) == "warning"


@pytest.mark.parametrize("roles", [("warning", "live"), ("live", "warning")])
def test_an_acceptance_does_not_lift_a_warning(here: SmallOffice, roles: tuple[str, str]) -> None:
    in_office, at_worker = roles
    with here.office.database.writing() as session:
        session.get_one(CameraRow, CAMERA).mode = in_office
    assert mode(here, here.new_case(mode=at_worker)) == "warning"


def test_a_revoked_acceptance_ends_at_once(here: SmallOffice) -> None:
    assert mode(here, here.new_case()) == "live"
    supervisor = here.person("supervisor")
    assert service(here).revoke(supervisor, CAMERA, "red_light", "Vạch dừng đã sơn lại") == 1
    assert mode(here, here.new_case(occurred_at=START - timedelta(hours=1))) == "warning"


REFUSED: list[tuple[int, int, str]] = [
    (LEAST_REVIEWED - 1, 0, "got 29 reviewed claims in warning mode, expected at least 30"),
    (LEAST_REVIEWED, 2, "got 2 wrong of 30, expected at most 5%"),
]


@pytest.mark.parametrize(("count", "wrong", "says"), REFUSED)
def test_too_little_is_refused(unaccepted: SmallOffice, count: int, wrong: int, says: str) -> None:
    reviewer, supervisor = unaccepted.person("reviewer"), unaccepted.person("supervisor")
    decide(unaccepted, reviewer, count, wrong=wrong)
    with pytest.raises(AcceptanceRefusedError, match=says):
        service(unaccepted).accept(reviewer, supervisor, THING)


def test_it_takes_two(unaccepted: SmallOffice) -> None:
    both = unaccepted.person("reviewer", "supervisor")
    with pytest.raises(AcceptanceRefusedError, match="same person twice"):
        service(unaccepted).accept(both, both, THING)


def test_one_of_them_is_a_supervisor(unaccepted: SmallOffice) -> None:
    with pytest.raises(AcceptanceRefusedError, match="no supervisor"):
        service(unaccepted).accept(unaccepted.person("reviewer"), unaccepted.person("reviewer"), THING)


@pytest.mark.parametrize("role", ["auditor", "administrator", "operations"])
def test_nobody_else_accepts(unaccepted: SmallOffice, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        service(unaccepted).accept(unaccepted.person("supervisor"), unaccepted.person(role), THING)


def test_a_revocation_has_a_supervisor_and_a_reason(here: SmallOffice) -> None:
    with pytest.raises(NotAllowedError):
        service(here).revoke(here.person("reviewer"), CAMERA, "red_light", "x")
    with pytest.raises(InputError):
        service(here).revoke(here.person("supervisor"), CAMERA, "red_light", " ")
