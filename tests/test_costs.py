"""Any file of 1 MB costs at most 2 s of CPU and 200 MB, and is told as what it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold import merge, rules
from lisa_scaffold.formats.document import Document, Problem
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge, repair

from .support.attacks import SIZE, attacks, filled, kinds
from .support.checking import changed, clean
from .support.costs import Call, measured, too_dear
from .support.merging import PATHS, versions
from .support.sweeps import every, examples

SECONDS = 2.0
MEGABYTES = 200.0
JUDGE = "tests.support.verbs:judge"
ADOPT = "tests.support.verbs:adopt"
MERGE = "tests.support.verbs:merge"

FEW = [
    ("yaml", ".gitlab-ci.yml: bomb"),
    ("yaml", ".gitlab-ci.yml: empty flows"),
    ("toml", "pyproject.toml: deep header"),
    ("toml", "pyproject.toml: nested tables"),
    ("toml", "pyproject.toml: wild waiver"),
    ("ini", "setup.cfg: no delimiter"),
    ("python", "setup.py: statements"),
    ("python", "setup.py: tables for setup"),
    ("dockerfile", "Dockerfile: here-documents"),
    ("pipeline", ".gitlab-ci.yml: variable of itself"),
    ("pipeline", ".gitlab-ci.yml: wild includes"),
    ("markdown", "README.md: open links"),
    ("markdown", "CHANGELOG.md: spaces after a heading"),
    ("restructured", "README.rst: targets, within bounds"),
    ("manifest", "MANIFEST.in: starred"),
    ("properties", "sonar-project.properties: keys"),
]


def judged(path: str, content: str) -> Call:
    files = changed(clean(), {path: content, ".copier-answers.yml": None})
    if path in ("setup.py", "setup.cfg"):
        del files["pyproject.toml"]
    return JUDGE, (files,)


@pytest.mark.uncounted
@every(6, "first")
def test_a_few_of_each_kind_are_soon_judged(first: int) -> None:
    few = FEW[first - 1 :: 6]
    calls = {
        name: judged(path, content)
        for kind, wanted in few
        for name, path, content in attacks(kind)
        if name == f"{kind}, {wanted}"
    }
    assert len(calls) == len(few)
    costs = measured(calls, judged("README.md", "# A\n"))
    assert too_dear(costs, SECONDS, MEGABYTES) == []
    assert [name for name, cost in costs.items() if "sound" not in cost.result[:9]] == []


@pytest.mark.costs
@pytest.mark.parametrize("kind", kinds())
def test_every_file_is_soon_judged(kind: str) -> None:
    every = list(attacks(kind))
    assert [name for name, _, content in every if len(content.encode()) > SIZE] == []
    calls = {name: judged(path, content) for name, path, content in every}
    costs = measured(calls, judged("README.md", "# A\n"))
    assert too_dear(costs, SECONDS, MEGABYTES) == []
    # The rules have crashed on none.
    assert [name for name, cost in costs.items() if "sound" not in cost.result[:9]] == []


@pytest.mark.costs
@pytest.mark.parametrize("kind", kinds())
def test_every_file_is_soon_adopted(kind: str) -> None:
    calls = {
        name: (ADOPT, judged(path, content)[1])
        for name, path, content in attacks(kind)
        if not (kind == "python" and path != "setup.py")
    }
    costs = measured(calls, (ADOPT, judged("README.md", "# A\n")[1]))
    assert too_dear(costs, SECONDS, MEGABYTES) == []
    # Of some nobody can tell what to adopt.
    fine = re.compile("""['"]sound|raised LisaError""")
    assert [name for name, cost in costs.items() if not fine.match(cost.result)] == []


@pytest.mark.costs
@pytest.mark.parametrize("kind", kinds())
def test_every_file_is_soon_merged(kind: str) -> None:
    calls: dict[str, Call] = {}
    for name, _, content in attacks(kind):
        for how, sides in versions(content).items():
            calls[f"{name.partition(': ')[2]}, {how}"] = MERGE, (PATHS[kind], *sides)
    costs = measured(calls, (MERGE, (PATHS[kind], b"a\n", b"b\n", b"c\n")))
    assert too_dear(costs, SECONDS, MEGABYTES) == []
    assert [name for name, cost in costs.items() if cost.result.startswith("raised")] == []


# --- What is too much is told, once ------------------------------------------------------------


def syntax(path: str, content: str) -> list[tuple[int, str]]:
    found = judge.list_findings(
        rules.select_rules(rules.Selection(("SYN",))), Facts.of({path: content})
    )
    return [(each.line, each.message) for each in found]


DIGITS = "9" * 500_000


@pytest.mark.parametrize(
    ("path", "content", "line", "message"),
    [
        ("a.toml", "b = 1\n[a" + ".a" * 40 + "]\n", 2, "TOML: a key of more than 32 parts"),
        ("a.toml", 'b = {"a" . a' + ".a" * 40 + " = 1}\n", 1, "TOML: a key of more than 32 parts"),
        ("a.toml", filled("1,", "a = [", "]\n"), 1, "TOML: more than 50000 keys and values"),
        ("a.toml", "a = " + "[" * 70 + "]" * 70, 1, "TOML: nested too deeply"),
        ("a.toml", f"a = {DIGITS}\n", 1, "TOML: a number of more than 4300 digits"),
        ("a.toml", f"a = 0x{'f' * 5000}\n", 1, "TOML: a number of more than 4300 digits"),
        ("a.toml", "a = 1_2" + "_3" * 5000, 1, "TOML: a number of more than 4300 digits"),
        (".gitlab-ci.yml", filled("- a\n"), 1, "YAML: more than 50000 lines"),
        ("a.yml", filled("a,", "[", "]\n"), 1, "YAML: more than 100000 keys and values"),
        ("a.yml", "[" * 70 + "]" * 70, 1, "YAML: nested too deeply"),
        ("codemeta.json", "[" * 70 + "]" * 70, 1, "JSON: nested too deeply"),
        ("codemeta.json", DIGITS, 1, "JSON: a number of more than 4300 digits"),
        ("setup.cfg", "[a]\n" + "b = 1\n" * 10_001, 1, "INI: more than 10000 lines"),
        ("setup.cfg", "[a]\nb" + " " * 300 + "c\n", 2, "INI: 200 spaces in a line"),
        ("setup.py", filled("x;"), 1, "Python: more than 100000 words and signs"),
        ("setup.py", f"x = 0x{'f' * 3572}\n", 1, "Python: a number of more than 4300 digits"),
        ("setup.py", "x = " + "-" * 20_000 + "1", 1, "Python: nested too deeply"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_too_much_is_one_finding(path: str, content: str, line: int, message: str) -> None:
    assert syntax(path, content) == [(line, f"cannot be read as {message}")]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.toml", "a" + ".a" * 31 + " = 1\n"),
        (
            "a.toml",
            'a = "' + "1." * 400 + 'x y"\nb = "..........................................."\n',
        ),
        ("a.toml", "a = " + "[" * 60 + "]" * 60 + f"\nb = {'9' * 4299}\n"),
        ("a.yml", "a: &a [x]\nb: " + "[" * 60 + "*a" + "]" * 60 + "\n"),
        ("a.yml", "a: " + "x, : - " * 100_000 + "\n"),
        ("a.yml", f"a: {'9' * 4299}\nb: 0x{'f' * 5000}\n"),
        ("setup.cfg", "[a]\n" + "b =\n" + "  c\n" * 9_000),
        ("setup.py", "x = '''" + "a b ( { " * 10_000 + "'''\n"),
        ("setup.py", "# a b c (\n" * 40_000),
        ("setup.py", f"x = 0x{'f' * 3571}\n"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_merely_much_is_read(path: str, content: str) -> None:
    if path == "a.yml" and ": -" in content:
        content = f"a: |\n  {content[3:]}"
    assert [message for _, message in syntax(path, content) if "more than" in message] == []
    assert [message for _, message in syntax(path, content) if "deeply" in message] == []


def test_levels_of_aliases_count() -> None:
    levels = "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 70))
    assert syntax("a.yml", f"a0: &a0 [x]\n{levels}") == [
        (1, "cannot be read as YAML: nested too deeply")
    ]


def test_of_many_hits_the_first_are_told() -> None:
    items = "".join(f'  "a{n} =",\n' for n in range(2_000))
    project = f'[project]\nname = "a"\nversion = "1"\ndependencies = [\n{items}]\n'
    facts = Facts.of({"pyproject.toml": project})
    found = judge.list_findings(rules.select_rules(rules.Selection(("MET017",))), facts)
    assert len(found) == 1_001
    told = [
        each
        for each in found
        if each.message.endswith("; any further ones in this file are not listed")
    ]
    assert [each.line for each in told] == [found[-1].line]


def test_repairs_of_a_large_file_go_on_in_another_run() -> None:
    people = "".join(f'  {{ name = "A", email = "a{n}@b.org>" }},\n' for n in range(300))
    project = f'[project]\nname = "a"\nversion = "1"\nauthors = [\n{people}]\n'
    facts = Facts.of({"pyproject.toml": project})
    chosen = rules.select_rules(rules.Selection(("MET005",)))
    first = repair.apply_fixes(chosen, facts)
    assert 0 < len(first.done) < 150
    again = repair.apply_fixes(chosen, first.facts)
    assert set(again.done) & set(first.done) == set()
    assert again.done


# --- Any bytes are a value, or the reader's own refusal ------------------------------------------

SEEDS = st.sampled_from(
    [
        *"[]{}a.=:,\n \"'#1\\\t%_<&*!-",
        "&a ",
        "*a ",
        "- ",
        "<<: ",
        "!reference ",
        "0x",
        "e9",
        "9" * 5000,
        "2024-01-01",
        '"""',
        "---\n",
        "RUN <<a\n",
        "FROM a\n",
        "extends: ",
        "include: ",
    ]
)
TEXTS = st.binary(max_size=200) | st.lists(SEEDS, max_size=60).map(lambda s: "".join(s).encode())


@settings(max_examples=examples(300))
@given(TEXTS)
def test_any_bytes_are_a_document_or_a_problem(content: bytes) -> None:
    facts = Facts.of({"a": content, ".gitlab-ci.yml": content, "MANIFEST.in": content})
    for read in (facts.toml, facts.yaml, facts.json, facts.ini, facts.properties):
        document = read("a")
        assert isinstance(document, Document)
        assert document.problem is None or document.problem.line >= 1
        assert all(position.line >= 1 for position in document.positions.values())
        repr(document.data)
    assert facts.headings("a") == tuple(facts.headings("a"))
    assert facts.dockerfile("a").path == "a"
    assert isinstance(facts.pipeline.jobs, dict)
    module = facts.python("a")
    assert not isinstance(module, Problem) or re.fullmatch(r"\S.*", module.message)


@settings(max_examples=examples(100))
@given(st.sampled_from(sorted(PATHS.values())), TEXTS, TEXTS, TEXTS)
def test_any_bytes_are_merged_or_not(path: str, base: bytes, ours: bytes, theirs: bytes) -> None:
    done = merge.merge_file(path, base, ours, theirs)
    assert done is None or isinstance(done.content, bytes)
    assert merge.check_clean(path, base, ours, theirs, ours + theirs) != ""
    assert isinstance(merge.find_moved_pins(path, base, ours), list)
