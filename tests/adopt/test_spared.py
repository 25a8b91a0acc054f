"""Hooks and editors leave alone what only this project has."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.spared import spare
from lisa_scaffold.project.facts import Facts

HOOKS = "exclude: ^LICENSE\nrepos:\n"
EDITORS = "[*]\nend_of_line = lf\nx = y\n\n[{LICENSE*,*.patch}]\nx = unset\n"


@pytest.mark.parametrize(
    ("path", "exclude", "section"),
    [
        ("LICENSE.md", "^LICENSE", "LICENSE*,*.patch"),
        ("license.txt", r"^(LICENSE|license\.txt$)", "LICENSE*,license.txt,*.patch"),
        ("COPYING", "^(LICENSE|COPYING$)", "LICENSE*,COPYING,*.patch"),
        ("README.md", "^LICENSE", "LICENSE*,*.patch"),
    ],
)
def test_a_licence_of_another_name_is_left_alone(path: str, exclude: str, section: str) -> None:
    facts = Facts.of({path: "MIT License\n"})
    assert spare(".pre-commit-config.yaml", HOOKS.encode(), facts).decode() == (
        HOOKS.replace("^LICENSE", exclude)
    )
    assert spare(".editorconfig", EDITORS.encode(), facts).decode() == (
        EDITORS.replace("LICENSE*,*.patch", section)
    )
    assert spare("a.yaml", HOOKS.encode(), facts) == HOOKS.encode()


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], EDITORS),
        (["doc/make.bat"], f"{EDITORS}\n[doc/make.bat]\nend_of_line = unset\n"),
        (["a.bat", "b c.sln"], f"{EDITORS}\n[{{a.bat,b c.sln}}]\nend_of_line = unset\n"),
        (["a[1].bat"], EDITORS.replace("end_of_line = lf\n", "")),
        ([f"{n}.bat" for n in range(99)], EDITORS.replace("end_of_line = lf\n", "")),
    ],
)
def test_line_ends_of_windows_stay(paths: list[str], expected: str) -> None:
    facts = Facts.of({"a.py": "x = 1\n", **dict.fromkeys(paths, b"a\r\n")})
    assert spare(".editorconfig", EDITORS.encode(), facts).decode() == expected
