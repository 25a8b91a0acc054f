"""What hooks and editors leave alone: texts of licences, and files with line ends of Windows."""

from __future__ import annotations

import re

from lisa_scaffold.adopt import hooks
from lisa_scaffold.adopt.lines import find_windows_ends
from lisa_scaffold.adopt.spelled import find_licence
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

EDITORS = ".editorconfig"

_HOOKS = "exclude: ^LICENSE"
_EDITED = "[{LICENSE*,"
_ENDS = "end_of_line = lf\n"
# What has no meaning of its own in a pattern of EditorConfig.
_PLAIN = compile_lazily(r"[\w./+ -]+")
_MOST = 20


def spare(path: str, theirs: bytes, facts: Facts) -> bytes:
    """A file of the template that lets alone what only this project has."""
    if path not in (hooks.PATH, EDITORS):
        return theirs
    text = theirs.decode()
    licence = find_licence(facts)
    if licence and not licence.startswith("LICENSE"):
        text = text.replace(_HOOKS, rf"exclude: ^(LICENSE|{re.escape(licence)}$)", 1)
        if _PLAIN.fullmatch(licence):
            text = text.replace(_EDITED, f"{_EDITED}{licence},", 1)
    if path == EDITORS:
        ended = [*find_windows_ends(facts)]
        if len(ended) > _MOST or not all(map(_PLAIN.fullmatch, ended)):
            text = text.replace(_ENDS, "", 1)
        elif ended:
            named = f"{{{','.join(ended)}}}" if len(ended) > 1 else ended[0]
            text += f"\n[{named}]\nend_of_line = unset\n"
    return text.encode()
