"""References of prose go with their definitions."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Declined

BADGES = """\
# Title

[![Docs][docs-badge]][docs]

Some words of the template that say what this is,
and many more of them.

[docs-badge]: https://example.org/docs.svg
[docs]: https://example.org/docs
"""
OWN = """\
Our project does wholly different things, and this is how.

It has a second paragraph, too.

[home]: https://example.org/home
[docs-badge]: https://example.org/docs.svg
[docs]: https://example.org/docs
"""


def test_a_badge_comes_with_its_definitions() -> None:
    """COPIER leaves a conflict at the end; with the project's side the badge shows nothing."""
    ours = BADGES.partition("Some words")[0] + OWN
    theirs = BADGES.replace("docs]\n\nSome", "docs] [![CI][ci-badge]][ci]\n\nSome")
    theirs += "[ci-badge]: https://example.org/ci.svg\n[ci]: https://example.org/ci\n"
    theirs = theirs.replace("[docs-badge]:", "[more]: https://example.org/more\n[docs-badge]:")
    result = merge_file("README.md", BADGES.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == (
        "# Title\n\n[![Docs][docs-badge]][docs] [![CI][ci-badge]][ci]\n\n"
        + OWN
        + "[ci-badge]: https://example.org/ci.svg\n[ci]: https://example.org/ci\n"
    )
    assert "+[more]: https://example.org/more\n" in result.patch
    assert "+[ci]:" not in result.patch


def test_a_substitution_of_restructuredtext_comes_with_its_definition() -> None:
    base = "Title\n=====\n\n|docs|\n\nWords of the template are here.\n\n.. |docs| image:: d\n"
    ours = "Title\n=====\n\n|docs|\n\nOur own text.\n\nIn two parts.\n\n.. |docs| image:: d\n"
    theirs = base.replace("|docs|\n\nW", "|docs| |ci|\n\nW").replace("Words", "More words")
    theirs += ".. |ci| image:: c\n   :target: https://example.org/ci\n"
    result = merge_file("README.rst", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours.replace("|docs|\n\nO", "|docs| |ci|\n\nO") + (
        ".. |ci| image:: c\n   :target: https://example.org/ci\n"
    )


@pytest.mark.parametrize("words", ["[x] done", "[more]", "a[more]b"])
def test_what_only_looks_like_a_reference_of_the_projects_brings_nothing(words: str) -> None:
    ours = BADGES.partition("Some words")[0] + OWN.replace("how.", words)
    more = "[more]: https://example.org/more\n\n[docs-badge]:"
    theirs = BADGES.replace("many more", "some more").replace("[docs-badge]:", more)
    result = merge_file("README.md", BADGES.encode(), ours.encode(), theirs.encode())
    assert result
    assert b"[more]:" not in result.content
