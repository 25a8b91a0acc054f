"""A service's database and its backups, by its own programs, PostgreSQL and restic, uncontained.

What the page for operators says after a loss is followed line by line. Those of its lines that call
``backup.py`` run as they stand; what Docker does by the others is done here: it begins with a new
database, which is migrated, and starts the loop, which sees it before anybody can restore.
"""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..support.answers import answers, template
from ..support.tools import passes, program, run
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


@contextmanager
def serving() -> Iterator[None]:
    """Run a server of our own; PostgreSQL's refuses to be root's."""
    need("pg_ctlcluster")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else os.geteuid()
    with tempfile.TemporaryDirectory(prefix="server-") as made:
        folder = Path(made)
        os.chown(folder, user, -1)

        def call(name: str, *words: str) -> None:
            command = [str(programs / name), f"--pgdata={folder / 'data'}", *words]
            output = subprocess.DEVNULL
            subprocess.run(command, user=user, cwd=folder, stdout=output, check=True)

        call("initdb", "--auth=trust", "--username=service")
        options = f"-p {PORT} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        call("pg_ctl", "start", "--wait", f"--options={options}", f"--log={folder / 'log'}")
        try:
            yield
        finally:
            call("pg_ctl", "stop", "--mode=immediate")


class Machine:
    """The container ``backup`` on a machine, the database that it sees, and the repository.

    Parameters
    ----------
    root
        The service.
    programs
        The programs of its environment.
    folder
        Where to work.
    """

    def __init__(self, root: Path, programs: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        (folder / "work").mkdir()
        store = ("ENDPOINT=http://127.0.0.1:9", "BUCKET=x", "ACCESS_KEY=x", "SECRET_KEY=x")
        self.environment = {
            **dict(f"S3_{each}".split("=") for each in store),
            "BACKUP_PASSWORD": "x",
            "BACKUP_REPOSITORY": str(folder / "repository"),
            "BACKUP_WORK": str(folder / "work"),
            "DB_HOST": "127.0.0.1",
            "DB_PASSWORD": "x",
            "DB_PORT": str(PORT),
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
        """Run a statement of SQL; what it prints."""
        ask = ("psql", "--no-psqlrc", "-At", "-h", "127.0.0.1", "-p", str(PORT), "-U", "service")
        return passes(*ask, "-d", database, "-c", statement, cwd=self.root).strip()

    def release(self) -> None:
        """Begin with a new database, and the loop that backs it up; it has looked at it once."""
        self.sql("CREATE DATABASE service", "postgres")
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
    with serving():
        made = Machine(*service, tmp_path)
        made.sql("CREATE DATABASE service", "postgres")
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
    machine.sql("CREATE DATABASE service", "postgres")
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
    assert machine.tries("sh", tmp_path / "bin/migrate") == (0, 2 * told.format("0"))
    assert machine.tries("python3", tmp_path / "manage.py") == (0, told.format("1min"))
