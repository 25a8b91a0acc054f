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
    above = path
    while above:
        if above in facts.once(_submodules):
            return True
        above = above.rpartition("/")[0]
    return path.rstrip("/") in facts.folders or facts.ignores(path)


def _submodules(facts: Facts) -> frozenset[str]:
    """Folders in which another repository lies."""
    lines = (line.strip() for line in facts.lines(".gitmodules"))
    said = (line.partition("=") for line in lines)
    return frozenset(value.split()[0] for key, _, value in said if key.strip() == "path" and value)
