"""The reviewer types the plate before the reader's is shown; afterwards the two are compared, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from api.app import create_app
from tests.api.kit import SmallOffice, Web

TYPED = "75B112345"


def plate(text: str | None, reason: str | None = None) -> dict[str, Any]:
    return {"text": text, "unread_because": reason, "characters_permille": [910] * 9 if text else []}


@pytest.mark.parametrize(
    ("read", "shown", "outcome"),
    [
        (plate("75-B1|123.45"), TYPED, "same"),
        (plate("75-B1|123.46"), "75B112346", "differs"),
        (plate(None, "busy"), None, "unread"),
        (None, None, "unread"),
    ],
    ids=["the same", "one digit off", "withheld", "no reader"],
)
def test_a_reading_is_shown_once_the_reviewer_has_typed(
    here: SmallOffice, read: dict[str, Any] | None, shown: str | None, outcome: str
) -> None:
    reviewer = here.person("reviewer")
    case_id = here.new_case(plate=read)
    here.office.reviews.take(reviewer, case_id)
    assert here.office.cases.read(reviewer, case_id).plate_read is None
    here.confirm(reviewer, case_id)
    assert here.office.cases.read(reviewer, case_id).plate_read == shown
    text = Web(create_app(here.office.settings, office=here.office)).get("/metrics").text
    assert f'phatnguoi_plates_compared{{outcome="{outcome}"}} 1.0' in text
    assert "12345" not in text
