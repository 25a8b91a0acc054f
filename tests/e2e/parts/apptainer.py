"""Apptainer, from Debian sid: the one release of Debian that has it.

It wants to be alone at the root of its mounts, which a mere chroot is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...support.tools import passes
from .cache import cached
from .machine import debian_mirror, need, need_root

# The first words are folders of the host, which become /mnt/1, /mnt/2, ...
ENTER = """\
set -e
root=$1; shift
mount --bind "$root" "$root"
for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done
mount --bind "$1" "$root/mnt"; shift
cd "$root"
pivot_root . tmp
umount --lazy tmp
mount -t tmpfs tmpfs /tmp
cd /mnt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
"""
QUICK = "-comp zstd -Xcompression-level 1"


@dataclass(frozen=True)
class Apptainer:
    """A system that has it, and the folder that it works in."""

    system: Path
    work: Path

    def __call__(self, *arguments: str) -> str:
        """Run a command that must succeed; what it prints."""
        words = ("--mount", "--propagation=private", "sh", "-c", ENTER, "sh")
        return passes(
            *(need("unshare", "util-linux"), *words, self.system, self.work),
            *("apptainer", "--silent", *arguments),
            cwd=Path("/"),
            timeout=900,
        )


def installed(work: Path) -> Apptainer:
    """Apptainer, made once."""
    need_root()
    source = f"deb {debian_mirror()} sid main"
    command = [
        *(need("mmdebstrap", "mmdebstrap"), "--variant=minbase", "--quiet"),
        # A mirror that lags behind is good enough for this.
        *("--aptopt=Acquire::Check-Valid-Until false", "--include=apptainer,ca-certificates"),
    ]

    def make(path: Path) -> None:
        passes(*command, "sid", path, source, cwd=Path("/"))

    return Apptainer(cached("apptainer", [*command, source], make), work)
