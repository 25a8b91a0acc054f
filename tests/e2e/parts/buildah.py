"""buildah as root, with chroot isolation and a storage of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...support.tools import passes
from .cache import borrowed
from .machine import need, need_root


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
def stored(otherwise: Path) -> Iterator[Buildah]:
    """The storage that is kept for the next session, or ``otherwise`` while another one has it."""
    need_root()
    with borrowed("buildah", otherwise) as (folder, _):
        settings = folder / "storage.conf"
        lines = ("[storage]", 'driver = "overlay"', f'graphroot = "{folder}/images"')
        settings.write_text("\n".join([*lines, f'runroot = "{folder}/run"', ""]), encoding="utf-8")
        environment = {"CONTAINERS_STORAGE_CONF": str(settings), "BUILDAH_ISOLATION": "chroot"}
        yield Buildah(need("buildah"), environment)
