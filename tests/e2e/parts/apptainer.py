"""Apptainer, from Debian sid: the one release of Debian that has it.

It wants to be alone at the root of its mounts, which a mere chroot is not; so it gets a system and
a mount namespace of its own. It runs as somebody who is not root, as on a cluster.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...support.tools import passes
from .cache import cached
from .machine import debian_mirror, need, need_root

NUMBER = 12345
"""The user that it runs as."""

PROGRAM = """\
#!/bin/sh
# Run Apptainer in the folder that one is in, which becomes the home of its user.
exec {unshare} --mount --propagation=private sh -ec '
    PATH=/usr/sbin:/usr/bin:/sbin:/bin folder=$PWD here=/home/ada
    mount --bind "{system}" "{system}"
    for name in proc sys dev; do mount --rbind "/$name" "{system}/$name"; done
    # On a cluster everybody may use it; a machine without udev gives it to root alone.
    if [ -e /dev/fuse ]; then
        [ -e "{system}/root/fuse" ] || mknod -m 666 "{system}/root/fuse" c 10 229
        mount --bind "{system}/root/fuse" "{system}/dev/fuse"
    fi
    mount -t tmpfs -o mode=1777 tmpfs "{system}/tmp"
    {shared}
    mount --bind "$folder" "{system}/home/ada"
    cd "{system}"
    pivot_root . mnt
    umount --lazy mnt
    cd "$here"
    export PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/ada LC_ALL=C.UTF-8 APPTAINER_NO_HTTPS=true
    exec setpriv --reuid={number} --regid={number} --clear-groups apptainer --silent "$@"
' sh "$@"
"""
# On a cluster every node sees it under the same name, and a home is elsewhere.
SHARED = """\
folder="{work}" here=$PWD
    mkdir -p "{system}{shared}"
    mount --bind "{shared}" "{system}{shared}"
"""
# The usual compression takes minutes, and only this is of no interest to the tests.
QUICK = """\
#!/bin/sh
for word; do
    shift
    case $before in -comp | -Xcompression-level) before= && continue ;; esac
    case $word in -comp | -Xcompression-level) before=$word && continue ;; esac
    set -- "$@" "$word"
done
exec /usr/bin/mksquashfs "$@" -comp zstd -Xcompression-level 1
"""


@dataclass(frozen=True)
class Apptainer:
    """The program, and a folder that its user may write to."""

    program: Path
    work: Path

    def __call__(self, *arguments: str) -> str:
        """Run a command in the folder, which must succeed; what it prints."""
        return passes(self.program, *arguments, cwd=self.work, timeout=900)


def installed(work: Path, shared: Path | None = None) -> Apptainer:
    """Apptainer, made once.

    Parameters
    ----------
    work
        A new folder, which becomes its user's.
    shared
        A folder that it sees too, under its own name; then it is called from there alone.
    """
    need_root()
    source = f"deb {debian_mirror()} sid main"
    command = [
        *(need("mmdebstrap"), "--variant=minbase", "--quiet"),
        # A mirror that lags behind is good enough for this.
        *("--aptopt=Acquire::Check-Valid-Until false", "--dpkgopt=force-unsafe-io"),
        "--include=apptainer,ca-certificates,squashfuse",
        f'--customize-hook=chroot "$1" useradd --create-home --uid {NUMBER} ada',
    ]

    def make(path: Path) -> None:
        passes(*command, "sid", path, source, cwd=Path("/"))
        (path / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="utf-8")
        (path / "etc/resolv.conf").touch()
        _write_program(path / "usr/local/bin/mksquashfs", QUICK)

    system = cached("apptainer", [*command, source, QUICK], make)
    os.chown(work, NUMBER, NUMBER)
    (work / "programs").mkdir()
    lines = SHARED.format(work=work, system=system, shared=shared).strip() if shared else ""
    script = PROGRAM.format(unshare=need("unshare"), system=system, number=NUMBER, shared=lines)
    return Apptainer(_write_program(work / "programs/apptainer", script), work)


def _write_program(path: Path, script: str) -> Path:
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
    return path
