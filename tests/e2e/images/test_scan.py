"""The running site, looked at from outside as scanners do: its TLS, its headers, its doors."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ...support.tools import run
from ..parts.compose import PORT, Stack
from ..parts.machine import need

pytestmark = pytest.mark.heavy

PAGES = ("/", "/challenges/example/", "/accounts/login/", "/nothing-here", "/api/openapi.json")
HEADERS = {
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
TALKATIVE = {"server", "via", "x-powered-by", "access-control-allow-origin", "alt-svc"}
# The desk's own authority gives certificates of twelve hours, and no list of those it took back.
OF_A_DESK = {"cert_expirationStatus", "cert_notAfter", "cert_revocation"}


@pytest.fixture
def authority(stack: Stack, tmp_path: Path) -> Path:
    """The authority that the proxy of a desk is for itself."""
    path = tmp_path / "root.crt"
    stack.compose("cp", "proxy:/data/caddy/pki/authorities/local/root.crt", str(path))
    return path


@pytest.fixture
def site(authority: Path) -> Iterator[http.client.HTTPSConnection]:
    """A connection to the site, whose certificate is checked."""
    trust = ssl.create_default_context(cafile=str(authority))
    with closing(
        http.client.HTTPSConnection("localhost", PORT, timeout=30, context=trust)
    ) as opened:
        yield opened


def test_a_scanner_finds_nothing_of_rank(authority: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    options = ("--quiet", "--color=0", "--warnings=off", "--nodns=min", "--ip=127.0.0.1")
    command = (need("testssl"), *options, f"--add-ca={authority}", f"--jsonfile={found}")
    # Its exit code is a number of findings: what they are stands in the file.
    done = run(*command, f"localhost:{PORT}", cwd=tmp_path, timeout=900)
    assert found.exists(), done.stdout
    told = json.loads(found.read_text(encoding="utf-8"))
    assert {each["id"] for each in told} >= {
        "TLS1_2",
        "TLS1_3",
        "heartbleed",
        "HSTS_time",
        "BREACH",
    }
    of_rank = {each["id"] for each in told if each["severity"] in ("MEDIUM", "HIGH", "CRITICAL")}
    assert of_rank == OF_A_DESK


@pytest.mark.parametrize("page", PAGES)
def test_browsers_are_told_to_be_strict_by_every_answer(
    site: http.client.HTTPSConnection, page: str
) -> None:
    site.request("GET", page, headers={"Origin": "https://evil.example.org"})
    answer = site.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    assert HEADERS.items() <= told.items()
    assert not TALKATIVE & told.keys()
    policy = told["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for cookie in answer.headers.get_all("Set-Cookie", []):
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/.git/config", "/.env", "/static/../manage.py", "/metrics")),
        ("TRACE", "/"),
        ("DELETE", "/challenges/example/"),
        ("POST", "/accounts/login/"),
    ],
)
def test_what_nobody_needs_is_closed(
    site: http.client.HTTPSConnection, method: str, path: str
) -> None:
    site.request(method, path)
    # Not there, not allowed, or without the token of a form refused.
    assert site.getresponse().status in (403, 404, 405)


def test_a_name_that_is_not_the_site_s_reaches_no_page(site: http.client.HTTPSConnection) -> None:
    site.request("GET", "/", headers={"Host": "evil.example.org"})
    answer = site.getresponse()
    assert answer.read() == b""
