"""buildah as root, with chroot isolation and a storage of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...support.tools import passes
from .cache import CACHE, alone
from .machine import need, need_root

KEPT = 12_000
"""Megabytes that may be kept for the next session; with more, it begins anew."""


@dataclass(frozen=True)
class Buildah:
    """A storage of images.

    Attributes
    ----------
    program
        Path of buildah.
    environment
        Variables that lead it to its storage.
    """

    program: str
    environment: dict[str, str]

    def __call__(self, *arguments: str | Path) -> str:
        """Run a command that must succeed; what it prints."""
        return passes(self.program, *arguments, cwd=Path("/"), env=self.environment, timeout=1200)

    def run(self, image: str, *command: str) -> str:
        """Run a command in a new container; what it prints."""
        container = self("from", "--pull-never", image).strip()
        try:
            return self("run", container, "--", *command)
        finally:
            self("rm", container)


@contextmanager
def stored() -> Iterator[Buildah]:
    """The storage that is kept between sessions, for one session at a time."""
    need_root()
    folder = CACHE / "buildah"
    with alone(CACHE / "buildah.lock"):
        if folder.exists() and _megabytes(folder) > KEPT:
            shutil.rmtree(folder)
        folder.mkdir(exist_ok=True)
        settings = folder / "storage.conf"
        lines = ("[storage]", 'driver = "overlay"', f'graphroot = "{folder}/images"')
        settings.write_text("\n".join([*lines, f'runroot = "{folder}/run"', ""]), encoding="utf-8")
        environment = {"CONTAINERS_STORAGE_CONF": str(settings), "BUILDAH_ISOLATION": "chroot"}
        yield Buildah(need("buildah", "buildah"), environment)


def _megabytes(folder: Path) -> int:
    done = subprocess.run(
        [need("du", "coreutils"), "--summarize", "--one-file-system", "--block-size=MB", folder],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.split("MB")[0])
