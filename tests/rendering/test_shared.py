"""Renders that projects have in common: never another than a project's own would be."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE, Template, cache, shared
from lisa_scaffold.template.pristine import Origin, Origins
from lisa_scaffold.template.shelf import keep_open

from ..support.answers import answers
from ..support.sweeps import sampled
from ..support.tools import commit_all, git

SETTINGS = """\
_subdirectory: template
_exclude:
  - "{% if not more %}/more.txt{% endif %}"
_lisa_ownership:
  locked: ["/*.txt"]
name: {type: str, default: one, validator: "{% if name == bad %}not this{% endif %}"}
bad: {type: str, default: wrong}
who: {type: str, default: nobody}
size: {type: int, default: 3}
more: {type: bool, default: true}
"""
FILES = {
    "copier.yml": SETTINGS,
    "includes/who.jinja": "{{ who }}\n",
    "template/more.txt.jinja": "{{ size }}\n",
    "template/size.txt.jinja": "{% include 'includes/who.jinja' %}{{ 'large' if size > 3 }}\n",
    "template/plain.txt": "plain\n",
    "template/page.md.jinja": "{{ name }}\n",
}
RECORDED = {
    "_src_path": CANONICAL_URL,
    "_commit": "v1.0.0",
    "name": "one",
    "bad": "wrong",
    "who": "nobody",
    "size": 3,
    "more": True,
}


@pytest.fixture(autouse=True)
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept on the disk: what is found is what was shared."""
    monkeypatch.setattr(cache, "folder", lambda _: None)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answers of each render that is made."""
    seen: list[str] = []
    replay = Template.replay

    def watch(self: Template, recorded: Mapping[str, Any], *rest: Any, **options: Any) -> Any:
        seen.append(str(recorded["name"]))
        return replay(self, recorded, *rest, **options)

    monkeypatch.setattr(Template, "replay", watch)
    return seen


def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str]) -> None:
    """Let a template of one version pass for ours."""
    work = tmp_path / "work"
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    commit_all(work)
    git("tag", "v1.0.0", cwd=work)
    git("clone", "--quiet", "--bare", str(work), str(tmp_path / "template.git"), cwd=tmp_path)
    monkeypatch.setenv(SOURCE_VARIABLE, str(tmp_path / "template.git"))


def ask(tmp_path: Path, *projects: Mapping[str, object]) -> list[Origin]:
    """The origins of some projects of one fleet, each the same as by itself."""
    with keep_open() as shelf:
        origins = Origins(shelf)
        return [origins.of(tmp_path, {**RECORDED, **each}) for each in projects]


def alone(tmp_path: Path, project: Mapping[str, object]) -> Origin:
    return Origins().of(tmp_path, {**RECORDED, **project})


def test_what_no_locked_file_mentions_makes_no_other_render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    offer(tmp_path, monkeypatch, FILES)
    first, second, third = ask(tmp_path, {}, {"name": "two"}, {"name": "three"})
    assert rendered == ["one"]
    assert first == second == third
    assert first.locked == {
        "more.txt": b"3\n",
        "plain.txt": b"plain\n",
        "size.txt": b"nobody\n\n",
    }


@sampled(
    "other",
    [
        {"who": "somebody"},  # in what a file includes
        {"size": 4},
        {"size": "4"},  # cast, so that it was rendered with another answer
        {"size": True},
        {"more": False},
        {"name": "wrong"},  # which the version does not take
        {"bad": "two"},  # by which another answer is wrong
        {"size": "many"},
    ],
    2,
    ids=repr,
)
def test_what_matters_makes_another(
    other: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rendered: list[str],
) -> None:
    offer(tmp_path, monkeypatch, FILES)
    projects: list[dict[str, object]] = [
        {},
        {"name": "two"},
        {"name": "two", **other},
        {"name": "two"},
    ]
    found = ask(tmp_path, *projects)
    assert rendered == ["one", str({"name": "two", **other}["name"])]
    assert found == [alone(tmp_path, each) for each in projects]


def test_answers_that_are_missing_are_never_taken_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    offer(tmp_path, monkeypatch, FILES)
    less = {key: value for key, value in RECORDED.items() if key != "who"}
    with keep_open() as shelf:
        origins = Origins(shelf)
        for recorded in (RECORDED, less, less, RECORDED):
            assert origins.of(tmp_path, recorded).locked == alone(tmp_path, {}).locked
    # Each by itself, and in the fleet all but the last.
    assert len(rendered) == 4 + 3


@pytest.mark.parametrize(
    "text",
    ["{{ _copier_answers.name }}\n", "{% include 'includes/' ~ who ~ '.jinja' ignore missing %}\n"],
)
def test_a_file_that_may_depend_on_anything_is_shared_with_nobody(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    offer(tmp_path, monkeypatch, {**FILES, "template/size.txt.jinja": text})
    found = ask(tmp_path, {}, {"name": "two"}, {"name": "three"})
    assert rendered == ["one", "two", "three"]
    assert found == [alone(tmp_path, {"name": name}) for name in ("one", "two", "three")]


@pytest.mark.parametrize("content", [b"{% if %}\n", b"\xff\xfe\n"])
def test_a_file_that_cannot_be_read_is_nothing_to_those_that_do_not_get_it(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    broken = tmp_path / "work/template/more.txt.jinja"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(content)
    kept = {path: text for path, text in FILES.items() if path != "template/more.txt.jinja"}
    offer(tmp_path, monkeypatch, kept)
    first, second = ask(tmp_path, {"more": False}, {"name": "two", "more": False})
    assert rendered == ["one", "two"]
    assert first == second
    assert first.locked == {"plain.txt": b"plain\n", "size.txt": b"nobody\n\n"}


def test_no_more_than_a_number_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    monkeypatch.setattr(shared, "MOST", 2)
    offer(tmp_path, monkeypatch, FILES)
    sizes = (1, 2, 1, 3, 3, 1)
    found = ask(tmp_path, *({"name": f"n{size}", "size": size} for size in sizes))
    assert [origin.locked and origin.locked["more.txt"] for origin in found] == [
        f"{size}\n".encode() for size in sizes
    ]
    assert rendered == ["n1", "n2", "n3", "n1"]


@pytest.mark.uncounted
def test_projects_of_our_template_get_what_they_would_get_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = answers()
    work = tmp_path / "work"
    work.mkdir()
    top = Path(__file__).parents[2]
    for name in ("copier.yml", "pyproject.toml", "template", "includes", "templates"):
        source = top / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, work / name)
    offer(tmp_path, monkeypatch, {})
    made: list[str] = []
    replay = Template.replay

    def watch(self: Template, *rest: Any, **options: Any) -> Any:
        made.append(self.version)
        return replay(self, *rest, **options)

    monkeypatch.setattr(Template, "replay", watch)
    others: list[dict[str, Any]] = [
        {},
        {"project_name": "LISA Other", "distribution": "lisa-other", "import_name": "lisa_other"},
        {"description": "Another.", "author_email": "a@example.org", "namespace": "lisa/x"},
        {"docs": False},
        {"kind": "image"},
        {"kind": "service", "compiled": "nanobind"},
        {"python_min": "3.13", "distribution": "lisa-third"},
        {"python_min": "2.7"},
        {"ci_rules": "component"},
        {"distribution": "no name!"},
    ]
    projects = [
        {"_src_path": CANONICAL_URL, "_commit": "v1.0.0", **usual, **each} for each in others
    ]
    with keep_open() as shelf:
        origins = Origins(shelf)
        found = [origins.of(tmp_path, each) for each in projects]
    assert len(made) == len(projects) - 2  # the names of the second and third are in no locked file
    assert found == [Origins().of(tmp_path, each) for each in projects]
    assert found[0] == found[1] == found[2]
    assert found[0].locked
