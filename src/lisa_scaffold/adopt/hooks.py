"""``.pre-commit-config.yaml``: the template's hooks come in beside the project's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lisa_scaffold.formats import yaml, yaml_edit
from lisa_scaffold.formats.tree import Branch, Entry, NotSure, write

PATH = ".pre-commit-config.yaml"

# A hook of the template stays away where the project has another for the same.
_EQUAL = {
    "codespell": ("typos", "cspell"),
    "detect-secrets": ("gitleaks", "trufflehog", "ggshield"),
    "mypy": ("pyright", "basedpyright", "ty", "pyrefly"),
    "nbstripout": ("nb-clean", "nbstripout-fast"),
    "ruff-check": ("ruff",),
    "ruff-format": ("black", "black-jupyter", "yapf", "autopep8", "blue"),
    "rumdl": ("markdownlint", "markdownlint-cli2", "mdformat", "pymarkdown"),
}


@dataclass(frozen=True)
class Hooks:
    """What became of the hooks.

    Attributes
    ----------
    text
        The merged file.
    added
        Hooks that came in.
    kept
        Hooks that the project has already.
    left_out
        Hooks of the template that did not come in, each with the reason.
    """

    text: str
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def merge_hooks(ours: str, theirs: str) -> Hooks:
    """Bring the template's hooks into a project's configuration; every hook of its own stays.

    Raises
    ------
    NotSure
        If the configuration is written in a way that cannot be added to.
    """
    mine, yours = yaml.parse(ours), yaml.parse(theirs)
    repos, offered = yaml_edit.find_list(mine, "repos"), yaml_edit.find_list(yours, "repos")
    if repos is None or offered is None:
        raise NotSure("repos: missing")
    own = {hook for repo in repos.entries for hook in _ids(repo)}
    left_out = {
        hook: f"the project has {other}"
        for repo in offered.entries
        for hook in _ids(repo)
        if hook not in own and (other := next((o for o in _EQUAL.get(hook, ()) if o in own), ""))
    }
    unwanted = own | left_out.keys()
    added: list[str] = []
    for repo in offered.entries:
        wanted = [hook for hook in _ids(repo) if hook not in unwanted]
        if wanted:
            repos = _with(repos, repo, set(wanted), offered.column)
            added += wanted
    kept = [hook for repo in offered.entries for hook in _ids(repo) if hook in own]
    changed = yaml_edit.change_entry(mine, "repos", lambda entry: replace(entry, node=repos))
    return Hooks(write(changed) if added else ours, tuple(added), tuple(kept), left_out)


def _with(repos: Branch, repo: Entry, wanted: set[str], column: int) -> Branch:
    """The list of repositories with some hooks of one of the template's."""
    address = _address(repo)
    for index, known in enumerate(repos.entries):
        if _address(known) == address:
            entries = (
                *repos.entries[:index],
                _joined(known, repo, wanted),
                *repos.entries[index + 1 :],
            )
            return replace(repos, entries=entries)
    blank = any(entry.lead.startswith("\n") for entry in repos.entries[1:])
    lead = f"\n{repo.lead.lstrip(chr(10))}" if blank else repo.lead.lstrip("\n")
    return yaml_edit.append_entries(repos, [replace(_only(repo, wanted), lead=lead)], column)


def _joined(known: Entry, repo: Entry, wanted: set[str]) -> Entry:
    """A repository that the project has, with some hooks more; its revision stays."""
    node, new = _node(known), _node(repo)
    hooks, offered = yaml_edit.find_list(node, "hooks"), yaml_edit.find_list(new, "hooks")
    if hooks is None or offered is None:
        raise NotSure("hooks: missing")
    more = [entry for entry in offered.entries if yaml_edit.find_text(entry.node, "id") in wanted]
    joined = yaml_edit.append_entries(hooks, more, offered.column)
    changed = yaml_edit.change_entry(node, "hooks", lambda entry: replace(entry, node=joined))
    return replace(known, node=changed)


def _only(repo: Entry, wanted: set[str]) -> Entry:
    """A repository of the template with some of its hooks."""
    node = _node(repo)
    offered = yaml_edit.find_list(node, "hooks")
    if offered is None:
        raise NotSure("hooks: missing")
    some = [entry for entry in offered.entries if yaml_edit.find_text(entry.node, "id") in wanted]
    less = replace(offered, entries=tuple(some))
    return replace(
        repo, node=yaml_edit.change_entry(node, "hooks", lambda entry: replace(entry, node=less))
    )


def _node(entry: Entry) -> Branch:
    if not isinstance(entry.node, Branch) or entry.node.bracketed:
        raise NotSure("a repository that is written in one line")
    return entry.node


def _address(repo: Entry) -> str:
    said = yaml_edit.find_text(repo.node, "repo").lower().rstrip("/").removesuffix(".git")
    return re.sub(r"\A\w+://(www\.)?", "", said)


def _ids(repo: Entry) -> list[str]:
    """The names of a repository's hooks."""
    hooks = yaml_edit.find_list(_node(repo), "hooks")
    entries = hooks.entries if hooks else ()
    return [name for entry in entries if (name := yaml_edit.find_text(entry.node, "id"))]
