"""The status of a fleet for programs, ``lisa-scaffold/fleet-status/1``."""

from __future__ import annotations

from lisa_scaffold.fleet.records import Status, as_data
from lisa_scaffold.report import machine


def as_json(status: Status) -> str:
    """The status as JSON."""
    return machine.as_json(as_data(status))
