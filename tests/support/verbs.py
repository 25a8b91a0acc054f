"""Whole verbs in one process, as a call whose cost is measured."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lisa_scaffold import cli, rules
from lisa_scaffold.model import Checked
from lisa_scaffold.project.excerpt import excerpts
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.report.check import FORMATS, report
from lisa_scaffold.rules import fixing
from lisa_scaffold.template import pristine  # noqa: F401 - what is loaded here costs no call time

Contents = Mapping[str, str | bytes]


def check(files: Contents, *options: str) -> str:
    """The exit code of a check with every report, and the codes that it finds."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "project")
        _write(root, files)
        outputs = [
            word
            for form in FORMATS
            for word in ("--format", form, "--output", f"{folder}/report.{form}")
        ]
        code, said = quietly(["check", *options, *outputs, str(root)])
        if code not in (0, 1):
            return f"exit {code}: {said}"
        report = json.loads(Path(folder, "report.json").read_text())
        found = sorted({(each["code"], each["path"]) for each in report["findings"]})
        crashed = [each["message"] for each in report["findings"] if each["code"] == "INT001"]
        return f"exit {code}: {crashed or ''} {found}"


def judge(files: Contents) -> str:
    """All that a check does with files in memory: findings, repairs, a diff, every report."""
    facts = Facts.of(files)
    chosen = rules.selected(rules.Selection())
    found = tuple(rules.findings(chosen, facts))
    done = fixing.fixed(chosen, facts)
    result = Checked(
        *(Path("project"), facts.package.name, facts.kind, "", found),
        diff=fixing.diff(facts, done.changes),
        excerpts=excerpts(facts, found),
    )
    for form in FORMATS:
        report(form, [result])
    crashed = [each.message for each in found if each.code == "INT001"]
    return f"{crashed or ''} {len(found)} {sorted({(each.code, each.path) for each in found})}"


def quietly(argv: list[str]) -> tuple[int, str]:
    """The exit code of a command, and what it says to standard error."""
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        code = cli.main(argv)
    return code, errors.getvalue()


def _write(root: Path, files: Contents) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", root, *command], check=True, capture_output=True)
