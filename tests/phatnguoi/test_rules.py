"""The page of the rules is what the rules say of themselves, today."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from detector.rulebook import known_rules
from models.domain.catalogue import find_offences
from phatnguoi.main import main
from phatnguoi.rules import files
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "rules.md"
STALE = "run: phatnguoi rules --write docs/rules.md"


def test_the_page_and_its_drawings_are_current() -> None:
    for path, text in files(PAGE).items():
        assert path.exists() and path.read_text(encoding="utf-8") == text, f"{path.name} is stale, {STALE}"


def test_no_drawing_is_left_of_a_rule_that_is_gone() -> None:
    assert {path.stem for path in (PAGE.parent / "rules").iterdir()} == set(known_rules()), STALE


def test_every_drawing_is_well_formed_and_shows_who_is_claimed(tmp_path: Path) -> None:
    for path, text in files(tmp_path / "rules.md").items():
        if path.suffix == ".svg":
            root = ET.fromstring(text)
            assert root.attrib["viewBox"] == "0 0 400 240"
            assert "#b3261e" in text, f"{path.name}: nobody is claimed in it"


def test_every_rule_names_an_act_with_its_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for code, rule in known_rules().items():
        section = text.split(f"\n## {code}\n")[1].split("\n## ")[0]
        references = [offence.reference for act in rule.acts for _, offence in find_offences(act)]
        assert references and all(f"{reference}: " in section for reference in references), code


def test_writes_the_page_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--write", str(tmp_path / "docs" / "rules.md")]) == 0
    assert (tmp_path / "docs" / "rules" / "bus_lane.svg").exists()


def test_lists_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(known_rules())


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["rules", "--write", str(tmp_path / "file" / "rules.md")]) == 2
    assert "cannot be written" in capsys.readouterr().err
