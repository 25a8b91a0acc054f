"""What an adoption writes otherwise than the template is no change of the project's."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.adopt.spelled import find_spellings, spell, spell_alike
from lisa_scaffold.git import Blob
from lisa_scaffold.project.facts import Facts

from ..conftest import ROOT

ANSWERS = {"forge_host": "git.example.org", "namespace": "a/b", "distribution": "x-sampler"}
REMOTE = RepositoryFacts(remote="git@git.example.org:a/b/x.git")
TEXT = (
    b"git clone https://git.example.org/a/b/x-sampler.git\ncd x-sampler\n"
    b'SLUG: "a-b-x-sampler"\nx-sampler: see [LICENSE](LICENSE)\n'
)
OWN = (
    b"git clone https://git.example.org/a/b/x.git\ncd x\n"
    b'SLUG: "a-b-x"\nx-sampler: see [COPYING](COPYING)\n'
)


def test_address_folder_and_licence_are_the_projects() -> None:
    spellings = find_spellings(Facts.of({"COPYING": "Mine."}), REMOTE, ANSWERS)
    assert spell(TEXT, spellings) == OWN


def test_without_a_licence_nothing_is_said_of_one() -> None:
    spellings = find_spellings(Facts.of({}), REMOTE, ANSWERS)
    text = b"A\n\n## License\n\nOf its own, see the file of the licence.\n"
    assert spell(text, spellings) == b"A\n"


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["doc/source/release_notes.rst"], "bring `doc/source/release_notes.rst` up to date"),
        (["docs/CHANGES.md", "HISTORY.rst"], "bring `HISTORY.rst` up to date"),
        (["notes.md"], "bring the changelog up to date"),
    ],
)
def test_the_changelog_is_named(paths: list[str], said: str) -> None:
    spellings = find_spellings(Facts.of(dict.fromkeys(paths, "")), REMOTE, ANSWERS)
    template = (ROOT / "template/CONTRIBUTING.md.jinja").read_bytes()
    assert f"In a merge request, {said}.\n" in spell(template, spellings).decode()


def test_another_forge_tells_nothing_of_the_address() -> None:
    other = RepositoryFacts(remote="git@git.example.org:somebody/x.git")
    assert find_spellings(Facts.of({"LICENSE": ""}), other, ANSWERS) == [
        ("[LICENSE](LICENSE)", "[LICENSE](LICENSE)"),
        ("the file of the licence", "[LICENSE](LICENSE)"),
    ]


@pytest.mark.parametrize(
    ("ours", "expected"),
    [(OWN, OWN), (OWN + b"More.\n", OWN), (TEXT, TEXT), (b"Nothing of it.\n", TEXT)],
)
def test_renders_are_written_as_the_project_has_it(ours: bytes, expected: bytes) -> None:
    spellings = find_spellings(Facts.of({"COPYING": "Mine."}), REMOTE, ANSWERS)
    new = b"New: https://git.example.org/a/b/x-sampler\n"
    base, theirs = ({"C.md": Blob("100644", text)} for text in (TEXT, new))
    spell_alike({"C.md": Blob("", ours)}, (base, theirs), spellings)
    assert base == {"C.md": Blob("100644", expected)}
    after = b"New: https://git.example.org/a/b/x\n" if expected == OWN else new
    assert theirs == {"C.md": Blob("100644", after)}


def test_what_did_not_come_in_stays_out() -> None:
    text = b"A\n\n## License\n\nOf its own, see the file of the licence.\n"
    base, theirs = ({"README.md": Blob("100644", text)} for _ in range(2))
    spellings = find_spellings(Facts.of({}), REMOTE, ANSWERS)
    spell_alike({"README.md": Blob("", b"A\n")}, (base, theirs), spellings)
    assert base == theirs == {"README.md": Blob("100644", text)}
