"""Repositories elsewhere that never come to an end, or are too large: real servers."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

from lisa_scaffold import cli, git, process
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.git import clones, command
from lisa_scaffold.git.checkout import TooLargeError

from ..support.sweeps import sampled
from ..support.updates import Capture, commit, write

Say = Callable[[bytes], None]
Serve = Callable[[Callable[[Say], None]], str]

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/x-git-upload-pack-advertisement\r\n\r\n"
    b"001e# service=git-upload-pack\n0000"
)


def name_tags(first: int, many: int) -> bytes:
    """Lines of git's protocol (https://git-scm.com/docs/pack-protocol): a name each."""
    lines = (b"%040x refs/tags/v%08d\n" % (n + 1, n) for n in range(first, first + many))
    return b"".join(b"%04x%s" % (len(line) + 4, line) for line in lines)


def name_without_end(say: Say, pause: float, many: int) -> None:
    say(HEAD)
    number = 0
    while True:
        say(name_tags(number, many))
        number += many
        time.sleep(pause)


def name_too_many(say: Say) -> None:
    say(HEAD + name_tags(0, 20_000) + b"0000")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve in some way, and give the address of a repository."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket, way: Callable[[Say], None]) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            way(connection.sendall)

    def accept(way: Callable[[Say], None]) -> None:
        with suppress(OSError):
            while True:
                connection = listening.accept()[0]
                threading.Thread(target=answer, args=(connection, way), daemon=True).start()

    def start(way: Callable[[Say], None]) -> str:
        threading.Thread(target=accept, args=(way,), daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/template.git"

    yield start
    listening.close()


WAYS: dict[str, Callable[[Say], None]] = {
    "by drops": lambda say: name_without_end(say, 0.1, 1),
    "not at all": lambda _: time.sleep(90),
}


def count_git(url: str) -> int:
    """How many processes are at work for an address."""
    lines = [each.read_bytes() for each in Path("/proc").glob("[0-9]*/cmdline") if each.exists()]
    return sum(url.encode() in line for line in lines)


@sampled("way", WAYS, 2)
def test_a_server_that_never_ends_is_waited_for_no_longer(
    way: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Every command that asks a template of others for its versions."""
    monkeypatch.setattr(command, "LONGEST", 1)
    for module in ("remotes", "clones"):
        monkeypatch.setattr(import_module(f"lisa_scaffold.git.{module}"), "LISTED", 1)
    url = serve(WAYS[way])
    write(tmp_path, {".copier-answers.yml": f"_commit: v1.0.0\n_src_path: {url}\n"})
    git.git("init", "--quiet", cwd=tmp_path)
    commit(tmp_path, "Start")
    for verb in ("status", "update"):
        start = time.monotonic()
        assert cli.main([verb, str(tmp_path)]) == ExitCode.REFUSED
        assert time.monotonic() - start < 60
        assert "git is not done after 1 s, and was ended" in capsys.readouterr().err
    # What git had started is ended as well.
    assert count_git(url) == 0


def test_no_more_is_listened_to_than_anybody_wants(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MOST_SAID", 1_000_000)
    address = git.make_clonable(serve(name_too_many))
    with pytest.raises(LisaError, match="git ls-remote: it is told more than 1 MB"):
        clones.list_references(address)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A small repository that stands for a large file."""
    place = tmp_path / "large"
    write(place, {"zeros": bytes(5_000_000), "a": "a\n"})
    git.git("init", "--quiet", cwd=place)
    commit(place, "Start")
    git.git("config", "uploadpack.allowFilter", "true", cwd=place)
    git.git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=place)
    return place


def test_a_clone_of_a_fleet_is_put_there_within_bounds(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git.git("rev-parse", "HEAD", cwd=large).strip()
    address = git.make_clonable(large)
    git.bring_clone(address, tmp_path / "clone", head)
    assert (tmp_path / "clone/a").read_text() == "a\n"
    monkeypatch.setattr(clones, "MOST_BYTES", 4_000_000)
    with pytest.raises(TooLargeError, match="more than 4 MB of files"):
        git.bring_clone(address, tmp_path / "another", head)
    assert not (tmp_path / "another/zeros").exists()
    monkeypatch.setattr(clones, "MOST_FILES", 1)
    with pytest.raises(TooLargeError, match="more than 1 files"):
        git.bring_clone(address, tmp_path / "another", head)


def test_what_is_fetched_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that does not end would fill the disk."""
    place = tmp_path / "noise"
    write(place, {"noise": os.urandom(3_000_000)})
    git.git("init", "--quiet", cwd=place)
    commit(place, "Start")
    monkeypatch.setattr(command, "MOST_FETCHED", 1_000_000)
    with pytest.raises(LisaError, match="git clone: what comes is no pack, or one of more"):
        git.clone_bare(git.make_clonable(place), tmp_path / "clone.git")


def is_alive(number: int) -> bool:
    """Whether a process is there, and not only its number, until somebody asks after it."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"X", "Z"}


def test_a_command_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/pid; sleep 60 & wait"
    with pytest.raises(LisaError, match="sh is not done after 1 s, and was ended"):
        process.run(["sh", "-c", script], longest=1)
    inner = int((tmp_path / "pid").read_text())
    late = time.monotonic() + 30
    while is_alive(inner) and time.monotonic() < late:
        time.sleep(0.01)  # who is killed may still be on the way out
    assert not is_alive(inner)
