from __future__ import annotations

import os
from pathlib import Path

import pytest

from lisa_scaffold.template import Template, cache, compiled

from .conftest import Tree

pytestmark = pytest.mark.usefixtures("own_cache")


def rendered(root: Path, folder: Path) -> str:
    Template("v1.0.0", root).render({"name": "x", "size": 1}, folder)
    return (folder / "name.txt").read_text()


def test_what_was_compiled_is_found_again_wherever_the_files_lie(
    small_template: Path, tmp_path: Path
) -> None:
    first = rendered(small_template, tmp_path / "one")
    folder = cache.folder("jinja")
    assert folder is not None
    kept = sorted(folder.iterdir())
    assert kept
    moved = small_template.rename(tmp_path / "elsewhere")
    assert rendered(moved, tmp_path / "two") == first
    assert sorted(folder.iterdir()) == kept


def test_another_text_is_compiled_anew(small_template: Path, tmp_path: Path, tree: Tree) -> None:
    rendered(small_template, tmp_path / "one")
    tree(small_template, {"template/name.txt.jinja": "other {{ name }}\n"})
    assert rendered(small_template, tmp_path / "two") == "other x\n"


def test_other_settings_are_compiled_anew(small_template: Path, tmp_path: Path, tree: Tree) -> None:
    tree(small_template, {"template/name.txt.jinja": "{% if true %}\nyes\n{% endif %}\n"})
    assert rendered(small_template, tmp_path / "one") == "\nyes\n\n"
    questions = (small_template / "copier.yml").read_text() + "_envops:\n  trim_blocks: true\n"
    tree(small_template, {"copier.yml": questions})
    assert rendered(small_template, tmp_path / "two") == "yes\n"


def test_a_folder_that_others_may_write_to_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder("jinja") == tmp_path / "lisa-scaffold/jinja"
    (tmp_path / "lisa-scaffold/jinja").chmod(0o777)
    assert cache.folder("jinja") is None


def test_a_home_that_cannot_be_written_to_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_template: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache.folder("jinja") is None
    assert rendered(small_template, tmp_path / "one") == "x 1\n"


def test_what_was_used_longest_ago_goes(
    monkeypatch: pytest.MonkeyPatch, small_template: Path, tmp_path: Path, tree: Tree
) -> None:
    rendered(small_template, tmp_path / "one")
    folder = cache.folder("jinja")
    assert folder is not None
    used = {path.name for path in folder.iterdir()}
    for number in range(20):
        (folder / f"old-{number}").write_text("x")
        os.utime(folder / f"old-{number}", (number, number))
    monkeypatch.setattr(compiled, "MOST_KEPT", len(used) + 2)
    tree(small_template, {"template/name.txt.jinja": "other {{ name }}\n"})
    rendered(small_template, tmp_path / "two")
    left = {path.name for path in folder.iterdir()}
    assert used <= left
    assert {name for name in left if name.startswith("old-")} == {"old-18", "old-19"}
