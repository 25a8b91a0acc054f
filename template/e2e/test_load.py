"""A little load: many at once, and none is turned away."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from .conftest import Site

REQUESTS = 400
AT_ONCE = 16
PATHS = ["/", "/challenges/example/", "/challenges/example/downloads/", "/readyz"]


def test_many_at_once_are_all_answered(site: Site) -> None:
    def ask(number: int) -> tuple[int, float]:
        begin = time.monotonic()
        status, _ = site.get(PATHS[number % len(PATHS)])
        return status, time.monotonic() - begin

    begin = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as people:
        answers = list(people.map(ask, range(REQUESTS)))
    seconds = sorted(each for _, each in answers)
    rate, middle = REQUESTS / (time.monotonic() - begin), seconds[REQUESTS // 2]
    print(f"{rate:.0f} a second; median {middle:.3f} s, worst {seconds[-1]:.3f} s")  # noqa: T201
    assert {status for status, _ in answers} == {200}
    assert middle < 10
