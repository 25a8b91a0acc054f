from __future__ import annotations

import json

from lisa_scaffold.report.check import machine

from ...support.results import EVIL, checked, finding, sample


def test_the_form() -> None:
    said = json.loads(machine.report([sample()]))
    assert said["schema"] == "lisa-scaffold/check/1"
    assert said["summary"] == {"projects": 1, "must": 1, "should": 2, "waived": 1, "fixed": 0}
    assert said["findings"][1] == {
        "project": "lisa-noise",
        "code": "CHG002",
        "severity": "should",
        "path": "CHANGELOG.md",
        "line": 7,
        "column": None,
        "message": "`[1.3]` is no version",
        "fixable": True,
        "unsafe": False,
        "url": "https://lisa.pages.in2p3.fr/lisa-scaffold/reference/rules/CHG002.html",
    }
    (project,) = said["projects"]
    assert {key: project[key] for key in ("path", "name", "kind", "version", "must", "notes")} == {
        "path": "lisa-noise",
        "name": "lisa-noise",
        "kind": "package",
        "version": "v1.2.3",
        "must": 1,
        "notes": ["the project is 2 versions behind"],
    }
    assert project["waived"][0]["reason"] == "kept until the runner is replaced"


def test_any_text_is_ascii() -> None:
    text = machine.report([checked(finding(path=EVIL, message=EVIL))])
    assert text.isascii()
    assert json.loads(text)["findings"][0]["path"] == EVIL
