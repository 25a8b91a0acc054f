"""What calls cost: CPU seconds and memory, each call in a process of its own with hard limits."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

MOST_SECONDS = 10
MOST_MEMORY = 3 * 1024**3


class Cost(NamedTuple):
    """What a call cost, and the ``repr`` of what came of it.

    A call that was killed has ``killed`` in place of its result; one that raised, the exception.
    """

    seconds: float
    megabytes: float
    result: str


Call = tuple[str, tuple[Any, ...]]
"""``module:function`` and its arguments, which are plain data."""


def measured(calls: Mapping[str, Call], first: Call) -> dict[str, Cost]:
    """What each call costs: its CPU time, its children's included, and its most memory.

    One process makes the first call, so that all is loaded, and forks for each of the others: what
    is loaded is counted in memory and not in time.
    """
    lines = "".join(f"{call!r}\n" for call in (first, *calls.values()))
    done = subprocess.run(
        [sys.executable, "-m", __name__], input=lines.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    found = (Cost(*json.loads(line)) for line in done.stdout.splitlines())
    return dict(zip(calls, found, strict=True))


def too_dear(costs: Mapping[str, Cost], seconds: float, megabytes: float) -> list[str]:
    """The calls that cost more than they may, each with what it cost."""
    return [
        f"{name}: {cost.seconds:.1f} s, {cost.megabytes:.0f} MB, {cost.result[:80]}"
        for name, cost in costs.items()
        if cost.seconds > seconds or cost.megabytes > megabytes or cost.result == "killed"
    ]


def _main() -> None:
    calls = _read()
    _done(*next(calls))
    for call in calls:
        print(json.dumps(_forked(*call)), flush=True)  # noqa: T201 - read by who measures


def _read() -> Iterator[Call]:
    """One call after the other: what is still to come takes no memory."""
    for line in sys.stdin.buffer:
        call: Call = literal_eval(line.decode())
        yield call


def _forked(where: str, arguments: Sequence[Any]) -> Cost:
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.close(out)
        _call(into, where, arguments)
    os.close(into)
    with os.fdopen(out, "rb") as stream:
        said = stream.read()
    used = os.wait4(child, 0)[2]
    seconds = used.ru_utime + used.ru_stime
    return Cost(seconds, used.ru_maxrss / 1024, said.decode() or "killed")


def _call(into: int, where: str, arguments: Sequence[Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        said = repr(_done(where, arguments))
    except BaseException as error:
        said = f"raised {error!r}"
    os.write(into, said[:2000].encode(errors="replace"))
    os._exit(0)


def _done(where: str, arguments: Sequence[Any]) -> object:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)(*arguments)


if __name__ == "__main__":
    _main()
