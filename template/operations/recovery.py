"""The database as it was at any moment of the last week (point-in-time recovery).

``loop``             keep PostgreSQL's log (WAL) as it is written; once a day make and prove a base
``base``             make a base: a copy of the whole server, from which the log goes on
``prove``            recover a server of its own from the newest base and the log, and compare it
``restore MOMENT``   put the database as it was at a moment in its place: 2027-01-31T12:00:00Z
``list``             tell which bases and logs there are
``healthy``          whether the log was kept lately

Both are encrypted and kept by restic in another bucket, beside the daily backups. Recovery happens
in a server that runs in this container alone; what it ends with is loaded into the real one as a
backup is, with the same comparison, and the database that was there stays beside it.

Sources: https://www.postgresql.org/docs/current/continuous-archiving.html,
https://www.postgresql.org/docs/current/app-pgreceivewal.html.
"""

from __future__ import annotations

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
from typing import Any, LiteralString

import psycopg

from operations.backup import (
    NAME,
    WORK,
    Manifest,
    alone,
    connect,
    empty,
    exchange,
    find_server,
    load,
    read_manifest,
    refuse_unknown,
    restic,
    run,
    sum_up,
    tell_proof,
)
from service.environment import read

LOG = logging.getLogger("recovery")
EVERY = int(read("RECOVERY_SECONDS", "60"))
BASE_EVERY = int(read("RECOVERY_BASE_SECONDS", "86400"))
SEGMENTS = WORK / "log"
LINE = WORK / "line"
SEGMENT = 16 * 1024 * 1024
SOCKETS = WORK / "sockets"
# A base is kept for a week and a day, its log with it; of older states of the log, one of each day.
KEEP_BASES = ("--group-by=host", "--keep-within=8d")
KEEP_LOGS = ("--group-by=host,tags", "--keep-last=3", "--keep-within-daily=8d")

Snapshot = dict[str, Any]


def main(words: list[str]) -> None:
    """Do what the command line says."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(message)s", stream=sys.stdout)
    match words:
        case ["loop"]:
            loop()
        case ["base"]:
            with alone():
                make_base()
        case ["prove"]:
            with alone():
                prove()
        case ["restore", moment]:
            wanted = read_moment(moment)
            with alone():
                restore(wanted)
        case ["list"]:
            for each in find("base") + find("log"):
                sys.stdout.write(f"{each['time'][:19]}Z {' '.join(each['tags'])}\n")
        case ["healthy"]:
            seen = [each.stat().st_mtime for each in WORK.glob("*.seen")]
            if time.time() - max(seen, default=0) > 10 * EVERY + 3600:
                sys.exit("the log was not kept lately")
        case _:
            sys.exit(__doc__)


# --- What is kept ---------------------------------------------------------------------------------


def loop() -> None:
    """Keep the log, again and again; after a failure soon."""
    (WORK / "start.seen").touch()
    while True:
        try:
            keep_log()
        except (OSError, ValueError, psycopg.Error, subprocess.CalledProcessError):
            LOG.exception("the log is not kept, and is tried again in a minute")
        time.sleep(60)


def keep_log() -> None:
    """Receive the log as it is written, and keep it every minute, as long as that goes well."""
    if restic("cat", "config", may_fail=True):
        restic("init")
    restic("unlock")
    refuse_unknown(is_first=not find("base"))
    prepare()
    made = WORK / "base.made"
    with receiving() as process:
        while process.poll() is None:
            keep_segments()
            if not made.exists() or time.time() - made.stat().st_mtime > BASE_EVERY:
                with alone():
                    make_base()
                    prove()
                    forget()
                made.touch()
            time.sleep(EVERY)
    message = f"pg_receivewal ended with code {process.returncode}"
    raise ChildProcessError(message)


def prepare() -> None:
    """Have a slot in the server, and here the log that belongs to it.

    The slot has the name of a line: log without a gap, and the bases that it goes on from. A new
    server begins another one, and so does one that had to drop what was not fetched in time.
    """
    with connect("postgres") as connection:
        connection.autocommit = True
        slot, status = connection.execute(
            "SELECT slot_name, wal_status FROM pg_replication_slots"
            " WHERE slot_name LIKE 'recovery_%' ORDER BY slot_name DESC"
        ).fetchone() or ("", "lost")
        if status == "lost":
            if slot:
                connection.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
            slot = datetime.now(UTC).strftime("recovery_%Y%m%dt%H%M%Sz")
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", (slot,))
            LOG.warning("no log is waiting in the server: %s begins, with a new base", slot)
    if not LINE.exists() or LINE.read_text(encoding="utf-8") != slot:
        begin(slot)


def begin(line: str) -> None:
    """Begin here with what was kept of a line: nothing, if it is new."""
    (WORK / "base.made").unlink(missing_ok=True)
    empty(SEGMENTS)
    if kept := find("log", line):
        fetched = fetch(kept[-1], WORK / "earlier") / "log"
        shutil.copytree(fetched, SEGMENTS, dirs_exist_ok=True)
        shutil.rmtree(WORK / "earlier")
    LINE.write_text(line, encoding="utf-8")


def name_line() -> str:
    """Name the line that is kept at present."""
    return LINE.read_text(encoding="utf-8")


@contextmanager
def receiving() -> Iterator[subprocess.Popen[bytes]]:
    """Receive the log, in a process of its own."""
    command = ["pg_receivewal", f"--slot={name_line()}", f"--directory={SEGMENTS}", "--no-loop"]
    with subprocess.Popen(command, env=find_server()) as process:
        try:
            yield process
        finally:
            process.terminate()


def keep_segments() -> None:
    """Keep what has come since the last time."""
    seen, begin = WORK / "log.seen", time.time()
    newest = max((each.stat().st_mtime for each in SEGMENTS.iterdir()), default=0)
    if newest and not (seen.exists() and seen.stat().st_mtime > newest):
        restic("backup", f"--tag=log,{name_line()}", f"--host={NAME}", str(SEGMENTS))
    # What comes meanwhile is newer than this.
    seen.touch()
    os.utime(seen, (begin, begin))


def catch_up() -> None:
    """Let all that the server has written until now come here, and keep it."""
    with connect("postgres") as connection:
        segment = SEGMENTS / ask(connection, "SELECT pg_walfile_name(pg_switch_wal())")
    end = time.monotonic() + 60
    while not segment.exists():
        if time.monotonic() > end:
            message = f"the log does not come here: {segment.name} is missing"
            raise ValueError(message)
        time.sleep(0.2)
    keep_segments()


def make_base() -> None:
    """Copy the whole server, and keep the copy."""
    folder = empty(WORK / "base")
    options = ("--format=tar", "--checkpoint=fast", "--no-password")
    run("pg_basebackup", f"--pgdata={folder}", *options)
    first = json.loads((folder / "backup_manifest").read_text(encoding="utf-8"))["WAL-Ranges"][0]
    tags = f"base,{name_line()},from-{name_segment(first['Timeline'], first['Start-LSN'])}"
    restic("backup", f"--tag={tags}", f"--host={NAME}", str(folder))
    shutil.rmtree(folder)
    LOG.info("made a base")


def forget() -> None:
    """Forget bases that are too old, and log that no base needs."""
    restic("forget", "--tag=base", f"--host={NAME}", *KEEP_BASES)
    bases = find("base")
    lines = {tag for each in bases for tag in each["tags"] if tag.startswith("recovery_")}
    for each in find("log"):
        if not lines & set(each["tags"]):
            restic("forget", each["id"])
    restic("forget", "--prune", "--tag=log", f"--host={NAME}", *KEEP_LOGS)
    own = [each for each in bases if name_line() in each["tags"]]
    first = min(tag for each in own for tag in each["tags"] if tag.startswith("from-"))
    for segment in SEGMENTS.iterdir():
        if segment.name < first.removeprefix("from-"):
            segment.unlink()


# --- What is made of it ---------------------------------------------------------------------------


def prove() -> None:
    """Recover to a place in the log whose state is known, and compare.

    Raises
    ------
    ValueError
        If what was recovered is not what was there.
    """
    place, wanted = describe_place()
    catch_up()
    base = find("base", name_line())[-1]
    wanted_place = (f"recovery_target_lsn={place}", "recovery_target_inclusive=off")
    with recovered(base, wanted_place) as connection:
        found = read_manifest(connection)
    differ = sorted(table for table in wanted | found if wanted.get(table) != found.get(table))
    if differ:
        message = f"recovered, but not equal: {', '.join(differ)}"
        raise ValueError(message)
    tell_proof(f"moment-{datetime.now(UTC):%Y%m%dT%H%M%SZ}", found)
    LOG.info("the server was recovered and is equal: %s", sum_up(found))


def restore(moment: datetime) -> None:
    """Put the database as it was at a moment in its place; the one of today stays beside it."""
    try:
        catch_up()
    except (OSError, ValueError, psycopg.Error) as error:
        LOG.warning("what was kept already has to do: %s", error)
    bases = [each for each in find("base") if datetime.fromisoformat(each["time"]) <= moment]
    if not bases:
        sys.exit(f"no base is as old as {moment.isoformat()}: see `list`")
    target = f"recovery_target_time={moment.isoformat()}"
    fresh = f"{NAME}_restored"
    with recovered(bases[-1], (target,), or_end=True) as connection:
        wanted = read_manifest(connection)
        dump = empty(WORK / "dumped") / "dump"
        connection.commit()
        run("pg_dump", "--format=custom", f"--file={dump}", host=str(SOCKETS))
    found = load(dump, wanted, fresh)
    exchange(fresh)
    LOG.info("restored %s as it was at %s: %s", NAME, moment.isoformat(), sum_up(found))


def describe_place() -> tuple[str, Manifest]:
    """Describe the database, and tell the place in the log at which it was like that.

    Nobody may write between the two: on a busy site this is tried a few times.
    """
    for _ in range(20):
        with connect(NAME) as connection:
            before = ask(connection, "SELECT pg_current_wal_insert_lsn()")
            connection.rollback()
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            place = ask(connection, "SELECT pg_current_wal_insert_lsn()")
            quiet = "SELECT pg_snapshot_xmin(s) = pg_snapshot_xmax(s) FROM pg_current_snapshot() s"
            if place == before and ask(connection, quiet):
                manifest = read_manifest(connection)
                # The log has to go on beyond the place: it is that of the whole server.
                with connect("postgres") as server:
                    ask(server, "SELECT pg_create_restore_point('proof')")
                return str(place), manifest
        time.sleep(0.5)
    message = "the database is written to all the time: it cannot be compared"
    raise ValueError(message)


@contextmanager
def recovered(
    base: Snapshot, target: tuple[str, ...], *, or_end: bool = False
) -> Iterator[psycopg.Connection[Any]]:
    """Run a server of our own that has recovered from a base to a target; a connection to it.

    Parameters
    ----------
    base
        Where it begins.
    target
        Where it ends, as settings of PostgreSQL.
    or_end
        Whether the end of the log will do, where the target lies beyond.
    """
    (line,) = (tag for tag in base["tags"] if tag.startswith("recovery_"))
    data = unpack(fetch(base, WORK / "fetched") / "base")
    log = fetch(find("log", line)[-1], WORK / "fetched") / "log"
    for partial in log.glob("*.partial"):
        partial.rename(partial.with_suffix(""))
    try:
        configure(log, target)
        said = start(data)
        if or_end and "recovery ended before configured recovery target" in said:
            LOG.warning("nothing was written after that moment: the log is taken to its end")
            configure(log, ())
            said = start(data)
        if said:
            message = f"the server does not recover:\n{said}"
            raise ValueError(message)
        with connect(NAME, str(SOCKETS)) as opened:
            yield opened
    finally:
        control(data, "stop", "--mode=fast")
        shutil.rmtree(WORK / "fetched")
        shutil.rmtree(data)


def unpack(base: Path) -> Path:
    """Unpack a base; where it is."""
    others = [each.name for each in base.glob("*.tar") if each.stem not in ("base", "pg_wal")]
    if others:
        message = f"a base with tablespaces ({', '.join(others)}) is recovered by hand"
        raise ValueError(message)
    data = empty(WORK / "recovered")
    for name, folder in (("base", data), ("pg_wal", data / "pg_wal")):
        run("tar", "--extract", f"--file={base / f'{name}.tar'}", f"--directory={folder}")
    data.chmod(0o700)
    # What was set in the real server is not for this one.
    (data / "postgresql.auto.conf").write_text("", encoding="utf-8")
    (data / "recovery.signal").touch()
    return data


def configure(log: Path, target: tuple[str, ...]) -> None:
    """Write the settings of our own server: nobody reaches it from outside."""
    sockets = empty(SOCKETS)
    hba = WORK / "recovered.hba"
    hba.write_text("local all all trust\n", encoding="utf-8")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": sockets,
        "hba_file": hba,
        "shared_buffers": "32MB",
        "dynamic_shared_memory_type": "mmap",
        # It takes no connection before it is where it should be.
        "hot_standby": "off",
        "fsync": "off",
        "restore_command": f"cp {log}/%f %p",
        "recovery_target_action": "promote",
        **dict(each.split("=", 1) for each in target),
    }
    lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    (WORK / "recovered.conf").write_text(lines, encoding="utf-8")


def start(data: Path) -> str:
    """Start our own server; nothing, or what it said when it did not come to the target."""
    said = WORK / "recovered.log"
    said.unlink(missing_ok=True)
    options = f"--options=-c config_file={WORK / 'recovered.conf'}"
    control(data, "start", "--no-wait", f"--log={said}", options)
    time.sleep(1)
    while control(data, "status") == 0:
        try:
            connect(NAME, str(SOCKETS)).close()
        except psycopg.OperationalError:
            time.sleep(0.5)
        else:
            return ""
    return said.read_text(encoding="utf-8")[-2000:]


def control(data: Path, *words: str) -> int:
    """Control our own server, by the program that Debian keeps off the path; its exit code."""
    program = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))[-1]
    command = [str(program), *words, f"--pgdata={data}"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


# --- Small things ---------------------------------------------------------------------------------


def find(what: str, line: str = "") -> list[Snapshot]:
    """Find the bases, or the states of the log, of one line or of all; the newest is the last."""
    tags = f"{what},{line}" if line else what
    told = restic("snapshots", "--json", f"--host={NAME}", f"--tag={tags}")
    found: list[Snapshot] = json.loads(told or "[]")
    return sorted(found, key=lambda each: str(each["time"]))


def fetch(snapshot: Snapshot, folder: Path) -> Path:
    """Fetch what was kept; the folder that it was kept from."""
    restic("restore", snapshot["id"], f"--target={folder}")
    (path,) = snapshot["paths"]
    return folder / Path(path).parent.relative_to("/")


def ask(connection: psycopg.Connection[Any], question: LiteralString) -> Any:
    """Ask a question that has one answer."""
    (answer,) = connection.execute(question).fetchone() or (None,)
    return answer


def name_segment(timeline: int, place: str) -> str:
    """Name the file of the log that has a place."""
    high, low = (int(part, 16) for part in place.split("/"))
    return f"{timeline:08X}{high:08X}{low // SEGMENT:08X}"


def read_moment(text: str) -> datetime:
    """Read a moment, which says its zone and is over."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        sys.exit(f"{text} is no moment such as 2027-01-31T12:00:00Z")
    if moment.tzinfo is None:
        sys.exit(f"{text} has no zone: add Z for UTC")
    if moment > datetime.now(UTC):
        sys.exit(f"{text} is not over yet")
    return moment


if __name__ == "__main__":
    main(sys.argv[1:])
