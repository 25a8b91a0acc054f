"""Bucket notifications in, asset events of Airflow out: a WSGI application in one file.

What a store reports is kept in a file before the store hears that all is well, and goes to Airflow
from there, again and again until Airflow has taken it: nothing is lost while Airflow is away, and a
store with a persistent topic keeps what comes while the relay is. An object is told once: its
bucket, key and version (or ETag) are the key of the table, which forgets it after ``KEPT_DAYS``.
Only the standard library is needed.

Any WSGI server runs it, as one process of several threads. Settings are environment variables:

``RELAY_TOKEN``
    What a store must show: as ``Authorization: Bearer TOKEN``, or as the last part of the path,
    since some gateways can send no header.
``RELAY_SPOOL``
    The file that keeps what came in.
``RELAY_ASSETS``
    The assets of Airflow, separated by commas, such as ``s3://l0/segments``: an object belongs to
    the longest that its address begins with.
``AIRFLOW_API``, ``AIRFLOW_USER``, ``AIRFLOW_PASSWORD``
    Where Airflow is, and who the relay is to it.

With ``_FILE`` behind its name, a variable names the file that has the value.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.ceph.com/en/latest/radosgw/notifications/, https://peps.python.org/pep-3333/.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

LARGEST = 1_000_000
"""Bytes of the largest notification that is read."""

BATCH = 100
LONGEST_WAIT = 60.0

KEPT_DAYS = 30
"""How long an object is known after Airflow has taken it: no store repeats itself for that long."""

_TABLES = """
pragma journal_mode = wal;
create table if not exists arrivals (
    bucket text, key text, version text, etag text, sequencer text, asset text,
    came real not null, told real,
    primary key (bucket, key, version, etag)
);
create index if not exists by_told on arrivals (told, asset);
"""

_COLUMNS = ("bucket", "key", "version", "etag", "sequencer", "asset")
_KEEP = """
insert or ignore into arrivals (bucket, key, version, etag, sequencer, asset, came)
values (?, ?, ?, ?, ?, ?, ?)
"""
_ASSETS = "select asset from arrivals where told is null group by asset order by min(came)"
_WAITING = """
select bucket, key, version, etag, sequencer, asset from arrivals
where told is null and asset = ? order by came, rowid limit ?
"""
_TAKEN = "update arrivals set told = ? where bucket = ? and key = ? and version = ? and etag = ?"
_FORGET = "delete from arrivals where told < ?"

log = logging.getLogger(__name__)
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Settings(NamedTuple):
    """What the environment says."""

    token: str
    spool: Path
    assets: tuple[str, ...]
    api: str
    user: str
    password: str

    @classmethod
    def read(cls, told: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment.

        Raises
        ------
        ValueError
            If something is missing, or the token is none.
        """
        names = ("RELAY_TOKEN", "RELAY_SPOOL", "RELAY_ASSETS", "AIRFLOW_API", "AIRFLOW_USER")
        given = {
            name: Path(told[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
            for name in (*names, "AIRFLOW_PASSWORD")
            if told.get(f"{name}_FILE")
        }
        told = {**told, **given}
        if missing := [name for name in (*names, "AIRFLOW_PASSWORD") if not told.get(name)]:
            message = f"set {', '.join(missing)}"
            raise ValueError(message)
        check_token(told["RELAY_TOKEN"])
        token, spool, assets, api, user = (told[name] for name in names)
        listed = tuple(each.strip().rstrip("/") for each in assets.split(","))
        return cls(token, Path(spool), listed, api.rstrip("/"), user, told["AIRFLOW_PASSWORD"])


def check_token(token: str) -> None:
    """Refuse a token that can be guessed, or that does not stay as it is in an address.

    Raises
    ------
    ValueError
        If it is one.
    """
    if not re.fullmatch(r"[A-Za-z0-9._~-]{16,}", token):
        message = "RELAY_TOKEN: 16 or more letters, digits or any of . _ ~ - and nothing else"
        raise ValueError(message)


class Spool:
    """What came in, and what of it Airflow has taken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(self._open()) as database:
            database.executescript(_TABLES)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=30)
        database.execute("pragma synchronous = full")
        return database

    def add(self, found: Iterable[Mapping[str, str]]) -> int:
        """Keep objects; say how many were new."""
        rows = [(*map(each.get, _COLUMNS), time.time()) for each in found]
        with closing(self._open()) as database, database:
            return sum(database.execute(_KEEP, row).rowcount for row in rows)

    def assets(self) -> list[str]:
        """Assets with objects that Airflow has not taken."""
        with closing(self._open()) as database:
            return [asset for (asset,) in database.execute(_ASSETS)]

    def waiting(self, asset: str, most: int) -> list[dict[str, str]]:
        """Objects of an asset that Airflow has not taken, in the order in which they came."""
        with closing(self._open()) as database:
            rows = database.execute(_WAITING, (asset, most)).fetchall()
        return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]

    def mark(self, told: Iterable[Mapping[str, str]]) -> None:
        """Note that Airflow has taken objects, and forget those that it took long ago."""
        now = time.time()
        rows = [(now, each["bucket"], each["key"], each["version"], each["etag"]) for each in told]
        with closing(self._open()) as database, database:
            database.executemany(_TAKEN, rows)
            database.execute(_FORGET, (now - KEPT_DAYS * 86400,))

    def count(self) -> dict[str, int]:
        """How many are there, and how many of them wait."""
        asked = "select count(*), count(*) - count(told) from arrivals"
        with closing(self._open()) as database:
            kept, waiting = database.execute(asked).fetchone()
        return {"kept": kept, "waiting": waiting}


def read_records(body: bytes, assets: Iterable[str]) -> Iterator[dict[str, str]]:
    """Read the objects that a notification reports as new, and that belong to an asset.

    Deletions and test events report none. Keys are percent-encoded in a notification, with a plus
    for a space; Ceph's gateway alone tells them as they are.

    Raises
    ------
    ValueError
        If this is no notification.
    """
    try:
        data = json.loads(body)
        if not isinstance(data, dict):
            raise TypeError
        for record in data.get("Records", []):
            # Ceph's gateway leaves the "s3:" in front, Amazon does not.
            if not record["eventName"].removeprefix("s3:").startswith("ObjectCreated:"):
                continue
            told = record["s3"]["object"]
            bucket = str(record["s3"]["bucket"]["name"])
            key = str(told["key"])
            if record.get("eventSource") != "ceph:s3":
                key = urllib.parse.unquote_plus(key, errors="strict")
            address = f"s3://{bucket}/{key}"
            fitting = [each for each in assets if address.startswith(f"{each}/")]
            if fitting:
                yield {
                    "bucket": bucket,
                    "key": key,
                    "version": str(told.get("versionId") or ""),
                    "etag": str(told.get("eTag") or told.get("etag") or "").strip('"'),
                    "sequencer": str(told.get("sequencer") or ""),
                    "asset": max(fitting, key=len),
                }
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = "no notification of a bucket"
        raise ValueError(message) from error


class Target(Protocol):
    """Who is told of objects; ``name`` is what the log calls it."""

    name: str

    def tell(self, asset: str, arrivals: list[dict[str, str]]) -> None:
        """Tell of objects of an asset, or raise an ``OSError``."""


class Airflow:
    """Airflow's REST API, as far as events need it."""

    name = "Airflow"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._token = ""
        self._ids: dict[str, int] = {}

    def tell(self, asset: str, arrivals: list[dict[str, str]]) -> None:
        """Make one event of an asset out of several objects.

        Raises
        ------
        OSError
            If Airflow does not take it.
        """
        if asset not in self._ids:
            asked = urllib.parse.urlencode({"uri_pattern": asset})
            found = self._call(f"/api/v2/assets?{asked}")["assets"]
            self._ids |= {each["uri"].rstrip("/"): each["id"] for each in found}
        if asset not in self._ids:
            message = f"Airflow has no asset {asset}: no DAG that is on has it"
            raise OSError(message)
        names = ("bucket", "key", "etag", "version")
        told = [{name: each[name] for name in names} for each in arrivals]
        event = {"asset_id": self._ids[asset], "extra": {"objects": told}}
        self._call("/api/v2/assets/events", event)

    def _call(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        for is_last in (False, True):
            if not self._token:
                who = {"username": self.settings.user, "password": self.settings.password}
                self._token = str(self._send("/auth/token", who)["access_token"])
            try:
                return self._send(path, data)
            except urllib.error.HTTPError as error:
                # The token has run out, or an asset was made anew.
                self._token = ""
                self._ids.clear()
                if is_last or error.code != 401:
                    raise
        raise AssertionError

    def _send(self, path: str, data: Mapping[str, Any] | None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.settings.api}{path}", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as set up
            return json.load(answer)


class Relay:
    """The application: what takes notifications, and the thread that hands them on.

    Parameters
    ----------
    settings
        What the environment says.
    target
        Who is told instead of Airflow.
    """

    def __init__(self, settings: Settings, target: Target | None = None) -> None:
        self.settings = settings
        self.spool = Spool(settings.spool)
        self.target = target or Airflow(settings)
        self.wake = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        """Answer one request, as WSGI has it."""
        status, told = self._answer(environ)
        body = json.dumps(told).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if (method, path) == ("GET", "/health"):
            return "200 OK", self.spool.count()
        if not self._is_known(environ, path):
            return "401 Unauthorized", {"error": "show the token"}
        if method != "POST":
            return "405 Method Not Allowed", {"error": "send a notification by POST"}
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or not 0 < int(length) <= LARGEST:
            return "413 Content Too Large", {"error": f"1 to {LARGEST} bytes are read"}
        body = environ["wsgi.input"].read(int(length))
        try:
            found = list(read_records(body, self.settings.assets))
        except ValueError as error:
            return "400 Bad Request", {"error": str(error)}
        # Kept before it is answered: a store that hears nothing sends it again.
        new = self.spool.add(found)
        self.wake.set()
        return "202 Accepted", {"found": len(found), "new": new}

    def _is_known(self, environ: dict[str, Any], path: str) -> bool:
        shown = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        last = path.rpartition("/")[2]
        token = self.settings.token.encode()
        # Both are compared, so that the time does not tell which was near.
        return any(
            [hmac.compare_digest(each.encode(), token) for each in (shown, last)]  # noqa: C419
        )

    def hand_on(self) -> int:
        """Tell of what waits; say how many objects were taken.

        An asset that is not taken holds up no other.

        Raises
        ------
        OSError
            If there are objects that are not taken; what was taken stays told.
        """
        taken, wrong = 0, []
        for asset in self.spool.assets():
            try:
                taken += self._hand_on(asset)
            except (OSError, ValueError, KeyError) as error:
                wrong.append(f"{asset}: {error}")
        if wrong:
            raise OSError("; ".join(wrong))
        return taken

    def _hand_on(self, asset: str) -> int:
        taken = 0
        while arrivals := self.spool.waiting(asset, BATCH):
            self.target.tell(asset, arrivals)
            self.spool.mark(arrivals)
            taken += len(arrivals)
            log.info("%s: %d objects told to %s", asset, len(arrivals), self.target.name)
        return taken

    def keep_handing_on(self) -> None:
        """Hand on for ever, more slowly while nobody takes it, and at once what comes anew."""
        wait = 1.0
        while True:
            try:
                self.hand_on()
                wait = 1.0
                self.wake.wait(LONGEST_WAIT)
            except (OSError, sqlite3.Error) as error:
                name = self.target.name
                log.warning("%s does not take all, again in %.0f s: %s", name, wait, error)
                # What comes may be of an asset that is taken.
                time.sleep(1)
                self.wake.wait(wait - 1)
                wait = min(2 * wait, LONGEST_WAIT)
            self.wake.clear()


@cache
def start(target: Target | None = None) -> Relay:
    """Start the relay of this process, with its thread."""
    relay = Relay(Settings.read(), target)
    threading.Thread(target=relay.keep_handing_on, name="relay", daemon=True).start()
    return relay


def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    """Answer one request, as a WSGI server asks for it."""
    return start()(environ, start_response)
