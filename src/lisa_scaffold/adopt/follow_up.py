"""What follows once the template's files are placed: its pipeline, formatting, ignored files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lisa_scaffold.adopt import hooks, pipeline
from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.adopt.placed import ADDED, LEFT_OUT, MERGED, Item, Placed, decode, encode
from lisa_scaffold.formats.ignored import IGNORE_FILE, take_back
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.lines import join_names
from lisa_scaffold.project import stated
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.packaging_discovery import packages_are_named


def place_pipeline(placed: Placed, facts: Facts, rendered: Mapping[str, bytes]) -> bool:
    """Set the template's pipeline beside the project's, rendered without the files left out.

    Returns
    -------
    bool
        False where the project's pipeline is written in a way that cannot be added to: the
        template's is then left out as a whole.
    """
    theirs = rendered.get(pipeline.PATH)
    if theirs is None:
        return True
    ours = facts.content(pipeline.PATH)
    folder = f"{pipeline.FOLDER}/"
    parts = {path: data for path, data in rendered.items() if path.startswith(folder)}
    if ours:
        try:
            excused = pipeline.find_excused(facts, Facts.of(rendered))
            text = pipeline.merge_pipeline(decode(ours), theirs.decode(), excused)
        except NotSure as reason:
            placed.drop(pipeline.PATH, f"not understood: {reason}", pipeline.PATH)
            for path in parts:
                placed.drop(path, f"{pipeline.PATH} cannot be added to")
            return False
        placed.files[pipeline.PATH] = encode(text, ours)
        what = "includes, variables and stages added; its jobs stay"
        if excused:
            named = [name for name in excused if name != pipeline.GATE]
            what += f"; `allow_failure: true` for {join_names(named)}"
        placed.note(MERGED, pipeline.PATH, what)
    else:
        placed.files[pipeline.PATH] = theirs
        placed.note(ADDED, pipeline.PATH)
    for path, data in parts.items():
        if facts.content(path) != data:
            placed.files[path] = data
            placed.note(ADDED, path)
    return True


_PAGE = "CONTRIBUTING.md"
_KEPT = "ruff-format: the project has "
_FORMATS = re.compile(r'^    session\.run\("ruff", "format"(?:, "--check", "--diff")?\)\n', re.M)


def _explain_unformatted(item: Item) -> str:
    """Why the hook that formats code was left out; empty where it was not."""
    is_hook = (item.status, item.path) == (LEFT_OUT, hooks.PATH)
    if is_hook and item.text == f"{hooks.RUFF_FORMAT}: {hooks.UNFORMATTED}":
        return "nothing formats the code so far"
    has_own = is_hook and item.text.startswith(_KEPT)
    return f"{item.text.removeprefix(_KEPT)} stays" if has_own else ""


def leave_formatting(placed: Placed) -> None:
    """Let the sessions format nothing where the project's own formatter does, or none."""
    sessions = "noxfile.py"
    why = next(filter(None, map(_explain_unformatted, placed.items)), "")
    if why and sessions in placed.files and Item(ADDED, sessions) in placed.items:
        text = _FORMATS.sub("", decode(placed.files[sessions]))
        placed.files[sessions] = text.encode()
        at = placed.items.index(Item(ADDED, sessions))
        placed.items[at] = Item(ADDED, sessions, f"without ruff's formatter, as {why}")
        if Item(ADDED, _PAGE) in placed.items:
            told = placed.files[_PAGE].replace(b"of ruff, and its formatting |", b"of ruff |")
            placed.files[_PAGE] = told


def name_packages(placed: Placed, facts: Facts) -> None:
    """Let the settings name the package that setuptools has found by itself.

    The sessions write ``reports/`` at the top, which it would take for another package.
    """
    for hit in packages_are_named.hits(facts):
        content = placed.files.get(hit.path, facts.content(hit.path))
        if hit.fix is None or content is None:
            text = f"line {hit.line}: {hit.message}"
            placed.customs.append(Custom(hit.path, text, to_decide=True))
            continue
        try:
            text = decode(content)
        except NotSure:
            continue
        for step in hit.fix.steps:
            text = step.change(text) if step.change else text
        placed.files[hit.path] = encode(text, content)
        why = (
            "names what setuptools has found by itself: it would take reports/, which the "
            "sessions write, for a package too"
        )
        placed.note(MERGED, hit.path, why)


def state_given(placed: Placed, facts: Facts, given: Mapping[str, Any]) -> None:
    """Let the metadata state answers that were given, where they say nothing of it."""
    content = placed.files.get(stated.METADATA) or facts.content(stated.METADATA)
    if content is None:
        return
    try:
        text, added = stated.state_missing(decode(content), given)
    except NotSure:
        return
    if added:
        placed.files[stated.METADATA] = encode(text, content)
        placed.note(MERGED, stated.METADATA, f"states what was given: {join_names(added)}")


def take_back_ignored(placed: Placed, facts: Facts, ignored: Iterable[str]) -> None:
    """Let the project's ``.gitignore`` name no file that came in all the same."""
    came = sorted(path for path in ignored if path in placed.files)
    content = placed.files.get(IGNORE_FILE) or facts.content(IGNORE_FILE)
    own = facts.files.get(IGNORE_FILE)
    if not came or content is None or (own and own.link):
        return
    text = decode(content)
    if (changed := take_back(text, came)) != text:
        placed.files[IGNORE_FILE] = encode(changed, content)
        why = f"its last lines take back what the jobs read and it named: {', '.join(came)}"
        placed.note(MERGED, IGNORE_FILE, why)
