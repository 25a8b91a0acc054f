"""The public repositories of hooks, stood in for by local ones of the same address.

Their hooks run the real tools from the package index, in the version that a ``rev:`` names.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from ...support.tools import commit_all, git

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
    "https://github.com/pre-commit/mirrors-clang-format": (
        "clang-format",
        {"clang-format": ("clang-format -i", TEXT)},
    ),
    "https://github.com/kynan/nbstripout": (
        "nbstripout",
        {"nbstripout": ("nbstripout", ["jupyter"])},
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


# Makes a wheel without a module, and needs nothing from the index for that.
BACKEND = """\
import zipfile

FILES = {
    "METADATA": "Metadata-Version: 2.1\\nName: stand-in\\nVersion: 1\\nNEEDS\\n",
    "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "RECORD": "",
}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/stand_in-1-py3-none-any.whl", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(f"stand_in-1.dist-info/{name}", text)
    return "stand_in-1-py3-none-any.whl"
"""


def stand_in(folder: Path, url: str, rev: str) -> None:
    """A hook repository with a tag, as small as it can be."""
    distribution, hooks = STAND_INS[url]
    language = "python" if distribution else "pygrep"
    listed = [hook(key, entry, types, language) for key, (entry, types) in hooks.items()]
    folder.mkdir(parents=True)
    (folder / ".pre-commit-hooks.yaml").write_text(yaml.safe_dump(listed), encoding="utf-8")
    needs = f"Requires-Dist: {distribution}=={rev.removeprefix('v')}" if distribution else ""
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "stand-in"\nversion = "1"\n',
        encoding="utf-8",
    )
    (folder / "backend.py").write_text(BACKEND.replace("NEEDS", needs), encoding="utf-8")
    commit_all(folder)
    git("tag", rev, cwd=folder)


def make_stand_ins(project: Path, folder: Path) -> dict[str, str]:
    """A local repository for each that a project names; by the address that it stands in for."""
    text = (project / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    configured = [entry for entry in yaml.safe_load(text)["repos"] if entry["repo"] != "local"]
    assert {entry["repo"] for entry in configured} <= set(STAND_INS)
    found = {entry["repo"]: f"{number}" for number, entry in enumerate(configured)}
    for entry in configured:
        stand_in(folder / found[entry["repo"]], entry["repo"], entry["rev"])
    return found


def digest() -> str:
    """Name of what may be kept between sessions: environments, which pre-commit tells apart."""
    return hashlib.sha256(json.dumps([STAND_INS, FILES, BACKEND]).encode()).hexdigest()[:16]
