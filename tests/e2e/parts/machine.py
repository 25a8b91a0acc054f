"""What this machine knows about its network, for the base images of the tests and nothing else.

A machine may reach its package indexes through a mirror, or through a proxy with a certificate of
its own. Generated files know nothing of that and stay as they are: the base images are told.
"""

from __future__ import annotations

import os
import shlex
import shutil
import ssl
import sys
from functools import cache
from pathlib import Path

import pytest

from ...support.tools import passes, run

SYSTEM = os.pathsep.join(["/usr/sbin", "/usr/bin", "/sbin", "/bin"])
CERTIFICATES = "/usr/local/share/machine-certificates.crt"
"""Where a base image has the machine's certificates."""


@cache
def packages() -> dict[str, str]:
    """Debian's programs that the tests run, and the package of each: the list of `.ci/run`."""
    text = (Path(__file__).parents[1] / "debian.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.split()[0]: line.split()[1] for line in lines}


def need(name: str) -> str:
    """Path of a program of Debian's; without it the test fails and says what to install.

    A program of the same name that lies earlier on PATH may be another one: Docker's client is
    often there without the parts that build.
    """
    package = packages()[name]
    path = shutil.which(name, path=SYSTEM)
    if path is None:
        pytest.fail(f"{name} is missing: apt-get install {package}", pytrace=False)
    return path


def find_python(version: str) -> Path | None:
    """A Python of a version, as in 3.12, from PATH or from pyenv; ``None`` where there is none.

    What pyenv puts on PATH refuses to start where a version is there and not chosen.
    """
    name = f"python{version}"
    found = [shutil.which(name)]
    if pyenv := shutil.which("pyenv"):
        found += run(pyenv, "whence", "--path", name, cwd=Path()).stdout.splitlines()
    for path in filter(None, found):
        if run(path, "-c", "", cwd=Path()).returncode == 0:
            return Path(path)
    return None


def need_root() -> None:
    """Engines need it: a daemon of our own, chroot, mounts."""
    if os.geteuid() != 0:
        pytest.fail("image tests need root: run this session as root", pytrace=False)


def certificates() -> Path:
    """The certificates that programs on this machine trust."""
    named = [os.environ.get(name) for name in ("PIP_CERT", "SSL_CERT_FILE")]
    known = [ssl.get_default_verify_paths().cafile, "/etc/ssl/certs/ca-certificates.crt"]
    for name in [*named, *known]:
        if name and Path(name).is_file():
            return Path(name)
    pytest.fail("no certificates: apt-get install ca-certificates", pytrace=False)


@cache
def _pip_settings() -> dict[str, list[str]]:
    """Pip's configuration, by the name of the setting, without addresses on this machine's disk."""
    listed = passes(sys.executable, "-m", "pip", "config", "list", cwd=Path("/"))
    settings: dict[str, list[str]] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        words = shlex.split(shlex.split(value)[0])
        settings.setdefault(key.rpartition(".")[2], []).extend(
            word for word in words if not word.startswith("file:")
        )
    return settings


def environment() -> dict[str, str]:
    """Variables with which programs inside an image reach what this machine reaches."""
    names = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")
    found = dict.fromkeys(names, CERTIFICATES)
    found |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    settings = _pip_settings()
    for key, pip, uv in (
        ("index-url", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("trusted-host", "PIP_TRUSTED_HOST", "UV_INSECURE_HOST"),
    ):
        if words := settings.get(key):
            found |= {pip: " ".join(words), uv: " ".join(words)}
    proxies = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    return found | {name: os.environ[name] for name in proxies if name in os.environ}


def debian_mirror() -> str:
    """Where apt on this machine finds Debian."""
    form = ("--format", "$(REPO_URI)", "Identifier: Packages", "Origin: Debian", "Component: main")
    listed = passes(need("apt-get"), "indextargets", *form, cwd=Path("/")).split()
    main = [uri for uri in listed if "security" not in uri]
    if not main:
        pytest.fail("apt knows no Debian archive: run apt-get update", pytrace=False)
    return main[0]
