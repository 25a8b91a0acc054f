"""Operators are told of an error for real: by a server for mail, and by one that takes events."""

from __future__ import annotations

import gzip
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from tests.test_contract import place, serving  # noqa: F401 - the first one is a fixture

# What must not leave the house: settings, what a request has with it, what the code has in hand.
SETTINGS = {
    "S3_ACCESS_KEY": "of-the-store",
    "S3_SECRET_KEY": "of-the-store-too",  # pragma: allowlist secret
    "OIDC_CLIENT_SECRET": "of-the-provider",  # pragma: allowlist secret
    "MAIL_PASSWORD": "of-the-mail",  # pragma: allowlist secret
    "OLD_SECRET_KEYS": "of-long-ago",  # pragma: allowlist secret
}
HEADERS = {"Authorization": "Bearer of-a-person", "Cookie": "__Host-session=of-a-session"}
FORM = {"password": "of-a-form", "name": "of-somebody"}  # pragma: allowlist secret
SECRETS = ("of no use", "of-the-", "of-long", "of-a-", "of-somebody", "of-an-address")


@pytest.fixture
def mails() -> Iterator[tuple[int, list[str]]]:
    """A server for mail: its port, and what it was given, decoded."""
    found: list[str] = []

    class Keep(Handler):
        def handle_message(self, message: Any) -> None:
            parsed = message_from_bytes(message.as_bytes())
            body = parsed.get_payload(decode=True)
            assert isinstance(body, bytes)
            found.append(f"{parsed['Subject']}\n{body.decode()}")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Keep(), hostname="127.0.0.1", port=port)
    server.start()
    yield port, found
    server.stop()


@pytest.fixture
def events() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A server that takes events as Sentry does: its port, and what it was given."""
    found: list[dict[str, Any]] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            _, *lines = [json.loads(line) for line in body.splitlines() if line]
            heads, items = lines[::2], lines[1::2]
            kept = zip(heads, items, strict=True)
            found.extend(item for head, item in kept if head["type"] == "event")
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    with ThreadingHTTPServer(("127.0.0.1", 0), Take) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, found
        server.shutdown()


def ask(port: int, host: str) -> int:
    """Ask for the page that fails, as a person and a program at once; the status."""
    headers = {**HEADERS, "Host": host, "X-Forwarded-Proto": "https"}
    headers["X-Request-ID"] = "number-12345678"
    address = f"http://127.0.0.1:{port}/fails/?token=of-an-address"
    form = urllib.parse.urlencode(FORM).encode()
    try:
        urllib.request.urlopen(urllib.request.Request(address, form, headers), timeout=20).close()
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def test_an_error_arrives_with_its_place_and_without_a_secret(
    place: dict[str, str],  # noqa: F811
    mails: tuple[int, list[str]],
    events: tuple[int, list[dict[str, Any]]],
    tmp_path: Path,
) -> None:
    told = {
        **SETTINGS,
        "DJANGO_SETTINGS_MODULE": "tests.failing",
        "ERROR_MAIL": "operators@example.org",
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": str(mails[0]),
        "OIDC_CLIENT_ID": "x",
        "OIDC_ISSUER": "https://login.test",
        "SENTRY_DSN": f"http://key@127.0.0.1:{events[0]}/1",
        "VERSION": "1.2.3",
    }
    with serving({**place, **told}, tmp_path / "log") as service:
        service.wait("/livez", 200)
        assert ask(service.port, place["SITE_HOST"]) == 500
        end = time.monotonic() + 20
        while not (mails[1] and events[1]) and time.monotonic() < end:
            time.sleep(0.1)
        service.process.terminate()
        service.process.wait(timeout=30)
    (mail,), (event,) = mails[1], events[1]
    for each in mail, json.dumps(event):
        assert [secret for secret in SECRETS if secret in each] == []
        assert "ZeroDivisionError" in each
        assert "tests/failing.py" in each
        assert "number-12345678" in each
    assert mail.startswith("[Django] ERROR (EXTERNAL IP): Internal Server Error: /fails/\n")
    assert event["release"] == "1.2.3"
    assert event["request"] == {"method": "POST", "url": f"https://{place['SITE_HOST']}/fails/"}
