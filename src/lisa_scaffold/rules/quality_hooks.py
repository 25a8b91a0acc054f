"""Hooks of pre-commit: they can be read, exist, run on something and are pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.formats.document import Key
from lisa_scaffold.formats.edit import Change, replace_in_line
from lisa_scaffold.pattern import compile_lazily, count_ways, is_dear_to_compile
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, join_alike, rule
from lisa_scaffold.rules.tools import HOOKS, Release, parse_release, read_hooks
from lisa_scaffold.similar import find_similar

_STOPS = "so pre-commit stops"
_BUILT_IN = ("local", "meta", "builtin")


@rule("QTY012", MUST, when=lambda facts: facts.hooks)
def can_be_read(facts: Facts) -> Iterator[Hit]:
    """pre-commit can read its configuration.

    Why: Otherwise it stops with an error: no hook runs, and every commit is refused.

    How: Give each repository `repo`, `rev` and `hooks`, and each hook its `id`; write valid Python
    regular expressions.

    Source: [pre-commit: configuration](https://pre-commit.com/#adding-pre-commit-plugins-to-your-project).
    """
    document = facts.hooks
    if not isinstance(document.get("repos"), list):
        yield Hit(HOOKS, 1, f"no list `repos`, {_STOPS}: add it")
    for number, repo in enumerate(document.items("repos")):
        if message := _check_repository(repo):
            yield Hit(HOOKS, document.line("repos", number), message)
    for hook in read_hooks(facts):
        if not hook.name:
            yield Hit(HOOKS, document.line(*hook.keys), f"no `id`, {_STOPS}: name the hook")
    for above in ((), *(hook.keys for hook in read_hooks(facts))):
        for name in ("files", "exclude"):
            pattern = document.get(*above, name)
            is_dear = isinstance(pattern, str) and is_dear_to_compile(pattern)
            if pattern is not None and not is_dear and _compile(pattern) is None:
                message = f"`{name}` is not a regular expression, {_STOPS}: correct it"
                yield Hit(HOOKS, document.line(*above, name), message)


def _check_repository(repo: Any) -> str:
    if not isinstance(repo, dict) or not isinstance(repo.get("repo"), str):
        return f"no `repo`, {_STOPS}: add the address of the repository"
    if not isinstance(repo.get("hooks"), list):
        return f"no `hooks`, {_STOPS}: list the hooks to run"
    if repo["repo"] not in _BUILT_IN and repo.get("rev") in (None, ""):
        return f"{repo['repo']} has no `rev`, {_STOPS}: add a version tag"
    return ""


def _compile(pattern: Any) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern) if isinstance(pattern, str) else None
    except (re.error, OverflowError, RecursionError):
        return None


# Hooks of well-known repositories, each with the version that introduced it.
# The first entry of a repository is its oldest known version.
_SINCE: dict[str, tuple[Release, dict[str, Release]]] = {
    "astral-sh/ruff-pre-commit": (
        (0, 0, 86),
        {"ruff": (0,), "ruff-format": (0, 0, 290), "ruff-check": (0, 11, 10)},
    ),
    "pre-commit/pre-commit-hooks": (
        (1,),
        {
            **dict.fromkeys(
                (
                    *("autopep8-wrapper", "check-added-large-files", "check-ast"),
                    *("check-byte-order-marker", "check-case-conflict", "check-docstring-first"),
                    *("check-executables-have-shebangs", "check-json", "check-merge-conflict"),
                    *("check-symlinks", "check-vcs-permalinks", "check-xml", "check-yaml"),
                    *("debug-statements", "detect-aws-credentials", "detect-private-key"),
                    *("double-quote-string-fixer", "end-of-file-fixer", "file-contents-sorter"),
                    *("fix-encoding-pragma", "flake8", "forbid-new-submodules"),
                    *("mixed-line-ending", "name-tests-test", "no-commit-to-branch"),
                    *("pretty-format-json", "pyflakes", "requirements-txt-fixer"),
                    *("sort-simple-yaml", "trailing-whitespace"),
                ),
                (0,),
            ),
            "check-builtin-literals": (1, 2),
            "check-illegal-windows-names": (5,),
            "check-shebang-scripts-are-executable": (4,),
            "check-toml": (2, 3),
            "destroyed-symlinks": (3, 4),
            "fix-byte-order-marker": (3, 3),
            "forbid-submodules": (4, 4),
        },
    ),
    "pre-commit/pygrep-hooks": (
        (1, 2),
        {
            "python-check-blanket-noqa": (1, 2),
            "python-check-blanket-type-ignore": (1, 9),
            "python-check-mock-methods": (0,),
            "python-no-eval": (1, 4),
            "python-no-log-warn": (0,),
            "python-use-type-annotations": (0,),
            "rst-backticks": (1,),
            "rst-directive-colons": (1, 7),
            "rst-inline-touching-normal": (1, 6),
            "text-unicode-replacement-char": (1, 5),
        },
    ),
    "pre-commit/mirrors-mypy": ((0,), {"mypy": (0,)}),
    "psf/black-pre-commit-mirror": ((22,), {"black": (0,), "black-jupyter": (0,)}),
    "pycqa/flake8": ((3, 7), {"flake8": (0,)}),
    "pycqa/isort": ((5,), {"isort": (0,)}),
    "asottile/pyupgrade": ((1,), {"pyupgrade": (0,)}),
    "codespell-project/codespell": ((1, 15), {"codespell": (0,)}),
    "kynan/nbstripout": ((0, 3, 7), {"nbstripout": (0,)}),
    "yelp/detect-secrets": ((0, 8), {"detect-secrets": (0,)}),
}
_KNOWN_UNTIL: dict[str, Release] = {
    "astral-sh/ruff-pre-commit": (0, 16, 4),
    "pre-commit/pre-commit-hooks": (6, 0, 0),
    "pre-commit/pygrep-hooks": (1, 10, 0),
    "pre-commit/mirrors-mypy": (1, 19, 1),
    "psf/black-pre-commit-mirror": (26, 3, 1),
    "pycqa/flake8": (7, 3, 0),
    "pycqa/isort": (8, 0, 1),
    "asottile/pyupgrade": (3, 21, 2),
    "codespell-project/codespell": (2, 4, 3),
    "kynan/nbstripout": (0, 9, 1),
    "yelp/detect-secrets": (1, 5, 0),
}
_DROPPED: dict[tuple[str, str], tuple[Release, str]] = {
    ("pre-commit/pre-commit-hooks", "autopep8-wrapper"): ((4,), "pre-commit/mirrors-autopep8"),
    ("pre-commit/pre-commit-hooks", "flake8"): ((4,), "PyCQA/flake8"),
    ("pre-commit/pre-commit-hooks", "pyflakes"): ((4,), "PyCQA/flake8"),
}


@rule("QTY013", MUST, when=lambda facts: facts.hooks)
def hooks_exist(facts: Facts) -> Iterator[Hit]:
    """Each hook exists in the pinned version of its repository.

    Why: Otherwise pre-commit stops with an error: no hook runs, and every commit is refused.

    How: Correct the `id`, or choose a `rev` that has the hook.

    Source: `.pre-commit-hooks.yaml` of each repository, such as that of
    [pre-commit-hooks](https://github.com/pre-commit/pre-commit-hooks/blob/main/.pre-commit-hooks.yaml).
    """
    for hook in read_hooks(facts):
        message = explain_missing(hook.repository, hook.name, hook.revision)
        if hook.name and message:
            yield Hit(HOOKS, facts.hooks.line(*hook.keys, "id"), message)


def explain_missing(repository: str, name: str, revision: str) -> str:
    """Why a hook does not exist in a version; empty where it does, or is not known.

    Parameters
    ----------
    repository
        Its repository, as a hook names it.
    name, revision
        The hook, and the version.
    """
    oldest, known = _SINCE.get(repository, ((), {}))
    version = parse_release(revision)
    if not known or version is None or version < oldest:
        return ""
    dropped, instead = _DROPPED.get((repository, name), ((9999,), ""))
    if version >= dropped:
        return f"{revision} no longer has {name}, {_STOPS}: use {instead}"
    since = known.get(name)
    if since is None and version <= _KNOWN_UNTIL[repository]:
        close = find_similar(name, known)
        remedy = f"did you mean {close[0]}?" if close else "correct its `id`"
        return f"{repository} has no hook {name}, {_STOPS}: {remedy}"
    if since and version < since:
        first = ".".join(map(str, since))
        return f"{revision} does not have {name} yet, {_STOPS}: use {first} or newer"
    return ""


# --- What hooks run on ----------------------------------------------------------------------------

_LOOKS_AT = {
    "check-azure-pipelines": r"(^|/)\.?azure-pipelines\.ya?ml$",
    "check-bitbucket-pipelines": r"bitbucket-pipelines\.ya?ml$",
    "check-citation-file-format": r"(^|/)CITATION\.cff$",
    "check-dependabot": r"^\.github/dependabot\.ya?ml$",
    "check-github-actions": r"(^|/)action\.ya?ml$",
    "check-github-workflows": r"^\.github/workflows/",
    "check-gitlab-ci": r"(^|/)[^/]*\.?gitlab-ci[^/]*\.ya?ml$",
    "check-readthedocs": r"(^|/)\.?readthedocs\.ya?ml$",
    "check-renovate": r"renovate",
    "check-travis": r"(^|/)\.travis\.ya?ml$",
    "hadolint": r"[Dd]ockerfile",
    "hadolint-docker": r"[Dd]ockerfile",
    "validate-cff": r"(^|/)CITATION\.cff$",
    "validate-pyproject": r"(^|/)pyproject\.toml$",
}
"""The files that hooks with a single purpose look at."""

_NOTHING = compile_lazily(
    r"\^?(?:\$|\^\$?|a\^|\$\^|\(\?!\)|(?:none|nothing|never|disabled?|off|skip|no[-_ ]?files?))\$?",
    re.IGNORECASE,
)
_ALL = (".*", "^.*$", "^.*", ".", "^")

_MOST_STEPS = 20_000_000


@rule(
    "QTY014",
    SHOULD,
    when=lambda facts: facts.hooks and facts.is_checkout,
)
def run_on_something(facts: Facts) -> Iterator[Hit]:
    """Each hook runs on at least one file of the project.

    Why: A pattern with a mistake, or with the old name of a folder, matches nothing: the hook
    always passes and checks nothing.

    How: Correct `files` or `exclude`, or delete the hook. A pattern that is there to match nothing,
    such as `^$`, is not meant, nor is a hook that waits for a first file of its kind.

    Source: [pre-commit: check-hooks-apply](https://pre-commit.com/#meta-check_hooks_apply).
    """
    yield from join_alike(_find_idle(facts))


def _find_idle(facts: Facts) -> Iterator[Hit]:
    """The hooks whose patterns match nothing."""
    all_paths = _select_paths(list(facts.tracked), facts.hooks.data)
    for hook in read_hooks(facts):
        # A hook of the language `fail` is there to run on nothing.
        if hook.data.get("always_run") is True or hook.data.get("language") == "fail":
            continue
        if (
            _NOTHING.fullmatch(str(hook.data.get("files") or ""))
            or hook.data.get("exclude") in _ALL
        ):
            continue
        paths = None if all_paths is None else _select_paths(all_paths, hook.data)
        usual = _LOOKS_AT.get(hook.name)
        if usual and not _select_paths(list(facts.tracked), {"files": usual}):
            continue
        if usual and paths and not hook.data.get("files") and "types" not in hook.data:
            paths = _select_paths(paths, {"files": usual})
        if paths == []:
            key = "files" if hook.data.get("files") else "id"
            message = (
                f"{hook.name} matches no file, so it checks nothing: correct `files` or `exclude`"
            )
            yield Hit(HOOKS, facts.hooks.line(*hook.keys, key), message)


def _select_paths(paths: list[str], data: Any) -> list[str] | None:
    """The paths that ``files`` takes and ``exclude`` leaves; ``None`` where that is not sure."""
    for name, wanted in (("files", True), ("exclude", False)):
        pattern = data.get(name) if isinstance(data, dict) else None
        if pattern in (None, ""):
            continue
        compiled = None if is_dear_to_compile(str(pattern)) else _compile(pattern)
        if compiled is None or not _is_cheap(pattern, paths):
            return None
        paths = [path for path in paths if (compiled.search(path) is not None) == wanted]
    return paths


def _is_cheap(pattern: str, paths: list[str]) -> bool:
    """Whether a search in all paths is fast, whatever the paths are.

    Each repetition may try every position of a path, and nested ones all combinations.
    """
    if len(pattern) > _LONGEST or re.search(r"\)[*+{]|\)\?.*\)\?|\\\d|\(\?P=", pattern):
        return False
    groups = re.sub(r"\\.|\[[^]]*\]", "x", pattern)
    parts = groups.split("|") if groups.count("(") - groups.count("(?x)") <= 1 else [groups]
    most = max(len(re.findall(r"[*+{]|(?<!\()\?", part)) for part in parts)
    steps: int = sum(len(path) ** (min(most, 9) + 1) for path in paths)
    return steps * max(len(parts), count_ways(pattern)) <= _MOST_STEPS


_LONGEST = 2000
_MOVING = ("main", "master", "HEAD", "stable", "latest", "develop", "dev", "trunk")


@rule("QTY015", SHOULD, when=lambda facts: facts.hooks)
def revisions_stay(facts: Facts) -> Iterator[Hit]:
    """Each hook repository is pinned to a version.

    Why: pre-commit keeps the first state of a branch that it sees, so two people with the same
    configuration run different checks.

    How: Write a tag, and let `pre-commit autoupdate` update it.

    Source: [pre-commit: rev](https://pre-commit.com/#using-the-latest-version-for-a-repository).
    """
    for number, repo in enumerate(facts.hooks.items("repos")):
        if isinstance(repo, dict) and repo.get("rev") in _MOVING:
            line = facts.hooks.line("repos", number, "rev")
            message = (
                f"with the branch `{repo['rev']}`, people run different checks: write a version tag"
            )
            yield Hit(HOOKS, line, message)


_STAGES = {"commit": "pre-commit", "push": "pre-push", "merge-commit": "pre-merge-commit"}
_MOVED = {
    "https://gitlab.com/pycqa/flake8": "https://github.com/PyCQA/flake8",
    "https://github.com/ambv/black": "https://github.com/psf/black",
    "https://github.com/python/black": "https://github.com/psf/black",
    "https://github.com/charliermarsh/ruff-pre-commit": "https://github.com/astral-sh/ruff-pre-commit",
    "https://github.com/timothycrosley/isort": "https://github.com/PyCQA/isort",
    "https://github.com/pre-commit/mirrors-isort": "https://github.com/PyCQA/isort",
    "https://github.com/sirosen/check-jsonschema": "https://github.com/python-jsonschema/check-jsonschema",
}
"""Where a repository went. But for the mirror of isort, it is the same one, with the same tags."""

# A mirror has tags of its own: v5.0.0 to v5.10.1 of this one are 5.0.0 to 5.10.1 of isort.
_MIRRORS = {"https://github.com/pre-commit/mirrors-isort": compile_lazily(r"v(5\.\d+\.\d+)")}


# https://gitlab.com/pycqa: moved to GitHub in 2022.
_CLOSED = frozenset(["https://gitlab.com/pycqa/flake8"])


@rule("QTY016", SHOULD, when=lambda facts: facts.hooks, fixes=True)
def names_of_today(facts: Facts) -> Iterator[Hit]:
    """pre-commit's configuration uses current names.

    Why: The old names of stages will be refused, and an old address may disappear, or be taken over
    by somebody else.

    How: Run `pre-commit migrate-config` to rename stages; write the new address of a repository,
    and the tag that it has there.

    Source: [pre-commit 3.2](https://github.com/pre-commit/pre-commit/blob/main/CHANGELOG.md).
    """
    for keys, old, new in _find_outdated(facts):
        line = facts.hooks.line(*keys)
        change = _replace_word(facts, line, old, new)
        fix = Fix.edit(HOOKS, change) if change else None
        told, tag = f"write {new}", ""
        if is_tagged := _MIRRORS.get(old.removesuffix(".git").rstrip("/")):
            revision = str(facts.hooks.get(*keys[:-1], "rev") or "")
            match = is_tagged.fullmatch(revision)
            tag = match[1] if match else ""
            told += f", and `rev: {tag}`" if tag else ", and a tag that it has"
            at = facts.hooks.line(*keys[:-1], "rev")
            moved = _replace_word(facts, at, revision, tag) if tag and at != line else None
            # What it looks at by default differs: stubs, and not what isort's settings skip.
            fix = Fix.edit(HOOKS, change, moved).as_unsafe() if change and moved else None
        yield Hit(HOOKS, line, f"{old} {_explain_age(old)}: {told}", fix=fix)


def _explain_age(old: str) -> str:
    """What is wrong with the old name of a stage, or with an old address."""
    if old in _STAGES:
        return "will stop working"
    plain = old.removesuffix(".git").rstrip("/")
    # https://github.blog/security/application-security/improving-git-protocol-security-github/
    if plain in _CLOSED or plain.startswith("git://github.com/"):
        return "is closed, so the hook cannot be fetched"
    if plain in _MIRRORS:
        return "gets no new versions"
    if plain.startswith("git://"):
        return "comes without encryption, so that anybody on the way may change it"
    return "is an old address, which others may take over"


def _replace_word(facts: Facts, line: int, old: str, new: str) -> Change | None:
    """A change of what a line names once."""
    text = facts.lines(HOOKS)[line - 1] if line <= len(facts.lines(HOOKS)) else ""
    word = rf"(?<![\w/-]){re.escape(old)}(?![\w-])"
    if len(re.findall(word, text)) != 1:
        return None
    return replace_in_line(line, text, re.sub(word, new, text))


def _find_outdated(facts: Facts) -> Iterator[tuple[tuple[Key, ...], str, str]]:
    document = facts.hooks
    lists = [("default_stages",), *((*hook.keys, "stages") for hook in read_hooks(facts))]
    for keys in lists:
        for index, stage in enumerate(document.items(*keys)):
            if isinstance(stage, str) and stage in _STAGES:
                yield (*keys, index), stage, _STAGES[stage]
    for number, repo in enumerate(document.items("repos")):
        address = repo.get("repo") if isinstance(repo, dict) else None
        if isinstance(address, str):
            plain = address.removesuffix(".git").rstrip("/")
            new = _MOVED.get(plain, plain.replace("git://", "https://", 1))
            if new != plain:
                yield ("repos", number, "repo"), address, new


_RUFF_HOOKS = "astral-sh/ruff-pre-commit"


# Each run is followed up to the next one in the line.
_NAMES_RUFF = compile_lazily(r"\bSKIP\b|pre-commit run\b(?:(?!pre-commit run\b).)*\bruff\b|\bskip:")


@rule("QTY019", SHOULD, when=lambda facts: facts.hooks, fixes=True, strict=True)
def ruff_hook_of_today(facts: Facts) -> Iterator[Hit]:
    """The hook of ruff's linter is called `ruff-check`.

    Why: ruff has two hooks, and the old name `ruff`, which is only kept as an alias, does not say
    which one is meant.

    How: Write `id: ruff-check`, and the same name wherever the hook is skipped or run by name.

    Source: [ruff-pre-commit](https://github.com/astral-sh/ruff-pre-commit/blob/main/.pre-commit-hooks.yaml):
    "legacy alias".
    """
    since = _SINCE[_RUFF_HOOKS][1]["ruff-check"]
    for hook in read_hooks(facts):
        version = parse_release(hook.revision)
        if hook.repository == _RUFF_HOOKS and hook.name == "ruff" and version and version >= since:
            line = facts.hooks.line(*hook.keys, "id")
            text = facts.lines(HOOKS)[line - 1]
            right = re.sub(r"\bruff\b", "ruff-check", text, count=1)
            # Who skips or runs it by name would mean another hook afterwards.
            is_named = _NAMES_RUFF.search(facts.automation.text)
            fix = None if is_named else Fix.edit(HOOKS, replace_in_line(line, text, right))
            yield Hit(
                HOOKS,
                line,
                "`ruff` is an old name that does not say which hook is meant: write `ruff-check`",
                fix=fix,
            )
