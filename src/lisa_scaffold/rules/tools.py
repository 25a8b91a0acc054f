"""Hooks and pinned versions of tools, for several modules of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Key
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts

Release = tuple[int, ...]

HOOKS = ".pre-commit-config.yaml"
NEWEST: Release = (9999,)

_TOOL_OF = {
    # Addresses that lead on to others
    **dict.fromkeys(["ambv/black", "python/black"], "black"),
    "charliermarsh/ruff-pre-commit": "ruff",
    "timothycrosley/isort": "isort",
    # and those of today.
    "astral-sh/ruff-pre-commit": "ruff",
    "codespell-project/codespell": "codespell",
    "kynan/nbstripout": "nbstripout",
    "pre-commit/mirrors-mypy": "mypy",
    "psf/black": "black",
    "psf/black-pre-commit-mirror": "black",
    "pycqa/flake8": "flake8",
    "pycqa/isort": "isort",
    "python-jsonschema/check-jsonschema": "check-jsonschema",
    "yelp/detect-secrets": "detect-secrets",
}
"""The tool whose version is the tag of the hook repository."""

_PIN = compile_lazily(r"\s*([\w.-]+)\s*+(?:\[[^]]*\])?\s*+==\s*(\d+(?:\.\d+)*)\s*(?:;.*)?")


def runs_can_be_seen(facts: Facts) -> bool:
    """Whether all files that run tools are here: not left out, nor in another repository."""
    return facts.is_checkout and bool(facts.layout.folders) and facts.automation.is_complete


_TEST = compile_lazily(r"(?:.*/)?(?:tests?/.*|test_[^/]*|[^/]*_test)\.py")


def has_tests(facts: Facts) -> bool:
    """Whether there are tests in Python."""
    return any(_TEST.fullmatch(path) for path in facts.files)


def list_tests(facts: Facts) -> list[str]:
    """The modules of tests."""
    return [path for path in facts.files if _TEST.fullmatch(path)]


class Hook(NamedTuple):
    """One hook of ``.pre-commit-config.yaml``."""

    repository: str
    """Owner and name in lower case for GitHub, else the address."""
    revision: str
    """The version; for a commit the tag in the comment beside it, if there is one."""
    name: str
    data: dict[str, Any]
    repo_keys: tuple[Key, ...]
    keys: tuple[Key, ...]


@cached_in_facts
def read_hooks(facts: Facts) -> tuple[Hook, ...]:
    """The hooks of a project."""
    found = []
    for number, repo in enumerate(facts.hooks.items("repos")):
        if not isinstance(repo, dict):
            continue
        hooks, address = repo.get("hooks"), str(repo.get("repo"))
        github = re.fullmatch(
            r"(?:https?|git|ssh)://(?:git@)?github\.com/([^/]+/[^/]+?)(\.git)?/?", address
        )
        repository = github[1].lower() if github else address
        above = ("repos", number)
        for index, data in enumerate(hooks if isinstance(hooks, list) else []):
            if isinstance(data, dict):
                name, revision = str(data.get("id", "")), _read_revision(facts, number)
                keys = (*above, "hooks", index)
                found.append(Hook(repository, revision, name, data, above, keys))
    return tuple(found)


# What `pre-commit autoupdate --freeze` writes: a commit, and the tag that it had.
_FROZEN = compile_lazily(r"""\brev["']?\s*:\s*["']?[0-9a-f]{40}["']?\s+#\s*frozen:\s*(\S+)""")


def _read_revision(facts: Facts, number: int) -> str:
    keys = ("repos", number, "rev")
    revision = facts.hooks.get(*keys)
    if isinstance(revision, str) and re.fullmatch(r"[0-9a-f]{40}", revision):
        line = facts.hooks.line(*keys)
        frozen = _FROZEN.search("".join(facts.lines(HOOKS)[line - 1 : line]))
        return frozen[1] if frozen else revision
    if "rev" not in facts.hooks.table("repos", number):
        return ""
    # 3.10 is parsed as a number: what counts is the text.
    return revision if isinstance(revision, str) else facts.hooks.raw(*keys) or ""


def parse_release(tag: str) -> Release | None:
    """The numbers of a version tag; ``None`` for a branch, a commit or a draft."""
    match = re.fullmatch(r"v?(\d{1,6}(?:\.\d{1,9})*)", tag)
    return tuple(int(part) for part in match[1].split(".")) if match and "." in tag else None


def trim_release(version: Release) -> Release:
    """A version without the zeros at its end, which count for nothing: 0.15 is 0.15.0."""
    digits = list(version)
    while digits[1:] and not digits[-1]:
        digits.pop()
    return tuple(digits)


def list_hook_versions(facts: Facts) -> dict[str, tuple[Release, Hook]]:
    """The version of each tool that hooks run, with the first hook that names it."""
    found: dict[str, tuple[Release, Hook]] = {}
    for hook in read_hooks(facts):
        tool, version = _TOOL_OF.get(hook.repository), parse_release(hook.revision)
        if tool and version:
            found.setdefault(tool, (version, hook))
    return found


def find_pins(facts: Facts) -> Iterator[tuple[str, Release]]:
    """Requirements for developers that allow only one version: name and version."""
    for above in (("dependency-groups",), ("project", "optional-dependencies")):
        document = facts.pyproject
        for group in document.table(*above):
            for requirement in document.items(*above, group):
                match = _PIN.fullmatch(requirement) if isinstance(requirement, str) else None
                version = parse_release(match[2]) if match else None
                if match and version:
                    yield match[1].lower().replace("_", "-"), version


def find_oldest_pin(facts: Facts, tool: str) -> Release:
    """The oldest version that a tool is pinned to; ``NEWEST`` where it is not."""
    versions = [version for name, version in find_pins(facts) if name == tool]
    if tool in (hooked := list_hook_versions(facts)):
        versions.append(hooked[tool][0])
    return min(versions, default=NEWEST)
