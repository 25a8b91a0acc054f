"""Changes of a TOML text: on the lossless tree that the merge uses, so that all else stays.

That tree takes longer to load than all rules together, and only a fix that is applied needs it.
"""

from __future__ import annotations

Names = tuple[str, ...]


def quoted(text: str) -> str:
    """A text as a TOML string."""
    from json import dumps

    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
