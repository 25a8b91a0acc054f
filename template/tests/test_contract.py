"""The contract that operations rely on, whatever the service is written with.

- Settings come by the environment, or by files that NAME_FILE names. One that is missing, or still
  an address of example.org, is named, and nothing starts.
- ``bin/migrate`` brings the database up to the code, and may run again.
- ``bin/serve`` answers on PORT (8000): /livez while it lives, /readyz once it can work, /metrics
  for Prometheus and not for a proxy. SIGTERM ends it, after what it has begun.
- It serves its own name alone, over TLS alone, and shows nobody what is inside it.
- Each line that it writes is a JSON object.

This file belongs to lisa-scaffold: a service is changed until it passes, and not the file.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).parents[1]
WAIT = 30


class Service:
    """A service that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body of an answer; 0 where nobody answers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=named)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait(self, path: str, status: int) -> str:
        """Wait for a status, and give the body."""
        end = time.monotonic() + WAIT
        found, body = self.get(path)
        while found != status and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.2)
            found, body = self.get(path)
        assert found == status, (found, body)
        return body


@pytest.fixture
def place(tmp_path: Path, store_address: str) -> dict[str, str]:
    """Settings of a place: half of what is secret comes by files."""
    secret = tmp_path / "secret_key"
    secret.write_text("of no use but in tests, where it need not be kept from anybody\n")
    boto3.client(
        "s3",
        endpoint_url=store_address,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # pragma: allowlist secret
    ).create_bucket(Bucket="contract")
    (tmp_path / "database").mkdir()
    database = {"DB_FILE": str(tmp_path / "database/service.sqlite")}
    return {
        "HOME": "/nonexistent",
        "PATH": os.environ["PATH"],
        "SITE_HOST": "contract.test",
        "MAIL_HOST": "mail.test",
        "SECRET_KEY_FILE": str(secret),
        **database,
        "S3_ENDPOINT": store_address,
        "S3_BUCKET": "contract",
        "S3_ACCESS_KEY": "test",
        "S3_SECRET_KEY": "test",  # pragma: allowlist secret
    }


def migrate(place: dict[str, str]) -> None:
    done = subprocess.run(
        [ROOT / "bin/migrate"], env=place, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def serving(place: dict[str, str], log: Path) -> Iterator[Service]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as file:
        process = subprocess.Popen(
            [ROOT / "bin/serve"],
            env={**place, "PORT": str(port)},
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Service(process, port)
    finally:
        process.kill()
        process.wait()


@contextmanager
def late(store: str, asked: threading.Event, may: threading.Event) -> Iterator[str]:
    """Run a store that tells that it was asked, and answers once it may; its address."""

    class Late(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            may.wait(WAIT)
            request = urllib.request.Request(
                f"{store}{self.path}", headers=dict(self.headers), method=self.command
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                body = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

    with ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_it_is_alive_at_once_and_ready_when_the_database_is(
    place: dict[str, str], tmp_path: Path
) -> None:
    with serving(place, tmp_path / "log") as service:
        service.wait("/livez", 200)
        assert service.get("/readyz")[0] == 503
        migrate(place)
        service.wait("/readyz", 200)
        migrate(place)


def test_it_is_alive_and_not_ready_while_its_database_is_away(
    place: dict[str, str], tmp_path: Path
) -> None:
    migrate(place)
    with serving(place, tmp_path / "log") as service:
        service.wait("/readyz", 200)
        away = (tmp_path / "database").rename(tmp_path / "away")
        service.wait("/readyz", 503)
        assert service.get("/livez")[0] == 200
        away.rename(tmp_path / "database")
        service.wait("/readyz", 200)


def test_it_is_not_ready_without_its_store(place: dict[str, str], tmp_path: Path) -> None:
    migrate(place)
    nowhere = {**place, "S3_ENDPOINT": "http://127.0.0.1:9"}
    with serving(nowhere, tmp_path / "log") as service:
        service.wait("/livez", 200)
        service.wait("/readyz", 503)


@pytest.mark.parametrize("name", ["SECRET_KEY_FILE", "SITE_HOST", "S3_BUCKET"])
def test_a_missing_setting_is_named_and_nothing_starts(
    place: dict[str, str], tmp_path: Path, name: str
) -> None:
    del place[name]
    log = tmp_path / "log"
    with serving(place, log) as service:
        assert service.process.wait(timeout=WAIT) != 0
    assert name.removesuffix("_FILE") in log.read_text()


@pytest.mark.parametrize(
    ("name", "address"),
    [("SITE_HOST", "site.example.org"), ("S3_ENDPOINT", "https://s3.example.org")],
)
def test_an_address_that_is_nobodys_is_named_and_nothing_starts(
    place: dict[str, str], tmp_path: Path, name: str, address: str
) -> None:
    log = tmp_path / "log"
    with serving({**place, name: address}, log) as service:
        assert service.process.wait(timeout=WAIT) != 0
    assert f"{name} is {address}" in log.read_text()


def test_a_file_that_is_not_there_is_named(place: dict[str, str], tmp_path: Path) -> None:
    place["SECRET_KEY_FILE"] = "/nonexistent/secret"
    log = tmp_path / "log"
    with serving(place, log) as service:
        assert service.process.wait(timeout=WAIT) != 0
    assert "/nonexistent/secret" in log.read_text()


def test_numbers_are_for_prometheus_and_not_for_a_proxy(
    place: dict[str, str], tmp_path: Path
) -> None:
    migrate(place)
    with serving(place, tmp_path / "log") as service:
        service.wait("/readyz", 200)
        status, body = service.get("/metrics")
        assert status == 200
        assert "# TYPE process_cpu_seconds_total counter" in body
        behind = service.get("/metrics", X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="https")
        assert behind[0] in (400, 403, 404)


def ask(service: Service, path: str, **headers: str) -> tuple[int, HTTPMessage, str]:
    """Status, headers and body of an answer; a redirection is not followed."""
    connection = HTTPConnection("127.0.0.1", service.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=named)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, body


def test_it_is_open_to_its_own_name_and_over_tls_alone(
    place: dict[str, str], tmp_path: Path
) -> None:
    migrate(place)
    host = place["SITE_HOST"]
    tls = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.1"}
    with serving(place, tmp_path / "log") as service:
        service.wait("/readyz", 200)
        other = ask(service, "/", Host="elsewhere.example.net", **tls)
        assert other[0] in (400, 403, 404, 421)
        status, headers, _ = ask(service, "/", Host=host, X_Forwarded_Proto="http")
        assert status in (301, 302, 307, 308)
        assert headers["Location"].startswith(f"https://{host}")
        status, headers, page = ask(service, "/nothing-here", Host=host, **tls)
        assert status == 404
        # Django's page for developers, and those of others, tell of settings and of code.
        assert not [word for word in ("DEBUG", "Traceback", "urlpatterns") if word in page]
        assert re.search(r"max-age=[1-9]", headers["Strict-Transport-Security"])


def test_it_ends_when_told_and_finishes_what_it_has_begun(
    place: dict[str, str], tmp_path: Path
) -> None:
    migrate(place)
    asked, may = threading.Event(), threading.Event()
    with (
        late(place["S3_ENDPOINT"], asked, may) as store,
        serving({**place, "S3_ENDPOINT": store}, tmp_path / "log") as service,
        ThreadPoolExecutor() as pool,
    ):
        service.wait("/livez", 200)
        begun = pool.submit(service.get, "/readyz")
        assert asked.wait(WAIT)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert not begun.done()
        may.set()
        assert begun.result()[0] == 200
        assert service.process.wait(timeout=WAIT) == 0


def test_each_line_of_the_log_is_an_object_with_the_number_of_its_request(
    place: dict[str, str], tmp_path: Path
) -> None:
    migrate(place)
    log = tmp_path / "log"
    with serving(place, log) as service:
        service.wait("/readyz", 200)
        service.get("/", Host="contract.test", X_Request_ID="number-12345678")
        service.get("/nothing-here", Host="contract.test", X_Request_ID='evil"\u0020line')
        service.process.terminate()
        service.process.wait(timeout=30)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert any(line.get("request_id") == "number-12345678" for line in lines)
    assert all(line.get("request_id") != 'evil" line' for line in lines)
