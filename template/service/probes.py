"""Whether the service can work, and how much it works."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError
from django.db import DatabaseError, Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from prometheus_client import Gauge, generate_latest

from service import store
from service.models import BackupProof

_LOG = logging.getLogger(__name__)
_PROVEN = Gauge(
    "service_backup_proven_timestamp_seconds",
    "When a backup was last restored and found equal; 0: never.",
)
_RECOVERED = Gauge(
    "service_recovery_proven_timestamp_seconds",
    "When the database's log was last recovered from and found equal; 0: never.",
)
_STORE_SECONDS = 10
_store_seen: dict[str, tuple[float, str]] = {}
_PATIENCE = 2
_looking = {"database": Lock(), "store": Lock()}


def find_faults() -> dict[str, str]:
    """Find what keeps the service from working, by the part that fails; the log says more."""
    found = {
        "database": _look("database", _look_at_database),
        "store": _look("store", _look_at_store),
    }
    return {part: fault for part, fault in found.items() if fault}


def forget() -> None:
    """Forget what was seen: the next answer is a fresh one."""
    _store_seen.clear()
    _knows_it_is_migrated.cache_clear()


def measure() -> bytes:
    """Tell the numbers for Prometheus."""
    try:
        moments = Q(name__startswith="moment-")
        for gauge, which in (_PROVEN, ~moments), (_RECOVERED, moments):
            newest = BackupProof.objects.filter(which).order_by("-at").first()
            gauge.set(newest.at.timestamp() if newest else 0)
    except DatabaseError as error:
        _LOG.warning("the database does not tell when a backup was proven: %s", error)
    return generate_latest()


def _look(part: str, look: Callable[[], str]) -> str:
    """Look at a part, one probe at a time: those that wait for it must not take all threads."""
    if not _looking[part].acquire(timeout=_PATIENCE):
        return "does not answer"
    try:
        return look()
    finally:
        _looking[part].release()


def _look_at_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if _is_migrated() else "migrations are missing"
    except Error as error:
        _LOG.warning("the database does not answer: %s", error)
        return "does not answer"


def _is_migrated() -> bool:
    if _knows_it_is_migrated.cache_info().currsize:
        return True
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    return _knows_it_is_migrated()


@cache
def _knows_it_is_migrated() -> bool:
    """Remember what was found once: a database does not go back while code runs on it."""
    return True


def _look_at_store() -> str:
    """Ask the store now and then: probes come every few seconds, from many sides."""
    at, fault = _store_seen.get("", (-_STORE_SECONDS, ""))
    if time.monotonic() - at < _STORE_SECONDS and not fault:
        return ""
    try:
        store.check()
        fault = ""
    except (BotoCoreError, ClientError) as error:
        _LOG.warning("the store does not answer: %s", error)
        fault = "does not answer"
    _store_seen[""] = time.monotonic(), fault
    return fault
