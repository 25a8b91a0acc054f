"""Projects inside a project: the members of a workspace, and where a member lies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.globs import translate_glob

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files

FILE = "pyproject.toml"

_MOST = 500
_DEEPEST = 3
# Projects that others are made from, or that tests play with.
_NO_MEMBER = compile_lazily(
    r"(?:.*/)?(?:tests?|testing|testdata|fixtures|examples?|docs?|templates?|vendor|_vendor"
    r"|benchmarks?|bench|integration|samples?|packages-for-tests)(?:/.*)?|.*[{}].*",
    re.IGNORECASE,
)


def find_members(files: Files) -> list[str]:
    """The folders of the projects that are built from this repository besides the one at the top.

    A workspace of uv's says which these are, by patterns with exceptions. Without one they are the
    folders with a package of their own, where there is none at the top.
    """
    workspace = files.pyproject.table("tool", "uv", "workspace")
    folders = [
        path.rpartition("/")[0]
        for path in files.files
        if path.endswith(f"/{FILE}") and path.count("/") <= _DEEPEST
    ]
    if workspace:
        wanted, unwanted = (_match_any(workspace.get(key)) for key in ("members", "exclude"))
        found = [each for each in folders if wanted.fullmatch(each)]
        return [each for each in found if not unwanted.fullmatch(each)][:_MOST]
    if files.pyproject.table("project") or files.has("setup.py", "setup.cfg"):
        return []
    own = [each for each in folders if not _NO_MEMBER.fullmatch(each)][:_MOST]
    return [each for each in own if files.toml(f"{each}/{FILE}").table("project")]


def _match_any(patterns: object) -> re.Pattern[str]:
    listed = patterns if isinstance(patterns, list) else []
    written = (str(each).removeprefix("./").rstrip("/") for each in listed[:_MOST])
    return re.compile("|".join([translate_glob(each) for each in written] or ["(?!)"]))
