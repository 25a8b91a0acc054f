"""Base images without a registry: stand-ins for Debian's own slim images."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...support.tools import passes
from .cache import cached
from .machine import CERTIFICATES, certificates, debian_mirror, environment, need

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
"""Debian's releases that the template knows, and the Python of each."""
SLIM = [
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
    "--dpkgopt=force-unsafe-io",
]
"""What Debian's own images tell dpkg."""


def bootstrap(release: str, *packages: str, variant: str = "minbase") -> Path:
    """The files of a Debian system as a tar archive."""
    mirror = debian_mirror()
    command = [
        *(need("mmdebstrap"), f"--variant={variant}", "--quiet", *SLIM),
        *((f"--include={','.join(packages)}",) if packages else ()),
    ]
    source = f"deb {mirror} {release} main"

    def make(path: Path) -> None:
        passes(*command, release, path, source, cwd=Path("/"))

    return cached(f"{release}.tar", [*command, source], make)


def write_context(release: str, folder: Path) -> Path:
    """A build context for a base image that both engines take."""
    folder.mkdir()
    shutil.copy2(bootstrap(release), folder / "system.tar")
    shutil.copy2(certificates(), folder / "certificates.crt")
    variables = " ".join(f'{name}="{value}"' for name, value in sorted(environment().items()))
    lines = [
        "FROM scratch",
        "ADD system.tar /",
        f"COPY certificates.crt {CERTIFICATES}",
        f"ENV {variables}",
        'CMD ["bash"]',
    ]
    (folder / "Dockerfile").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder
