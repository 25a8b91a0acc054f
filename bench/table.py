"""The results of the bench of ``adopt``, and the table that shows them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ENGINES = ("adopt", "overwrite", "skip")


@dataclass
class Result:
    """What one engine made of one package; ``None``: not tried, or nothing to compare with."""

    engine: str
    seconds: float = 0.0
    cpu: float = 0.0
    failed: str = ""
    files_lost: int = 0
    lines_lost: int = 0
    lines_quoted: int = 0
    wheel: list[str] | None = None
    tests_broken: int | None = None
    tests: int | None = None
    troubles: list[str] = field(default_factory=list)
    to_decide: list[str] = field(default_factory=list)
    findings: str = ""
    notes: list[str] = field(default_factory=list)


ROW = "{:18} {:9} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6} {:>12}  {}"
HEAD = (
    "package",
    "engine",
    "s",
    "cpu",
    "files",
    "lines",
    "quoted",
    "wheel",
    "tests",
    "must b/f/w/l",
)


def head() -> str:
    return ROW.format(*HEAD)


def row(name: str, result: Result) -> str:
    wheel = "-" if result.wheel is None else len(result.wheel)
    tests = "-" if result.tests_broken is None else f"{result.tests_broken} of {result.tests}"
    counts = (result.files_lost, result.lines_lost, result.lines_quoted)
    seconds = (f"{result.seconds:.2f}", f"{result.cpu:.2f}")
    said = "refused" if result.failed else result.findings
    return ROW.format(name[:18], result.engine, *seconds, *counts, wheel, tests, said)


def details(result: Result) -> list[str]:
    """What a reader of the table wants to know more about."""
    if result.engine != "adopt":
        return []
    wheel = [f"wheel differs: {each}" for each in result.wheel or []]
    failed = [f"refused: {result.failed}"] if result.failed else []
    troubles = [f"TROUBLE: {each}" for each in result.troubles]
    decide = [f"to decide: {each}" for each in result.to_decide]
    return [*failed, *wheel, *troubles, *decide, *result.notes]


def totals(found: Mapping[str, Sequence[Result]]) -> None:
    print(f"\n{len(found)} packages")
    for number, engine in enumerate(ENGINES):
        results = [each[number] for each in found.values()]
        wheels = [each.wheel for each in results if each.wheel is not None]
        tested = [each for each in results if each.tests_broken is not None]
        print(
            f"{engine:10} lost: {sum(each.files_lost for each in results)} files, "
            f"{sum(each.lines_lost for each in results)} lines; "
            f"wheels that differ: {sum(map(bool, wheels))} of {len(wheels)}; "
            f"tests broken: {sum(each.tests_broken or 0 for each in tested)} of "
            f"{sum(each.tests or 0 for each in tested)}, in {len(tested)} packages; "
            f"failed: {sum(bool(each.failed) for each in results)}; "
            f"median {statistics.median(each.seconds for each in results):.2f} s, "
            f"worst {max(each.seconds for each in results):.2f} s, "
            f"of them {max(each.cpu for each in results):.2f} s of the processor"
        )
