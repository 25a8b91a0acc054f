"""The lines of a project that an adoption replaces: whatever the reason, the report quotes them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lisa_scaffold import merge
from lisa_scaffold.adopt import hooks, lines, pipeline, tables, tools
from lisa_scaffold.formats import encoding
from lisa_scaffold.formats.edit import add_item, set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.model import Merged
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts

ADDED, MERGED, KEPT, LEFT_OUT = "added", "merged", "kept", "left out"

_CONCERNS = (
    (
        r"pyproject\.toml|setup\.(py|cfg)|MANIFEST\.in|LICEN[CS]E.*|COPYING.*|CITATION\.cff",
        "metadata",
    ),
    (r"\.gitlab-ci\.yml|\.gitlab/.*|sonar-project\.properties", "CI"),
    (r"\.pre-commit-config\.yaml", "hooks"),
    (r"Dockerfile|\.dockerignore|\.hadolint\.yaml", "container"),
    (r"docs/.*|.*\.(md|rst)|(?i:change.*|history|news|readme)(\.\w+)?", "docs"),
)

# What a project may call, or place, in another way: any of these is its own.
_SAME = {
    "CHANGELOG.md": r"(docs?/)?(change(log|s)|history|news|release[-_]?notes)(\.\w+)?",
    "CONTRIBUTING.md": r"(docs?/|\.github/|\.gitlab/)?contributing(\.\w+)?",
    "README.md": r"readme(\.\w+)?",
    ".gitlab/issue_templates/Bug.md": r"\.gitlab/issue_templates/bug.*\.md",
    ".gitlab/issue_templates/Feature.md": r"\.gitlab/issue_templates/feature.*\.md",
    ".gitlab/merge_request_templates/Default.md": r"\.gitlab/merge_request_templates/.*\.md",
}

# A former template may have begun these; what they say is the project's alone.
_PROJECTS = ("CHANGELOG.md", "LICENSE")


@dataclass(frozen=True)
class Item:
    """Something that was done, or was not.

    Attributes
    ----------
    status
        ``added``, ``merged``, ``kept``, ``left out`` or ``to decide``.
    path
        The file.
    text
        What exactly, or why; may be empty.
    """

    status: str
    path: str
    text: str = ""

    @property
    def concern(self) -> str:
        """What it is about."""
        return concern(self.path)


def concern(path: str) -> str:
    """What a file is about: metadata, CI, hooks, container, docs or repository."""
    return next((name for pattern, name in _CONCERNS if re.fullmatch(pattern, path)), "repository")


@dataclass
class Woven:
    """A project with the template's files.

    Attributes
    ----------
    files
        The new content of each path that changes.
    items
        What was done with each file, and why.
    left_out
        The files of the template that the project goes without.
    kept_tools
        Tables of ``pyproject.toml`` that stay though the template's differ.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    kept_tools: tuple[str, ...] = ()

    def note(self, status: str, path: str, text: str = "") -> None:
        """Record what was done."""
        self.items.append(Item(status, path, text))

    def drop(self, path: str, why: str, own: str = "") -> None:
        """Go without a file of the template: because the project has its own, or for a reason."""
        self.left_out.add(path)
        self.note(KEPT if own else LEFT_OUT, own or path, why)


@dataclass
class _Weaving:
    """The work on one project.

    Attributes
    ----------
    facts
        The project.
    rendered
        The template's files for it.
    former
        The files of the template that it was made from once, as they were then.
    answers
        Its answers.
    """

    facts: Facts
    rendered: Mapping[str, bytes]
    former: Mapping[str, bytes]
    answers: Mapping[str, Any]
    woven: Woven = field(default_factory=Woven)


def own_of(path: str, facts: Facts) -> str | None:
    """The project's own file in the place of one of the template's; ``None``: it has none."""
    if facts.has(path):
        return path
    if path == "LICENSE":
        return next(iter(licences.licence_files(facts)), None)
    pattern = _SAME.get(path)
    if pattern is None:
        return next((each for each in facts.files if each.lower() == path.lower()), None)
    same = re.compile(pattern, re.IGNORECASE)
    return next((each for each in facts.files if same.fullmatch(each)), None)


def weave(
    facts: Facts,
    rendered: Mapping[str, bytes],
    former: Mapping[str, bytes],
    answers: Mapping[str, Any],
) -> Woven:
    """Bring the template's files into a project.

    Parameters
    ----------
    facts
        The project.
    rendered
        The template's files for it, the answers file left out.
    former
        The files of the template that it was made from once; empty where that is not known.
    answers
        Its answers.

    Returns
    -------
    Woven
        What changes. It may name files that the project must go without: the pipeline's files
        follow from that, so the caller renders again and calls :func:`weave_pipeline`.
    """
    work = _Weaving(facts, rendered, former, answers)
    for path, theirs in rendered.items():
        if path != pipeline.PATH and not path.startswith(f"{pipeline.FOLDER}/"):
            _file(work, path, theirs)
    for path, why in _unfit_parts(work).items():
        work.woven.drop(path, why)
    return work.woven


def _unfit_parts(work: _Weaving) -> dict[str, str]:
    rendered = {
        path: data for path, data in work.rendered.items() if path not in work.woven.left_out
    }
    facts = work.facts
    own = {
        path: "the project has a file of this name"
        for path in rendered
        if path.startswith(f"{pipeline.FOLDER}/")
        and facts.has(path)
        and facts.content(path) != rendered[path]
    }
    return {**pipeline.unfit(facts, Facts.of(rendered)), **own}


def _file(work: _Weaving, path: str, theirs: bytes) -> None:
    own = own_of(path, work.facts)
    ours = work.facts.content(own) if own else None
    if own is None:
        _new(work, path, theirs)
    elif ours is None:
        work.woven.drop(path, "not merged: no file that can be read", own)
    elif own != path:
        work.woven.drop(path, "the project's own", own)
    elif ours != theirs:
        _beside(work, path, ours, theirs)


def _beside(work: _Weaving, path: str, ours: bytes, theirs: bytes) -> None:
    """A file that both have."""
    special = _MERGES.get(path)
    if (special is None or path == hooks.PATH) and _three_way(work, path, ours, theirs):
        return
    try:
        if special:
            special(work, path, ours, theirs)
        else:
            work.woven.drop(path, "the project's own", path)
    except NotSure as reason:
        work.woven.drop(path, f"not understood: {reason}", path)


def _three_way(work: _Weaving, path: str, ours: bytes, theirs: bytes) -> bool:
    """Merge with the former template as base; whether that was possible without a question left."""
    before = work.former.get(path)
    if before is None or path in _PROJECTS:
        return False
    done = merge.merge_file(path, before, ours, theirs)
    if not isinstance(done, Merged) or done.patch:
        return False
    if done.content != ours:
        work.woven.files[path] = done.content
        work.woven.note(MERGED, path, "with the former template as base")
    return True


def _new(work: _Weaving, path: str, theirs: bytes) -> None:
    """A file that the project has not."""
    if path in work.former and path not in _MERGES:
        work.woven.drop(path, "the project removed it from what the former template gave")
        return
    if path in (".gitignore", ".gitattributes"):
        fresh = lines.fresh_lines(path, theirs.decode(), work.facts)
        _note_lines(work.woven, path, fresh)
        theirs = fresh.text.encode()
    elif path == tables.PATH:
        _pyproject(work, path, None, theirs)
        return
    work.woven.files[path] = theirs
    work.woven.note(ADDED, path)


def _lines(work: _Weaving, path: str, ours: bytes, theirs: bytes) -> None:
    done = lines.merge_lines(path, _text(ours), theirs.decode(), work.facts)
    _note_lines(work.woven, path, done)
    if done.added:
        work.woven.files[path] = encoded(done.text, ours)
        work.woven.note(MERGED, path, f"{done.added} lines more, above the project's")


def _note_lines(woven: Woven, path: str, done: lines.Lines) -> None:
    for line, why in done.left_out.items():
        woven.note(LEFT_OUT, path, f"`{line}`: {why}")


def _hooks(work: _Weaving, path: str, ours: bytes, theirs: bytes) -> None:
    done = hooks.merge_hooks(_text(ours), theirs.decode())
    woven = work.woven
    if done.added:
        woven.files[path] = encoded(done.text, ours)
        woven.note(MERGED, path, f"hooks added: {', '.join(done.added)}")
    for hook, why in done.left_out.items():
        woven.note(LEFT_OUT, path, f"{hook}: {why}")


def _pyproject(work: _Weaving, path: str, ours: bytes | None, theirs: bytes) -> None:
    facts, woven = work.facts, work.woven
    before = work.former.get(path)
    apart = tools.elsewhere(facts, str(work.answers["test_path"]))
    text = None if ours is None else _text(ours)
    done = tables.merge_tables(text, theirs.decode(), _text(before) if before else None, apart)
    if done is None:
        woven.drop(path, "not understood: its tables stay as they are", path)
        return
    merged, more = _fitted(work, done, theirs.decode())
    woven.files[path] = encoded(merged, ours) if ours is not None else merged.encode()
    status = ADDED if ours is None else MERGED
    woven.note(status, path, f"added: {', '.join((*_listed(done.added), *more))}")
    for table in done.kept:
        woven.note(KEPT, path, f"{table}: set up by the project, the template's differs")
    for table, why in (done.left_out or {}).items():
        woven.note(LEFT_OUT, path, f"{table}: {why}")
    woven.kept_tools = done.kept


def _listed(added: tuple[str, ...]) -> list[str]:
    """Tables as people read them: groups that came in stand behind one name."""
    start = f"[{tables.GROUPS}] "
    groups = [each.removeprefix(start) for each in added if each.startswith(start)]
    rest = [each for each in added if not each.startswith(start)]
    return [f"{start}{' '.join(groups)}", *rest] if groups else rest


def _fitted(work: _Weaving, done: tables.Tables, theirs: str) -> tuple[str, list[str]]:
    """The merged tables, with what only this project can tell.

    That is the length of its lines, what its tests need, and which files its type checker checks.
    """
    facts, text, more = work.facts, done.text, []
    if "[tool.ruff]" in done.added:
        found = tools.line_length(facts, facts.text(hooks.PATH))
        if found:
            text = set_value(("tool", "ruff", "line-length"), str(found[0]))(text)
            more.append(f"line-length = {found[0]} as {found[1]} has it")
    if "[dependency-groups] test" in done.added:
        needs, source = tools.for_tests(facts)
        text = _with_needs(text, needs)
        if needs:
            more.append(f"the tests' needs from {source}")
    if "[tool.mypy]" in done.kept and not tools.names_files(facts):
        listed = tomllib.loads(theirs)["tool"]["mypy"]["files"]
        value = f"[{', '.join(map(quoted, listed))}]"
        text = set_value(("tool", "mypy", "files"), value)(text)
        more.append("files in [tool.mypy], which names none")
    return text, more


def _with_needs(text: str, needs: list[str]) -> str:
    """The group of the tests with more requirements."""
    for need in needs:
        if re.split(r"[^A-Za-z0-9._-]", need.strip())[0].lower() not in ("pytest", "pytest-cov"):
            text = add_item((tables.GROUPS, "test"), quoted(need.strip()))(text)
    return text


_MERGES: Mapping[str, Callable[[_Weaving, str, bytes, bytes], None]] = {
    ".gitattributes": _lines,
    ".gitignore": _lines,
    hooks.PATH: _hooks,
    tables.PATH: _pyproject,
}


def weave_pipeline(woven: Woven, facts: Facts, rendered: Mapping[str, bytes]) -> bool:
    """Bring the template's pipeline in, as rendered without what the project goes without.

    Returns
    -------
    bool
        Whether it came in; otherwise the project's pipeline is written in a way that cannot be
        added to, and the whole of the template's is among what is left out now.
    """
    theirs = rendered.get(pipeline.PATH)
    if theirs is None:
        return True
    ours = facts.content(pipeline.PATH)
    try:
        text = pipeline.merge_pipeline(_text(ours), theirs.decode()) if ours else theirs.decode()
    except NotSure as reason:
        woven.drop(pipeline.PATH, f"not understood: {reason}", pipeline.PATH)
        for path in rendered:
            if path.startswith(f"{pipeline.FOLDER}/"):
                woven.drop(path, f"{pipeline.PATH} cannot be added to")
        return False
    woven.files[pipeline.PATH] = encoded(text, ours) if ours else text.encode()
    woven.note(
        MERGED if ours else ADDED,
        pipeline.PATH,
        "" if not ours else "includes, variables and stages added; its jobs stay",
    )
    for path, data in rendered.items():
        if path.startswith(f"{pipeline.FOLDER}/") and facts.content(path) != data:
            woven.files[path] = data
            woven.note(ADDED, path)
    return True


def _text(content: bytes) -> str:
    sides = encoding.decode(None, content, content)
    if sides is None:
        raise NotSure("no text")
    return sides.ours.text


def encoded(text: str, like: bytes) -> bytes:
    """A text in the encoding, and with the line ends, of the content that it replaces."""
    sides = encoding.decode(None, like, like)
    content = encoding.encode(text, sides) if sides else None
    return text.encode() if content is None else content


@dataclass(frozen=True)
class Replaced:
    """A line that is no longer in its file: the path, the number that it had, and its text."""

    path: str
    line: int
    text: str


def replaced(before: Facts, after: Facts, paths: Iterable[str]) -> Iterator[Replaced]:
    """The lines of some files that are gone.

    A line that only moved, or gained a comma since another follows it, is still there.
    """
    for path in paths:
        there = Counter(map(_plain, after.lines(path)))
        for number, line in enumerate(before.lines(path), 1):
            if not _plain(line):
                continue
            if there[_plain(line)]:
                there[_plain(line)] -= 1
            else:
                yield Replaced(path, number, line)


def _plain(line: str) -> str:
    return line.strip().removesuffix(",").rstrip()
