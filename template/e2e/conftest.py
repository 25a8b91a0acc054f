"""The site as people meet it: the service with TLS, an object store, and Chromium."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from moto.server import ThreadedMotoServer
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "reports/pages"
WIDTHS = {"phone": 390, "desk": 1280}
# Those of LISA's data centre: a mail, which the site needs, is not among them.
SCOPES = "openid profile groups"
DATABASE = ("DB_HOST", "DB_NAME", "DB_PASSWORD", "DB_PORT", "DB_USER")


@dataclass(frozen=True)
class Site:
    """A site that runs: its address, the password of its administrator, and whom to trust."""

    url: str
    password: str
    trust: ssl.SSLContext

    def get(self, path: str) -> tuple[int, dict[str, str]]:
        """Status and headers of an answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10, context=self.trust) as answer:
                return answer.status, {name.lower(): text for name, text in answer.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, {}
        except OSError:
            return 0, {}


def find_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """A provider of logins (OpenID Connect) that takes everybody; its address."""
    port = find_port()
    words = ("oidc_provider_mock", f"--port={port}")
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", *words])
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as tried:
            if not tried.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.3)
    yield f"http://localhost:{port}"
    process.terminate()
    process.wait(timeout=30)


def describe_place(folder: Path, store: str, provider: str) -> dict[str, str]:
    """What the environment of a place says: the database is a file, unless DB_HOST names one."""
    port = find_port()
    named = {name: os.environ[name] for name in DATABASE if name in os.environ}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SITE_HOST": f"localhost:{port}",
        "PORT": str(port),
        "PROXIES": "0",
        "SECRET_KEY": secrets.token_urlsafe(40),
        "ADMIN_PASSWORD": secrets.token_urlsafe(16),
        "EMAIL_VERIFICATION": "none",
        "OIDC_ISSUER": provider,
        "OIDC_CLIENT_ID": "site",
        "OIDC_SCOPES": SCOPES,
        "OIDC_CLIENT_SECRET": secrets.token_urlsafe(16),
        "S3_ENDPOINT": store,
        "S3_BUCKET": "data",
        "S3_ACCESS_KEY": "test",
        "S3_SECRET_KEY": "test",  # pragma: allowlist secret
        "GUNICORN_CMD_ARGS": f"--certfile={folder / 'site.pem'} --keyfile={folder / 'site.pem'}",
        **(named if "DB_HOST" in named else {"DB_FILE": str(folder / "service.sqlite")}),
    }


@pytest.fixture(scope="session")
def site(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, as `prepare_desk` fills it."""
    folder = tmp_path_factory.mktemp("site")
    store = ThreadedMotoServer("127.0.0.1", 0)
    store.start()
    address = "http://{}:{}".format(*store.get_host_and_port())
    place = describe_place(folder, address, provider)
    authority = trustme.CA()
    own = authority.issue_cert("localhost")
    own.private_key_and_cert_chain_pem.write_to_path(str(folder / "site.pem"))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    manage = ("python", "manage.py")
    for command in (
        [ROOT / "bin/migrate"],
        [*manage, "prepare_desk"],
        [*manage, "collectstatic", "--no-input", "--verbosity=0"],
    ):
        subprocess.run(command, cwd=ROOT, env=place, check=True, timeout=300)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([ROOT / "bin/serve"], env=place, stdout=log, stderr=log)
    found = Site(f"https://{place['SITE_HOST']}", place["ADMIN_PASSWORD"], trust)
    try:
        end = time.monotonic() + 60
        while found.get("/readyz")[0] != 200 and time.monotonic() < end:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.3)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)
        store.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as Debian's package of that name has it."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "no Chromium: install the package chromium, or name the program as CHROMIUM"
    with sync_playwright() as playwright:
        # A container is a sandbox already, and allows no other in it.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """A page of a phone's width, and one of a desk's, on which nothing goes wrong."""
    size = {"width": WIDTHS[request.param], "height": 900}
    context = browser.new_context(base_url=site.url, viewport=size, ignore_https_errors=True)
    opened = context.new_page()
    faults: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # The pages of the provider are its own.
        if said.type == "error" and said.location["url"].startswith(site.url):
            faults.append(said.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    # Plotly would style its figure in the page, which the policy forbids: plot.css does it instead.
    assert [said for said in faults if not said.startswith("Applying inline style")] == []
