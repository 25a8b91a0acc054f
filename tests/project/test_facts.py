"""Facts are worked out once, only where they are asked for, and gone with their project."""

from __future__ import annotations

import ast
import copy
import gc
import time
import weakref
from collections.abc import Iterator
from inspect import unwrap
from pathlib import Path

import pytest

from lisa_scaffold import rules
from lisa_scaffold.project import files
from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.rules import Selection, judge

from ..support.checking import clean
from ..support.updates import write


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_function_is_called_once_for_the_same_files() -> None:
    calls: list[Facts] = []

    def count(facts: Facts) -> int:
        calls.append(facts)
        return len(facts.files)

    facts = Facts.of({"a": "", "b": ""})
    assert (facts.cached(count), facts.cached(count)) == (2, 2)
    after = facts.changed({"a": None})
    assert after.cached(count) == 1
    assert calls == [facts, after]


def test_lines_of_a_clean_project_are_never_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_parse", unwrap(files._parse))
    facts = Facts.of(clean())
    assert judge.list_findings(rules.select_rules(Selection()), facts) == []
    for document in (facts.pyproject, facts.hooks, *map(facts.yaml, facts.pipeline.files)):
        assert "positions" not in vars(document), document.path


@pytest.mark.usefixtures("no_collector")
def test_projects_share_what_is_parsed_alike() -> None:
    written = {"a.yml": "x: 1\n", "long.yml": "x: 1\n" * 10_000}
    one, other = Facts.of(written), Facts.of(written)
    assert one.yaml("a.yml") is other.yaml("a.yml")
    assert one.yaml("long.yml") is not other.yaml("long.yml")


def test_rules_change_nothing_that_was_parsed() -> None:
    """Another project may have it too."""
    facts = Facts.of(clean())
    documents = [facts.yaml(path) for path in facts.paths("**/*.yml", "**/*.yaml", "**/*.cff")]
    documents.append(facts.pyproject)
    before = [copy.deepcopy(document.data) for document in documents]
    trees = [facts.python(path) for path in facts.paths("*.py", "docs/*.py")]
    assert all(isinstance(tree, ast.Module) for tree in trees)
    dumped = [ast.dump(tree) for tree in trees if isinstance(tree, ast.Module)]
    judge.run(rules.select_rules(Selection()), facts)
    assert len(documents) > 10
    assert [document.data for document in documents] == before
    assert [ast.dump(tree) for tree in trees if isinstance(tree, ast.Module)] == dumped


def test_facts_are_freed_without_the_garbage_collector(tmp_path: Path) -> None:
    for path, content in clean().items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    facts = Facts.read(tmp_path)
    judge.list_findings(rules.select_rules(Selection()), facts)
    assert facts.pipeline.jobs
    seen = weakref.ref(facts)
    del facts
    assert seen() is None


def test_places_in_yaml_with_what_an_alias_repeats() -> None:
    text = "a: &x\n  b: 3.10\n  c: [1, 2]\nd: *x\ne:\n  <<: *x\n  f: no\n"
    document = Facts.of({"x.yml": text}).yaml("x.yml")
    assert document.get("e") == {"b": 3.1, "c": [1, 2], "f": False}
    assert document.raw("a", "b") == "3.10"
    assert [document.at("a", "c", 1)[:2], document.line("e", "f")] == [(3, 10), 7]
    # What an alias repeats stands where it is written.
    assert [document.line("d", "b"), document.line("e", "b"), document.line("no")] == [2, 2, 1]


def test_places_are_those_of_the_last_document() -> None:
    document = Facts.of({"x.yml": "a: 1\n---\nb: 2\n"}).yaml("x.yml")
    assert (document.data, document.line("b"), document.at("a").line) == ({"b": 2}, 3, 3)


def test_places_in_toml_without_a_last_newline() -> None:
    text = "[project]\nname = 'demo'\n\n[tool.x]\na = [1,\n2]\nb = 3"
    document = Facts.of({"pyproject.toml": text}).pyproject
    places = [("project", "name"), ("tool", "x", "a", 1), ("tool", "x", "b")]
    assert [document.line(*keys) for keys in places] == [2, 6, 7]


def test_a_file_and_the_links_to_it_are_listed_once(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM a\n", "docs/b.md": "b\n", "CHANGES.md": "c\n"})
    for link, target in {
        "alma9.Dockerfile": "Dockerfile",
        "b.md": "docs/b.md",
        "c.txt": "CHANGES.md",
        "d.txt": "c.txt",
        "gone.md": "none.md",
        "out.md": "/etc/hostname",
    }.items():
        (tmp_path / link).symlink_to(target)
    facts = Facts.read(tmp_path)
    assert facts.paths("**/*Dockerfile") == ["Dockerfile"]
    assert facts.paths("Dockerfile", "alma9.Dockerfile") == ["Dockerfile"]
    assert facts.paths("**.md") == ["CHANGES.md", "docs/b.md", "gone.md", "out.md"]
    # A link whose target is not described stands for it, the first of several alone.
    assert facts.paths("*.txt") == ["c.txt"]
    assert facts.paths("b.md") == ["b.md"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("a/*.txt",), ["a/x.txt", "a/y.txt"]),
        (("a/y*", "a/x.*"), ["a/x.txt", "a/y.txt"]),
        (("*.txt",), ["z.txt"]),
        (("a/*.txt", "*.txt"), ["a/x.txt", "a/y.txt", "z.txt"]),
        (("a/**.txt",), ["a/b/x.txt", "a/x.txt", "a/y.txt"]),
        (("a/**/x.txt",), ["a/b/x.txt", "a/x.txt"]),
        (("?/x.txt",), ["a/x.txt"]),
        (("a[b]/*.txt",), ["a[b]/x.txt"]),
        (("c/*",), []),
    ],
)
def test_paths_that_patterns_describe(patterns: tuple[str, ...], expected: list[str]) -> None:
    written = ("a/x.txt", "a/y.txt", "a/b/x.txt", "a[b]/x.txt", "z.txt", "c")
    assert sorted(Facts.of(dict.fromkeys(written, "")).paths(*patterns)) == expected


def test_what_stands_beside_each_of_many_files_is_found_soon() -> None:
    facts = Facts.of({f"{number}/compose.yaml": "a: 1\n" for number in range(9000)})
    start = time.process_time()
    assert all(facts.paths(f"{number}/compose*.*") for number in range(9000))
    assert time.process_time() - start < 2


def test_answers_to_another_template_choose_nothing() -> None:
    files = {".copier-answers.yml": "_src_path: gh:a/b\nkind: service\n", "Dockerfile": "FROM a\n"}
    assert (Facts.of(files).is_of_template, Facts.of(files).kind) == (True, "service")
    other = Facts.of(files, Given(tags=(), is_of_other=True))
    assert (other.is_of_template, other.kind) == (False, "image")
    asked = Selection(strict=False)
    chosen = [judge.combine_selection(each, asked) for each in (Facts.of(files), other)]
    assert [each.strict for each in chosen] == [True, False]
