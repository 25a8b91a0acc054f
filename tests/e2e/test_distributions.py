"""What a generated project distributes: the right files, the right version, and it installs."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

from ..support.tools import git, passes, program, unpacked
from .conftest import VERSION, Project

# What the source distribution leaves out, where the project has it.
LEFT_OUT = {
    *(".copier-answers.yml", ".dockerignore", ".editorconfig", ".gitattributes", ".gitignore"),
    *(".gitlab-ci.yml", ".hadolint.yaml", "Dockerfile"),
    *("build-constraints.txt", "constraints.txt"),
    *("sonar-project.properties", "renovate.json", "CODE_OF_CONDUCT.md", "SECURITY.md"),
}
FOLDERS_LEFT_OUT = (".devcontainer/", ".gitlab/", "benchmarks/", "notebooks/")


def sdist_files(project: Project) -> set[str]:
    """Every name that a source distribution of the project has."""
    kept = {
        path
        for path in project.files
        if path not in LEFT_OUT and not path.startswith(FOLDERS_LEFT_OUT)
    }
    if project.answers["backend"] == "hatchling":
        return {*kept, "PKG-INFO", ".gitignore"}
    info = f"src/{project.answers['distribution'].replace('-', '_')}.egg-info"
    parts = ["PKG-INFO", "SOURCES.txt", "dependency_links.txt", "requires.txt", "top_level.txt"]
    parts += ["scm_file_list.json", "scm_version.json"]
    if project.answers["cli"]:
        parts.append("entry_points.txt")
    return {*kept, "PKG-INFO", "setup.cfg", *(f"{info}/{part}" for part in parts)}


def wheel_files(project: Project) -> set[str]:
    """Every name that a wheel of the project has."""
    info = f"{project.answers['distribution'].replace('-', '_')}-{VERSION}.dist-info"
    parts = ["METADATA", "RECORD", "WHEEL", "licenses/LICENSE"]
    if project.answers["cli"]:
        parts.append("entry_points.txt")
    if project.answers["backend"] == "setuptools":
        parts.append("top_level.txt")
    if project.answers["license"] == "LGPL-3.0-or-later":
        parts.append("licenses/LICENSE.GPL-3.0")
    modules = [path.removeprefix("src/") for path in project.files if path.startswith("src/")]
    return {*modules, *(f"{info}/{part}" for part in parts)}


def build(source: Path, kind: str, out: Path) -> Path:
    """Build one distribution with the backend that the project names."""
    passes(program("uv"), "build", f"--{kind}", "--quiet", "--out-dir", out, source, cwd=out.parent)
    (built,) = (path for path in out.iterdir() if path.suffix in {".gz", ".whl"})
    return built


def names(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        members = [member.name for member in archive.getmembers() if member.isfile()]
    assert len(members) == len(set(members))
    return {name.split("/", 1)[1] for name in members}


def exported(project: Project, folder: Path) -> Path:
    """The project as git hands it out, without its history."""
    archive = folder.with_suffix(".tar")
    git("archive", "--prefix=export/", f"--output={archive}", "HEAD", cwd=project.root)
    return unpacked(archive, folder)


def test_every_way_to_the_source_distribution_gives_the_same_files_and_the_tag_s_version(
    project: Project, tmp_path: Path
) -> None:
    from_git = build(project.root, "sdist", tmp_path / "from-git")
    from_export = build(exported(project, tmp_path / "export"), "sdist", tmp_path / "from-export")
    from_itself = build(unpacked(from_git, tmp_path / "sdist"), "sdist", tmp_path / "from-itself")
    assert ("MANIFEST.in" in project.files) == (project.answers["backend"] == "setuptools")
    assert names(from_git) == sdist_files(project)
    assert names(from_export) == sdist_files(project)
    assert names(from_itself) == sdist_files(project)
    distribution = str(project.answers["distribution"]).replace("-", "_")
    assert {path.name for path in (from_git, from_export, from_itself)} == {
        f"{distribution}-{VERSION}.tar.gz"
    }
    assert git("status", "--porcelain", cwd=project.root) == ""
    assert_installs_and_imports(project, from_git)


def test_what_people_add_beside_the_package_stays_out_of_it(
    project: Project, tmp_path: Path
) -> None:
    added = ("uv.lock", "renovate.json", "examples/a.py", "scripts/run.sh", "data/small.csv")
    for path in added:
        (project.root / path).parent.mkdir(exist_ok=True)
        (project.root / path).write_text("# Mine.\n", encoding="utf-8")
    new = next((project.root / "src").rglob("py.typed")).with_name("table.csv")
    new.write_text("1,2\n", encoding="utf-8")
    git("add", "--all", cwd=project.root)
    git("commit", "--quiet", "--message=Add", cwd=project.root)
    assert git("ls-files", "--", *added, cwd=project.root).split() == sorted(added)
    kept = sdist_files(project) | {new.relative_to(project.root).as_posix()}
    assert names(build(project.root, "sdist", tmp_path / "out")) == kept


def test_the_wheel_holds_the_package_and_installs(project: Project, tmp_path: Path) -> None:
    built = build(project.root, "wheel", tmp_path / "out")
    assert set(zipfile.ZipFile(built).namelist()) == wheel_files(project)
    assert_installs_and_imports(project, built)


def assert_installs_and_imports(project: Project, built: Path) -> None:
    environment = built.parent / "environment"
    passes(program("uv"), "venv", "--quiet", environment, cwd=built.parent)
    python = environment / "bin/python"
    passes(program("uv"), "pip", "install", "--quiet", "--python", python, built, cwd=built.parent)
    module = project.answers["import_name"]
    say = f"import {module} as m; print(m.__version__, m.acceleration_noise_psd(1e-3))"
    assert passes(python, "-c", say, cwd=built.parent) == f"{VERSION} 1.0442548828125e-29\n"
    command = environment / "bin" / project.answers["distribution"]
    assert command.exists() == project.answers["cli"]
    if project.answers["cli"]:
        assert passes(command, "--version", cwd=built.parent) == f"{VERSION}\n"


def test_a_commit_after_the_tag_has_a_later_version(project: Project, tmp_path: Path) -> None:
    git("commit", "--quiet", "--allow-empty", "--message=More", cwd=project.root)
    assert "-1.2.4.dev1+g" in build(project.root, "sdist", tmp_path / "out").name


def test_without_git_the_version_is_the_fallback(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project.root, copy, ignore=shutil.ignore_patterns(".git"))
    assert "-0.0.0-" in build(copy, "wheel", tmp_path / "out").name
