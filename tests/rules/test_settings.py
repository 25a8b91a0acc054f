from __future__ import annotations

from datetime import date

import pytest

from ..support.checking import clean, found, messages

SETTINGS = "lisa-scaffold.toml"
WAIVER = '[[waivers]]\ncode = "CHG002"\nreason = "kept"\n'


def settings(text: str, **given: object) -> list[tuple[str, str, int]]:
    return found({**clean(), SETTINGS: text}, "CFG", **given)


NO_EFFECT = "this waiver has no effect:"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "selekt = []\n",
            1,
            "unknown key `selekt` has no effect: use select, ignore, strict, skip, fleet, mirrors "
            "or waivers",
        ),
        ('select = "CHG"\n', 1, "`select` must be a list of codes"),
        ("ignore = [3]\n", 1, '`ignore`: 3 is not a rule code: write one such as "LIC002"'),
        ('strict = "no"\n', 1, "`strict` must be true or false, without quotes"),
        ("skip = [3]\n", 1, '`skip`: 3 is not a path pattern: write one such as "docs/*.md"'),
        (
            'mirrors = ["https://x.example.org/y"]\n',
            1,
            "`mirrors`: 'https://x.example.org/y' is not where a project is: write one such as "
            '"gitlab.example.org/mirrors/lisa-scaffold"',
        ),
        ("waivers = 3\n", 1, "`waivers` must be a list of tables"),
        ("waivers = [3]\n", 1, "each waiver must be a table with `code` and `reason`"),
        (WAIVER.replace('reason = "kept"\n', ""), 1, f"{NO_EFFECT} add a `reason`"),
        (
            WAIVER.replace("kept", "  "),
            3,
            f"{NO_EFFECT} `reason` must be a text, in quotes and not empty",
        ),
        (WAIVER + "path = 3\n", 4, f"{NO_EFFECT} `path` must be a text, in quotes and not empty"),
        (
            WAIVER + 'expires = "soon"\n',
            4,
            f"{NO_EFFECT} `expires` must be a date such as 2027-01-31",
        ),
        (
            WAIVER + "until = 2027-01-31\n",
            4,
            "unknown key `until` has no effect: use code, path, reason or expires",
        ),
    ],
)
def test_settings_that_nobody_can_follow(text: str, line: int, message: str) -> None:
    assert settings(text) == [("CFG001", SETTINGS, line)]
    assert messages({**clean(), SETTINGS: text}, "CFG") == [message]


@pytest.mark.parametrize("end", ["2027-01-31", '"2027-01-31"'])
def test_settings_that_can_be_followed(end: str) -> None:
    text = f'select = ["CHG"]\nignore = ["LIC001"]\n{WAIVER}expires = {end}\n'
    assert settings(text) == []


def test_settings_in_two_places() -> None:
    files = clean()
    pyproject = files["pyproject.toml"]
    assert isinstance(pyproject, bytes)
    both = {
        **files,
        "pyproject.toml": pyproject + b'\n[tool.lisa-scaffold]\nselect = ["CHG"]\n',
        SETTINGS: 'select = ["CHG"]\n',
    }
    line = pyproject.count(b"\n") + 2
    assert found(both, "CFG") == [("CFG001", "pyproject.toml", line)]


def test_codes_that_mean_nothing() -> None:
    text = f'select = ["CGH"]\nignore = ["LIC"]\n{WAIVER.replace("CHG002", "CHG099")}'
    assert settings(text) == [("CFG002", SETTINGS, 1), ("CFG002", SETTINGS, 4)]


def test_a_waiver_that_has_expired() -> None:
    text = f"{WAIVER}expires = 2027-01-31\n"
    assert settings(text, today=date(2027, 1, 31)) == []
    assert settings(text, today=date(2027, 2, 1)) == [("CFG003", SETTINGS, 2)]
    assert settings(text) == []


def test_a_waiver_that_nothing_needs() -> None:
    assert settings(WAIVER) == []
    assert settings(WAIVER, unused=frozenset({0})) == [("CFG004", SETTINGS, 2)]
