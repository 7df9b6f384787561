"""The report as PDF, in Vietnamese, for signing by hand. It shows what the signed JSON holds, and names its digest."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from models.domain.audit_report import AuditReport, ReportedCamera, ReportedFinding, ReportedRule

FAMILY = "Be Vietnam Pro"
MARGIN_MM, LINE_MM = 14.0, 5.0
GAPS_PRINTED = 6
GREY, INK = (90, 100, 112), (23, 33, 44)
HEAD = FontFace(emphasis="BOLD", fill_color=(234, 238, 242))


@cache
def words() -> Mapping[str, Any]:
    """Every word of the printed report."""
    return tomllib.loads(files("api.audits").joinpath("report_words.toml").read_text(encoding="utf-8"))


class _Paper(FPDF):
    """A4, with the station and the page's number under every page."""

    def __init__(self, report: AuditReport) -> None:
        super().__init__(format="A4")
        self._foot = f"{report.station} · {_day(report.first_day)} – {_day(report.last_day)}"
        for style, weight in (("", 400), ("B", 600)):
            with as_file(files("api.audits").joinpath("fonts", f"be-vietnam-pro-{weight}.ttf")) as path:
                self.add_font(FAMILY, style, path)
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, margin=18)
        self.set_creation_date(datetime.fromisoformat(report.made_at))
        self.set_title(f"{words()['title']}: {report.station}")
        self.set_lang("vi")

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=8)
        self.set_text_color(*GREY)
        self.cell(0, 5, self._foot)
        self.set_x(MARGIN_MM)
        self.cell(0, 5, f"{words()['page']} {self.page_no()}/{{nb}}", align="R")

    def line_of(self, text: str, *, size: float = 9.5, bold: bool = False, grey: bool = False) -> None:
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*(GREY if grey else INK))
        self.multi_cell(0, LINE_MM, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def heading(self, text: str) -> None:
        self.ln(4)
        if self.will_page_break(24):
            self.add_page()
        self.line_of(text, size=12, bold=True)
        self.ln(1)

    def rows(self, head: Sequence[str], widths: tuple[int, ...], rows: Sequence[Sequence[str]]) -> None:
        """A table whose head is repeated on every page."""
        self.set_font(FAMILY, size=8)
        self.set_text_color(*INK)
        self.set_draw_color(214, 221, 229)
        with self.table(
            headings_style=HEAD, col_widths=widths, line_height=4.2, padding=1.2, text_align="LEFT"
        ) as table:
            table.row(list(head))
            for row in rows:
                table.row(list(row))


def draw_report(report: AuditReport) -> bytes:
    """The PDF's bytes."""
    paper, text = _Paper(report), words()
    paper.add_page()
    _head(paper, report)
    columns = text["columns"]
    paper.heading(text["cameras"])
    paper.rows(columns["cameras"], (24, 16, 12, 46, 10, 14), [_camera(each) for each in report.cameras])
    paper.heading(text["files"])
    paper.rows(columns["files"], (26, 18, 9, 16, 20, 34), [
        [each.name, text["kind"][each.kind], str(each.rows), f"{each.new} / {each.corrected} / {each.same}",
         f"{_day(each.first_day)} – {_day(each.last_day)}", each.sha256] for each in report.files
    ])  # fmt: skip
    paper.heading(text["rules"])
    paper.rows(columns["rules"], (64, 10, 10, 12, 34), [_rule(each) for each in report.rules])
    paper.heading(text["findings"])
    if report.findings:
        rows = [_finding(each) for each in report.findings]
        paper.rows(columns["findings"], (12, 22, 17, 20, 46, 38), rows)
    else:
        paper.line_of(text["no_findings"])
    paper.heading(text["missing"])
    for each in text["not_covered"]["parts"]:
        paper.line_of(f"– {each}")
    _signatures(paper)
    return bytes(paper.output())


def _head(paper: _Paper, report: AuditReport) -> None:
    text = words()
    paper.line_of(text["title"], size=15, bold=True)
    paper.ln(1)
    if report.is_simulated:
        paper.line_of(text["simulated"], bold=True)
    paper.line_of(text["notice"], grey=True)
    paper.ln(2)
    digest = hashlib.sha256(report.canonical()).hexdigest()
    pairs = (
        ("station", f"{report.station} ({report.station_id})"),
        ("body", report.body),
        ("agency", report.agency),
        ("period", f"{_day(report.first_day)} – {_day(report.last_day)}"),
        ("compared", _time(report.compared_at)),
        ("made", f"{_time(report.made_at)}, {report.software}"),
        ("digest", digest),
    )
    for name, value in pairs:
        paper.set_text_color(*GREY)
        paper.set_font(FAMILY, size=9)
        paper.cell(48, LINE_MM, text[name])
        paper.line_of(value, size=9)


def _camera(camera: ReportedCamera) -> list[str]:
    text = words()
    gaps = sorted(camera.gaps, key=lambda gap: datetime.fromisoformat(gap.since) - datetime.fromisoformat(gap.until))
    named = [f"{_time(gap.since)} – {_time(gap.until)}: {text['camera'][gap.state]}" for gap in gaps[:GAPS_PRINTED]]
    if len(gaps) > len(named):
        named.append(f"+ {len(gaps) - len(named)}")
    share = f"{camera.covered_permille / 10:.1f}".replace(".", ",")
    watches = ", ".join(text["zone"][kind] for kind in camera.watches)
    return [f"{camera.name} ({camera.id})", watches, f"{share} %", "\n".join(named) or "–", str(camera.visits),
            str(camera.unread)]  # fmt: skip


def _rule(rule: ReportedRule) -> list[str]:
    text = words()
    said = text["rule"][rule.code]
    undecided = [f"{text['why'][why]}: {count}" for why, count in rule.undecided.items()]
    return [f"{rule.code}. {said['says']}\n{said['does_not_prove']}", str(rule.checked), str(rule.as_recorded),
            str(rule.findings), "\n".join(undecided) or "–"]  # fmt: skip


def _finding(finding: ReportedFinding) -> list[str]:
    text = words()
    facts = [f"{text['fact'][name]}: {_fact(value)}" for side in (finding.expected, finding.seen)
             for name, value in side.items() if value not in (None, "")]  # fmt: skip
    decided = [text["state"][finding.state], finding.reason or "", finding.station_answer or ""]
    evidence = [f"{each.name}: {each.sha256[:16]}…" for each in finding.evidence]
    compared, said = "\n".join([*facts, *evidence]), "\n".join(each for each in decided if each)
    return [finding.code, _time(finding.at), finding.plate, finding.record_number or "–", compared, said]


def _signatures(paper: _Paper) -> None:
    text = words()
    paper.heading(text["signatures"])
    for name in ("first_person", "second_person"):
        paper.set_font(FAMILY, "B", 9.5)
        paper.cell(90, LINE_MM, text[name])
    paper.ln(LINE_MM)
    for _ in range(2):
        paper.set_font(FAMILY, "", 8.5)
        paper.cell(90, LINE_MM, text["by_hand"])
    paper.ln(24)


def _fact(value: str | int | None) -> str:
    text = str(value)
    return _time(text) if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.+]+", text) else text


def _time(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%H:%M:%S, %d/%m/%Y")


def _day(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%d/%m/%Y")
