"""Docker Compose: what whoever breaks into a service, or comes past the proxy, gets besides."""

from __future__ import annotations

import pytest

from ..support.checking import Found, clean, edited, found, messages, text
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


def test_files_of_one_folder_are_read_together() -> None:
    over = "services:\n  web:\n    ports: ['8000:8000']\n"
    files = {**web("ports: ['${HTTP_PORT:-80}:80']"), "compose.production.yaml": over, **SERVICE}
    assert found(files, "CMP015") == [("CMP015", "compose.production.yaml", 3)]


@pytest.mark.parametrize(
    ("port", "is_open"),
    [
        ("'9090:9090'", True),
        ("'2019:2019'", True),
        ("'0.0.0.0:9100:9100'", True),
        ("'${PROMETHEUS_PORT:-9090}:9090'", True),
        ("'${PROMETHEUS_PORT:?}:9090'", True),
        ("'$PROMETHEUS_PORT:9090/tcp'", True),
        ("{target: 9093, published: 80}", True),
        ("9090", True),
        ("'127.0.0.1:9090:9090'", False),
        ("'127.0.0.1::9090'", False),
        ("'${ADDRESS}:9090:9090'", False),
        ("{target: 9093, host_ip: 127.0.0.1}", False),
        ("'9090:80'", False),
        ("[]", False),
    ],
)
def test_what_asks_nobody_who_he_is(port: str, *, is_open: bool) -> None:
    wanted: list[Found] = [("CMP016", FILE, 4)] if is_open else []
    assert found({**web(f"ports: [{port}]"), **SERVICE}, "CMP016") == wanted
    assert found(web(f"ports: [{port}]"), "CMP016") == []
    desk = {**compose(str(web(f"ports: [{port}]")[FILE]), "compose.dev.yaml"), **SERVICE}
    assert found(desk, "CMP016") == []


DROPS = "cap_drop: [ALL]"


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([DROPS, "read_only: true"], 0),
        ([DROPS], 0),
        (["cap_drop: [all]"], 0),
        ([], 2),
        (["cap_drop: [NET_RAW]"], 2),
        (["cap_drop: ALL"], 2),
        ([DROPS, "read_only: false"], 5),
        (["extends: {service: other}"], 0),
    ],
)
def test_containers_may_do_little(lines: list[str], line: int) -> None:
    files = web(*lines)
    wanted: list[Found] = [("CMP017", FILE, line)] if line else []
    assert found({**files, **SERVICE}, "CMP017") == wanted
    adopted = {".copier-answers.yml": "_src_path: x\nkind: service\nadopted: true\n"}
    assert found({**files, **adopted}, "CMP017") == found(files, "CMP017") == []


def test_a_file_that_is_read_over_another_may_drop_the_rights_or_open_the_image() -> None:
    over = "services:\n  web:\n    cap_drop: [ALL]\n"
    assert found({**web(), "compose.production.yaml": over, **SERVICE}, "CMP017") == []
    over = "services:\n  web:\n    read_only: false\n"
    opened = {**web(DROPS), "compose.production.yaml": over, **SERVICE}
    assert found(opened, "CMP017") == [("CMP017", "compose.production.yaml", 3)]


def test_the_fresh_service_with_less_care() -> None:
    files = clean(kind="service")
    careless = edited(files, FILE, "  cap_drop: [ALL]\n", "")
    assert {each[0] for each in found(careless, "CMP")} == {"CMP017"}
    writable = edited(files, FILE, "  read_only: true\n", "  read_only: false\n")
    assert {each[0] for each in found(writable, "CMP")} == {"CMP017"}
    boundless = edited(files, FILE, ', memory: "${APP_MEMORY:-512m}"', "")
    assert [each[:2] for each in found(boundless, "CMP")] == [("CMP009", FILE), ("CMP009", FILE)]
    path = "monitoring/compose.yaml"
    seen = edited(files, path, "127.0.0.1:${PROMETHEUS_PORT:-9090}", "${PROMETHEUS_PORT:-9090}")
    assert [each[:2] for each in found(seen, "CMP")] == [("CMP016", path)]
    moving = edited(
        files,
        path,
        text(files, path).split("PROMETHEUS_IMAGE:-")[1].split("}")[0],
        "prom/prometheus:latest",
    )
    assert [each[:2] for each in found(moving, "CMP")] == [("CMP003", path)]


@pytest.mark.parametrize(
    ("port", "is_open"),
    [
        ("'8080:8080'", True),
        ("'${AIRFLOW_PORT:?}:8080'", True),
        ("'0.0.0.0:8080:8080'", True),
        ("{target: 8080, published: 8080}", True),
        ("8080", True),
        ("'127.0.0.1:8080:8080'", False),
        ("'localhost:8080:8080'", False),
        ("'${ADDRESS:?}:8080:8080'", False),
        ("{target: 8080, host_ip: 127.0.0.1}", False),
    ],
)
def test_a_desk_is_reached_from_itself(port: str, *, is_open: bool) -> None:
    files = web(f"ports: [{port}]")
    wanted: list[Found] = [("CMP018", FILE, 4)] if is_open else []
    record = "_src_path: x\nkind: pipeline\n"
    assert found({**files, ".copier-answers.yml": record}, "CMP018") == wanted
    adopted = {**files, ".copier-answers.yml": f"{record}adopted: true\n"}
    assert found(adopted, "CMP018") == found(files, "CMP018") == []


def test_the_fresh_pipeline_with_less_care() -> None:
    files = clean(kind="pipeline")
    opened = edited(files, FILE, "127.0.0.1:${AIRFLOW_PORT:?}", "${AIRFLOW_PORT:?}")
    assert [each[:2] for each in found(opened, "CMP")] == [("CMP018", FILE)]
    key = "AIRFLOW__CORE__FERNET_KEY_CMD: cat /run/secrets/fernet_key"
    told = edited(files, FILE, key, "AIRFLOW__CORE__FERNET_KEY: s9ZQ0xVh3kYw7mTn=")
    assert {each[0] for each in found(told, "CMP")} == {"CMP004"}
