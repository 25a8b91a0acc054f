"""Work on many items in a few processes, of which each may end at any time.

Python's own pool of processes gives everything up where one process dies, and its processes outlive
a parent that is killed; a thread beside a fork may leave a lock that nobody opens. So a few forked
processes ask for one item after the other through a pipe each: whose pipe closes has died, and that
costs its one item. A process whose parent has died finds its pipe closed, and ends.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple, TypeVar, cast

from lisa_scaffold.errors import LisaError

Item = TypeVar("Item")
Result = TypeVar("Result")

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection


def spread(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    lost: Callable[[Item, LisaError], Result],
    late: Callable[[Result], None] = lambda _: None,
) -> Iterator[Result]:
    """Do some work on every item, and yield the results as they come.

    Parameters
    ----------
    work
        The work; it raises nothing, and its result can be pickled.
    items
        The items.
    jobs
        How many processes work at once; 1: this one works alone.
    lost
        Makes the result of an item whose process has died.
    late
        Takes the results that come after whoever wanted them has been interrupted: what was begun
        by then comes to its end.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    # What is there stays there, and is shared by the processes for as long as none writes to it.
    gc.freeze()
    waiting = list(range(len(items)))[::-1]
    workers: dict[Connection, tuple[_Worker, int]] = {}
    come: list[Result] = []
    try:
        for _ in range(min(jobs, len(items))):
            _start(work, items, workers, waiting.pop())
        while workers:
            for pipe in cast(list[Connection], wait([*workers])):
                with _undisturbed():
                    worker, number = workers[pipe]
                    come.append(_receive(worker, items[number], lost))
                    del workers[pipe]
                    if waiting and worker.process.exitcode is None:
                        workers[pipe] = worker, waiting[-1]
                        pipe.send(waiting.pop())
                    else:
                        _end(worker)
                if waiting and pipe.closed:
                    _start(work, items, workers, waiting.pop())
                yield come.pop()
    finally:
        for result in come:
            late(result)
        for worker, number in workers.values():
            late(_receive(worker, items[number], lost))
            _end(worker)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C and a polite kill wait: half a step would lose a result, or wait for ever."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _receive(worker: _Worker, item: Item, lost: Callable[[Item, LisaError], Result]) -> Result:
    """The result of the item that a process works on."""
    try:
        result: Result = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join()
        why = LisaError(
            f"the process that worked on it has died (exit code {worker.process.exitcode})",
            "Run it again with less at once: --jobs 1.",
        )
        return lost(item, why)
    return result


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join()


def _start(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    workers: dict[Connection, tuple[_Worker, int]],
    first: int,
) -> None:
    """Start a process, and give it its first item."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    others = [*workers, ours]
    run = multiprocessing.get_context("fork").Process(
        target=_work, args=(work, items, theirs, others), daemon=False
    )
    with warnings.catch_warnings():
        # Of threads beside a fork: ours only wait for git, and hold nothing.
        warnings.simplefilter("ignore", DeprecationWarning)
        run.start()
    theirs.close()
    ours.send(first)
    workers[ours] = _Worker(run, ours), first


def _work(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    pipe: Connection,
    others: Sequence[Connection],
) -> None:
    """Work on what comes through the pipe, until it closes."""
    # Ctrl-C reaches every process: what was begun comes to its end, and the parent gives no more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
    for other in others:
        other.close()
    with suppress(EOFError, OSError):
        while True:
            pipe.send(work(items[pipe.recv()]))
    os._exit(0)
