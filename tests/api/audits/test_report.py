"""The report: signed, checked by a stranger, and drawn as PDF from the same values."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from api.audits.findings import AUDIT_RULES
from api.audits.report import NOT_COVERED, rule_texts
from api.audits.report_pdf import words
from api.errors import NotAllowedError, ReportNotReadyError
from models.domain.audits import FINDING_CODES, FINDING_STATES, RECORD_KINDS, UNDECIDED, ZONE_KINDS
from models.domain.visits import CAMERA_STATES
from models.verify.audit_report import verify_report
from models.verify.errors import SignatureInvalidError, UnknownIssuerError
from models.verify.steps import Steps
from models.verify.trust import Trust
from phatnguoi.bench.station_week import WeekPlan, station_week
from tests.api.audits.stations import FIRST, LAST, STATION, add_station, after_week, bring_week
from tests.api.kit import SmallOffice, small_office


@pytest.fixture
def here(office_sqlite_path: Path, tmp_path: Path) -> Iterator[SmallOffice]:
    (tmp_path / "office.db").write_bytes(office_sqlite_path.read_bytes())
    small = small_office(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    small.clock.now = after_week()
    add_station(small.office)
    yield small
    small.office.close()


def made(here: SmallOffice):  # type: ignore[no-untyped-def]
    auditor = here.person("auditor")
    plan = WeekPlan(seed=3, visits=150, records=50, ghosts=2, unordered=2, absent=2, down_hours=4)
    bring_week(here.office, auditor, station_week(plan))
    here.office.audits.compare(auditor, STATION, FIRST, LAST)
    first = here.office.audits.findings(auditor, STATION, FIRST, LAST)[0]
    here.office.audits.decide(auditor, first.id, "explained", "Bến đã giải trình", "Xe đi sửa ở xưởng bên cạnh bến")
    return here.office.audit_reports.make(auditor, STATION, FIRST, LAST)


def trust_of(here: SmallOffice) -> Trust:
    assert here.office.signer is not None
    return here.office.signer.trust


def test_a_stranger_verifies_it_with_the_agency_s_key_alone(here: SmallOffice, tmp_path: Path) -> None:
    report = made(here)
    assert verify_report("report.json", report.envelope, trust_of(here), Steps()) == report.report
    (tmp_path / "report.json").write_bytes(report.envelope)
    (tmp_path / "trust.txt").write_text(trust_of(here).text)
    command = [sys.executable, "-m", "phatnguoi.main", "verify", "report.json", "--trust", "trust.txt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VERIFIED: audit report of ben-xe-phia-nam" in done.stdout


def test_a_changed_decision_is_seen(here: SmallOffice) -> None:
    envelope = json.loads(made(here).envelope)
    payload = base64.b64decode(envelope["payload"]).replace(b"explained", b"confirmed")
    envelope["payload"] = base64.b64encode(payload).decode()
    body = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(SignatureInvalidError):
        verify_report("report.json", body, trust_of(here), Steps())


def test_somebody_else_s_key_is_not_trusted(here: SmallOffice) -> None:
    with pytest.raises(UnknownIssuerError):
        verify_report("report.json", made(here).envelope, Trust(), Steps())


def test_it_says_what_was_compared_with_what_and_what_is_not_covered(here: SmallOffice) -> None:
    report = made(here).report
    assert [rule.code for rule in report.rules] == list(FINDING_CODES)
    assert {file.kind for file in report.files} == set(RECORD_KINDS)
    assert all(len(file.sha256) == 64 and file.new for file in report.files)
    assert len(report.cameras) == len(ZONE_KINDS) and report.cameras[0].covered_permille < 1000
    assert report.not_covered == NOT_COVERED
    states = [finding.state for finding in report.findings]
    assert states.count("explained") == 1 and len(states) > 1
    signed = [finding.expected["departed_at"] for finding in report.findings if finding.code == "BX-2"]
    assert signed and all(str(moment).endswith("+07:00") for moment in signed)


def test_the_pdf_has_every_word_in_vietnamese(here: SmallOffice) -> None:
    report = made(here)
    document = pypdfium2.PdfDocument(report.pdf())
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    flat = " ".join(text.split())
    for expected in (words()["title"], "Bến xe phía Nam", "Xe đi sửa ở xưởng bên cạnh bến", "MÔ PHỎNG"):
        assert expected in flat
    assert hashlib.sha256(report.report.canonical()).hexdigest() in flat
    for finding in report.report.findings:
        assert finding.plate in flat


def test_the_printed_words_know_every_word_of_the_domain() -> None:
    text = words()
    for section, names in (("why", UNDECIDED), ("zone", ZONE_KINDS), ("kind", RECORD_KINDS), ("rule", FINDING_CODES),
                           ("camera", (*CAMERA_STATES, "silent"))):  # fmt: skip
        assert set(text[section]) == set(names)
    assert set(text["state"]) == set(FINDING_STATES) - {"lapsed"}
    assert len(text["not_covered"]["parts"]) == len(NOT_COVERED)
    assert all(rule_texts(rule) for rule in AUDIT_RULES)


def test_days_that_were_not_compared_give_no_report(here: SmallOffice) -> None:
    with pytest.raises(ReportNotReadyError, match="not compared"):
        here.office.audit_reports.make(here.person("auditor"), STATION, FIRST, LAST)
    with pytest.raises(NotAllowedError):
        here.office.audit_reports.make(here.person("reviewer"), STATION, FIRST, LAST)
