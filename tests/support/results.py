"""Results of a check, made by hand for the reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lisa_scaffold import rules
from lisa_scaffold.model import Checked, Excerpt, Finding, Severity, Waived

EVIL = (
    "<script>alert('x')</script>\"&'`|\u202e\x1b[31m\n@all ![i](http://x.example.org/i.png) \udce9"
)
"""What a file name or a value may hold to mislead a reader, a page or a forge."""


def finding(
    code: str = "CHG002",
    path: str = "CHANGELOG.md",
    line: int = 5,
    message: str = "not as it should be",
    **other: Any,
) -> Finding:
    """A finding of a real rule."""
    rule = rules.find_rule(code)
    known = {"severity": rule.severity, "column": None, "fixable": False, "url": rule.url}
    return Finding(code=code, path=path, line=line, message=message, **{**known, **other})


def checked(*findings: Finding, **other: Any) -> Checked:
    """The result of a project with these findings."""
    known: dict[str, Any] = {
        "path": Path("lisa-noise"),
        "name": "lisa-noise",
        "kind": "package",
        "version": "v1.2.3",
    }
    return Checked(findings=findings, **{**known, **other})


def sample() -> Checked:
    """A project with a bit of everything."""
    broken = finding("SYN001", "pyproject.toml", 12, "no valid TOML: Invalid value", column=9)
    version = finding("CHG002", "CHANGELOG.md", 7, "`[1.3]` is no version", fixable=True)
    unreleased = finding("CHG003", "CHANGELOG.md", 9, "no date below line 9")
    twice = finding("SYN006", ".gitlab-ci.yml", 21, "the key script stands twice")
    return checked(
        broken,
        version,
        unreleased,
        waived=(Waived(twice, "kept until the runner is replaced"),),
        notes=("the project is 2 versions behind",),
        applied=("CHG001", "CHG002", "CHG003", "SYN001", "SYN002", "SYN006"),
        excerpts={
            broken: Excerpt(11, ("[project]", 'name = "lisa-noise', "description = 1")),
            version: Excerpt(6, ("", "## [1.3] - 2026-11-02", "")),
        },
    )


MUST, SHOULD = Severity.MUST, Severity.SHOULD
