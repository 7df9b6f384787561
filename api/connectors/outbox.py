"""Tells the citizen app of notices: CloudEvents 1.0, written in the transaction of the move that they tell of."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.cases.reading import offence_of
from api.settings import OfficeSettings
from models.domain.plates import masked
from models.tables import CaseRow, DeliveryRow, NoticeRow, ReceiverRow, new_id

APPEAR_WITHIN_DAYS = 20
"""After 20 days from sending without appearance, inspection and registration are told (TT 73/2024 art. 24.5)."""
Happening = Literal["issued", "withdrawn"]


class NoticeNews(BaseModel):
    """The `data` of a notice's message: no name, no picture, no full plate, no code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notice_no: str
    plate_masked: str
    act_code: str
    act: str
    occurred_at: str
    """Local time of the camera's zone, to the minute."""
    place: str
    agency: str
    appear_by: str
    deep_link: str
    is_simulated: bool
    withdrawn_reason: str | None = None


class CloudMessage(BaseModel):
    """A CloudEvent 1.0 in structured mode."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: str
    pii: Literal["none", "masked"] = "masked"
    data: NoticeNews


def receiver_id(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def appear_by(notice: NoticeRow, case: CaseRow) -> str:
    """The last local day to appear, as text (yyyy-mm-dd)."""
    day = notice.issued_at.astimezone(ZoneInfo(case.timezone)).date()
    return (day + timedelta(days=APPEAR_WITHIN_DAYS)).isoformat()


def announce(
    session: Session, now: datetime, settings: OfficeSettings, happening: Happening, case: CaseRow, notice: NoticeRow
) -> None:
    """Queues one message, in the caller's transaction; nothing where no receiver is set or it has unsubscribed."""
    if settings.webhook_url is None:
        return
    key = receiver_id(str(settings.webhook_url))
    session.execute(text("INSERT INTO receivers (id) VALUES (:id) ON CONFLICT (id) DO NOTHING"), {"id": key})
    if session.get_one(ReceiverRow, key).unsubscribed_at is not None:
        return
    delivery_id = new_id(now)
    message = CloudMessage(
        id=delivery_id,
        source=settings.webhook_source,
        type=f"vn.hue.tvp.notice.{happening}.v1",
        subject=f"case/{case.id}",
        time=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        partitionkey=case.id,
        data=_news(settings, case, notice),
    )
    session.add(
        DeliveryRow(
            id=delivery_id,
            receiver_id=key,
            case_id=case.id,
            kind=message.type,
            body=message.model_dump_json(exclude_none=True),
            state="pending",
            next_try_at=now,
            created_at=now,
        )
    )


def _news(settings: OfficeSettings, case: CaseRow, notice: NoticeRow) -> NoticeNews:
    local = case.occurred_at.astimezone(ZoneInfo(case.timezone)).replace(second=0, microsecond=0)
    offence = offence_of(case)
    return NoticeNews(
        notice_no=notice.number,
        plate_masked=masked(case.plate or ""),
        act_code=case.act_code,
        act=offence.description if offence else case.act_code,
        occurred_at=local.isoformat(),
        place=case.address,
        agency=case.agency,
        appear_by=appear_by(notice, case),
        deep_link=f"{str(settings.public_url).rstrip('/')}/t/{case.id}",
        is_simulated=case.is_simulated,
        withdrawn_reason=notice.withdrawn_reason,
    )
