"""The webhook connector: sends queued messages with a Standard Webhooks signature, until they are taken or dead."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr
from sqlalchemy import or_, select, update

from api.connectors.outbox import receiver_id
from api.database import Database
from api.settings import OfficeSettings
from models.tables import DeliveryRow, ReceiverRow, new_id

SEND_TIMEOUT_S = 10.0
LEASE = timedelta(seconds=60)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=2)
SECRET_BYTES = range(24, 65)
_log = logging.getLogger("phatnguoi.webhook")
_random = random.SystemRandom().random


def signing_keys(secret: SecretStr) -> tuple[bytes, ...]:
    """The keys in the setting, newest first, parted by spaces: `whsec_` and base64 of 24 to 64 bytes each.

    Raises:
        ValueError: one is no such key.
    """
    keys = []
    for part in secret.get_secret_value().split():
        try:
            key = base64.b64decode(part.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = b""
        if not part.startswith("whsec_") or len(key) not in SECRET_BYTES:
            raise ValueError("PHATNGUOI_WEBHOOK_SECRET: expected whsec_ and base64 of 24 to 64 bytes")
        keys.append(key)
    if not keys:
        raise ValueError("PHATNGUOI_WEBHOOK_SECRET: got nothing, expected whsec_ and base64 of 24 to 64 bytes")
    return tuple(keys)


def signature(keys: tuple[bytes, ...], message_id: str, sent_at: datetime, body: bytes) -> str:
    """The header `webhook-signature`: HMAC-SHA256 over `id.timestamp.body`, one `v1,…` for each key."""
    signed = f"{message_id}.{int(sent_at.timestamp())}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


@dataclass(frozen=True, slots=True)
class _Leased:
    id: str
    body: bytes
    attempts: int
    created_at: datetime
    token: str


class Webhook:
    """Sends one message at a time. Several may run at once; a message that dies with its process is sent again."""

    def __init__(
        self,
        database: Database,
        settings: OfficeSettings,
        clock: Callable[[], datetime],
        *,
        client: httpx.Client | None = None,
        jitter: Callable[[], float] = _random,
    ) -> None:
        if settings.webhook_url is None or settings.webhook_secret is None:
            raise ValueError("got no PHATNGUOI_WEBHOOK_URL or no PHATNGUOI_WEBHOOK_SECRET, expected both")
        self._database = database
        self._url = str(settings.webhook_url)
        self._keys = signing_keys(settings.webhook_secret)
        self._retry_for = settings.webhook_retry_for
        self._clock = clock
        self._client = client or httpx.Client(timeout=SEND_TIMEOUT_S, follow_redirects=False, trust_env=False)
        self._jitter = jitter

    def step(self) -> bool:
        """Sends the message that is due first; False: none is."""
        leased = self._lease()
        if leased is None:
            return False
        outcome = self._send(leased)
        self._settle(leased, outcome)
        return True

    def close(self) -> None:
        self._client.close()

    def _lease(self) -> _Leased | None:
        now = self._clock()
        is_free = or_(DeliveryRow.lease_until.is_(None), DeliveryRow.lease_until < now)
        is_due = (DeliveryRow.state == "pending") & (DeliveryRow.next_try_at <= now) & is_free
        is_ours = DeliveryRow.receiver_id == receiver_id(self._url)
        token = new_id(now)
        with self._database.writing() as session:
            first = select(DeliveryRow).where(is_due, is_ours).order_by(DeliveryRow.next_try_at, DeliveryRow.id)
            row = session.scalars(first.limit(1).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.leased_by, row.lease_until = token, now + LEASE
            row.attempts += 1
            return _Leased(row.id, row.body.encode(), row.attempts, row.created_at, token)

    def _send(self, leased: _Leased) -> int | str:
        """The status code, or the name of what went wrong before there was one."""
        sent_at = self._clock()
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": leased.id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": signature(self._keys, leased.id, sent_at, leased.body),
        }
        try:
            with self._client.stream("POST", self._url, content=leased.body, headers=headers) as response:
                return response.status_code
        except httpx.HTTPError as error:
            return type(error).__name__

    def _settle(self, leased: _Leased, outcome: int | str) -> None:
        now = self._clock()
        state = self._state_after(leased, outcome, now)
        is_ours = (DeliveryRow.id == leased.id) & (DeliveryRow.leased_by == leased.token)
        values = {
            "state": state,
            "last_outcome": str(outcome),
            "leased_by": None,
            "lease_until": None,
            "next_try_at": now + self._wait(leased.attempts),
            "finished_at": None if state == "pending" else now,
        }
        with self._database.writing() as session:
            session.execute(update(DeliveryRow).where(is_ours).values(**values))
            if state == "unsubscribed":
                key = receiver_id(self._url)
                session.execute(update(ReceiverRow).where(ReceiverRow.id == key).values(unsubscribed_at=now))
                pending = (DeliveryRow.receiver_id == key) & (DeliveryRow.state == "pending")
                session.execute(update(DeliveryRow).where(pending).values(state=state, finished_at=now))
        level = logging.INFO if state in ("delivered", "pending") else logging.ERROR
        _log.log(level, "webhook %s", state, extra={"delivery": leased.id, "outcome": str(outcome)})

    def _state_after(self, leased: _Leased, outcome: int | str, now: datetime) -> str:
        if outcome == 410:
            return "unsubscribed"
        if isinstance(outcome, int) and (200 <= outcome < 300 or outcome == 409):
            return "delivered"
        return "dead" if now >= leased.created_at + self._retry_for else "pending"

    def _wait(self, attempts: int) -> timedelta:
        """Twice as long each time, capped, and spread between half and one and a half of it."""
        doublings: int = 2 ** min(attempts - 1, 20)
        plain = min(FIRST_WAIT * doublings, LONGEST_WAIT)
        return plain * (0.5 + self._jitter())
