"""Names that git keeps for itself."""

from __future__ import annotations

# Apple's file systems do not see these characters in a name: ".g\u200cit" is ".git" there.
_UNSEEN = {*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF}


def is_git_folder(name: str) -> bool:
    """Whether some file system takes a name for ``.git``, as git itself judges it."""
    seen = name.translate(dict.fromkeys(_UNSEEN)).rstrip(" .").lower()
    return seen.partition(":")[0] in (".git", "git~1")
