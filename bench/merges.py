"""Replay the merges of real projects, file by file: git's merge of lines beside the merge driver's.

    python bench/merges.py [--most N] [--json FILE] CLONE [CLONE ...]

A merge commit with two parents is a case, and in it each file that both sides changed and that the
driver is for. Three versions and what people committed are read from the clone; nothing is written
to it, and no network is needed. A merge without conflict markers is compared with what people
committed, byte for byte: where they differ, the JSON has both, to be judged by reading.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold.verbs import driver

_MARKER_SIZE = 7


class Case(NamedTuple):
    """A file that both sides of a merge changed."""

    project: str
    commit: str
    path: str
    sides: driver.Sides
    people: bytes


def git(clone: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(clone), *words],
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
    )
    return done.stdout if done.returncode == 0 else ""


def is_known(path: str) -> bool:
    """Whether the driver's attributes name a file; a pattern without a slash is for any folder."""
    name = path.rpartition("/")[2]
    return any(fnmatch.fnmatch(path if "/" in each else name, each) for each in driver.PATTERNS)


def read(clone: Path, commit: str, path: str) -> bytes | None:
    words = ["git", "-C", str(clone), "cat-file", "blob", f"{commit}:{path}"]
    done = subprocess.run(words, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def find_cases(clone: Path, most: int) -> Iterator[Case]:
    """The cases of a clone, the newest first; a clone that lacks objects has fewer."""
    name = clone.parent.name if clone.name == "repo" else clone.name
    listed = git(clone, "rev-list", "--merges", "--parents", f"--max-count={most}", "HEAD")
    for line in listed.splitlines():
        commit, *parents = line.split()
        if len(parents) != 2:  # noqa: PLR2004 - of a plain merge
            continue
        bases = git(clone, "merge-base", "--all", *parents).split()
        if len(bases) != 1:
            continue  # git makes a base of its own then
        changed = [
            {*git(clone, "diff", "--name-only", "--no-renames", "-z", bases[0], each).split("\0")}
            for each in parents
        ]
        for path in sorted(filter(is_known, changed[0] & changed[1])):
            versions = [read(clone, each, path) for each in (*bases, *parents, commit)]
            base, ours, theirs, people = versions
            if ours is None or theirs is None or people is None or ours == theirs:
                continue
            yield Case(name, commit, path, driver.Sides(base or b"", ours, theirs), people)


def merge_lines(sides: driver.Sides) -> tuple[bytes, int]:
    """Git's own merge, and how many conflicts it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for place, content in zip(places, (sides.ours, sides.base, sides.theirs), strict=True):
            place.write_bytes(content)
        done = subprocess.run(
            ["git", "merge-file", "--stdout", *map(str, places)], capture_output=True, check=False
        )
        return done.stdout, done.returncode


def replay(case: Case) -> tuple[Counter[str], dict[str, str] | None]:
    """What both make of a case; and both texts where the driver's is not what people committed."""
    lines, conflicts = merge_lines(case.sides)
    ours = driver.merge_sides(case.path, case.sides, _MARKER_SIZE)
    found = Counter({"files": 1, "git: in conflict": int(conflicts > 0)})
    found["git: places"] = conflicts
    found["driver: in conflict"] = int(ours.conflicts > 0)
    found["driver: places"] = ours.conflicts
    if not conflicts:
        found["git: clean, as people"] = int(lines == case.people)
        found["git: clean, otherwise"] = int(lines != case.people)
    if ours.conflicts:
        return found, None
    found["driver: clean, as people"] = int(ours.content == case.people)
    if ours.content == case.people or (not conflicts and lines == ours.content):
        found["driver: clean, otherwise, and so is git"] = int(ours.content != case.people)
        return found, None
    found["driver: clean, otherwise"] = 1
    texts = {"base": case.sides.base, "ours": case.sides.ours, "theirs": case.sides.theirs}
    texts |= {"driver": ours.content, "people": case.people, "git": lines}
    return found, {
        "case": f"{case.project} {case.commit[:12]} {case.path}",
        **{name: text.decode(errors="replace") for name, text in texts.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clones", nargs="+", type=Path, metavar="CLONE")
    parser.add_argument("--most", type=int, default=2000, help="merges of each clone, newest first")
    parser.add_argument("--json", type=Path, help="file for the merges that people made otherwise")
    given = parser.parse_args()
    total: Counter[str] = Counter()
    differing = []
    for clone in given.clones:
        own: Counter[str] = Counter()
        for case in find_cases(clone.resolve(), given.most):
            found, texts = replay(case)
            own += found
            differing += [texts] if texts else []
        print(f"{clone}: {dict(own)}", flush=True)
        total += own
    for label, number in total.items():
        print(f"{label:42}{number:8}")
    if given.json:
        given.json.write_text(json.dumps(differing, indent=1) + "\n")


if __name__ == "__main__":
    main()
