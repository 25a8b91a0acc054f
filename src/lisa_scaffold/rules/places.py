"""Whether what a file names is there, for rules of several families."""

from __future__ import annotations

import re

from lisa_scaffold.project.facts import Facts


def is_there(facts: Facts, path: str) -> bool:
    """Whether a file or folder is there, or comes from where nobody can tell.

    A path that git ignores is made by a build, one in a submodule lies in another repository, and
    a pattern means what it means.
    """
    if path in ("", ".") or re.search(r"[*?\[{$]", path) or path in facts.files:
        return True
    return (
        any(each.startswith(f"{path}/") for each in facts.files)
        or _in_submodule(facts, path)
        or facts.ignores(path)
    )


def _in_submodule(facts: Facts, path: str) -> bool:
    modules = re.findall(r"^\s*path\s*=\s*(\S+)", facts.text(".gitmodules"), re.MULTILINE)
    return any(path == module or path.startswith(f"{module}/") for module in modules)
