"""Docker Compose: how services start, wait, come back, and how much they may take."""

from __future__ import annotations

import pytest

from ..support.checking import Found, found, messages
from .test_compose import FILE, compose, web

SERVICE = {".copier-answers.yml": "_src_path: x\nkind: service\n"}
WAITS = """\
services:
  web:
    image: nginx:1.29
    depends_on:
      db: {condition: service_healthy}
  db:
    image: docker.io/library/postgres:17.6
"""


def test_what_is_published_and_does_not_come_back() -> None:
    files = {**web("ports: ['443:443']"), **SERVICE}
    assert found(files, "CMP006") == [("CMP006", FILE, 2)]
    for policy in ("always", "'no'"):
        kept = web("ports: ['443:443']", f"restart: {policy}")
        assert found({**kept, **SERVICE}, "CMP006") == []
    elsewhere = "services:\n  web:\n    restart: always\n"
    assert found({**files, "compose.production.yaml": elsewhere}, "CMP006") == []
    assert found(web("ports: ['443:443']"), "CMP006") == []


def test_nobody_waits_for_a_health_that_is_never_told() -> None:
    assert found(compose(WAITS), "CMP007") == [("CMP007", FILE, 5)]
    assert messages(compose(WAITS), "CMP007") == [
        "postgres has no health check to wait for: add one to `db`"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("service_healthy", "service_started"),
        ("postgres:17.6", "postgres:17.6\n    healthcheck: {test: [CMD, pg_isready]}"),
        ("docker.io/library/postgres:17.6", "example.org/postgres:17"),
        ("postgres:17.6", "postgres:17.6\n    build: ."),
        ("    image: nginx:1.29", "    extends: {file: a.yaml, service: web}"),
        ("services:", "include: [more.yaml]\nservices:"),
    ],
)
def test_a_health_that_is_told_or_may_be(old: str, new: str) -> None:
    assert WAITS.count(old) == 1
    assert found(compose(WAITS.replace(old, new)), "CMP007") == []


def test_a_health_check_in_another_file_counts() -> None:
    more = "services:\n  db:\n    healthcheck: {test: [CMD, pg_isready]}\n"
    assert found(compose(WAITS, **{"deploy/compose.production.yml": more}), "CMP007") == []


def test_who_needs_a_database_waits_for_it() -> None:
    listed = WAITS.replace(" db: {condition: service_healthy}", " - db") + (
        "  worker:\n    image: nginx:1.29\n    depends_on: {db: {condition: service_started}}\n"
    )
    assert found(compose(listed), "CMP008") == [("CMP008", FILE, 5)]
    assert messages(compose(listed), "CMP008") == [
        "`db` may not answer yet: add a health check to it, and here `condition: "
        "service_healthy`; also in line 10"
    ]
    assert found(compose(WAITS), "CMP008") == []
    assert found(compose(listed.replace("library/postgres", "me/app")), "CMP008") == []


@pytest.mark.parametrize(
    ("lines", "is_found"),
    [
        (("restart: always",), True),
        (("deploy: {restart_policy: {condition: any}}",), True),
        (("restart: always", "deploy: {resources: {limits: {cpus: '1'}}}"), True),
        (("restart: always", "deploy: {resources: {limits: {memory: 1g}}}"), False),
        (("restart: always", "mem_limit: 1g"), False),
        (("restart: always", "extends: {file: a.yaml, service: b}"), False),
        (("restart: 'no'",), False),
        ((), False),
    ],
)
def test_what_runs_all_the_time_has_a_limit(lines: tuple[str, ...], is_found: bool) -> None:
    wanted: list[Found] = [("CMP009", FILE, 2)] if is_found else []
    assert found({**web(*lines), **SERVICE}, "CMP009") == wanted
    assert found(web(*lines), "CMP009") == []


def test_keys_without_an_effect() -> None:
    assert found(compose("version: '3'\nservices: {a: {image: 'b:1'}}\n"), "CMP010") == [
        ("CMP010", FILE, 1)
    ]
    swarm = web("deploy:", "  placement: {constraints: [node.role == manager]}", "  replicas: 2")
    assert found({**swarm, **SERVICE}, "CMP010") == [("CMP010", FILE, 5)]
    assert found(swarm, "CMP010") == []


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (("container_name: a", "scale: 2"), 4),
        (("deploy: {replicas: 3}", "container_name: a"), 5),
        (("container_name: a", "scale: 1"), 0),
        (("container_name: a", "scale: ${N:-2}"), 0),
        (("scale: 2",), 0),
    ],
)
def test_a_name_for_several_containers(lines: tuple[str, ...], line: int) -> None:
    wanted: list[Found] = [("CMP011", FILE, line)] if line else []
    assert found(web(*lines), "CMP011") == wanted


@pytest.mark.parametrize(
    ("name", "image", "is_backup"),
    [
        ("backup", "me/app:1", True),
        ("db-backup", "me/app:1", True),
        ("copies", "prodrigestivill/postgres-backup-local:17", True),
        ("backuppc", "me/app:1", False),
        ("web", "me/app:1", False),
    ],
)
def test_backups_have_a_way_back(name: str, image: str, is_backup: bool) -> None:
    files = compose(f"services:\n  {name}:\n    image: {image}\n")
    wanted: list[Found] = [("CMP012", FILE, 2)] if is_backup else []
    assert found(files, "CMP012") == wanted
    told = {
        "README.md": "To restore the database, …",
        "scripts/restore_db": "psql",
        "bin/again.sh": "# The last dump.\nrclone copy a b\nexec restore.py\n",
        "ops.py": "def restore(): subprocess.run(['psql'])\n",
    }
    for path, text in told.items():
        assert found({**files, path: text}, "CMP012") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bin/backup.sh", "pg_dump\n# Nobody can restore this.\n"),
        ("app/window.py", "window.restore()\n"),
        (
            "CHANGELOG.md",
            "- Backups are made each night.\n" + "\n" * 11 + "- Restore the old colours.\n",
        ),
    ],
)
def test_other_words_of_restoring_are_no_way_back(path: str, text: str) -> None:
    files = compose("services:\n  # Who restores it?\n  backup:\n    image: a/pg_dump:1\n")
    assert found({**files, path: text}, "CMP012") == [("CMP012", FILE, 3)]


BESIDE = """\
services:
  web:
    image: nginx:1.29
    restart: always
    mem_limit: 1g
  worker:
    image: me/app:1
"""


def test_what_stands_beside_what_comes_back() -> None:
    files = {**compose(BESIDE), **SERVICE}
    assert found(files, "CMP006") == [("CMP006", FILE, 6)]
    assert found(files, "CMP009") == [("CMP009", FILE, 6)]
    assert found(compose(BESIDE), "CMP0") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("restart: always", "init: true"),
        ("worker:", "migrate:"),
        ("worker:", "db-init:"),
        ("worker:\n", "worker:\n    profiles: [once]\n"),
        ("worker:\n", "worker:\n    extends: {file: a.yaml, service: b}\n"),
        ("worker:\n    image: me/app:1", "worker:\n    environment: {A: b}"),
        (
            "    mem_limit: 1g\n",
            "    mem_limit: 1g\n"
            "    depends_on: {worker: {condition: service_completed_successfully}}\n",
        ),
    ],
)
def test_what_may_run_once_or_is_told_elsewhere(old: str, new: str) -> None:
    assert BESIDE.count(old) == 1
    files = {**compose(BESIDE.replace(old, new)), **SERVICE}
    assert found(files, "CMP006") == []
    assert found(files, "CMP009") == []


def test_what_is_said_not_to_come_back_needs_no_limit() -> None:
    files = {**compose(BESIDE.replace("worker:", "worker:\n    restart: 'no'")), **SERVICE}
    assert found(files, "CMP006") == []
    assert found(files, "CMP009") == []
    of_desk = {**compose(BESIDE, "compose.dev.yaml"), **SERVICE}
    assert found(of_desk, "CMP006") == []
    elsewhere = "services:\n  worker:\n    restart: always\n    mem_limit: 1g\n"
    files = {**compose(BESIDE, **{"compose.production.yaml": elsewhere}), **SERVICE}
    assert found(files, "CMP006") == []
    assert found(files, "CMP009") == []
