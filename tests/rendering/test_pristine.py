from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE, cache
from lisa_scaffold.template.pristine import Origins

from ..conftest import Tree
from ..support.sweeps import sampled
from ..support.tools import commit_all, git

RECORDED = {"_src_path": CANONICAL_URL, "_commit": "v0.3.0", "name": "two", "size": 3}
LOCKED = {"name.txt": b"two 3\n"}

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def bare(small_template: Path, monkeypatch: pytest.MonkeyPatch, tree: Tree) -> Path:
    """The small template, bare, with a version v0.3.0 that locks what depends on an answer."""
    settings = (small_template / "copier.yml").read_text()
    tree(
        small_template,
        {"copier.yml": f"{settings}_lisa_ownership:\n  locked:\n    - name.txt\n"},
    )
    commit_all(small_template, "0.3.0")
    git("tag", "v0.3.0", cwd=small_template)
    folder = small_template.with_name("template.git")
    git("clone", "--quiet", "--bare", small_template, folder, cwd=small_template.parent)
    monkeypatch.setenv(SOURCE_VARIABLE, str(folder))
    return folder


def kept() -> list[Path]:
    folder = cache.folder("renders")
    assert folder is not None
    return sorted(folder.iterdir())


def test_the_locked_files_are_rendered_once(bare: Path, tmp_path: Path) -> None:
    assert Origins().of(tmp_path, RECORDED).locked == LOCKED
    (file,) = kept()
    content = file.read_bytes()
    bare.rename(bare.with_name("moved.git")).rename(bare)
    assert Origins().of(tmp_path, RECORDED).locked == LOCKED
    assert [path.read_bytes() for path in kept()] == [content]


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"size": "many"}, {"size": "'many' is not int"}),
        ({"size": [1]}, {"size": "[1] is not int"}),
        ({"no_such": "x"}, {}),
    ],
)
def test_answers_that_the_version_does_not_take_are_told_each_time(
    bare: Path, tmp_path: Path, answers: dict[str, object], wrong: dict[str, str]
) -> None:
    del bare
    for _ in range(2):
        origin = Origins().of(tmp_path, {**RECORDED, **answers})
        assert dict(origin.wrong) == wrong
        assert origin.locked == (None if wrong else LOCKED)


def test_other_answers_are_another_render(bare: Path, tmp_path: Path) -> None:
    del bare
    origins = Origins()
    assert origins.of(tmp_path, RECORDED).locked == LOCKED
    assert origins.of(tmp_path, {**RECORDED, "name": "three"}).locked == {"name.txt": b"three 3\n"}
    assert len(kept()) == 2


def test_an_answer_of_another_type_is_another_render(bare: Path, tmp_path: Path) -> None:
    del bare
    # Two of these are no text, are told, and render to nothing that is kept.
    for name in (date(2026, 11, 2), "2026-11-02", ["a"], "['a']", 1, True):
        Origins().of(tmp_path, {**RECORDED, "name": name})
    assert len(kept()) == 4


@pytest.mark.uncounted
@sampled("damage", [b"", b"{", b"[]", b'{"a": 1}', b'{"a": "?"}', b"\xff"], 3)
def test_a_damaged_cache_is_made_again(bare: Path, tmp_path: Path, damage: bytes) -> None:
    del bare
    Origins().of(tmp_path, RECORDED)
    (file,) = kept()
    good = file.read_bytes()
    file.write_bytes(damage)
    assert Origins().of(tmp_path, RECORDED).locked == LOCKED
    assert file.read_bytes() == good


def test_a_moved_tag_is_another_render(bare: Path, tmp_path: Path) -> None:
    Origins().of(tmp_path, RECORDED)
    git("tag", "--force", "v0.3.0", "v0.2.0", cwd=bare)
    assert Origins().of(tmp_path, RECORDED).locked == {}


def test_a_working_copy_is_never_kept(small_template: Path, tmp_path: Path, tree: Tree) -> None:
    del tmp_path, tree
    # Its pyproject.toml declares the version that its files stand for as they are.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SOURCE_VARIABLE, str(small_template))
        recorded = {**RECORDED, "_commit": "v0.2.0"}
        assert Origins().of(small_template, recorded).locked == {}
        assert kept() == []


@pytest.mark.parametrize(
    ("recorded", "problem"),
    [
        ({"_commit": "v0.1.7"}, "v0.1.7: no such version of the template"),
        ({"_commit": "main"}, "main: no such version of the template"),
    ],
)
def test_a_record_that_cannot_be_followed_says_why(
    bare: Path, tmp_path: Path, recorded: dict[str, str], problem: str
) -> None:
    del bare
    origin = Origins().of(tmp_path, {**RECORDED, **recorded})
    assert origin.locked is None
    assert origin.problem.startswith(problem)


@pytest.mark.parametrize("recorded", [{}, {"_commit": 1}, {"_src_path": None}])
def test_no_record_is_no_origin(tmp_path: Path, recorded: dict[str, object]) -> None:
    said = {"_commit": "v1.0.0", **recorded}
    assert Origins().of(tmp_path, said).locked is None


def test_copier_is_not_loaded_for_what_is_kept(bare: Path, tmp_path: Path) -> None:
    del bare
    Origins().of(tmp_path, RECORDED)
    script = (
        "import sys; from pathlib import Path; from lisa_scaffold.template.pristine import Origins;"
        f"assert Origins().of(Path(), {RECORDED!r}).locked == {LOCKED!r};"
        "print(sorted({'copier', 'jinja2', 'pathspec'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"
