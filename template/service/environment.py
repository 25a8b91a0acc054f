"""Settings from outside: the variable ``NAME``, or the file that ``NAME_FILE`` names."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def read(name: str, default: str | None = None) -> str:
    """Read one setting.

    Parameters
    ----------
    name
        The variable.
    default
        What holds where nothing is said; without it, the service does not start.
    """
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            sys.exit(f"{name}_FILE names {path}, which cannot be read: {error.strerror}")
    value = os.environ.get(name, default)
    if value is None:
        sys.exit(f"{name} is not set: give {name}, or {name}_FILE with the name of a file")
    # A secret of Kubernetes that was made from a file ends as the file does.
    return value.strip()


def read_list(name: str) -> list[str]:
    """Read a setting that holds several words, separated by commas."""
    return [word.strip() for word in read(name, "").split(",") if word.strip()]
