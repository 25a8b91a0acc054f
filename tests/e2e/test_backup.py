"""A service's database and its backups, by its own programs, PostgreSQL and restic, uncontained.

What the page for operators says after a loss is followed line by line. Those of its lines that call
``backup.py`` run as they stand; what Docker does by the others is done here: it begins with a new
database, which is migrated, and starts the loop, which sees it before anybody can restore.
"""

from __future__ import annotations

import os
import re
import select
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..support.answers import answers, template
from ..support.tools import passes, program, run
from .parts import postgres
from .parts.machine import need

# Minutes: it installs what a service needs.
pytestmark = pytest.mark.heavy
PORT = 55439
CALL = "deploy/compose PLACE exec backup python3 operations/backup.py "
NEW = "the database service is a new one, and the repository has backups of the one before"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A service, and the programs of the environment that it runs in."""
    folder = tmp_path_factory.mktemp("service")
    root = folder / "service"
    template().render(answers(kind="service", recovery="moment"), root)
    uv = program("uv")
    passes(uv, "venv", "--quiet", f"--python={sys.executable}", folder / "venv", cwd=root)
    install = (uv, "pip", "install", "--quiet", f"--python={folder / 'venv/bin/python'}")
    passes(*install, "--require-hashes", "--requirement=requirements.txt", cwd=root)
    return root, folder / "venv/bin"


class Machine:
    """The container ``backup`` on a machine, the database that it sees, and the repository.

    Parameters
    ----------
    root
        The service.
    programs
        The programs of its environment.
    server
        The server of the database.
    folder
        Where to work.
    """

    def __init__(self, root: Path, programs: Path, server: postgres.Server, folder: Path) -> None:
        self.root, self.server, self.folder = root, server, folder
        (folder / "work").mkdir()
        store = ("ENDPOINT=http://127.0.0.1:9", "BUCKET=x", "ACCESS_KEY=x", "SECRET_KEY=x")
        self.environment = {
            **dict(f"S3_{each}".split("=") for each in store),
            "BACKUP_PASSWORD": "x",
            "BACKUP_REPOSITORY": str(folder / "repository"),
            "BACKUP_WORK": str(folder / "work"),
            "DB_HOST": "127.0.0.1",
            "DB_APP_USER": "service",
            "DB_PASSWORD_FILE": str(server.folder / "secrets/db_owner_password"),
            "DB_PORT": str(PORT),
            "DB_USER": "service_owner",
            "EMAIL_VERIFICATION": "none",
            "HOME": str(folder),
            "PATH": f"{programs}:{os.path.dirname(need('restic'))}:/usr/bin:/bin",  # noqa: PTH120
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SECRET_KEY": "x",
            "SITE_HOST": "x",
        }
        self.loop: subprocess.Popen[bytes] | None = None

    def tries(self, *words: str | Path) -> tuple[int, str]:
        """Call something in the container; its exit code, and what it prints."""
        done = run(*words, cwd=self.root, env=self.environment)
        return done.returncode, done.stdout

    def __call__(self, *words: str) -> str:
        """Call the program for backups; what it prints."""
        code, said = self.tries("python3", "operations/backup.py", *words)
        assert code == 0, said
        return said

    def sql(self, statement: str, database: str = "service") -> str:
        """Run a statement of SQL as the server's administrator; what it prints."""
        return self.server.sql(statement, database=database)

    def sql_as(self, role: str, statement: str, database: str = "service") -> tuple[int, str]:
        """Run a statement of SQL by the network, as a role; psql's exit code, what it prints."""
        name = {"service": "db_password", "service_owner": "db_owner_password"}.get(role, "")
        password = self.server.folder / "secrets" / (name or "db_password")
        where = ("-h", "127.0.0.1", "-p", str(PORT), "-U", role, "-d", database)
        env = {"PGPASSWORD": password.read_text().strip()}
        command = ("psql", "--no-psqlrc", "-At", *where, "-c", statement)
        done = run(*command, cwd=self.root, env=env)
        return done.returncode, done.stdout.strip()

    def release(self) -> None:
        """Begin with a new database, and the loop that backs it up; it has looked at it once."""
        self.server.make()
        passes("bin/migrate", cwd=self.root, env=self.environment)
        log = self.folder / "loop.log"
        with log.open("wb") as file:
            command = ["python3", "operations/backup.py", "loop"]
            self.loop = subprocess.Popen(
                command, cwd=self.root, env=self.environment, stdout=file, stderr=file
            )
        end = time.monotonic() + 60
        while not re.search("is equal|again in ten minutes(.*\n)+.*Error: ", log.read_text()):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)

    def lose(self) -> None:
        """Lose the database, while nothing runs."""
        self.stop()
        self.sql("DROP DATABASE service", "postgres")

    def stop(self) -> None:
        """End the loop."""
        if self.loop:
            self.loop.terminate()
            self.loop.wait()

    def count(self) -> str:
        """What is in the database."""
        return self.sql("SELECT count(*) FROM challenges_challenge")


@pytest.fixture
def machine(service: tuple[Path, Path], tmp_path: Path) -> Iterator[Machine]:
    """A machine whose service has 500 challenges, and no backup yet."""
    with postgres.serving(service[0], PORT) as server:
        made = Machine(*service, server, tmp_path)
        passes("bin/migrate", cwd=made.root, env=made.environment)
        made.sql(
            "INSERT INTO challenges_challenge (slug, title, description, opened)"
            " SELECT 'c' || g, 'T', '', now() FROM generate_series(1, 500) g"
        )
        try:
            yield made
        finally:
            made.stop()


def name_of(said: str) -> str:
    (name,) = re.findall(r"made backup (\w+):", said)
    return str(name)


def follow(machine: Machine, lines: list[str]) -> None:
    """Do what lines of the page say; what Docker would do by them is done here."""
    name = "NAME"
    for line in lines:
        if line.startswith(CALL):
            said = machine(*line.removeprefix(CALL).replace("NAME", name).split())
            name = name_of(said) if line.endswith(" make") else name
            if line.endswith(" list"):
                name = said.splitlines()[-1].split()[0]
        elif line.startswith("docker volume rm PROJECT_db-data"):
            machine.lose()
        elif line == "deploy/release PLACE X.Y.Z":
            machine.release()
        else:
            assert re.match(r"docker compose .*monitoring|deploy/compose PLACE down$", line), line


def restored(machine: Machine) -> None:
    """All is there again, and is backed up as before."""
    assert NEW in (machine.folder / "loop.log").read_text()
    assert machine.count() == "500"
    machine("make")
    assert "was restored and is equal" in machine("prove")


def test_the_page_leads_to_the_next_major_version_with_all_data(machine: Machine) -> None:
    page = (machine.root / "operations/README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", page)
    (block,) = (each for each in blocks if "docker volume rm" in each)
    follow(machine, [line.strip() for line in block.splitlines()])
    restored(machine)


def test_the_page_leads_to_another_machine_with_all_data(machine: Machine) -> None:
    page = (machine.root / "operations/README.md").read_text(encoding="utf-8")
    section = page.partition("## The machine is gone")[2].partition("\n## ")[0]
    lines = re.findall(r"`(deploy/(?:release|compose) [^`]+)`", section)
    assert [line.split()[-1] for line in lines] == ["X.Y.Z", "list"]
    assert "then `restore NAME` in the place\n   of `list`" in section
    machine("make")
    machine("prove")
    machine.lose()
    for path in (machine.folder / "work").iterdir():
        path.unlink() if path.is_file() else passes("rm", "-r", path, cwd=machine.folder)
    follow(machine, [*lines, f"{CALL}restore NAME"])
    restored(machine)


def test_a_new_database_is_backed_up_when_there_is_nothing_or_somebody_says_so(
    machine: Machine,
) -> None:
    machine.lose()
    machine.release()
    assert "was restored and is equal" in (machine.folder / "loop.log").read_text()
    machine.lose()
    machine.release()
    assert NEW in (machine.folder / "loop.log").read_text()
    assert len(machine("list").splitlines()) == 1
    code, said = machine.tries("python3", "operations/backup.py", "make")
    assert (code, NEW in said) == (1, True)
    machine("begin")
    machine("make")


def test_nothing_is_restored_that_is_not_named_and_nothing_of_a_day_is_forgotten(
    machine: Machine,
) -> None:
    first = name_of(machine("make"))
    machine("prove")
    machine.sql("DELETE FROM challenges_challenge WHERE slug <> 'c1'")
    time.sleep(1)
    second = name_of(machine("make"))
    machine("prove")
    listed = re.findall(r"(?m)^(\w+) (\d+)-rows$", machine("list"))
    assert [name for name, _ in listed] == [first, second]
    # The proof of the first one is a row, too.
    assert int(listed[0][1]) - int(listed[1][1]) == 499 - 1
    code, said = machine.tries("python3", "operations/backup.py", "restore")
    assert (code, machine.count()) == (1, "1")
    assert said.splitlines() == [
        *(f"{name} {rows}-rows" for name, rows in listed),
        "restore which one? `restore NAME`, of the names above, or `restore latest`",
    ]
    machine("restore", first)
    assert machine.count() == "500"
    # It has no proof in it, and is known all the same.
    machine("make")
    machine("restore", second)
    assert machine.count() == "1"
    machine("restore", "latest")
    assert machine.count() == "500"


def test_the_log_of_a_new_database_takes_the_place_of_none(machine: Machine) -> None:
    machine.environment["BACKUP_REPOSITORY"] += "-recovery"
    python = ("python3", "-c")
    base = "import operations.recovery as r; r.restic('init'); r.prepare(); r.make_base()"
    code, said = machine.tries(*python, base)
    assert code == 0, said
    machine.lose()
    machine.server.make()
    keep = "import operations.recovery as r; r.prepare = exit; r.keep_log()"
    code, said = machine.tries(*python, keep)
    assert (code, NEW in said) == (1, True), said
    machine("begin")
    assert machine.tries(*python, keep) == (0, "")


# Stands where Django's program does, and tells what its statements are given.
ASK = """\
import django
from django.db import connection

django.setup()
with connection.cursor() as cursor:
    for name in "statement_timeout", "lock_timeout":
        cursor.execute(f"SHOW {name}")
        print(name, cursor.fetchone()[0])
"""


def test_a_migration_may_take_its_time_and_waits_for_no_lock_for_long(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "manage.py").write_text(ASK, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/migrate").write_bytes((machine.root / "bin/migrate").read_bytes())
    machine.environment["DJANGO_SETTINGS_MODULE"] = "service.settings"
    told = "statement_timeout {}\nlock_timeout 10s\n"
    assert machine.tries("sh", tmp_path / "bin/migrate") == (0, 3 * told.format("0"))
    assert machine.tries("python3", tmp_path / "manage.py") == (0, told.format("1min"))


# --- Who may do what ------------------------------------------------------------------------------

ATTRIBUTES = (
    "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = '{}'"
)
FORBIDDEN = {
    "CREATE TABLE mine (a int)": "permission denied for schema public",
    "CREATE SCHEMA mine": "permission denied for database service",
    "CREATE TEMPORARY TABLE mine (a int)": "permission denied to create temporary tables",
    "CREATE DATABASE mine": "permission denied to create database",
    "CREATE ROLE mine": "permission denied to create role",
    "DROP TABLE challenges_challenge": "must be owner of table",
    "ALTER TABLE challenges_challenge DROP title": "must be owner of table",
    "TRUNCATE challenges_downloads": "permission denied for table",
    "DELETE FROM django_migrations": "permission denied for table",
    "INSERT INTO service_backupproof (at, name, rows) VALUES (now(), 'x', 1)": (
        "permission denied for table"
    ),
    "SET ROLE service_owner": "permission denied to set role",
    "SELECT pg_read_file('/etc/passwd')": "permission denied for function",
    "SELECT rolpassword FROM pg_authid": "permission denied for table pg_authid",
}
ALLOWED = (
    "INSERT INTO challenges_challenge (slug, title, description, opened) VALUES ('x','x','',now())",
    "UPDATE challenges_challenge SET title = 'y' WHERE slug = 'x'",
    "DELETE FROM challenges_challenge WHERE slug = 'x'",
    "SELECT count(*) FROM service_backupproof",
    "SELECT count(*) FROM django_migrations",
    "DELETE FROM service_cache",
)


def may(machine: Machine) -> None:
    """The service may do what it has to, and nothing that it has not."""
    for statement in ALLOWED:
        code, said = machine.sql_as("service", statement)
        assert code == 0, (statement, said)
    for statement, refusal in FORBIDDEN.items():
        code, said = machine.sql_as("service", statement)
        assert (code, refusal in said) == (1, True), (statement, said)


def test_the_service_may_read_and_write_rows_and_no_more_also_after_a_restore(
    machine: Machine,
) -> None:
    attributes = {
        role: machine.sql(ATTRIBUTES.format(role)) for role in ("service", "service_owner")
    }
    assert attributes == {"service": "f|f|f|f", "service_owner": "f|t|f|t"}
    may(machine)
    machine("make")
    machine("prove")
    # Somebody is in as the service, and has to go for the exchange.
    asking = subprocess.Popen(
        [
            "psql",
            "-h",
            machine.server.folder,
            "-p",
            str(PORT),
            "-U",
            "service",
            "-d",
            "service",
            "-c",
            "SELECT pg_sleep(60)",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    machine("restore", "latest")
    assert b"terminating connection" in asking.communicate(timeout=30)[0]
    may(machine)
    code, said = machine.sql_as("service", "SELECT 1", "service_before_restore")
    assert (code, said) == (0, "1")


@pytest.mark.parametrize(
    ("role", "database"),
    [("postgres", "service"), ("service", "postgres"), ("service", "template1")],
)
def test_by_the_network_nobody_comes_in_who_has_nothing_to_do_there(
    machine: Machine, role: str, database: str
) -> None:
    code, said = machine.sql_as(role, "SELECT 1", database)
    assert (code, "pg_hba.conf rejects connection" in said) == (2, True), said


# --- A database that is slow ----------------------------------------------------------------------


@contextmanager
def slow(seconds: float) -> Iterator[int]:
    """Run a way to the server on which each new connection is taken after a while; its port."""

    class Wait(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            time.sleep(seconds)
            with socket.create_connection(("127.0.0.1", PORT)) as server:
                there, here = server.fileno(), self.request.fileno()
                while ready := select.select([there, here], [], [])[0]:
                    for each in ready:
                        data = os.read(each, 65536)
                        if not data:
                            return
                        os.write(here if each == there else there, data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Wait) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_address[1]
        made.shutdown()


COUNT = """\
import time
import django
from django.db import OperationalError

django.setup()
from challenges.models import Challenge

for _ in range(2):
    start = time.monotonic()
    try:
        print(Challenge.objects.count(), time.monotonic() - start > 5)
    except OperationalError as error:
        print("timeout" in str(error), time.monotonic() - start > 15)
"""


@pytest.mark.parametrize(
    ("seconds", "told"),
    # What was once waited for stays.
    [(8, "500 True\n500 False\n"), (25, "True True\nTrue True\n")],
)
def test_a_database_that_is_slow_to_take_connections_is_waited_for(
    machine: Machine, seconds: float, told: str
) -> None:
    password = str(machine.server.folder / "secrets/db_password")
    own = {"DB_USER": "service", "DB_PASSWORD_FILE": password}
    machine.environment |= {**own, "DJANGO_SETTINGS_MODULE": "service.settings"}
    with slow(seconds) as port:
        machine.environment["DB_PORT"] = str(port)
        assert machine.tries("python3", "-c", COUNT) == (0, told)
