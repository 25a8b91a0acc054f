"""What was answered stands in the metadata where they said nothing, and never over anything."""

from __future__ import annotations

import tomllib

import pytest

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.stated import state_missing

GIVEN = {"description": 'Noise "here".', "license": "MIT", "code_url": "https://example.org/a"}
BARE = '[project]\nname = "a"\nversion = "1"\n'


def test_what_is_missing_is_written() -> None:
    text, added = state_missing(f"# ours\n{BARE}\n[tool.a]\nb = 1\n", GIVEN)
    assert added == ["description", "license", "urls.Source"]
    project = tomllib.loads(text)["project"]
    assert project["description"] == 'Noise "here".'
    assert project["license"] == "MIT"
    assert project["urls"] == {"Source": "https://example.org/a"}
    assert text.startswith('# ours\n[project]\nname = "a"\nversion = "1"\n')
    assert Facts.of({"pyproject.toml": text}).pyproject.get("tool", "a", "b") == 1
    assert state_missing(text, {**GIVEN, "description": "Other."}) == (text, [])


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (BARE, {}, []),
        (BARE, {"code_url": "unknown", "license": "other", "description": ""}, []),
        (f'{BARE}dynamic = ["description"]\n', GIVEN, ["license", "urls.Source"]),
        (f'{BARE}urls = {{ A = "https://example.org" }}\n', GIVEN, ["description", "license"]),
        (f'{BARE}license = {{ file = "LICENSE" }}\n', GIVEN, ["description", "urls.Source"]),
        (
            f'{BARE}classifiers = ["License :: OSI Approved"]\n',
            GIVEN,
            ["description", "urls.Source"],
        ),
        (
            f'{BARE}[build-system]\nrequires = ["setuptools<70"]\n',
            GIVEN,
            ["description", "urls.Source"],
        ),
        ('[tool.poetry]\nname = "a"\n', GIVEN, []),
        ("", GIVEN, []),
        ("[project\n", GIVEN, []),
    ],
)
def test_what_is_there_or_elsewhere_stays(
    text: str, given: dict[str, str], expected: list[str]
) -> None:
    changed, added = state_missing(text, given)
    assert added == expected
    assert (changed == text) == (not expected)
