"""PostgreSQL by its own programs, uncontained, with the roles and rules that a service brings."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...support.tools import passes
from .machine import need

PASSWORD = "of-no-use-elsewhere"  # noqa: S105


@dataclass(frozen=True)
class Server:
    """A server with an empty database ``service``.

    Attributes
    ----------
    port
        Where it listens, on the loopback.
    folder
        Of its socket, by which its administrator comes in.
    """

    port: int
    folder: Path

    def sql(self, *statements: str, database: str = "service") -> str:
        """Run statements as the administrator; what they print."""
        return self._psql(database, *(f"--command={each}" for each in statements))

    def run(self, path: Path) -> None:
        """Run a file as Compose does where the database is new."""
        self._psql("service", f"--file={path}")

    def make(self) -> None:
        """Make the database anew."""
        self.sql("CREATE DATABASE service OWNER service_owner", database="postgres")

    def _psql(self, database: str, *words: str) -> str:
        where: tuple[str | Path, ...] = (
            "-h",
            self.folder,
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-d",
            database,
        )
        options = ("--no-psqlrc", "-At", "--set=ON_ERROR_STOP=1", *where, *words)
        env = {"SECRETS": str(self.folder / "secrets")}
        return passes("psql", *options, cwd=self.folder, env=env).strip()


@contextmanager
def serving(service: Path, port: int) -> Iterator[Server]:
    """Run a server with what ``deploy`` of a service has for it; PostgreSQL's refuses to be root's.

    Parameters
    ----------
    service
        The folder of the service.
    port
        Where to listen.
    """
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

        (folder / "secrets").mkdir()
        for name in ("db_password", "db_owner_password"):
            (folder / "secrets" / name).write_text(f"{PASSWORD}-{name}\n", encoding="utf-8")
        (folder / "hba").write_bytes((service / "deploy/pg_hba.conf").read_bytes())
        call("initdb", "--auth-local=trust", "--auth-host=scram-sha-256", "--username=postgres")
        settings = f"-c listen_addresses=127.0.0.1 -c fsync=off -c hba_file={folder / 'hba'}"
        options = f"-p {port} -k {folder} {settings}"
        call("pg_ctl", "start", "--wait", f"--options={options}", f"--log={folder / 'log'}")
        try:
            server = Server(port, folder)
            server.sql("CREATE DATABASE service", database="postgres")
            for name in ("roles.sql", "recovery.sql"):
                if (service / "deploy" / name).exists():
                    server.run(service / "deploy" / name)
            yield server
        finally:
            call("pg_ctl", "stop", "--mode=immediate")
