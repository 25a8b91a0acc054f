"""The plainest update: render twice with Copier, merge with git. And the renders to measure by.

    python bench/plain.py [--trust] --to VERSION [--data JSON] PROJECT
    python bench/plain.py [--trust] --to VERSION [--data JSON] PROJECT --into DESK

The first updates a project and leaves conflicts in the work tree and the index. The second only
puts both renders into another repository and prints their trees, the answers of ``--data`` that
the wanted version asks for, and the files that it writes only where they are missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from copier._main import Worker

from desk import files, git, take

Answers = Mapping[str, Any]


class Manner(NamedTuple):
    """How a template is rendered: with its extensions or not, and where the answers are."""

    trust: bool
    answers_file: str


def worker(source: str, version: str, folder: Path, answers: Answers, manner: Manner) -> Worker:
    return Worker(
        src_path=source,
        dst_path=folder,
        vcs_ref=version,
        data=dict(answers),
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=manner.trust,
        answers_file=Path(manner.answers_file),
        skip_tasks=True,
    )


def render_old(recorded: Answers, folder: Path, manner: Manner) -> None:
    answers = {key: value for key, value in recorded.items() if not key.startswith("_")}
    with worker(recorded["_src_path"], str(recorded["_commit"]), folder, answers, manner) as old:
        old.run_copy()


def render_new(
    recorded: Answers, version: str, given: Answers, folder: Path, manner: Manner
) -> dict[str, Any]:
    """Render as Copier updates: recorded answers are suggestions, given ones are set.

    A given answer whose question `when` hides is left out, as nobody would have been asked.
    """
    folder.mkdir()
    (folder / manner.answers_file).parent.mkdir(parents=True, exist_ok=True)
    (folder / manner.answers_file).write_text(yaml.safe_dump(dict(recorded)))
    with worker(recorded["_src_path"], version, folder, {}, manner) as new:
        data = {key: given[key] for key in given if key in new.template.questions_data}
        new.data.update(data)
        new.run_copy()
        hidden = next((key for key in data if key in new.answers.hidden), None)
        paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
        once = sorted(str(path) for path in paths if new.match_skip(path))
    if hidden is None:
        return {"data": data, "once": once}
    shutil.rmtree(folder)  # one at a time: what is asked may depend on it
    asked = {key: answer for key, answer in data.items() if key != hidden}
    return render_new(recorded, version, asked, folder, manner)


def merge(project: Path, base: str, theirs: str) -> None:
    """Merge the trees into the work tree; git before 2.40 takes no base, but finds one."""
    ours = git(project, "rev-parse", "HEAD^{tree}").decode().strip()
    root = commit(project, base)
    ends = [commit(project, tree, root) for tree in (ours, theirs)]
    said = git(project, "merge-tree", "--write-tree", "-z", *ends, codes=(0, 1))
    tree, *stages = said.partition(b"\0\0")[0].split(b"\0")
    git(project, "read-tree", "-u", "--reset", tree.decode())
    if stages := list(filter(None, stages)):
        gone = {b"0 " + b"0" * 40 + b"\t" + stage.partition(b"\t")[2] for stage in stages}
        lines = b"".join(line + b"\0" for line in (*gone, *stages))
        git(project, "update-index", "-z", "--index-info", stdin=lines)


def commit(project: Path, tree: str, *parents: str) -> str:
    links = [word for parent in parents for word in ("-p", parent)]
    return git(project, "commit-tree", tree, "-m", "Replay", *links).decode().strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--to", required=True)
    parser.add_argument("--data", type=json.loads, default={})
    parser.add_argument("--trust", action="store_true")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--answers-file", default=".copier-answers.yml")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    manner = Manner(given.trust, given.answers_file)
    recorded = yaml.safe_load((given.project / manner.answers_file).read_text())
    desk: Path = given.into or given.project / ".git"
    with tempfile.TemporaryDirectory(prefix="replay-plain-") as name:
        old, new = Path(name) / "old", Path(name) / "new"
        render_old(recorded, old, manner)
        found = render_new(recorded, given.to, given.data, new, manner)
        base, theirs = take(desk, old, ignored=True), take(desk, new, ignored=True)
    if given.into:
        answers = sorted({manner.answers_file} & files(desk, theirs).keys())
        print(json.dumps({"base": base, "theirs": theirs, "answers": answers, **found}))
    else:
        merge(given.project, base, theirs)


if __name__ == "__main__":
    main()
