"""Docker Compose: what whoever breaks into a service, or comes past the proxy, gets besides."""

from __future__ import annotations

import pytest

from ..support.checking import Found, clean, found, messages
from .test_compose import FILE, compose, web

SERVICE = {".copier-answers.yml": "_src_path: x\nkind: service\n"}
SOCKET = "volumes: ['./a:/a', '/var/run/docker.sock:/var/run/docker.sock:ro']"
OPEN = "ports: ['8000:8000']"


def test_fresh_projects_pass() -> None:
    assert found(clean(kind="pipeline"), "CMP") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("privileged: true", "who breaks in here has the machine: remove it, or list"),
        (SOCKET, "who breaks in here has the machine: remove Docker's socket"),
        (
            "volumes: [{type: bind, source: /run/docker.sock, target: /run/docker.sock}]",
            "who breaks in here has the machine: remove Docker's socket",
        ),
        ("user: root", "it runs as root: write the number of an ordinary user"),
        ("user: '0:0'", "it runs as root: write the number of an ordinary user"),
        ("user: ${UID:-0}", "it runs as root: write the number of an ordinary user"),
        ("privileged: ${ALL:-true}", "who breaks in here has the machine: remove it, or list"),
        ("user: 0", "it runs as root: write the number of an ordinary user"),
    ],
)
def test_what_has_the_machine(line: str, said: str) -> None:
    files = web(OPEN, line)
    assert found(files, "CMP013") == [("CMP013", FILE, 5)]
    (message,) = messages(files, "CMP013")
    assert message.startswith(said)
    # What nobody reaches counts in a service alone.
    assert found(web(line), "CMP013") == []
    assert found({**web(line), **SERVICE}, "CMP013") == [("CMP013", FILE, 4)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("web:", "runner:"),
        ("web:", "db-setup:"),
        ("nginx:1.29", "docker.io/library/traefik:3.5"),
        ("nginx:1.29", "tecnativa/docker-socket-proxy:1"),
        ("nginx:1.29", "docker:28-dind"),
        ("8000:8000", "127.0.0.1:8000:8000"),
        (OPEN, "ports: [{target: 80, published: 80, host_ip: 127.0.0.1}]"),
        (OPEN, f"{OPEN}\n    build: .\n    env_file: a"),
        ("privileged: true", "privileged: false"),
        ("privileged: true", "user: rooted"),
        ("privileged: true", "user: '1000:0'"),
        ("privileged: true", "user: ${UID:-1000}"),
        ("privileged: true", "user: ${UID}"),
        ("privileged: true", "volumes: ['/run/docker.sock.d:/a']"),
    ],
)
def test_what_needs_the_machine_or_has_it_not(old: str, new: str) -> None:
    body = str(web(OPEN, "privileged: true")[FILE])
    assert body.count(old) == 1
    wanted: list[Found] = [("CMP013", FILE, 7)] if "env_file" in new else []
    assert found(compose(body.replace(old, new)), "CMP013") == wanted


RISKS = (
    "services:\n  web:\n    image: nginx:1.29\n    privileged: true\n"
    "    ports: ['443:443', '8000:8000']\n    environment: {POSTGRES_HOST_AUTH_METHOD: trust}\n"
)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("compose.dev.yaml", RISKS),
        ("examples/compose.yaml", RISKS),
        ("ci/compose.yaml", RISKS),
        (FILE, f"# Only for local development.\n{RISKS}"),
        (FILE, f"{RISKS}    volumes: ['.:/src']\n"),
    ],
)
def test_a_desk_may_have_all(name: str, body: str) -> None:
    files = {**compose(RISKS), **SERVICE}
    for code, line in {"CMP013": 4, "CMP014": 6, "CMP015": 5}.items():
        assert found(files, code) == [(code, FILE, line)]
        assert found({**compose(body, name), **SERVICE}, code) == []


@pytest.mark.parametrize(
    ("line", "is_open"),
    [
        ("environment: {POSTGRES_HOST_AUTH_METHOD: trust}", True),
        ("environment: [A=b, POSTGRES_HOST_AUTH_METHOD=trust]", True),
        ("environment: {MYSQL_ALLOW_EMPTY_PASSWORD: yes}", True),
        ("environment: {MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: 1}", True),
        ("environment: {MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: 'no'}", False),
        ("environment: {POSTGRES_HOST_AUTH_METHOD: scram-sha-256}", False),
        ("environment: {POSTGRES_HOST_AUTH_METHOD: }", False),
        ("environment: {POSTGRES_HOST_AUTH_METHOD: '${METHOD:-trust}'}", True),
        ("environment: {POSTGRES_HOST_AUTH_METHOD: '${METHOD:?trust}'}", False),
        ("environment: trust", False),
    ],
)
def test_a_database_asks_for_a_password(line: str, *, is_open: bool) -> None:
    wanted: list[Found] = [("CMP014", FILE, 4)] if is_open else []
    assert found(web(line), "CMP014") == wanted


@pytest.mark.parametrize(
    ("ports", "is_open"),
    [
        ("['80:80', '8000:8000']", True),
        ("['443:8443', '0.0.0.0:8080:8080']", True),
        ("[{target: 443, published: 443}, {target: 8000, published: 8000}]", True),
        ("['80:80', '127.0.0.1:8000:8000']", False),
        ("['80:80', '443:443']", False),
        ("['80:8000']", False),
        ("['8000:8000']", False),
        ("['80:80', '2222:22']", False),
        ("['80:80', '8000']", False),
        ("['80:80', '${PORT:-8000}:8000']", True),
        ("['${HTTP-80}:80', '8000:8000']", True),
        ("['80:80', '${PORT:?}:8000']", False),
        ("['80:80', '${BIND:-127.0.0.1:}8000:8000']", False),
        ("all", False),
    ],
)
def test_what_is_open_beside_the_proxy(ports: str, *, is_open: bool) -> None:
    files = web(f"ports: {ports}")
    wanted: list[Found] = [("CMP015", FILE, 4)] if is_open else []
    assert found({**files, **SERVICE}, "CMP015") == wanted
    assert found(files, "CMP015") == []


def test_the_proxy_may_be_another_service() -> None:
    more = "  app:\n    image: me/app:1\n    ports: ['8000:8000']\n"
    files = compose(f"{web('ports: [443:443]')[FILE]}{more}")
    assert found({**files, **SERVICE}, "CMP015") == [("CMP015", FILE, 7)]
    # Each in a file of its own is run without the other.
    apart = {**web("ports: ['443:443']"), "app/compose.yaml": f"services:\n{more}"}
    assert found({**apart, **SERVICE}, "CMP015") == []
