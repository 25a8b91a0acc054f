"""Options that a template has in a comment, to be switched on."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file
from lisa_scaffold.merge.commented import settle
from lisa_scaffold.model import Merged

BASE = """\
[project.scripts]
# Entry points:
# tool = "tool:main"

[tool.checker]
strict = true
# fast = false
# deep = false

[[tool.list]]
# fast = false
"""


def merged(ours: str, theirs: str, base: str = BASE) -> tuple[str, tuple[str, ...]] | None:
    result = merge_file("pyproject.toml", base.encode(), ours.encode(), theirs.encode())
    return (result.content.decode(), result.notes) if isinstance(result, Merged) else None


def test_an_option_that_the_project_switched_on_is_none_of_the_template_s_comments() -> None:
    ours = BASE.replace("# deep = false\n", "deep = false\n")
    theirs = BASE.replace("strict = true\n", "strict = 2\n# slow = false\n")
    expected = ours.replace("strict = true", "strict = 2")
    expected = expected.replace("deep = false\n", "deep = false\n# slow = false\n")
    assert merged(ours, theirs) == (expected, ())
    moved = BASE.replace("# deep = false\n", "").replace("strict", "# deep = false\nstrict")
    assert merged(ours, moved.replace("strict = true", "strict = 2")) == (
        ours.replace("strict = true", "strict = 2"),
        (),
    )


def test_a_comment_that_is_new_about_an_option_of_the_project_s_is_left_out_with_a_note() -> None:
    ours = BASE.replace("strict = true", "strict = true\nown = true")
    theirs = BASE.replace("# fast", "# own = false\n# fast", 1)
    note = "tool.checker.own: # own = false of the template is left out, as the project has set it."
    assert merged(ours, theirs) == (ours, (note,))
    ours = BASE.replace("# deep = false", "deep = false")
    done = merged(ours, BASE.replace("# deep = false", "# deep = true"))
    assert done == (ours, (note.replace("own = false", "deep = true").replace("own:", "deep:"),))


def test_what_the_template_switches_on_as_it_stood_in_the_comment_is_no_change() -> None:
    ours = BASE.replace('# tool = "tool:main"', 'tool = "tool.cli:main"')
    theirs = BASE.replace('# tool = "tool:main"', 'tool = "tool:main"')
    line = 'project.scripts.tool: tool = "tool:main"'
    note = f"{line} of the template is left out, as the project has set it."
    assert merged(ours, theirs) == (ours, (note,))
    other = theirs.replace("tool:main", "tool.new:main")
    assert merged(ours, other) is None
    assert merged(BASE.replace("strict", "quiet = 1\nstrict"), theirs) == (
        theirs.replace("strict", "quiet = 1\nstrict"),
        (),
    )


def test_an_example_that_the_project_removed_is_not_made_an_entry_point() -> None:
    ours = BASE.replace('# tool = "tool:main"', 'own = "own:main"')
    theirs = BASE.replace('# tool = "tool:main"', 'tool = "tool:main"')
    note = 'project.scripts.tool: tool = "tool:main" of the template is left out'
    done = merged(ours, theirs)
    assert done is not None
    assert done[0] == ours
    assert done[1][0].startswith(note)
    # A setting may be the template's newer practice.
    ours, theirs = BASE.replace("# fast = false\n# deep", "# deep"), BASE.replace("# fast", "fast")
    done = merged(ours.replace("strict = true", "strict = 3"), theirs)
    assert done is not None
    assert "\nfast = false\n" in done[0]


@pytest.mark.parametrize(
    "line",
    ["# See: fast = slow, or not", "# fast = [", "# fast = 'a' or 'b'", "# fast, deep = false"],
)
def test_a_sentence_is_no_option(line: str) -> None:
    text = f"[tool.checker]\n{line}\n"
    assert settle(text, "[tool.checker]\nfast = false\n", text) == (text, text, ())


def test_tables_of_one_name_are_not_told_apart() -> None:
    ours = BASE.replace("[[tool.list]]\n# fast", "[[tool.list]]\nfast")
    assert settle(BASE, ours, BASE) == (BASE, BASE, ())
