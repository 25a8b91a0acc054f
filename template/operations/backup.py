"""Backups of the database: made, proven, restored.

``make``     dump the database, and keep the dump encrypted in another bucket (restic)
``prove``    restore the newest backup into a fresh database, compare it with what was dumped, tell
             the service's own database, and only then forget what is older than it need be
``restore``  put the backup that is named (or the ``latest``) in the place of the database
``list``     tell which backups there are
``describe`` tell the rows and the checksum of every table, as they are now
``begin``    take the database as it is for the one that is backed up
``loop``     make and prove, again and again
``healthy``  whether a backup was proven lately

A manifest goes with each dump: the rows of every table, and a checksum of them, read in the very
transaction that the dump is made in.

Sources: https://www.postgresql.org/docs/current/app-pgdump.html (``--snapshot``),
https://restic.readthedocs.io.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from service.environment import read
from service.roles import let_in

LOG = logging.getLogger("backup")
WORK = Path(read("BACKUP_WORK", "/work"))
NAME = read("DB_NAME", "service")
OWNER = read("DB_USER", "service_owner")
# The role of the service itself, which a restored database has to let in.
APP = read("DB_APP_USER", "")
EVERY = int(read("BACKUP_SECONDS", "86400"))
# Of a day the last one is kept, which may be the worst: so nothing of the last days is forgotten.
KEEP = ("--keep-within=2d", "--keep-daily=7", "--keep-weekly=5", "--keep-monthly=12")
# A comment on the database, which no dump has: who makes a new, empty one starts without it.
KNOWN = "is backed up by operations/backup.py"
# What changes while nobody looks, and is worth nothing once it is lost.
PASSING = ("service_cache",)

Manifest = dict[str, list[Any]]


def main(words: list[str]) -> None:
    """Do what the command line says."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(message)s", stream=sys.stdout)
    match words:
        case ["make"]:
            with alone():
                make()
        case ["prove"]:
            with alone():
                prove()
        case ["restore", name]:
            with alone():
                restore(name)
        case ["restore"]:
            show()
            sys.exit("restore which one? `restore NAME`, of the names above, or `restore latest`")
        case ["list"]:
            show()
        case ["begin"]:
            mark(NAME)
        case ["describe"]:
            describe()
        case ["loop"]:
            loop()
        case ["healthy"]:
            seen = [each.stat().st_mtime for each in WORK.glob("*.seen")]
            if time.time() - max(seen, default=0) > 2 * EVERY + 3600:
                sys.exit("no backup was proven lately")
        case _:
            sys.exit(__doc__)


def loop() -> None:
    """Make and prove a backup, again and again; after a failure soon."""
    # Whoever looks after the container gives the first backup time.
    (WORK / "start.seen").touch()
    while True:
        start = time.monotonic()
        try:
            with alone():
                make()
                prove()
            pause = max(EVERY - (time.monotonic() - start), 60)
        except (OSError, ValueError, psycopg.Error, subprocess.CalledProcessError):
            LOG.exception("the backup failed, and is tried again in ten minutes")
            pause = 600
        time.sleep(pause)


@contextmanager
def alone() -> Iterator[None]:
    """Wait until nobody else is at it here: folders and databases have names that are fixed."""
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make() -> str:
    """Make a backup; its name."""
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = empty(WORK / "new")
    if restic("cat", "config", may_fail=True):
        restic("init")
    refuse_unknown(is_first=not find_backups())
    with connect(NAME) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        manifest = read_manifest(connection)
        run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={folder / 'dump'}")
    if not manifest:
        message = "there is nothing in the database yet"
        raise ValueError(message)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    tags = f"{name},{_count(manifest)}-rows"
    restic("backup", f"--tag={tags}", f"--host={NAME}", str(folder))
    mark(NAME)
    shutil.rmtree(folder)
    LOG.info("made backup %s: %s", name, sum_up(manifest))
    return name


def refuse_unknown(*, is_first: bool) -> None:
    """Refuse to keep a database that was neither kept before nor restored.

    On a new machine it is empty, and would take the place of what is kept of the one before.

    Raises
    ------
    ValueError
        If this is such a database, and something is kept already.
    """
    with connect(NAME) as connection:
        (comment,) = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone() or (None,)
    if comment != KNOWN and not is_first:
        message = (
            f"the database {NAME} is a new one, and the repository has backups of the one before:"
            " put one in its place (`operations/backup.py restore`), or, if this one is to be"
            " backed up as it is, say so (`operations/backup.py begin`)"
        )
        raise ValueError(message)


def mark(name: str) -> None:
    """Mark a database as the one that is backed up."""
    with connect("postgres") as connection:
        what = sql.SQL("COMMENT ON DATABASE {} IS {}")
        connection.execute(what.format(sql.Identifier(name), sql.Literal(KNOWN)))


def describe() -> None:
    """Tell the rows and the checksum of every table, as they are now."""
    with connect(NAME) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        manifest = read_manifest(connection)
    for table, (rows, checksum) in sorted(manifest.items()):
        sys.stdout.write(f"{table} {rows} {checksum}\n")
    LOG.info("the database: %s", sum_up(manifest))


def prove() -> None:
    """Restore the newest backup beside, compare, and forget what is older than it need be.

    Raises
    ------
    ValueError
        If what was restored is not what was dumped.
    """
    dump, wanted, name = _fetch("latest")
    scratch = f"{NAME}_proof"
    found = load(dump, wanted, scratch)
    _drop(scratch)
    restic("check")
    tell_proof(name, found)
    (WORK / "proof.seen").touch()
    restic("forget", "--prune", f"--host={NAME}", "--group-by=host", *KEEP)
    LOG.info("backup %s was restored and is equal: %s", name, sum_up(found))


def tell_proof(name: str, found: Manifest) -> None:
    """Tell the service that something was restored and is equal."""
    with connect(NAME) as connection:
        connection.execute(
            "INSERT INTO service_backupproof (at, name, rows) VALUES (now(), %s, %s)",
            (name, _count(found)),
        )


def restore(name: str) -> None:
    """Put a backup in the place of the database, which is kept under another name.

    Parameters
    ----------
    name
        The backup; ``latest`` is the newest.
    """
    dump, wanted, name = _fetch(name)
    fresh = f"{NAME}_restored"
    found = load(dump, wanted, fresh)
    exchange(fresh)
    LOG.info("restored backup %s: %s", name, sum_up(found))


def exchange(fresh: str) -> None:
    """Put a database in the place of the service's, which is kept under another name."""
    kept = f"{NAME}_before_restore"
    _drop(kept)
    with connect(fresh) as connection:
        let_in(connection, APP)
    with connect("postgres") as connection:
        connection.autocommit = True
        mark(fresh)
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        if there.fetchone():
            # Nobody comes in any more, and whoever is in goes.
            _alter(connection, NAME, sql.SQL("ALLOW_CONNECTIONS false"))
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                " AND usename IN (current_user, %s)",
                (NAME, APP),
            )
            _alter(connection, NAME, sql.SQL("RENAME TO {}").format(sql.Identifier(kept)))
            _alter(connection, kept, sql.SQL("ALLOW_CONNECTIONS true"))
        _alter(connection, fresh, sql.SQL("RENAME TO {}").format(sql.Identifier(NAME)))
        _alter(connection, NAME, sql.SQL("ALLOW_CONNECTIONS true"))
    LOG.info("what was there before is %s", kept)


def _fetch(name: str) -> tuple[Path, Manifest, str]:
    """Fetch a backup: its dump, its manifest, its name."""
    found = find_backups(*([] if name == "latest" else [f"--tag={name}"]))
    if not found:
        message = f"there is no backup {name}"
        raise ValueError(message)
    folder = empty(WORK / "fetched")
    restic("restore", found[-1]["id"], f"--target={folder}")
    (dump,) = folder.rglob("dump")
    manifest: Manifest = json.loads(dump.with_name("manifest.json").read_text(encoding="utf-8"))
    return dump, manifest, found[-1]["tags"][0]


def find_backups(*chosen: str) -> list[dict[str, Any]]:
    """Find the backups of this database; the newest is the last."""
    told = restic("snapshots", "--json", f"--host={NAME}", *chosen)
    found: list[dict[str, Any]] = json.loads(told or "[]")
    return sorted(found, key=lambda each: str(each["time"]))


def show() -> None:
    """Tell which backups there are, and the rows of each."""
    for each in find_backups():
        sys.stdout.write(f"{' '.join(each['tags'])}\n")


def load(dump: Path, wanted: Manifest, name: str) -> Manifest:
    """Restore a dump into a fresh database, and compare; what it has."""
    _drop(name)
    with connect("postgres") as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    # Whose tables they are, and who may use them, is this server's to say.
    options = ("--exit-on-error", "--no-owner", "--no-privileges")
    run("pg_restore", *options, f"--dbname={name}", str(dump))
    with connect(name) as connection:
        found = read_manifest(connection)
    shutil.rmtree(dump.parent)
    differ = sorted(table for table in wanted | found if wanted.get(table) != found.get(table))
    if differ:
        message = f"restored, but not equal: {', '.join(differ)}"
        raise ValueError(message)
    return found


def read_manifest(connection: psycopg.Connection[Any]) -> Manifest:
    """Rows and checksum of every table; the order of the rows does not matter."""
    connection.execute("SET LOCAL timezone = 'UTC'")
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND NOT tablename = ANY(%s) ORDER BY 1, 2",
        (list(PASSING),),
    ).fetchall()
    manifest = {}
    for schema, table in tables:
        question = sql.SQL(
            "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)"
            " FROM {} AS t"
        ).format(sql.Identifier(schema, table))
        rows, checksum = connection.execute(question).fetchone() or (0, 0)
        manifest[f"{schema}.{table}"] = [rows, str(checksum)]
    return manifest


def _count(manifest: Manifest) -> int:
    return sum(int(rows) for rows, _ in manifest.values())


def sum_up(manifest: Manifest) -> str:
    """Say in a line what a database holds: equal lines, equal databases."""
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return f"{len(manifest)} tables, {_count(manifest)} rows, checksum {digest[:16]}"


def connect(name: str, host: str = "") -> psycopg.Connection[Any]:
    """Connect to a database of the service's server, or of another one."""
    return psycopg.connect(
        host=host or read("DB_HOST"),
        port=read("DB_PORT", "5432"),
        dbname=name,
        user=OWNER,
        password=read("DB_PASSWORD"),
        connect_timeout=10,
        client_encoding="utf-8",
    )


def _alter(connection: psycopg.Connection[Any], name: str, how: sql.Composable) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(name), how))


def _drop(name: str) -> None:
    with connect("postgres") as connection:
        connection.autocommit = True
        dropped = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(dropped)


def empty(folder: Path) -> Path:
    """Make a folder, or empty the one that is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def restic(*words: str, may_fail: bool = False) -> str:
    """Run restic; what it prints, or where it may fail: the exit code, if it is not 0."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": read("BACKUP_S3_ACCESS_KEY", ""),
        "AWS_SECRET_ACCESS_KEY": read("BACKUP_S3_SECRET_KEY", ""),
        "RESTIC_PASSWORD": read("BACKUP_PASSWORD"),
        "RESTIC_REPOSITORY": read("BACKUP_REPOSITORY"),
        "RESTIC_CACHE_DIR": str(WORK / "cache"),
    }
    command = ["restic", "--quiet", *words]
    if may_fail:
        quiet = subprocess.DEVNULL
        code = subprocess.run(command, env=environment, stdout=quiet, stderr=quiet, check=False)
        return str(code.returncode or "")
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    return done.stdout


def run(*command: str, host: str = "") -> None:
    """Run a program of PostgreSQL's, which learns by the environment where the database is."""
    subprocess.run(command, env=find_server(host), check=True)


def find_server(host: str = "") -> dict[str, str]:
    """Say by the environment where the database is."""
    return {
        **os.environ,
        "PGHOST": host or read("DB_HOST"),
        "PGPORT": read("DB_PORT", "5432"),
        "PGUSER": OWNER,
        "PGDATABASE": NAME,
        "PGPASSWORD": read("DB_PASSWORD"),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
