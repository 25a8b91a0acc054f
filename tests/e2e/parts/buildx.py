"""Buildx, Docker's plugin that builds, from Debian sid: what Compose 5 builds by, 0.17 or newer.

Bookworm has none and trixie an older one. What sid has asks for no newer C library than theirs.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ...support.tools import passes
from .cache import cached
from .machine import debian_mirror, need

PLUGIN = "usr/libexec/docker/cli-plugins/docker-buildx"


def installed() -> Path:
    """The program, fetched once."""
    source = f"deb {debian_mirror()} sid main"
    command = [
        *(need("mmdebstrap"), "--variant=extract", "--quiet", "--include=docker-buildx"),
        # A mirror that lags behind is good enough for this.
        "--aptopt=Acquire::Check-Valid-Until false",
    ]

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            passes(*command, "sid", f"{folder}/system", source, cwd=Path("/"))
            shutil.copy2(Path(folder, "system", PLUGIN), path)

    return cached("docker-buildx", [*command, source], make)
