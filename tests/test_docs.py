"""The documents are held to the tree: links lead somewhere, commands exist, decisions have their form."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from phatnguoi.main import COMMANDS, main
from tests.conftest import ROOT

READMES = [ROOT / "README.md", ROOT / "README.vi.md"]
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models" / "weights").rglob("*.md")})
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```sh\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: no such file"
        assert not anchor or anchor in _anchors(target), f"{link}: no such heading"


def _commands(page: Path) -> list[str]:
    found: list[str] = []
    for block, inline in _CODE.findall(page.read_text()):
        found += (block or inline).splitlines()
    lines = [line.split(" #")[0].strip().removeprefix(".venv/bin/").removeprefix(".venv-yolo/bin/") for line in found]
    return [line for line in lines if line.startswith(("make ", "phatnguoi "))]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_every_command_of_a_readme_exists(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    names = {command.name for command in COMMANDS}
    commands = _commands(page)
    assert {"make demo", "make test"} <= set(commands)
    for command in commands:
        words = command.split()
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, command
        elif not words[1].startswith("-"):
            assert words[1] in names, command
            actions = [word for word in words[2:3] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
            with pytest.raises(SystemExit) as ended:
                main([words[1], *actions, "--help"])
            assert ended.value.code == 0, command


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for command in ("make check", "make install-yolo", "make test-yolo"):
        assert f"stage {command}" in script


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    documented = set(re.findall(r"^  make ([a-z-]+)", listed, flags=re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert phony and documented == set(phony.group(1).split())


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_form(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {page.name[:4]}\. ", text)
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[:3] == ["Context", "Decision", "Consequences"]
    quoted = " ".join(line.removeprefix("> ") for line in text.splitlines() if line.startswith(">"))
    assert len(re.findall(r"[.!?](?= |$)", quoted)) == 2, quoted


def test_no_secret_stands_in_the_tree() -> None:
    scanner = Path(sys.executable).parent / "detect-secrets-hook"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    left_out = re.compile(r"\.lock$|^models/weights/|^tests/")
    names = [name for name in listed.stdout.splitlines() if not left_out.search(name)]
    files = [name for name in names if (ROOT / name).is_file()]
    done = subprocess.run(
        [scanner, "--exclude-lines", r"_CROCKFORD|PASSWORD_VARIABLE|sha256\W", *files],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("name", ["asvs.md", "threat-model.md"])
def test_every_test_that_a_page_on_security_names_exists(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    named = NAMED_TEST.findall(text)
    assert len(named) > 15
    missing = [f"{path}::{test}" for path, test in named if not _has_test(path, test)]
    assert missing == []


def _has_test(path: str, test: str) -> bool:
    file = ROOT / path
    return file.exists() and re.search(rf"^def {test}\(", file.read_text(), flags=re.MULTILINE) is not None


def test_every_row_of_asvs_says_whether_it_holds_and_what_shows_it() -> None:
    row = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (\w+) \| (.+) \|$", re.MULTILINE)
    rows = row.findall((ROOT / "docs" / "asvs.md").read_text())
    assert len(rows) > 50 and len({number for number, *_ in rows}) == len(rows)
    for number, _, holds, shown in rows:
        assert holds in ("yes", "partly", "no"), number
        assert holds != "yes" or NAMED_TEST.search(shown), f"{number}: got yes without a test"
