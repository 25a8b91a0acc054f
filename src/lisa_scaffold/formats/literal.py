"""Literals of TOML, for those who need no more of the format."""

from __future__ import annotations

from json import dumps

Names = tuple[str, ...]


def quoted(text: str) -> str:
    """A text as a TOML string."""
    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
