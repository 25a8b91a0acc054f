"""Rules on projects in memory: a clean one, a change of it, and what is found then."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.rules import judge, repair

from .answers import answers, template
from .files import contents

Files = Mapping[str, str | bytes | None]
Found = tuple[str, str, int]
"""Code, path and line."""


@cache
def _rendered(given: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "project")
        template().render(answers(**json.loads(given)), root)
        return contents(root)


def clean(**given: Any) -> dict[str, str | bytes]:
    """The files of a project fresh from the template; answers other than the defaults by name."""
    return dict(_rendered(json.dumps(given, sort_keys=True)))


def changed(files: Mapping[str, str | bytes], changes: Files) -> dict[str, str | bytes]:
    """Files with some added or replaced, or (``None``) removed."""
    merged = {**files, **changes}
    return {path: content for path, content in merged.items() if content is not None}


def edited(files: Mapping[str, str | bytes], path: str, old: str, new: str) -> dict[str, Any]:
    """Files with one text in one of them, which must stand there once, replaced."""
    said = text(files, path)
    assert said.count(old) == 1, f"{path}: {old!r} stands there {said.count(old)} times"
    return {**files, path: said.replace(old, new)}


def text(files: Mapping[str, str | bytes], path: str) -> str:
    """The text of one of the files."""
    content = files[path]
    return content.decode() if isinstance(content, bytes) else content


def found(files: Mapping[str, str | bytes], only: str = "", **given: Any) -> list[Found]:
    """What all rules, or those whose code begins so, find: code, path and line."""
    return [(f.code, f.path, f.line) for f in findings(files, only, **given)]


def findings(files: Mapping[str, str | bytes], only: str = "", **given: Any) -> list[Any]:
    """What the rules find, by path and line."""
    facts = Facts.of(files, Given(**{"tags": (), **given}))
    selection = rules.Selection((only,) if only else ())
    return judge.list_findings(rules.select_rules(selection), facts)


def messages(files: Mapping[str, str | bytes], only: str, **given: Any) -> list[str]:
    """The messages of what the rules find."""
    return [f.message for f in findings(files, only, **given)]


def fixed(files: Mapping[str, str | bytes], code: str, **given: Any) -> dict[str, str | None]:
    """What the fixes of a rule change: the new text of each file (``None``: it is gone).

    Asserted besides: the rule then finds nothing, no other rule finds more than before, and a
    second run of the fixes changes nothing.
    """
    facts = Facts.of(files, Given(**{"tags": (), **given}))
    every = rules.select_rules(rules.Selection())
    own = [each for each in every if each.code == code]
    assert own, f"there is no rule {code}"
    assert own[0].fixes, f"{code} does not say that it fixes"
    before = {(f.code, f.message) for f in judge.list_findings(every, facts)}
    done = repair.apply_fixes(own, facts)
    after = Facts.of(files, facts.given).changed(done.changes)
    assert judge.list_findings(own, after) == []
    news = {(f.code, f.message) for f in judge.list_findings(every, after)} - before
    assert news == set(), "the fix brings in findings"
    assert repair.apply_fixes(own, after).changes == {}
    return {
        path: None if content is None else content.decode("utf-8", "surrogateescape")
        for path, content in done.changes.items()
    }
