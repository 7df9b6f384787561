"""What stands between a filled form and a confirmed case: every part opened, the plate settled in the open."""

from __future__ import annotations

from collections.abc import Mapping

from api.cases.schemas import CaseFile
from api.errors import InputError
from api.office import Office
from api.people.sessions import SignedIn
from api.reviews.desk import Compared
from api.web.case_checks import missing_words, parts_there
from api.web.decision import check_confirmation, problem_text
from api.web.text import Text

WITHOUT_SCRIPT = "all"
"""A page without script shows every part one below the other; its form says so."""


def parts_problem(office: Office, person: SignedIn, file: CaseFile, shown: str, t: Text) -> str | None:
    """Which part is missing or was not opened, in words; None: all were."""
    missing = missing_words(file, t)
    if missing:
        return missing
    case_id, parts = file.line.id, list(parts_there(file))
    if shown == WITHOUT_SCRIPT:
        for part in parts:
            office.desk.open_part(person.actor, case_id, part)
    opened = office.desk.opened(person.actor, case_id)
    unopened = [t(f"part.{part}") for part in parts if part not in opened]
    return f"{t('decision.unopened')} {', '.join(unopened)}" if unopened else None


def try_confirm(
    office: Office, person: SignedIn, file: CaseFile, typed: Mapping[str, str], t: Text
) -> tuple[dict[str, str], Compared | None]:
    """Confirms the case; else what is wrong, field by field, and the reading once a plate was typed.

    1. the form; 2. every part opened; 3. typed and read plate, a difference settled; 4. the office's own checks.
    """
    case_id = file.line.id
    wrong = check_confirmation(typed, t)  # 1
    problem = parts_problem(office, person, file, typed["shown"], t)  # 2
    if problem:
        wrong["confirm"] = problem
    if "plate" in wrong:
        return wrong, None
    try:
        compared = office.desk.compare_plate(person.actor, case_id, typed["plate"])  # 3
        if compared.differs and not typed["settled"]:
            wrong["settled"] = t("decision.error_settle")
        if wrong:
            return wrong, compared
        if compared.differs:
            office.desk.settle(person.actor, case_id)
        fields = {name: typed[name] for name in ("plate", "vehicle", "plate_colour")}
        office.reviews.confirm(person.actor, case_id, **fields)  # 4
    except InputError as error:
        return {error.field: problem_text("confirm", error.field, t)}, None
    return {}, compared
