"""The weights that come with the project are the ones that the register names, small, and say what they know."""

from __future__ import annotations

import hashlib

from phatnguoi.weights import SHIPPED, known_weights

LIMIT_BYTES = 6_000_000
OURS = known_weights()["phatnguoi-sim"]


def test_every_shipped_file_has_the_sha256_of_the_register() -> None:
    assert OURS.files
    for name, sha256 in OURS.files.items():
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == sha256, name


def test_they_take_at_most_six_megabytes() -> None:
    assert sum((SHIPPED / name).stat().st_size for name in OURS.files) <= LIMIT_BYTES


def test_they_say_that_they_know_only_the_simulated_world() -> None:
    assert OURS.knows == "simulated"
    assert "only" in (SHIPPED / "phatnguoi-sim.md").read_text(encoding="utf-8")


def test_no_file_tells_where_it_was_made() -> None:
    for name in OURS.files:
        content = (SHIPPED / name).read_bytes()
        assert b"/home/" not in content and b"/root/" not in content and b"/tmp/" not in content, name
