"""Weigh a generated web service against what cookiecutter-django makes, in one run.

    python bench/service.py CLONE --python PYTHON [--requests 300] [--rounds 3]

CLONE is a clone of cookiecutter-django, PYTHON an interpreter that both services are installed for.
Debian's programs are needed besides: PostgreSQL, Redis, and ``ab`` as the client. The two are asked
in turn, the other one waiting, so that a machine whose speed drifts slows both. First each is
started as its own image starts it; then both stand behind gunicorn with the same options.

Printed are medians and ratios. Processor time comes first, as it tells something on a machine that
others keep busy too: that of the service's processes, and in brackets of the database's.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from servers import Server, call, free_port, need, postgres, redis, start
from sites import Site, make_own, make_peer

PAGES = ("small", "home", "login", "account")
PASSWORD = "of-no-use-elsewhere"


@dataclass(frozen=True)
class Running:
    """A site that answers."""

    site: Site
    server: Server
    port: int

    def url(self, page: str) -> str:
        return f"http://127.0.0.1:{self.port}{self.site.pages[page]}"


@dataclass(frozen=True)
class Load:
    """What one site made of a number of requests; times in milliseconds, memory in MiB."""

    cpu: float
    database: float
    rate: float
    median: float
    last: float
    failed: int
    memory: float


def start_site(site: Site, folder: Path, *, alike: bool) -> tuple[Running, float]:
    """Start a site; the seconds until it has shown a page."""
    port = free_port()
    env = {**site.environment, "PORT": str(port)}
    began = time.perf_counter()
    command = site.command(alike=alike, port=port)
    server = start(command, site.folder, env, folder / f"{site.name}.log")
    running = Running(site, server, port)
    server.wait_for(port, site.pages["home"], site.headers("home"))
    return running, time.perf_counter() - began


def weigh(running: Running, page: str, many: int, at_once: int, database: Server) -> Load:
    """Ask for one page, by ApacheBench, which counts what is no answer of 2xx."""
    headers = [f"-H{name}: {value}" for name, value in running.site.headers(page).items()]
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder, "times.csv")
        options = ["-q", "-k", "-l", "-s", "300", "-n", str(many), "-c", str(at_once), *headers]
        command = [need("ab", "apache2-utils"), *options, "-e", str(times), running.url(page)]
        before, database_before = running.server.cpu(), database.cpu()
        client = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        memory = 0.0
        while client.poll() is None:
            memory = max(memory, running.server.memory())
            time.sleep(0.2)
        used, database_used = running.server.cpu() - before, database.cpu() - database_before
        told = client.communicate()[0]
        if client.returncode:
            raise SystemExit(f"$ {' '.join(map(str, command))}\n{told}")
        rows = {row[0]: row[1] for row in csv.reader(times.read_text().splitlines())}
    return Load(
        cpu=1000 * used / many,
        database=1000 * database_used / many,
        rate=number("Requests per second", told),
        median=float(rows["50"]),
        last=float(rows["99"]),
        failed=round(number("Failed requests", told) + number("Non-2xx responses", told)),
        memory=memory,
    )


def number(label: str, told: str) -> float:
    """A figure of ApacheBench's report; what did not happen has no line."""
    found = re.search(rf"(?m)^{label}:\s+([\d.]+)", told)
    return float(found.group(1)) if found else 0.0


def look(running: Running) -> None:
    """Each page answers; it is warm then."""
    for page, path in running.site.pages.items():
        body = running.server.wait_for(running.port, path, running.site.headers(page))
        print(f"{running.site.name:5} {page:10} {path:30} {len(body):6} bytes")


def compare_starts(sites: Sequence[Site], folder: Path, rounds: int, *, alike: bool) -> None:
    """Processor seconds and seconds of the clock, from nothing to the first page."""
    for_site: dict[str, list[tuple[float, float]]] = {site.name: [] for site in sites}
    for _ in range(rounds):
        for site in sites:
            running, seconds = start_site(site, folder, alike=alike)
            for_site[site.name].append((running.server.cpu(), seconds))
            running.server.stop()
    for which, label in enumerate(("start, s of the processor", "start, s of the clock")):
        show(label, *(median(each[which] for each in for_site[site.name]) for site in sites))


def compare(running: Sequence[Running], given: argparse.Namespace, database: Server) -> None:
    """Both under load, page by page."""
    idle = [each.server.memory() for each in running]
    most = dict.fromkeys((each.site.name for each in running), 0.0)
    print(
        f"{'page':10} {'at':>3}  {'processor ms':>13}  {'of the peer':>13}  ratio  "
        f"{'requests/s':>13}  ratio  {'median ms':>15}  {'99th ms':>15}  failed"
    )
    for page in PAGES:
        for each in running:  # each of its processes has shown the page once
            weigh(each, page, 100, 10, database)
        for at_once in given.connections:
            loads: dict[str, list[Load]] = {each.site.name: [] for each in running}
            for turn in range(given.rounds):
                for each in running if turn % 2 else reversed(running):
                    # Of fewer than 100 ApacheBench's table has no 99th.
                    many = max(given.requests, 100, 2 * at_once)
                    found = weigh(each, page, many, at_once, database)
                    loads[each.site.name].append(found)
                    most[each.site.name] = max(most[each.site.name], found.memory)
            print(row(page, at_once, *loads.values()))
    show("memory idle, MiB", *idle)
    show("memory under load, MiB", *most.values())


def row(page: str, at_once: int, own: Sequence[Load], peer: Sequence[Load]) -> str:
    def both(name: str) -> tuple[float, float]:
        mine, theirs = (median(getattr(each, name) for each in loads) for loads in (own, peer))
        return mine, theirs

    cpu, database, rate = both("cpu"), both("database"), both("rate")
    failed = [sum(each.failed for each in loads) for loads in (own, peer)]
    columns = (
        f"{cpu[0]:6.2f} ({database[0]:4.2f})",
        f"{cpu[1]:6.2f} ({database[1]:4.2f})",
        f"{cpu[0] / cpu[1]:5.2f}",
        "{:6.0f} {:6.0f}".format(*rate),
        f"{rate[0] / rate[1]:5.2f}",
        "{:7.1f} {:7.1f}".format(*both("median")),
        "{:7.1f} {:7.1f}".format(*both("last")),
        "{}, {}".format(*failed),
    )
    return f"{page:10} {at_once:>3}  {'  '.join(columns)}"


def show(label: str, own: float, peer: float) -> None:
    print(f"{label:28} own {own:7.2f}  peer {peer:7.2f}  ratio {own / peer:5.2f}")


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def tell_load() -> None:
    print("load average: {:.1f}, {:.1f}, {:.1f}".format(*os.getloadavg()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clone", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--requests", type=int, default=300, help="in each run, at least")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    given = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    need("ab", "apache2-utils")
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="lisa-bench-")))
        database, port = ends.enter_context(postgres(["own", "peer"], PASSWORD))
        cache, cache_port = ends.enter_context(redis(folder))
        told = {"host": "127.0.0.1", "port": str(port), "password": PASSWORD}
        python = given.python
        own = make_own(folder, python, {**told, "name": "own", "user": "own"})
        peer = make_peer(
            folder,
            given.clone.resolve(),
            python,
            {**told, "name": "peer", "user": "peer"},
            cache_port,
        )
        commit = call(
            "git", "-C", given.clone.resolve(), "log", "-1", "--format=%h of %cs", cwd=folder
        )
        print(f"cookiecutter-django {commit.strip()}")
        for site in own, peer:
            (command,) = re.findall(r"(?s)exec (gunicorn .*)", site.serve.read_text())
            workers = site.environment.get("WEB_CONCURRENCY", "unset")
            print(f"{site.name}, WEB_CONCURRENCY {workers}: {command.strip()}")
        for alike in False, True:
            print("\nthe same server for both" if alike else "each as its image starts it")
            tell_load()
            compare_starts([own, peer], folder, given.rounds, alike=alike)
            both = [start_site(site, folder, alike=alike)[0] for site in (own, peer)]
            for each in both:
                ends.callback(each.server.stop)
                look(each)
            compare(both, given, database)
            tell_load()
        print(f"Redis, which the peer needs: {cache.memory():.1f} MiB")


if __name__ == "__main__":
    main()
