"""The wheel carries the template, however it was built."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.cli.manual import make_pages
from lisa_scaffold.template import Source, source

from .conftest import ROOT, Tree
from .support.tools import passes, unpacked

sys.path.insert(0, str(ROOT))
import hatch_build


@pytest.fixture(scope="session")
def checkout_files() -> list[str]:
    return git.git("ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT).split("\0")[:-1]


@pytest.fixture
def checkout(tmp_path: Path, checkout_files: list[str]) -> Path:
    """A copy of this repository's files as they stand, in a repository of one commit."""
    folder = tmp_path / "checkout"
    for name in checkout_files:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git.git("init", "-q", cwd=folder)
    git.git("add", "--all", cwd=folder)
    git.git("commit", "-q", "-m", "All", cwd=folder)
    return folder


def version_file(source: Path | str, version: str) -> str:
    with Source(str(source)).open(version) as opened:
        return (opened.root / "template/version.txt").read_text()


def release(folder: Path, tree: Tree, version: str) -> None:
    tree(folder, {"template/version.txt": version})
    git.git("add", "--all", cwd=folder)
    git.git("commit", "-q", "-m", version, cwd=folder)
    git.git("tag", f"v{version}", cwd=folder)


def test_a_bundle_holds_every_released_version(small_template: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "x.bundle"
    hatch_build.make_bundle(small_template, "v0.2.0", bundle)
    assert Source(str(bundle)).versions() == ["v0.1.0", "v0.2.0"]
    assert version_file(bundle, "v0.1.0") == "0.1.0"


def test_a_wheel_knows_the_commits_of_released_versions(
    small_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commits in its bundle are made anew."""
    git.git("tag", "--annotate", "--message", "x", "v0.1.1", "v0.1.0", cwd=small_template)
    commits = hatch_build.list_commits(small_template)
    wanted = {
        each: git.git("rev-parse", f"{each}^{{commit}}", cwd=small_template) for each in commits
    }
    assert commits == {version: commit.strip() for version, commit in wanted.items()}
    assert [*commits] == ["v0.1.0", "v0.1.1", "v0.2.0"]
    bundle = tmp_path / "template.bundle"
    hatch_build.make_bundle(small_template, "v0.2.0", bundle)
    monkeypatch.setattr(source, "BUNDLE", bundle)
    monkeypatch.setattr(source, "PACKAGE", tmp_path)
    assert Source(str(bundle)).find_released("v0.2.0") == ""
    (tmp_path / "releases.json").write_text(json.dumps(commits))
    assert Source(str(bundle)).find_released("v0.2.0") == commits["v0.2.0"]
    assert Source(str(bundle)).commit_of("v0.2.0") != commits["v0.2.0"]
    assert Source(str(small_template)).find_released("v0.2.0") == commits["v0.2.0"]


def test_files_as_they_stand_count_as_the_declared_version_without_a_tag(
    small_template: Path, tmp_path: Path, tree: Tree
) -> None:
    tree(small_template, {"template/version.txt": "new", ".gitignore": "junk\n"})
    tree(small_template, {"template/junk": "ignored"})
    bundle = tmp_path / "x.bundle"
    hatch_build.make_bundle(small_template, "v0.3.0", bundle)
    assert version_file(bundle, "v0.3.0") == "new"
    with Source(str(bundle)).open("v0.3.0") as opened:
        assert not (opened.root / "template/junk").exists()


def test_a_released_version_stays_what_it_was(
    small_template: Path, tmp_path: Path, tree: Tree
) -> None:
    tree(small_template, {"template/version.txt": "edited later"})
    bundle = tmp_path / "x.bundle"
    hatch_build.make_bundle(small_template, "v0.2.0", bundle)
    assert version_file(bundle, "v0.2.0") == "0.2.0"


def test_a_shallow_clone_and_an_export_serve_as_well(small_template: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    source = f"file://{small_template}"
    passes("git", "clone", "-q", "--depth=1", "--no-tags", source, shallow, cwd=tmp_path)
    export = tmp_path / "export"
    shutil.copytree(small_template, export, ignore=shutil.ignore_patterns(".git"))
    for folder in (shallow, export):
        bundle = tmp_path / f"{folder.name}.bundle"
        hatch_build.make_bundle(folder, "v0.2.0", bundle)
        assert Source(str(bundle)).versions() == ["v0.2.0"]
        assert version_file(bundle, "v0.2.0") == "0.2.0"


def test_the_same_checkout_gives_the_same_bundle(small_template: Path, tmp_path: Path) -> None:
    bundles = [tmp_path / "a.bundle", tmp_path / "b.bundle"]
    for bundle in bundles:
        hatch_build.make_bundle(small_template, "v0.2.0", bundle)
    assert bundles[0].read_bytes() == bundles[1].read_bytes()


def test_a_repository_that_the_environment_names_is_not_asked(
    small_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of another repository builds with these set."""
    other = tmp_path / "other"
    passes("git", "init", "--quiet", other, cwd=tmp_path)
    for name, place in {"GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": "i"}.items():
        monkeypatch.setenv(name, str(other / place))
    monkeypatch.setattr(hatch_build, "_surroundings", hatch_build._surroundings.__wrapped__)
    bundle = tmp_path / "x.bundle"
    hatch_build.make_bundle(small_template, "v0.3.0", bundle)
    assert Source(str(bundle)).versions() == ["v0.1.0", "v0.2.0", "v0.3.0"]
    assert sorted(path.name for path in other.iterdir()) == [".git"]


def build(folder: Path, out: Path, *options: str) -> Path:
    """Build with hatchling as it is installed here: no index is asked."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *options]
    subprocess.run([*command, str(folder)], check=True, capture_output=True)
    return max(out.iterdir(), key=lambda path: path.stat().st_mtime)


def carried(wheel: Path, folder: Path) -> Source:
    with zipfile.ZipFile(wheel) as archive:
        return Source(archive.extract("lisa_scaffold/template.bundle", folder))


def rendered(source: Source, version: str, folder: Path) -> dict[str, bytes]:
    with source.open(version) as opened:
        answers = {question.key: question.value for question in opened.questions({})}
        opened.render(answers, folder)
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.sweep
def test_wheels_of_a_checkout_and_of_its_sdist_carry_the_same_template(
    checkout: Path, tmp_path: Path
) -> None:
    direct = build(checkout, tmp_path / "direct", "--wheel")
    sdist = build(checkout, tmp_path / "sdist", "--sdist")
    indirect = build(unpacked(sdist, tmp_path / "unpacked"), tmp_path / "indirect", "--wheel")
    source, other = carried(direct, tmp_path / "a"), carried(indirect, tmp_path / "b")
    assert Path(source.location).read_bytes() == Path(other.location).read_bytes()
    assert direct.read_bytes() == indirect.read_bytes()
    with zipfile.ZipFile(direct) as archive:
        pages = {name.partition(".data/data/")[2] for name in archive.namelist()} - {""}
    assert pages == {f"share/man/man1/{name}.1" for name in make_pages("0")}
    version = source.versions()[-1]
    files = rendered(source, version, tmp_path / "from-wheel")
    assert files == rendered(Source(str(checkout)), version, tmp_path / "from-checkout")
    assert "pyproject.toml" in files
