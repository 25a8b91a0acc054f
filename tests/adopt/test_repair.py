"""What the rules find in an adopted project is repaired, excepted, or left to people."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold.adopt import repair
from lisa_scaffold.formats.edit import replace_in_line
from lisa_scaffold.model import Finding, Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule


@rule(f"{repair.TOOLS}901", MUST)
def strict(facts: Facts) -> Iterator[Hit]:
    """Types are checked strictly, in this test.

    Why: A rule about a tool, that no project of this test fulfils.

    How: Set the key.

    Source: [mypy](https://mypy.readthedocs.io/en/stable/config_file.html).
    """
    line = facts.pyproject.line("tool", "mypy", "strict")
    if facts.pyproject.get("tool", "mypy", "strict") is False:
        yield Hit("pyproject.toml", line, "strict is off")


@rule("MET901", MUST, fixes=True)
def old_word(facts: Facts) -> Iterator[Hit]:
    """No text says `old`, in this test.

    Why: A rule that can be repaired.

    How: Write `new`.

    Source: [nothing](https://example.org/).
    """
    for number, line in enumerate(facts.lines("a.txt"), 1):
        if "old" in line:
            fix = Fix.edit("a.txt", replace_in_line(number, "old", "new"))
            yield Hit("a.txt", number, "old", fix=fix)


@rule("MET902", SHOULD, fixes=True)
def taste(facts: Facts) -> Iterator[Hit]:
    """A file ends in a dot, in this test.

    Why: A matter of taste, that an adoption leaves alone.

    How: End it.

    Source: [nothing](https://example.org/).
    """
    if not facts.text("a.txt").endswith(".\n"):
        yield Hit("a.txt", 1, "no dot", fix=Fix.write("a.txt", "x.\n"))


RULES = (strict, old_word, taste)
FILES = {"pyproject.toml": "[tool.mypy]\nstrict = false\n", "a.txt": "an old word\n"}


def test_what_can_be_repaired_is_and_taste_is_left_alone() -> None:
    facts = Facts.of({"a.txt": FILES["a.txt"]})
    done = repair.repair_findings(RULES, facts, facts, ())
    assert [found.code for found in done.fixed] == ["MET901"]
    assert done.changes == {"a.txt": b"an new word\n"}
    assert (done.waived, done.left) == ({}, ())


def test_a_tool_that_the_project_had_set_up_is_excepted_with_a_reason() -> None:
    facts = Facts.of(FILES)
    done = repair.repair_findings(RULES, facts, facts, ("[tool.mypy]",))
    why = "[tool.mypy] was set up before the project was adopted: to be worked off"
    assert {found.code: reason for found, reason in done.waived.items()} == {"QTY901": why}
    assert (
        done.changes["pyproject.toml"]
        == (
            f"{FILES['pyproject.toml']}\n[[tool.lisa-scaffold.waivers]]\n"
            f'code = "QTY901"\npath = "pyproject.toml"\nreason = "{why}"\n'
        ).encode()
    )
    assert done.left == ()


def test_what_the_project_excepts_itself_is_not_touched() -> None:
    waiver = '[[tool.lisa-scaffold.waivers]]\ncode = "MET901"\nreason = "ours"\n'
    facts = Facts.of({"pyproject.toml": waiver, "a.txt": FILES["a.txt"]})
    done = repair.repair_findings(RULES, facts, facts, ())
    assert (done.before, done.fixed, done.left, done.changes) == ((), (), (), {})


def test_what_adopt_itself_wrote_is_never_excepted() -> None:
    facts = Facts.of(FILES)
    done = repair.repair_findings(RULES, facts, facts, ("[tool.ruff]",))
    assert done.waived == {}
    assert [(found.code, found.line) for found in done.left] == [("QTY901", 2)]


def test_what_the_templates_files_answer_is_told_as_fixed() -> None:
    before, after = Facts.of(FILES), Facts.of({"a.txt": "a new word.\n"})
    done = repair.repair_findings(RULES, before, after, ())
    assert [found.code for found in done.before] == ["MET901", "QTY901"]
    assert (done.fixed, done.left, done.changes) == (done.before, (), {})


def test_each_finding_before_is_fixed_waived_or_left() -> None:
    before = Facts.of({**FILES, "a.txt": "an old word\nold\n"})
    done = repair.repair_findings(RULES, before, before, ("[tool.mypy]",))
    assert [(found.code, found.line) for found in done.fixed] == [("MET901", 1), ("MET901", 2)]
    assert len(done.before) == len(done.fixed) + len(done.waived) + len(done.left)


def test_what_is_not_asked_of_the_project_any_more_is_not_fixed() -> None:
    @rule("MET903", MUST, kinds=("package",))
    def of_packages(facts: Facts) -> Iterator[Hit]:
        """A package has a file, in this test.

        Why: A rule for one kind of project.

        How: Write it.

        Source: [nothing](https://example.org/).
        """
        if not facts.has("b.txt"):
            yield Hit("b.txt", 1, "missing")

    before = Facts.of({"pyproject.toml": b'[project]\nname = "x"\n'})
    after = before.changed({".copier-answers.yml": b"_src_path: x\n_commit: v1\nkind: image\n"})
    done = repair.repair_findings([of_packages], before, after, ())
    assert (done.before, done.fixed, done.left) == ((), (), ())
    kept = repair.repair_findings([of_packages], before, before, ())
    assert (len(kept.before), kept.fixed, len(kept.left)) == (1, (), 1)


def test_a_finding_that_is_told_in_other_words_is_not_fixed() -> None:
    @rule("MET904", MUST)
    def counted(facts: Facts) -> Iterator[Hit]:
        """No file is too long, in this test.

        Why: A rule whose message says how many lines there are.

        How: Shorten it.

        Source: [nothing](https://example.org/).
        """
        yield Hit("a.txt", 1, f"{len(facts.lines('a.txt'))} lines")

    before, after = (Facts.of({"a.txt": text}) for text in (b"a\n", b"a\nb\n"))
    done = repair.repair_findings([counted], before, after, ())
    assert (len(done.before), done.fixed, len(done.left)) == (1, (), 1)


def test_what_the_template_recommends_of_older_code_is_waived() -> None:
    @rule("QTY904", SHOULD)
    def typed(facts: Facts) -> Iterator[Hit]:
        """A strict type checker has a marker, in this test.

        Why: A rule that the template's settings bring with them.

        How: Write the marker.

        Source: [nothing](https://example.org/).
        """
        if "strict" in facts.text("pyproject.toml"):
            yield Hit("pyproject.toml", 1, "no marker")

    before = Facts.of({"pyproject.toml": b"\n"})
    after = before.changed({"pyproject.toml": b"[tool.mypy]\nstrict = true\n"})
    done = repair.repair_findings([typed], before, after, (), {"pyproject.toml"})
    assert [each.code for each in done.waived] == ["QTY904"]
    assert b'code = "QTY904"' in (done.changes["pyproject.toml"] or b"")
    assert repair.repair_findings([typed], after, after, (), {"pyproject.toml"}).waived == {}


def test_recommendations_are_told_as_they_were_before() -> None:
    @rule("QTY905", SHOULD)
    def spelled(facts: Facts) -> Iterator[Hit]:
        """No file is empty, in this test.

        Why: A rule that the template's files answer in part.

        How: Write something.

        Source: [nothing](https://example.org/).
        """
        yield from (Hit(path, 1, "empty") for path in facts.files if not facts.text(path))

    before = Facts.of({"a.txt": b"", "b.txt": b""})
    done = repair.repair_findings([spelled], before, before.changed({"a.txt": b"x\n"}), ())
    told = (done.advised_before, done.advised_fixed, done.advised)
    assert [[each.path for each in found] for found in told] == [
        ["a.txt", "b.txt"],
        ["a.txt"],
        ["b.txt"],
    ]
    assert (done.before, done.fixed) == ((), ())


def test_what_is_new_makes_the_numbers_add_up() -> None:
    def told(path: str, *words: str) -> list[Finding]:
        same = "MET901", Severity.MUST, path
        return [
            Finding(*same, at, word, 1, fixable=False, url="") for at, word in enumerate(words, 1)
        ]

    first = [*told("a.txt", "old", "old", "older"), *told("gone.txt", "old")]
    last = [*told("a.txt", "old", "as old"), *told("b.txt", "old", "old")]
    fixed, new = repair.find_other(first, last), repair.find_other(last, first)
    # Of what a.txt had, one is there as it was, and another one in other words.
    assert [(each.path, each.message) for each in fixed] == [
        ("a.txt", "older"),
        ("gone.txt", "old"),
    ]
    assert [each.path for each in new] == ["b.txt", "b.txt"]
    assert len(first) + len(new) == len(fixed) + len(last)
