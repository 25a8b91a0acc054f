"""The template of the locked files alone: what it leaves out, and what it renders as the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE, Source, Template
from lisa_scaffold.template.narrow import _may_be, narrow
from lisa_scaffold.template.shelf import keep_open

from ..support.files import contents
from ..support.tools import commit_all, git

SETTINGS = """\
_subdirectory: template
_exclude:
  - "{% if not more %}/ci/more.txt{% endif %}"
_lisa_ownership:
  locked: ["/ci/*.txt", "/src/*/lock.py"]
name: {type: str, default: one}
more: {type: bool, default: true}
"""
FILES = {
    "copier.yml": SETTINGS,
    "includes/who.jinja": "{{ name }}\n",
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
    "template/ci/more.txt": "more\n",
    "template/ci/who.txt.jinja": "{% include 'includes/who.jinja' %}\n",
    "template/ci/shared.yml": "shared\n",
    "template/docs/page.md.jinja": "{{ name }}\n",
    "template/docs/{{ name }}/lock.py": "# No locked one.\n",
    "template/src/{{ name }}/lock.py.jinja": "# {{ name }}\n",
}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    work = tmp_path / "work"
    for path, text in FILES.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    commit_all(work)
    git("tag", "v1.0.0", cwd=work)
    bare = tmp_path / "template.git"
    git("clone", "--quiet", "--bare", str(work), str(bare), cwd=tmp_path)
    monkeypatch.setenv(SOURCE_VARIABLE, str(bare))
    return Source(str(bare), CANONICAL_URL)


def rendered(template: Template, folder: Path, **answers: object) -> dict[str, bytes]:
    template.replay(answers, {}, folder)
    return contents(folder)


@pytest.mark.parametrize("answers", [{}, {"name": "two"}, {"more": False}])
def test_locked_files_are_the_same_and_all_that_is_there(
    answers: dict[str, object], source: Source, tmp_path: Path
) -> None:
    with source.open("v1.0.0") as whole:
        small = narrow(whole, tmp_path / "small")
        name = answers.get("name", "one")
        locked = {"ci/who.txt", f"src/{name}/lock.py"} | (
            {"ci/more.txt"} if answers.get("more", True) else set()
        )
        found = rendered(small, tmp_path / "b", **answers)
        everything = rendered(whole, tmp_path / "a", **answers)
    # A name that is rendered whole may be any: that file stays.
    locked.add(".copier-answers.yml")
    assert found == {path: everything[path] for path in locked}


def test_nothing_is_written_into_the_version_that_it_was_made_of(
    source: Source, tmp_path: Path
) -> None:
    with source.open("v1.0.0") as whole:
        before = contents(whole.root)
        small = narrow(whole, tmp_path / "small")
        (small.root / "template/ci/new.txt").write_text("new\n")
        assert contents(whole.root) == before
        assert small.version == whole.version


def test_a_shelf_makes_it_once(source: Source) -> None:
    with keep_open() as shelf:
        (whole,) = shelf.open_all(source, "v1.0.0")
        small = shelf.narrow(whole)
        assert small is not whole
        assert shelf.narrow(whole) is small


@pytest.mark.parametrize("change", [("_subdirectory: template\n", ""), ("template\n_", "'a/b'\n_")])
def test_a_template_of_another_making_stays_whole(
    change: tuple[str, str], tmp_path: Path, source: Source
) -> None:
    with source.open("v1.0.0") as whole:
        (whole.root / "copier.yml").write_text(SETTINGS.replace(*change, 1))
        assert narrow(whole, tmp_path / "small") is whole


def test_a_working_copy_stays_whole(tmp_path: Path) -> None:
    (tmp_path / "template").mkdir()
    (tmp_path / "copier.yml").write_text(SETTINGS)
    working = Template("v1.0.0", tmp_path)
    assert narrow(working, tmp_path / "small") is working


@pytest.mark.parametrize(
    ("path", "patterns", "may"),
    [
        ("src/{{ a }}/x", ["/.gitlab/ci/*.txt", "/images/build"], False),
        ("src/{{ a }}/x", ["/src/**"], True),
        ("src/{{ a }}/x", ["/s*/y"], True),
        ("src/{{ a }}/x", ["x"], True),
        ("src/{{ a }}/x", ["!/src/b/x"], True),
        ("{{ a }}.txt", ["/b.txt"], True),
        ("{{ a }}/x", ["/c/d/e"], True),
        ("a/b{{ c }}", ["/a/"], True),
        ("a/b/{{ c }}", ["/a/c/d"], False),
    ],
)
def test_which_paths_may_be_locked(path: str, patterns: list[str], may: bool) -> None:
    assert _may_be(path, patterns) == may
