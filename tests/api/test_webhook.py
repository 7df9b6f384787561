"""Telling the citizen app: signed, masked, sent again until taken, never lost by a restart."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from api.connectors.webhook import LEASE, Webhook, signature, signing_keys
from api.errors import InputError
from models.tables import DeliveryRow
from tests.api.kit import SmallOffice, settings_for, small_office

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
URL = "https://app.example.vn/hooks"


@pytest.fixture
def there(database_url: str, tmp_path: Path) -> Any:
    small = small_office(database_url, tmp_path, webhook_url=URL, webhook_secret=SECRET)
    yield small
    small.office.close()


class Receiver:
    """The citizen app: answers what it is told to, checks every signature as the standard says."""

    def __init__(self, *outcomes: int | type[Exception]) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        outcome = self.outcomes.pop(0) if self.outcomes else 200
        if isinstance(outcome, int):
            return httpx.Response(outcome, headers={"location": "http://elsewhere/"})
        raise outcome("no")

    def verified(self) -> list[dict[str, Any]]:
        return [self._verified(request) for request in self.requests]

    def _verified(self, request: httpx.Request) -> dict[str, Any]:
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.content
        digest = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
        assert request.headers["webhook-signature"] == f"v1,{digest}"
        content: dict[str, Any] = json.loads(request.content)
        assert content["id"] == request.headers["webhook-id"]
        return content


def webhook(there: SmallOffice, receiver: Callable[[httpx.Request], httpx.Response]) -> Webhook:
    client = httpx.Client(transport=httpx.MockTransport(receiver), follow_redirects=False)
    return Webhook(there.office.database, there.office.settings, there.clock, client=client, jitter=lambda: 0.5)


def issue(there: SmallOffice, **changes: Any) -> str:
    reviewer = there.person("reviewer")
    case_id = there.confirmed_case(reviewer, **changes)
    there.office.notices.issue(reviewer, case_id)
    return case_id


def deliveries(there: SmallOffice) -> list[DeliveryRow]:
    with there.office.database.reading() as session:
        return list(session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))


def test_the_signature_is_the_standards_own_example() -> None:
    """The vector of the Standard Webhooks libraries' tests."""
    keys = signing_keys(SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    sent_at = datetime.fromtimestamp(1614265330, tz=UTC)
    made = signature(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", sent_at, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_issued_and_withdrawn_go_out_as_cloud_messages(there: SmallOffice) -> None:
    case_id = issue(there)
    there.clock.turn(timedelta(hours=1))
    there.office.reviews.withdraw(there.person("supervisor"), case_id, reason="Nhầm biển số")
    receiver = Receiver()
    sender = webhook(there, receiver)
    assert [sender.step(), sender.step(), sender.step()] == [True, True, False]
    first, second = receiver.verified()
    assert first == {
        "specversion": "1.0",
        "id": first["id"],
        "source": "/vn/hue/csgt/tvp",
        "type": "vn.hue.tvp.notice.issued.v1",
        "subject": f"case/{case_id}",
        "time": "2026-11-20T02:00:00Z",
        "datacontenttype": "application/json",
        "partitionkey": case_id,
        "pii": "masked",
        "data": {
            "notice_no": "2026-000001/TB",
            "plate_masked": "75B-***.45",
            "act_code": "RED_LIGHT",
            "act": "Vượt đèn đỏ / not obeying signal light",
            "occurred_at": "2026-11-20T08:59:00+07:00",
            "place": "Lý Thường Kiệt",
            "agency": "Đội CSGT số 1",
            "appear_by": "2026-12-10",
            "deep_link": f"http://127.0.0.1:8000/t/{case_id}",
            "is_simulated": False,
        },
    }
    assert (second["type"], second["data"]["withdrawn_reason"]) == ("vn.hue.tvp.notice.withdrawn.v1", "Nhầm biển số")
    assert receiver.requests[0].headers["content-type"] == "application/cloudevents+json"
    assert [row.state for row in deliveries(there)] == ["delivered", "delivered"]


@pytest.mark.parametrize("outcome", [500, 503, 404, 302, 429, httpx.ConnectError, httpx.ReadTimeout])
def test_what_was_not_taken_is_sent_again_with_growing_waits(there: SmallOffice, outcome: Any) -> None:
    issue(there)
    receiver = Receiver(*[outcome] * 4)
    sender = webhook(there, receiver)
    waits = []
    for _ in range(4):
        assert sender.step()
        assert not sender.step()
        waits.append(deliveries(there)[0].next_try_at - there.clock.now)
        there.clock.turn(waits[-1])
    assert [wait.total_seconds() for wait in waits] == [5, 10, 20, 40]
    assert sender.step()
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.content for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 5
    receiver.verified()
    row = deliveries(there)[0]
    assert (row.state, row.attempts, row.last_outcome) == ("delivered", 5, "200")


def test_two_first_notices_at_once_are_both_announced(there: SmallOffice) -> None:
    reviewer = there.person("reviewer")
    cases = [there.confirmed_case(reviewer, point_px16=(2000 * number, 3000)) for number in range(1, 5)]
    barrier = threading.Barrier(len(cases))

    def run(case_id: str) -> None:
        barrier.wait()
        there.office.notices.issue(reviewer, case_id)

    threads = [threading.Thread(target=run, args=(case_id,)) for case_id in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row.case_id for row in deliveries(there)) == sorted(cases)


def test_a_duplicate_counts_as_taken(there: SmallOffice) -> None:
    issue(there)
    webhook(there, Receiver(409)).step()
    assert deliveries(there)[0].state == "delivered"


def test_after_a_day_it_is_dead_and_kept(there: SmallOffice) -> None:
    issue(there)
    sender = webhook(there, Receiver(*[500] * 100))
    steps = 0
    while deliveries(there)[0].state == "pending":
        there.clock.turn(max(timedelta(0), deliveries(there)[0].next_try_at - there.clock.now))
        assert sender.step()
        steps += 1
    row = deliveries(there)[0]
    assert (row.state, row.last_outcome) == ("dead", "500")
    assert timedelta(hours=24) <= there.clock.now - row.created_at <= timedelta(hours=26)
    assert 10 <= steps <= 40


def test_gone_means_unsubscribed_for_good(there: SmallOffice) -> None:
    issue(there)
    issue(there, point_px16=(9000, 3000))
    sender = webhook(there, Receiver(410))
    assert sender.step()
    assert not sender.step()
    assert [row.state for row in deliveries(there)] == ["unsubscribed", "unsubscribed"]
    issue(there, point_px16=(1000, 3000))
    assert len(deliveries(there)) == 2


def test_a_message_whose_process_died_is_sent_by_the_next(there: SmallOffice) -> None:
    issue(there)

    def dies(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        webhook(there, dies).step()
    receiver = Receiver()
    after_restart = webhook(there, receiver)
    assert not after_restart.step()  # leased to the dead one
    there.clock.turn(LEASE + timedelta(seconds=1))
    assert after_restart.step()
    assert len(receiver.verified()) == 1


def test_a_move_that_fails_announces_nothing(there: SmallOffice) -> None:
    case_id = issue(there)
    with pytest.raises(InputError):
        there.office.reviews.withdraw(there.person("supervisor"), case_id, reason="")
    assert [row.kind for row in deliveries(there)] == ["vn.hue.tvp.notice.issued.v1"]


def test_it_is_off_by_default(here: SmallOffice) -> None:
    issue(here)
    assert deliveries(here) == []


def test_nothing_private_leaves(there: SmallOffice) -> None:
    reviewer = there.person("reviewer")
    case_id = there.confirmed_case(reviewer)
    code = there.office.notices.issue(reviewer, case_id).code
    body = deliveries(there)[0].body
    for private in ("75B112345", "123.45", code, "citizen.jpg", "?c="):
        assert private not in body


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_url": "ftp://app.example.vn/"},
        {"webhook_url": "file:///etc/passwd"},
        {"webhook_url": "javascript:alert(1)"},
        {"webhook_secret": None},
    ],
)
def test_no_address_but_http_and_none_without_a_secret(tmp_path: Path, changes: dict[str, Any]) -> None:
    values = {"webhook_url": URL, "webhook_secret": SECRET} | changes
    with pytest.raises(ValidationError):
        settings_for("sqlite://", tmp_path, **values)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "plain", "whsec_!!!!", SECRET.removeprefix("whsec_")])
def test_a_weak_or_malformed_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="expected whsec_ and base64 of 24 to 64 bytes") as caught:
        signing_keys(SecretStr(secret))
    assert not secret.removeprefix("whsec_") or secret not in str(caught.value)


def test_two_keys_sign_twice_while_they_are_rotated() -> None:
    keys = signing_keys(SecretStr(f"{SECRET} whsec_{base64.b64encode(b'o' * 24).decode()}"))
    both = signature(keys, "a", datetime(2026, 1, 1, tzinfo=UTC), b"{}").split(" ")
    assert len(both) == 2
    assert all(part.startswith("v1,") for part in both)
