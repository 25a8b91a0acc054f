"""A server that never comes to an end, or says more than anybody wants to know: a real one."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.fleet import session

from ..support.gitlab import TOKEN
from ..support.sweeps import sampled
from ..support.updates import Capture

pytestmark = pytest.mark.usefixtures("own_cache")

Say = Callable[[bytes], None]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PROJECT = {"id": 1, "path_with_namespace": "lisa/a", "archived": True}


def drip(say: Say, first: bytes, piece: bytes) -> None:
    say(first)
    while True:
        say(piece)
        time.sleep(0.05)


def send_without_end(say: Say) -> None:
    say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        say(b"10000\r\n" + b" " * 65536 + b"\r\n")


def unpack_to_much(say: Say) -> None:
    packed = gzip.compress(b" " * 60_000_000)
    say(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


def lead_on(say: Say, more: bytes, body: bytes, code: bytes = b"200 OK") -> None:
    say(b"HTTP/1.1 " + code + b"\r\nContent-Type: application/json\r\n" + more)
    say(b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


WAYS: dict[str, tuple[Callable[[Say, bytes], None], str]] = {
    "no end": (lambda say, _: send_without_end(say), "an answer of more than 50 MB"),
    "a bomb": (lambda say, _: unpack_to_much(say), "an answer of more than 50 MB"),
    "a body by drops": (
        lambda say, _: drip(say, HEAD + b"Content-Length: 99999\r\n\r\n", b" "),
        "an answer that takes more than 1 s",
    ),
    "a head by drops": (
        lambda say, _: drip(say, HEAD + b"X: ", b"y"),
        "an answer that takes more than 1 s",
    ),
    "a line by drops": (
        lambda say, _: drip(say, b"HTTP/1.1 200 ", b"x"),
        "an answer that takes more than 1 s",
    ),
    "not yet": (
        lambda say, _: drip(say, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
        "an answer that takes more than 1 s",
    ),
    "nothing": (lambda *_: time.sleep(90), "an answer that takes more than 1 s"),
    "pages of nothing": (
        lambda say, url: lead_on(say, b'Link: <%s?page=2>; rel="next"\r\n' % url, b"[]"),
        "more than 30 answers to one question",
    ),
    "pages of the same": (
        lambda say, url: lead_on(
            say, b'Link: <%s?page=2>; rel="next"\r\n' % url, json.dumps([PROJECT]).encode()
        ),
        "more than 30 answers to one question",
    ),
    "in circles": (
        lambda say, url: lead_on(say, b"Location: %s\r\n" % url, b"", b"307 Temporary"),
        "more than 30 answers to one question",
    ),
}


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Say, bytes], None]], str]]:
    """Serve in some way, and give the address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def answer(connection: socket.socket, way: Callable[[Say, bytes], None]) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            way(connection.sendall, f"{url}/api/v4/groups/lisa/projects".encode())

    def accept(way: Callable[[Say, bytes], None]) -> None:
        with suppress(OSError):
            while True:
                connection = listening.accept()[0]
                threading.Thread(target=answer, args=(connection, way), daemon=True).start()

    def start(way: Callable[[Say, bytes], None]) -> str:
        threading.Thread(target=accept, args=(way,), daemon=True).start()
        return url

    yield start
    listening.close()


@sampled("name", WAYS, 4)
def test_no_answer_is_without_an_end(
    name: str,
    serve: Callable[[Callable[[Say, bytes], None]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setenv("LISA_FLEET_TOKEN", TOKEN)
    way, said = WAYS[name]
    # On a busy machine, two seconds are too few for fifty megabytes.
    monkeypatch.setattr(session, "SECONDS", 1 if "1 s" in said else 120)
    monkeypatch.setattr(session, "MOST_ANSWERS", 30)
    url = serve(way)
    (tmp_path / "fleet.toml").write_text(f'[gitlab]\nurl = "{url}"\ngroups = ["lisa"]\n')
    before = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    assert cli.main(["fleet", "status", str(tmp_path)]) == ExitCode.REFUSED
    assert time.monotonic() - start < 100
    told = capsys.readouterr().err
    assert said in told
    assert (told.count("\n"), f"lisa: {url} " in told) == (2, True)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_what_is_shown_meanwhile_goes_on() -> None:
    """The timer is the one that shows at a terminal how long something takes already."""
    ticks: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: ticks.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        with session._Clock().running():
            time.sleep(1.2)
        inside = len(ticks)
        time.sleep(0.5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert inside == 1
    assert len(ticks) > inside
