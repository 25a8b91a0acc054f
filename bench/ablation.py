"""What each heuristic of the mergers brings on real updates: merge again with one of them off.

``replay.py --keep FOLDER --json FILE`` leaves the trees of its steps behind. Of these, every file
that the project and the template both changed is merged here with all heuristics, and then once
more without each: a row of the table says how many results differ, and what became of conflicts
(files, and places in them), of clean steps, of lines that no result and no note shows, and of the
distance to what people committed. A heuristic whose row says nothing on any family has no place
in the package, unless it stands guard against a wrong merge.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

from desk import blobs, files
from figures import lines, text
from lisa_scaffold import formats, merge
from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Merged

Function = Callable[..., Any]


class Heuristic(NamedTuple):
    """A function that may be switched off, and what stands in for it then."""

    module: str
    function: str
    off: Function

    @property
    def name(self) -> str:
        return f"{self.module}.{self.function.lstrip('_')}"


def _nothing(*_arguments: object, **_options: object) -> None:
    """Stand in for what finds something or finds nothing."""


HEURISTICS = (
    Heuristic("merge.lines", "merge_ini", _nothing),
    Heuristic("formats.python", "split_members", _nothing),
    Heuristic("merge.dockerfile", "merge_run", _nothing),
    Heuristic("merge.match", "_part_renamed", _nothing),
    Heuristic("merge.match", "_pair_twins", _nothing),
    Heuristic("merge.identities", "are_all_named", lambda *_: False),
    Heuristic("merge.values", "find_crowded_out", lambda *_: {}),
    Heuristic("merge.values", "find_own_part", _nothing),
    Heuristic("versions", "pick_newest", _nothing),
)


class Case(NamedTuple):
    """A file that both sides of a step changed, and what people made of it."""

    step: str
    path: str
    base: bytes | None
    ours: bytes
    theirs: bytes
    people: bytes | None


def read_cases(results: Path, kept: Path) -> Iterator[Case]:
    """The files that both sides changed, in every step that a replay has kept."""
    for step in json.loads(results.read_text(encoding="utf-8"))["steps"]:
        if "trees" not in step:
            continue
        desk = kept / step["name"] / "desk.git"
        trees = {name: files(desk, tree) for name, tree in step["trees"].items()}
        base, ours, theirs = trees["base"], trees["ours"], trees["theirs"]
        both = [
            path
            for path in ours.keys() & theirs.keys()
            if len({base.get(path), ours[path], theirs[path]}) == 3  # noqa: PLR2004
        ]
        names = {side[path] for path in both for side in trees.values() if path in side}
        content = blobs(desk, names) if names else {}
        for path in sorted(both):
            sides = [content.get(side.get(path, "")) for side in (base, ours, theirs)]
            if sides[1] is not None and sides[2] is not None:
                people = content.get(trees["people"].get(path, ""))
                yield Case(step["name"], path, sides[0], sides[1], sides[2], people)


@contextmanager
def without(heuristic: Heuristic) -> Iterator[None]:
    """Replace a function wherever a module of the package knows it."""
    known = getattr(import_module(f"lisa_scaffold.{heuristic.module}"), heuristic.function)
    places = [
        (module, name)
        for key, module in list(sys.modules.items())
        if key.startswith("lisa_scaffold")
        for name, value in list(vars(module).items())
        if value is known
    ]
    for module, name in places:
        setattr(module, name, heuristic.off)
    try:
        yield
    finally:
        for module, name in places:
            setattr(module, name, known)


@dataclass
class Sum:
    """What became of all cases together."""

    results: list[tuple[bytes, str] | None]
    places: int
    clean: int
    lost: int
    distance: int

    @property
    def conflicts(self) -> int:
        return sum(result is None for result in self.results)


def measure(cases: Sequence[Case]) -> Sum:
    """Merge every case."""
    results: list[tuple[bytes, str] | None] = []
    places = lost = distance = 0
    blocked = set()
    for case in cases:
        done = merge_file(case.path, case.base, case.ours, case.theirs)
        if done is None:
            results.append(None)
            places += count_places(case)
            blocked.add(case.step)
            continue
        notes = done.notes if isinstance(done, Merged) else (done.reason,)
        told = "\n".join([*notes, done.patch])
        results.append((done.content, told))
        lost += count_lost(case, text(done.content) + told)
        distance += count_distance(done.content, case.people)
    return Sum(results, places, len({case.step for case in cases} - blocked), lost, distance)


def count_places(case: Case) -> int:
    """The places of a file that git, which merges lines, leaves in conflict."""
    with tempfile.TemporaryDirectory() as folder:
        sides = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for side, content in zip(sides, (case.ours, case.base or b"", case.theirs), strict=True):
            side.write_bytes(content)
        command: list[str | Path] = ["git", "merge-file", "--stdout", "--quiet", *sides]
        return max(1, subprocess.run(command, capture_output=True, check=False).returncode)


def count_lost(case: Case, there: str) -> int:
    """The lines that a side added and that nothing shows."""
    own = (lines(text(case.ours)) | lines(text(case.theirs))) - lines(text(case.base or b""))
    return sum(line not in there for line in own - lines(there))


def count_distance(content: bytes, people: bytes | None) -> int:
    """Added and removed lines from a result to what people committed."""
    if people is None:
        return 0
    one, two = text(content).splitlines(), text(people).splitlines()
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return len(one) + len(two) - 2 * sum(block.size for block in blocks)


def parse() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description="Merge again with one heuristic off.")
    parser.add_argument(
        "replays", nargs="+", type=Path, metavar="FILE:FOLDER", help="--json and --keep of replays"
    )
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    for package in (formats, merge):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    cases: list[Case] = []
    for replay in parse().replays:
        results, _, kept = str(replay).partition(":")
        cases += read_cases(Path(results), Path(kept))
    whole = measure(cases)
    head = ("heuristic off", "differ", "files", "places", "clean", "lost", "distance")
    print(f"{len(cases)} files of {len({case.step for case in cases})} steps\n")
    print(f"{head[0]:32}" + "".join(f"{name:>10}" for name in head[1:]))
    print_row("none", whole, whole)
    for heuristic in HEURISTICS:
        with without(heuristic):
            print_row(heuristic.name, measure(cases), whole)


def print_row(name: str, found: Sum, whole: Sum) -> None:
    """Print the figures of one pass over all cases."""
    pairs = zip(found.results, whole.results, strict=True)
    differ = sum(result != other for result, other in pairs)
    figures = (differ, found.conflicts, found.places, found.clean, found.lost, found.distance)
    print(f"{name:32}" + "".join(f"{figure:>10}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
