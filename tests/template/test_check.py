"""Every project fresh from the template passes the check, with no waiver."""

from __future__ import annotations

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts, Given, Pristine
from lisa_scaffold.rules import judge

from ..support.components import KNOWN
from .conftest import Render


def test_no_combination_of_answers_has_a_finding(renders: list[Render]) -> None:
    every = rules.select_rules(rules.Selection())
    kinds = {"package", "image", "pipeline", "service", "fleet"}
    assert {render.answers["kind"] for render in renders} == kinds
    found = {}
    for render in renders:
        files = {path: (render.root / path).read_bytes() for path in render.files}
        locked = {path: files[path] for path in files if path.startswith(".gitlab/ci/")}
        given = Given(tags=(), pristine=Pristine("v1.0.0", locked), components=KNOWN)
        facts = Facts.of(files, given)
        assert facts.settings.waivers == ()
        if findings := judge.list_findings(every, facts):
            found[str(render.answers)] = [(each.code, each.path, each.message) for each in findings]
    assert found == {}
