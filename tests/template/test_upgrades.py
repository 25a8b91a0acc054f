"""Projects of every released version update to the template as it stands: pristine, and edited."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from packaging.version import Version
from pathspec import GitIgnoreSpec

from lisa_scaffold import cli
from lisa_scaffold.aftercare.example import keep_use
from lisa_scaffold.template import find_default_source

from ..conftest import ROOT
from ..support.answers import KINDS, Answers, pairwise
from ..support.files import contents
from ..support.repository import released_versions
from ..support.sweeps import sampled
from ..support.tools import commit_all, git
from ..support.updates import update

OWNERSHIP = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["_lisa_ownership"]
SEEDED, EXAMPLE = (GitIgnoreSpec.from_lines(OWNERSHIP[key]) for key in ("seeded", "example"))
SINCE = {"pipeline": "v0.2.0", "service": "v0.2.0", "fleet": "v0.2.0"}
"""The version that first made projects of a kind, where that was not the first one."""
CASES = [
    (version, given)
    for version in released_versions()
    # The version that stands here is what projects are updated to.
    if version != find_default_source().current()
    for kind in KINDS
    if Version(SINCE.get(kind, "v0")) <= Version(version)
    for given in ({"kind": kind}, *pairwise(kind))
]


def project_at(version: str, given: Answers, folder: Path) -> Path:
    """A project of one version, with those of the answers that the version asks for."""
    with find_default_source().open(version) as template:
        asked = {question.key for question in template.questions({})}
        known = {key: value for key, value in given.items() if key in asked}
        complete = {question.key: question.value for question in template.questions(known)}
        template.render(complete, folder)
    commit_all(folder)
    return folder


def recorded(project: Path) -> Answers:
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    return {key: value for key, value in answers.items() if not key.startswith("_")}


def missing_imports(project: Path) -> list[str]:
    """What the project's modules import from each other, and is not there."""
    modules = {}
    # What is compiled has a stub.
    for path in sorted((project / "src").rglob("*.py*")):
        if path.suffix not in (".py", ".pyi"):
            continue
        name = ".".join(path.relative_to(project / "src").with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
        names |= {each.name for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}
        names |= {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
        names |= {
            each.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        }
        modules[name.removesuffix(".__init__")] = names
    return [
        f"{path.relative_to(project)}: {node.module}.{each.name}"
        for path in sorted(project.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for each in node.names
        if each.name not in modules[node.module] and f"{node.module}.{each.name}" not in modules
    ]


def test_a_whole_clone_knows_the_released_versions() -> None:
    is_shallow = git("rev-parse", "--is-shallow-repository", cwd=ROOT).strip() == "true"
    assert released_versions() or is_shallow


@sampled(("version", "given"), CASES, 60)
def test_a_pristine_project_updates(version: str, given: Answers, tmp_path: Path) -> None:
    project = project_at(version, given, tmp_path / "project")
    before = contents(project)
    assert update(project) == 0
    fresh = contents(
        project_at(find_default_source().current(), recorded(project), tmp_path / "fresh")
    )
    kept = set(SEEDED.match_files(before)) & set(fresh)
    expected = {path: before[path] if path in kept else fresh[path] for path in fresh}
    # What has no example of the new version keeps that of its own.
    expected |= {path: before[path] for path in EXAMPLE.match_files(before) if path not in fresh}
    if not recorded(project).get("example", True):  # nor does what shows it go
        pages = (each["README.md"].decode() for each in (before, fresh))
        expected["README.md"] = keep_use(*pages).encode()
    found = contents(project)
    assert set(found) == set(expected)
    assert {path for path in found if found[path] != expected[path]} == set()
    assert missing_imports(project) == []
    git("commit", "--quiet", "--message=Update", cwd=project)
    assert cli.main(["check", str(project)]) == 0


EDITS = {
    "README.md": (r"\n## Install\n", "\n## Who uses it\n\nThe noise group.\n\n## Install\n"),
    "pyproject.toml": (r'"numpy>=', '"scipy>=1.14",\n  "numpy>='),
    "noxfile.py": (
        r"\Z",
        "\n\n@nox.session\ndef figures(session: nox.Session) -> None:\n"
        '    """Draw the figures."""\n    session.run("python", "figures.py")\n',
    ),
    ".gitlab-ci.yml": (r"\Z", "\nfigures:\n  stage: test\n  script: [nox -s figures]\n"),
    ".gitignore": (r"\Z", "/figures/\n"),
    ".pre-commit-config.yaml": (
        r"\Z",
        "\n  - repo: local\n    hooks:\n      - id: figures\n        name: figures\n"
        "        entry: python figures.py\n        language: system\n",
    ),
    "CHANGELOG.md": (r"\n## \[Unreleased\]\n", "\n## [Unreleased]\n\n### Added\n\n- Figures.\n"),
}


def edit(project: Path) -> dict[str, list[str]]:
    """Do what projects do: edit what is shared, replace the example. The lines added, by path."""
    added = {}
    for name, (pattern, words) in EDITS.items():
        if (project / name).exists():
            text = (project / name).read_text(encoding="utf-8")
            edited = re.sub(pattern, words.replace("\\", r"\\"), text, count=1)
            (project / name).write_text(edited, encoding="utf-8")
            added[name] = [each for each in edited.split("\n") if each not in text.split("\n")]
    for path in project.glob("src/**/noise.py"):
        path.write_text('"""Ours."""\n\nOURS = 1\n', encoding="utf-8")
        path.with_name("__init__.py").write_text('"""Ours."""\n', encoding="utf-8")
        if (command := path.with_name("cli.py")).exists():
            command.write_text('"""Ours."""\n\n\ndef main() -> None: ...\n', encoding="utf-8")
    # What the example has besides: all of it goes, with its tests.
    kept = ("__init__.py", "noise.py", "cli.py", "test_pinned_tools.py")
    example = map(project.joinpath, EXAMPLE.match_files(contents(project)))
    for path in {*project.glob("tests/*.py"), *project.glob("benchmarks/*.py"), *example}:
        if path.suffix == ".py" and path.name not in kept:
            path.unlink()
    commit_all(project, "Our work")
    return added


@sampled(("version", "given"), CASES, 60)
def test_an_edited_project_keeps_its_edits(
    version: str, given: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = project_at(version, given, tmp_path / "project")
    added = edit(project)
    assert update(project) == 0, capsys.readouterr().out
    assert git("ls-files", "--unmerged", cwd=project) == ""
    for path, lines in added.items():
        found = (project / path).read_text(encoding="utf-8").split("\n")
        assert [each for each in lines if each not in found] == [], path
    assert missing_imports(project) == []
