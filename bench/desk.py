"""Git and processes for the replay: a desk is a bare repository that borrows a clone's objects.

Nothing here writes to the clones. Commands see no configuration of the user's, reach no network,
and find the template behind every address that a history records for it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ALIASES = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
SECONDS_ALLOWED = 600
MODE_LINK = "160000"  # a submodule: no blob of this repository


@dataclass(frozen=True)
class Ran:
    """One process from start to exit, its children included in ``cpu`` and ``peak``."""

    status: int
    seconds: float
    cpu: float
    peak_kib: int
    stdout: bytes
    stderr: bytes


def run(
    command: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str],
    seconds: float = SECONDS_ALLOWED,
) -> Ran:
    """Run one process and weigh it; it gets no standard input, and is killed if it hangs."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        watch = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            watch.cancel()
        took = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        cpu = usage.ru_utime + usage.ru_stime
        return Ran(process.returncode, took, cpu, usage.ru_maxrss, out.read(), err.read())


def git(
    repository: Path,
    *arguments: str | Path,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    codes: Iterable[int] = (0,),
) -> bytes:
    """Run git in a repository and return what it prints."""
    done = subprocess.run(
        ["git", "-C", repository, *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        check=False,
    )
    if done.returncode not in codes:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def git_text(repository: Path, *arguments: str | Path) -> str:
    return git(repository, *arguments).decode(errors="surrogateescape").strip()


def says_yes(repository: Path, *arguments: str | Path) -> bool:
    done = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, check=False)
    return done.returncode == 0


def address(source: str) -> str:
    """``host/owner/name`` of a recorded source, however it is spelled."""
    for short, long in ALIASES.items():
        source = re.sub(f"^{short}/?", long, source)
    source = re.sub(r"^(git\+)?\w+://", "", source.strip())
    source = re.sub(r"^([\w.-]+@)?([\w.-]+):(?!\d+/)", r"\2/", source)
    return re.sub(r"(\.git)?/*$", "", re.sub(r"^[\w.-]+@", "", source))


def spellings(source: str) -> set[str]:
    """Every address under which git may be asked for a recorded source."""
    place = address(source)
    host, _, path = place.partition("/")
    starts = [f"{scheme}://{place}" for scheme in ("https", "http", "git", "ssh")]
    starts += [f"ssh://git@{place}", f"git@{host}:{path}", f"{host}:{path}"]
    return {start + end for start in starts for end in ("", ".git")}


CONFIG = """\
[user]
	name = Replay
	email = replay@example.org
[init]
	defaultBranch = main
[safe]
	directory = *
[gc]
	auto = 0
[maintenance]
	auto = false
[protocol "file"]
	allow = always
"""
OWN_SETTINGS = (
    *("GIT_CONFIG_COUNT", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
    # Without compiled modules every start would measure Python's compiler.
    "PYTHONDONTWRITEBYTECODE",
)


def settle(folder: Path) -> Path:
    """Cut this process and its children off from the user's settings and from the network."""
    config = folder / "gitconfig"
    config.write_text(CONFIG)
    for name in OWN_SETTINGS:
        os.environ.pop(name, None)
    os.environ.update(
        HOME=str(folder),
        GIT_CONFIG_GLOBAL=str(config),
        GIT_CONFIG_NOSYSTEM="1",
        GIT_ALLOW_PROTOCOL="file",
        GIT_TERMINAL_PROMPT="0",
        LC_ALL="C.UTF-8",
    )
    return config


def redirect(config: Path, template: Path, sources: Iterable[str]) -> None:
    """Let git find the template behind every address that a history records for it."""
    names = sorted({name for source in sources for name in spellings(source)})
    with config.open("a") as lines:
        lines.write(f'[url "{template}"]\n')
        lines.writelines(f"\tinsteadOf = {name}\n" for name in names)


def borrow(folder: Path, clone: Path, *, bare: bool) -> Path:
    """A new repository with a clone's objects and none of its references."""
    subprocess.run(["git", "init", "-q", *(["--bare"] if bare else []), folder], check=True)
    git_folder = folder if bare else folder / ".git"
    common = Path(git_text(clone, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    (git_folder / "objects/info/alternates").write_text(f"{common / 'objects'}\n")
    if (common / "shallow").is_file():
        (git_folder / "shallow").write_bytes((common / "shallow").read_bytes())
    return folder


def checkout(folder: Path, clone: Path, commit: str) -> Path:
    """A fresh clone on branch ``main`` at one commit."""
    borrow(folder, clone, bare=False)
    git(folder, "update-ref", "refs/heads/main", commit)
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    git(folder, "reset", "-q", "--hard")
    return folder


def take(desk: Path, folder: Path, *, ignored: bool) -> str:
    """The tree of a folder's files, put into the desk; with or without what git ignores."""
    index = desk / "take.index"
    index.unlink(missing_ok=True)
    env = {"GIT_DIR": str(desk), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
    if says_yes(folder, "rev-parse", "-q", "--verify", "HEAD") and (folder / ".git").exists():
        # Files that are tracked stay so, ignored or not.
        git(folder, "read-tree", git_text(folder, "rev-parse", "HEAD^{tree}"), env=env)
    git(folder, "add", "--all", *(["--force"] if ignored else []), ".", env=env)
    return git(folder, "write-tree", env=env).decode().strip()


def files(repository: Path, tree: str) -> dict[str, str]:
    """Path → blob of a tree; submodules are left out."""
    listed = git(repository, "ls-tree", "-r", "-z", tree).decode(errors="surrogateescape")
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    return {path: meta.split()[2] for meta, _, path in rows if not meta.startswith(MODE_LINK)}


def blobs(repository: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """The bytes of many blobs, by one process."""
    ordered = sorted(set(wanted))
    stream = git(repository, "cat-file", "--batch", stdin="\n".join(ordered).encode())
    found, at = {}, 0
    for blob in ordered:
        end = stream.index(b"\n", at)
        size = int(stream[at:end].split()[2])
        found[blob] = stream[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found
