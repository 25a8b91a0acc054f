"""What all machine-readable forms have in common."""

from __future__ import annotations

import json
from typing import Any

from lisa_scaffold.shown import redacted_in


def as_json(result: Any) -> str:
    """A result as JSON, without credentials.

    It is plain ASCII: any encoding can carry it, and nothing in it controls a terminal. Bytes of
    names that are not UTF-8 become escapes that Python's ``os.fsencode`` turns into bytes again.
    """
    return json.dumps(redacted_in(result), indent=2, default=str) + "\n"
