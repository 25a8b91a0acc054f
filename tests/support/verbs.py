"""What verbs do with a file once its bytes are in memory, as calls whose cost is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lisa_scaffold import merge as merging
from lisa_scaffold import rules
from lisa_scaffold.adopt import hooks, infer, pipeline
from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.formats.diff import patch
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.git import History
from lisa_scaffold.model import Checked
from lisa_scaffold.project.excerpt import read_excerpts
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.report.check import FORMATS, report
from lisa_scaffold.rules import judge as judge_module
from lisa_scaffold.rules import repair

HOOKS = ".pre-commit-config.yaml"
PIPELINE = ".gitlab-ci.yml"
TEMPLATES = {
    HOOKS: "repos:\n  - repo: https://example.org/a\n    rev: v1\n    hooks:\n      - id: a\n",
    PIPELINE: "include:\n  - local: /.gitlab/a.yml\nvariables:\n  A: b\nstages: [test]\n",
    ".gitlab/a.yml": "a:\n  stage: test\n  script: [nox -s tests]\n",
}
Contents = Mapping[str, str | bytes]


def judge(files: Contents) -> str:
    """All that a check does with files in memory: findings, repairs, a diff, every report."""
    facts = Facts.of(files)
    chosen = rules.select_rules(rules.Selection())
    found = tuple(judge_module.list_findings(chosen, facts))
    done = repair.apply_fixes(chosen, facts)
    result = Checked(
        *(Path("project"), facts.package.name, facts.kind, "", found),
        diff=repair.diff(facts, done.changes),
        excerpts=read_excerpts(facts, found),
    )
    for form in FORMATS:
        report(form, [result])
    crashed = [each.message for each in found if each.code == "INT001"]
    told = sorted({(each.code, each.path) for each in found})
    return f"{'crashed' if crashed else 'sound'}: {crashed or told}"


def adopt(files: Contents) -> str:
    """What an adoption asks of the project's files, and what it adds to them."""
    facts = Facts.of(files)
    answers = infer.infer_answers(facts, RepositoryFacts(History(), ""), {})
    said = []
    for path, merger in (HOOKS, hooks.merge_hooks), (PIPELINE, pipeline.merge_pipeline):
        try:
            said.append(type(merger(facts.text(path), TEMPLATES[path])).__name__)
        except NotSure as reason:
            said.append(str(reason))
    unfit = pipeline.find_unfit(facts, Facts.of(TEMPLATES))
    return f"sound: {len(answers)} {said} {len(unfit)}"


def merge(path: str, base: bytes | None, ours: bytes, theirs: bytes) -> str:
    """All that an update asks of the mergers about one file."""
    done = merging.merge_file(path, base, ours, theirs)
    wrong = merging.check_clean(path, base, ours, theirs, ours + theirs)
    moved = merging.find_moved_pins(path, base or b"", ours)
    change = patch((base or b"").decode(), ours.decode(), path)
    return f"{type(done).__name__}, {wrong}, {len(moved)} {len(change)}"
