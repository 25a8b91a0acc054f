"""What all machine forms have in common."""

from __future__ import annotations

import json
import re
from typing import Any

from lisa_scaffold.shown import redacted_in


def as_json(result: Any) -> str:
    """A result as JSON, without credentials.

    It is plain ASCII: any encoding can carry it, and nothing in it steers a terminal. Bytes that
    are no UTF-8 are replaced, as many parsers refuse what Python makes of them.
    """
    said = json.dumps(redacted_in(result), indent=2, ensure_ascii=False, default=str)
    return re.sub(r"[^\n -~]", _escaped, said) + "\n"


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\\ufffd"
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
