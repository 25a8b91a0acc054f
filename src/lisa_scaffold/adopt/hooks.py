"""``.pre-commit-config.yaml``: the template's hooks come in beside the project's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lisa_scaffold.formats import yaml, yaml_edit
from lisa_scaffold.formats.tree import Branch, Entry, NotSure, write
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.rules.quality_hooks import explain_missing
from lisa_scaffold.rules.tools import Release, parse_release

PATH = ".pre-commit-config.yaml"
RUFF_FORMAT = "ruff-format"
OTHER_FORMATTERS = ("black", "black-jupyter", "yapf", "autopep8", "blue")

# A hook of the template stays out where the project has another for the same purpose.
_EQUIVALENTS = {
    "codespell": ("typos", "cspell"),
    "detect-secrets": ("gitleaks", "trufflehog", "ggshield"),
    "mypy": ("pyright", "basedpyright", "ty", "pyrefly"),
    "nbstripout": ("nb-clean", "nbstripout-fast"),
    "ruff-check": ("ruff",),
    RUFF_FORMAT: OTHER_FORMATTERS,
    "rumdl": ("markdownlint", "markdownlint-cli2", "mdformat", "pymarkdown"),
}


# Hooks that work with what the template brings since a version of their repository.
_WORKING_SINCE: dict[tuple[str, str], tuple[Release, str, str]] = {
    ("pre-commit/pre-commit-hooks", "check-toml"): (
        (4, 3),
        "v4.3.0",
        "takes a list of mixed values, such as a group of requirements that includes another, for "
        "a fault",
    )
}


# Where a hook and nox run other versions of these, each undoes what the other one does.
_FORMATTERS = (RUFF_FORMAT,)


@dataclass(frozen=True)
class Hooks:
    """A merged configuration of hooks.

    Attributes
    ----------
    text
        The merged file.
    added
        Hooks that came in.
    kept
        Hooks that the project already has.
    left_out
        Hooks of the template that did not come in, each with the reason.
    to_decide
        What a person has to change for hooks of the project to work with what comes in.
    """

    text: str
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    to_decide: tuple[str, ...] = ()


def merge_hooks(ours: str, theirs: str) -> Hooks:
    """Bring the template's hooks into a project's configuration; every hook of its own stays.

    Raises
    ------
    NotSure
        If the configuration is written in a way that cannot be added to.
    """
    tree, template = yaml.parse(ours), yaml.parse(theirs)
    repos, offered = yaml_edit.find_list(tree, "repos"), yaml_edit.find_list(template, "repos")
    if repos is None or offered is None:
        raise NotSure("repos: missing")
    own = {hook for entry in repos.entries for hook in _Repo(entry).hook_ids}
    pinned = {repo.address: repo.revision for repo in map(_Repo, repos.entries)}
    added: list[str] = []
    kept: list[str] = []
    left_out: dict[str, str] = {}
    to_decide: list[str] = []
    for entry in offered.entries:
        wanted, address = [], _Repo(entry).address
        repository, revision = address.removeprefix("github.com/"), pinned.get(address, "")
        for hook in _Repo(entry).hook_ids:
            if hook in own:
                kept.append(hook)
                if unfit := _explain_unfit(repository, hook, revision):
                    why, first = unfit
                    to_decide.append(f"{hook} of {revision} {why}: let `rev` be {first} or newer")
            elif why := _explain_left_out(_Repo(entry), hook, own, revision):
                left_out[hook] = why
            else:
                wanted.append(hook)
        if wanted:
            repos = _add_hooks(repos, _Repo(entry), wanted, offered.column)
            added += wanted
    merged = yaml_edit.change_entry(tree, "repos", lambda entry: entry._replace(node=repos))
    text = write(merged) if added else ours
    return Hooks(text, tuple(added), tuple(kept), left_out, tuple(to_decide))


def _explain_left_out(offered: _Repo, hook: str, own: set[str], revision: str) -> str:
    """Why a hook of the template does not come in; empty where it does.

    Parameters
    ----------
    offered, hook
        Its repository as the template has it, and its name.
    own
        The hooks that the project has.
    revision
        What the project has of the same repository; empty where it has none.
    """
    repository = offered.address.removeprefix("github.com/")
    if other := next((each for each in _EQUIVALENTS.get(hook, ()) if each in own), ""):
        return f"the project has {other}"
    if hook in _FORMATTERS and revision not in ("", offered.revision):
        return (
            f"{revision} of {repository}, which the project has, may format otherwise than "
            f"{offered.revision}, which nox runs: add the hook once `rev` is that one"
        )
    if explain_missing(repository, hook, revision):
        return f"{revision} of {repository}, which the project has, lacks it"
    if unfit := _explain_unfit(repository, hook, revision):
        why, first = unfit
        return (
            f"{revision} of it, which the project has, {why}: add the hook once `rev` is {first} "
            "or newer"
        )
    return ""


def _explain_unfit(repository: str, hook: str, revision: str) -> tuple[str, str] | None:
    """Why an old hook stops at what the template brings, and the first one that does not."""
    working = _WORKING_SINCE.get((repository, hook))
    version = parse_release(revision)
    return (working[2], working[1]) if working and version and version < working[0] else None


_WHITESPACE = compile_lazily(
    r"^( *)- id: (?:end-of-file-fixer|mixed-line-ending|trailing-whitespace)$", re.MULTILINE
)
# What people write, in whatever folder it is.
_WRITTEN = frozenset(
    [
        *("bib", "c", "cc", "cfg", "cpp", "css", "cu", "cuh", "cxx", "f", "f90", "h", "hpp"),
        *("html", "in", "ini", "ipynb", "j2", "jinja", "jl", "js", "m", "md", "mplstyle", "py"),
        *("pxd", "pyi", "pyx", "r", "rst", "sh", "tex", "toml", "ts", "yaml", "yml"),
    ]
)
_DATA = compile_lazily(r"(?!\.|docs?/|requirements/)([\w-]+)/(?:.*/)?[^/]*\.([A-Za-z0-9_]{1,20})")
_MOST_NAMED = 20  # folders, and suffixes; who has more of them has a pattern of their own to write


UNFORMATTED = "nothing formats the code so far, and it would rewrite most of it"
_OF_FORMATTER = compile_lazily(rf"(?m)^ *- id: {RUFF_FORMAT}\n")


def leave_formatter(text: str) -> str:
    """The template's hooks without the one that formats code."""
    return _OF_FORMATTER.sub("", text)


def keep_from_data(text: str, paths: Iterable[str]) -> str:
    """The template's hooks, with those that change white space kept away from data.

    What code reads by columns, or compares with a checksum, is another file without its spaces.

    Parameters
    ----------
    text
        The configuration.
    paths
        The files of the project that are text.
    """
    matches = [match for path in paths if (match := _DATA.fullmatch(path))]
    found = [match.groups() for match in matches if match[2].lower() not in _WRITTEN]
    folders, suffixes = ({each[at] for each in found} for at in (0, 1))
    if not found or max(len(folders), len(suffixes)) > _MOST_NAMED:
        return text
    pattern = f"^({'|'.join(sorted(folders))})/.*[.]({'|'.join(sorted(suffixes))})$"
    return _WHITESPACE.sub(lambda hook: f"{hook[0]}\n{hook[1]}  exclude: {pattern}", text)


def is_formatted(text: str) -> bool:
    """Whether hooks of a project format its code: by ruff, or by what stands for it."""
    names = (RUFF_FORMAT, *OTHER_FORMATTERS)
    return any(re.search(rf"\bid:\s*['\"]?{name}\b(?!-)", text) for name in names)


def describe_changes(before: Any, after: Any) -> str:
    """What a merge has changed in a configuration of hooks, from its data before and after."""
    old, new = _list_settings(before), _list_settings(after)
    parts = {
        "hooks added": [name for name in new if name and name not in old],
        "hooks removed": [name for name in old if name and name not in new],
        "settings removed": [
            f"`{key}` of {name}" if name else f"`{key}`"
            for name, settings in old.items()
            for key in settings
            if name in new and key not in new[name]
        ],
        "settings changed": [
            f"`{key}` of {name}" if name else f"`{key}`"
            for name, settings in old.items()
            for key, value in settings.items()
            if key in new.get(name, {}) and new[name][key] != value
        ],
    }
    return "; ".join(f"{what}: {', '.join(found)}" for what, found in parts.items() if found)


def _list_settings(data: Any) -> dict[str, Mapping[str, Any]]:
    """The settings of each hook, and those of the whole file under an empty name."""
    whole = data if isinstance(data, dict) else {}
    found: dict[str, Mapping[str, Any]] = {
        "": {str(key): value for key, value in whole.items() if key != "repos"}
    }
    repos = whole.get("repos")
    for repo in repos if isinstance(repos, list) else ():
        hooks = repo.get("hooks") if isinstance(repo, dict) else None
        for hook in hooks if isinstance(hooks, list) else ():
            if isinstance(hook, dict):
                settings = {str(key): value for key, value in hook.items() if key != "id"}
                found[str(hook.get("id"))] = settings
    return found


def _add_hooks(repos: Branch, offered: _Repo, wanted: list[str], column: int) -> Branch:
    """The project's repositories with some hooks of one of the template's.

    A repository that the project has already keeps its revision.
    """
    hooks = offered.hooks
    new = tuple(each for each in hooks.entries if yaml_edit.find_text(each.node, "id") in wanted)
    entries = list(repos.entries)
    for index, repo in enumerate(map(_Repo, entries)):
        if repo.address == offered.address:
            entries[index] = repo.with_hooks(
                yaml_edit.append_entries(repo.hooks, new, hooks.column)
            )
            return repos._replace(entries=tuple(entries))
    blank = any(entry.lead.startswith("\n") for entry in entries[1:])
    lead = offered.entry.lead.lstrip("\n")
    entry = offered.with_hooks(hooks._replace(entries=new))
    fresh = entry._replace(lead=f"\n{lead}" if blank else lead)
    return yaml_edit.append_entries(repos, [fresh], column)


@dataclass(frozen=True)
class _Repo:
    """An entry of ``repos``; raises NotSure where it is written in a way that cannot be edited."""

    entry: Entry

    @property
    def block(self) -> Branch:
        node = self.entry.node
        if not isinstance(node, Branch) or node.bracketed:
            raise NotSure("a repository that is written in one line")
        return node

    @property
    def hooks(self) -> Branch:
        hooks = yaml_edit.find_list(self.block, "hooks")
        if hooks is None:
            raise NotSure("hooks: missing")
        return hooks

    @property
    def hook_ids(self) -> list[str]:
        hooks = yaml_edit.find_list(self.block, "hooks")
        entries = hooks.entries if hooks else ()
        return [name for entry in entries if (name := yaml_edit.find_text(entry.node, "id"))]

    @property
    def address(self) -> str:
        """The address without its scheme, and without what people write in different ways."""
        address = yaml_edit.find_text(self.entry.node, "repo").lower()
        return re.sub(r"\A\w+://(www\.)?", "", address.rstrip("/").removesuffix(".git"))

    @property
    def revision(self) -> str:
        """The version, where it is written as one."""
        return yaml_edit.find_text(self.entry.node, "rev")

    def with_hooks(self, hooks: Branch) -> Entry:
        block = yaml_edit.change_entry(
            self.block, "hooks", lambda entry: entry._replace(node=hooks)
        )
        return self.entry._replace(node=block)
