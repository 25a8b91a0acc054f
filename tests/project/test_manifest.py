"""MANIFEST.in is read as setuptools itself reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from setuptools.command.egg_info import FileList

from lisa_scaffold.project import manifest
from lisa_scaffold.project.facts import Facts

FILES = [
    *("NEWS", "a.txt", "b.cfg", "data/x.csv", "data/deep/y.csv", "data/deep/z.txt"),
    *("docs/_build/out.txt", "docs/a b.rst", "docs/conf.py", "docs/index.rst"),
    *("pkg/core.pyc", "pkg/core.c", "pkg/sub/more.c"),
]

TEMPLATES = [
    "include NEWS",
    "include *.txt *.cfg",
    "include ?.txt",
    "include [ab].*",
    "include data/*.csv",
    "include ./NEWS",
    "graft docs\nprune docs/_build",
    "graft docs/",
    "graft d*",
    "recursive-include data *.csv *.txt\nrecursive-exclude data z.*",
    "recursive-include data/deep *",
    "recursive-include pkg *.[cx]",
    "global-include *.c\nexclude pkg/core.c",
    "global-include *.txt\nglobal-exclude z*",
    "graft data\nglobal-exclude *.csv\ninclude data/x.csv",
    "# only words\n\ninclude NEWS  # ours",
    "include NEWS \\\n  a.txt",
    "include **/*.c",
    "include data/**/*.csv",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_as_setuptools_does(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FILES:
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    theirs = FileList()
    theirs.findall()
    listed = manifest.read(Facts.of({manifest.FILE: template}))
    for command in listed.commands:
        theirs.process_template_line(" ".join([command.verb, *command.words]))
    assert [path for path in FILES if listed.includes(path)] == sorted(
        set(theirs.files), key=FILES.index
    )


def test_what_is_always_there() -> None:
    listed = manifest.read(Facts.of({}))
    assert not listed
    for path in ("README.md", "setup.cfg", "LICENSE.txt", "tests/test_a.py", "pyproject.toml"):
        assert listed.includes(path)
    for path in ("requirements.txt", "CHANGELOG.md", "tests/conftest.py", "docs/LICENSE"):
        assert not listed.includes(path)
    assert not manifest.read(Facts.of({manifest.FILE: "prune tests\n"})).includes("tests/test_a.py")


def test_lines_that_say_nothing() -> None:
    text = "include\n\nrecursive-include docs\ninclud x\n# words\nprune a\n"
    unknown = manifest.read(Facts.of({manifest.FILE: text})).unknown
    assert [(each.line, each.verb) for each in unknown] == [
        (1, "include"),
        (3, "recursive-include"),
        (4, "includ"),
    ]
