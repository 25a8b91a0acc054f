"""The hooks of a generated project: a good commit passes, a bad one is stopped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..support.answers import answers, template
from ..support.tools import IDENTITY, commit_all, git, passes, run
from .conftest import Project, make_project
from .parts import cache
from .parts.hook_repositories import STAND_INS, digest, make_stand_ins


def with_hooks(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let local repositories stand in for those that a project's hooks come from."""
    stand_ins = make_stand_ins(root, home / "stand-ins")
    for number, (url, name) in enumerate(stand_ins.items()):
        folder = home / "stand-ins" / name
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", f"url.{folder.as_uri()}.insteadOf")
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", url)
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(stand_ins)))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(cache.folder(f"pre-commit-{digest()}")))


@pytest.fixture
def project(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project with every hook."""
    made = make_project("hatchling", tmp_path / "project")
    with_hooks(made.root, home, monkeypatch)
    return made


BAD = {
    "no-leading-dash": ("--exclude-files=.*", r"\Z", "A line.\n"),
    "trailing-whitespace": ("README.md", r"\Z", "A line \n"),
    "end-of-file-fixer": ("CHANGELOG.md", r"\n\Z", ""),
    "check-toml": ("pyproject.toml", r"\[project\]", "[project"),
    "check-yaml": (".hadolint.yaml", r"ignored:", "ignored: :"),
    "ruff-check": ("src/lisa_example/noise.py", r"\Z", "LATER = undefined\n"),
    "ruff-format": ("src/lisa_example/noise.py", r"\Z", "LATER  =  1\n"),
    "codespell": ("README.md", r"\Z", "It " + "reci" + "eves.\n"),
    "rumdl": ("README.md", r"## Install", "#Install"),
    "check-gitlab-ci": (".gitlab-ci.yml", r"\Z", "job:\n  script: 1\n"),
    "detect-secrets": ("README.md", r"\Z", 'password = "{}"\n'.format("q3Xf8Zp1" * 3)),
    "nbstripout": ("notebooks/noise.ipynb", r'"execution_count": null', '"execution_count": 7'),
    "hadolint": ("Dockerfile", r"USER lisauser", "RUN cd /tmp\nUSER lisauser"),
    "python-use-type-annotations": ("noxfile.py", r"\Z", "later = []  # type: list[int]\n"),
    "debug-statements": ("src/lisa_example/noise.py", r"\Z", "breakpoint()\n"),
    "name-tests-test": ("tests/helpers.py", r"\Z", '"""Not a test."""\n'),
}


# Those of repositories but clang-format, and hadolint, which comes from the package index.
HOOKS = sum(len(hooks) for _, hooks in STAND_INS.values())
# After this one no other runs.
FIRST = ("no-leading-dash",)
# Where these are broken, other hooks fail with them.
SETTINGS = ("check-toml", "check-yaml")


def rounds() -> list[list[str]]:
    """The faults, so that no two of a round are in one file."""
    found = [list(FIRST), list(SETTINGS)]
    for name in (name for name in BAD if name not in (*FIRST, *SETTINGS)):
        free = (each for each in found[2:] if BAD[name][0] not in {BAD[other][0] for other in each})
        room = next(free, None)
        found.append([name]) if room is None else room.append(name)
    return found


def failed_hooks(output: str) -> set[str]:
    return set(re.findall(r"^([\w-]+)\.{3,}Failed$", output, re.MULTILINE))


def spoil(path: Path, pattern: str, by: str) -> None:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = re.sub(pattern, lambda _: by, text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_a_good_commit_passes_and_bad_ones_are_stopped_by_their_hooks(project: Project) -> None:
    """One test, because the hooks' environments take half a minute to make."""
    root = project.root
    passes("pre-commit", "install", cwd=root)
    shown = passes("nox", "-s", "hooks", cwd=root, timeout=900)
    assert failed_hooks(shown) == set()
    assert shown.count("Passed") == HOOKS
    assert git("status", "--porcelain", cwd=root) == ""

    spoil(root / "README.md", r"\Z", "\nGood.\n")
    git("commit", "--all", "--message=Good", cwd=root)
    git("tag", "good", cwd=root)

    tried = rounds()
    assert sorted(name for names in tried for name in names) == sorted(BAD)
    for names in tried:
        stopped_by = hooks_that_stop(root, names)
        assert set(names) - stopped_by == set(), stopped_by


def hooks_that_stop(root: Path, faults: list[str]) -> set[str]:
    """Try to commit faults; the hooks that object."""
    for name in faults:
        path, pattern, by = BAD[name]
        spoil(root / path, pattern, by)
    git("add", "--all", cwd=root)
    done = run("git", "commit", "--message=Bad", cwd=root, env=IDENTITY)
    git("reset", "--quiet", "--hard", "good", cwd=root)
    return failed_hooks(done.stdout) if done.returncode == 1 else set()


OTHERS: dict[str, tuple[dict[str, object], int]] = {
    "compiled": ({"compiled": "nanobind", "notebooks": True}, HOOKS + 1),
    "image": ({"kind": "image"}, HOOKS - 1),
    "pipeline": ({"kind": "pipeline"}, HOOKS - 1),
    "service": ({"kind": "service"}, HOOKS - 1),
    "fleet": ({"kind": "fleet"}, HOOKS - 2),
}
"""How many hooks pass: none but packages have notebooks, a fleet has no image either."""


@pytest.mark.parametrize("name", OTHERS)
def test_other_projects_pass_their_hooks(
    name: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, count = OTHERS[name]
    root = tmp_path / "project"
    template().render(answers(**given), root)
    commit_all(root)
    with_hooks(root, home, monkeypatch)
    shown = passes("nox", "-s", "hooks", cwd=root, timeout=900)
    assert shown.count("Passed") == count
    assert git("status", "--porcelain", cwd=root) == ""
