"""One heading does not stand there twice because each side writes it in its own way."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import check_clean, merge_file
from lisa_scaffold.model import Declined, Merged

GUIDE = "# Probe\n\nIntro.\n\n## Use\n\nUse it.\n"
RST = "Probe\n=====\n\nIntro.\n\nUse\n---\n\nUse it.\n"
LOGO = ":::{image} logo.svg\n:::\n\n"

CASES = [
    (
        "docs/a.md",
        GUIDE,
        GUIDE.replace("Intro.", "Intro.\n\n## User guide\n\nOurs."),
        GUIDE + "\n## User **Guide**\n\nTheirs.\n",
        "User **Guide**",
    ),
    (
        "docs/a.rst",
        RST,
        RST.replace("Intro.", "Intro.\n\nUser guide\n----------\n\nOurs."),
        RST + "\nUser Guide\n----------\n\nTheirs.\n",
        "User Guide",
    ),
    (
        "docs/a.md",
        GUIDE,
        GUIDE.replace("# Probe\n\n", "Probing\n=======\n\n```sh\n# no heading\n```\n\n"),
        GUIDE.replace("# Probe\n\nIntro.", "Words above.\n\nIntro.\n\n# {t}`Probe`"),
        "{t}`Probe`",
    ),
    (
        "docs/a.md",
        GUIDE,
        LOGO + GUIDE.replace("# Probe", "#").replace("Intro.", "Our own words."),
        LOGO + GUIDE.replace("# Probe", "```{role} t\n```\n\n# {t}`Probe`"),
        "{t}`Probe`",
    ),
]


@pytest.mark.parametrize(("path", "base", "ours", "theirs", "heading"), CASES)
def test_a_heading_that_the_project_has_in_another_form_stays_as_it_has_it(
    path: str, base: str, ours: str, theirs: str, heading: str
) -> None:
    done = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Declined)
    assert done.content.decode() == ours
    assert done.reason == (
        f"The project has the heading “{heading}” in a form of its own; what comes with it stays "
        "out."
    )
    assert f"\n+{'' if path.endswith('.rst') else '#'}" in done.patch
    assert heading in done.patch
    assert merge_file(path, base.encode(), ours.encode(), theirs.encode(), keep_prose=False) is None


def test_what_else_the_template_changed_is_taken() -> None:
    ours = GUIDE.replace("Intro.", "Intro.\n\n## User guide\n\nOurs.")
    theirs = "Words above.\n\n" + GUIDE + "\n## User Guide\n\nTheirs.\n"
    done = merge_file("a.md", GUIDE.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Declined)
    assert done.content.decode() == "Words above.\n\n" + ours


def test_a_merge_of_lines_that_has_a_heading_twice_is_wrong() -> None:
    path, base, ours, theirs, heading = CASES[0]
    clean = theirs.replace("Intro.", "Intro.\n\n## User guide\n\nOurs.")
    problem = check_clean(path, *(text.encode() for text in (base, ours, theirs, clean)))
    assert problem == f"the heading “{heading}” stands there beside the project's"


CHANGES = "# Changes\n\n## 2\n\n### Added\n\n- b\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "both"),
    [
        # A heading that each side adds below another one.
        (
            CHANGES,
            CHANGES.replace("## 2", "## 3\n\n### Added\n\n- c\n\n## 2"),
            CHANGES + "\n## 1\n\n### Added\n\n- a\n",
            CHANGES.replace("## 2", "## 3\n\n### Added\n\n- c\n\n## 2")
            + "\n## 1\n\n### Added\n\n- a\n",
        ),
        # A comment of a shell in an example.
        (
            GUIDE,
            GUIDE.replace("Intro.", "Intro.\n\n```sh\n# Install\n```"),
            GUIDE + "\n## Install\n\nIt.\n",
            GUIDE.replace("Intro.", "Intro.\n\n```sh\n# Install\n```") + "\n## Install\n\nIt.\n",
        ),
    ],
)
def test_headings_that_are_two_stay_two(base: str, ours: str, theirs: str, both: str) -> None:
    done = merge_file("a.md", base.encode(), ours.encode(), theirs.encode())
    assert done == Merged(both.encode())
