"""The pictures show what the program says today; where they do not: nox -s pictures."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
import yaml

from lisa_scaffold.rules import find_rule

from ..conftest import ROOT

PICTURES = ROOT / "docs/_static/pictures"
QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text())


def shown(name: str) -> list[str]:
    """The lines of a drawn terminal."""
    text = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    rows: dict[float, str] = {}
    for attributes, words in re.findall(r"<text ([^>]*)>([^<]*)</text>", text):
        place = re.search(r'\by="([\d.]+)"', attributes)
        if place and "matrix" not in attributes:
            above = rows.get(float(place[1]), "")
            rows[float(place[1])] = above + unescape(words).replace("\xa0", " ")
    return [rows[place] for place in sorted(rows)]


def test_the_dialogue_asks_what_the_template_asks() -> None:
    asked = [line[2:] for line in shown("dialogue") if line.startswith("? ")]
    keys = ["kind", "project_name", "description", "author_name", "author_email"]
    helps = [QUESTIONS[key]["help"] for key in keys]
    assert [re.sub(r" \(\d+ of \d+\)$", "", line.rstrip()) for line in asked] == helps


def test_the_preview_names_the_version_and_the_answers() -> None:
    lines = shown("preview")
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert any(line.rstrip().endswith(f"from version v{version[1]}") for line in lines)
    assert "? Create this project?" in "\n".join(lines)


def test_the_check_says_what_the_rules_say() -> None:
    lines = shown("check")
    codes = [
        found[1] for line in lines if (found := re.search(r"(?:must|should) *([A-Z]{3}\d+)", line))
    ]
    assert len(codes) > 5
    for code in codes:
        find_rule(code)
    (summary,) = (line for line in lines if line.rstrip().endswith("rules checked."))
    assert re.match(r"\d+ findings \(\d+ must, \d+ should\); \d+ rules checked\.", summary)


@pytest.mark.parametrize("path", sorted(PICTURES.iterdir()), ids=lambda path: path.name)
def test_a_picture_is_small_and_loads_nothing(path: Path) -> None:
    assert path.stat().st_size < 200_000
    if path.suffix == ".svg":
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?:url\(|href=|src=|@import)(?!#)[^)\s]*", text)
