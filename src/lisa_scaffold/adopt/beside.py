"""Set the template's files beside a project's own; the report quotes every line replaced."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from lisa_scaffold import merge
from lisa_scaffold.adopt import (
    affected,
    cited,
    code,
    formatter,
    gone,
    hooks,
    indexes,
    lines,
    linted,
    needs,
    pipeline,
    spared,
    spelled,
    style,
    tables,
    tools,
    versioned,
)
from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.adopt.needs import Need
from lisa_scaffold.adopt.placed import (
    ADDED,
    KEPT,
    LEFT_OUT,
    MERGED,
    Item,
    Placed,
    decode,
    encode,
    name_concern,
)
from lisa_scaffold.formats.edit import add_items, remove_key, set_value
from lisa_scaffold.formats.ignored import IGNORE_FILE
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.lines import count, join_names
from lisa_scaffold.model import Merged
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import changelog, packaging
from lisa_scaffold.rules.build_needs import find_build_needs

README = "README.md"

_HEAD = 8000  # bytes, in which git looks for what makes a file binary

_MOST_PATTERNS = 300
"""Patterns of files with codes of their own that are taken over: the text is read for each."""

# Projects give these files other names, or put them elsewhere.
_EQUIVALENTS = {
    "CONTRIBUTING.md": r"(docs?/|\.github/|\.gitlab/)?contributing(\.\w+)?",
    "README.md": r"readme(\.\w+)?",
    ".gitlab/issue_templates/Bug.md": r"\.gitlab/issue_templates/bug.*\.md",
    ".gitlab/issue_templates/Feature.md": r"\.gitlab/issue_templates/feature.*\.md",
    ".gitlab/merge_request_templates/Default.md": r"\.gitlab/merge_request_templates/.*\.md",
}

# A former template may have started these; their content belongs to the project.
_NEVER_MERGED = ("CHANGELOG.md", "LICENSE")

# Pages that are another file, which the project may have elsewhere.
_PAGES = {"docs/changelog.md": "CHANGELOG.md", "docs/contributing.md": "CONTRIBUTING.md"}

_GITLABS = ".gitlab"
_READ_AT_TOP = {pipeline.PATH: "GitLab", hooks.PATH: "pre-commit"}
_TOP_ONLY = (*_READ_AT_TOP, f"{_GITLABS}/")

_LINE_FILES = (".gitattributes", IGNORE_FILE)

# What the pipeline reads, and every session of its jobs.
_READ_BY_JOBS = re.compile(
    r"\.gitlab-ci\.yml|\.gitlab/ci/.*|noxfile\.py|pyproject\.toml|\.pre-commit-config\.yaml"
    r"|\.hadolint\.yaml|sonar-project\.properties"
)
_TOOL = re.compile(r"\[tool\.(\w+)")
_MERGED_BY_FORM = (*_LINE_FILES, hooks.PATH, tables.PATH)


def place_files(  # noqa: PLR0913 - each has its name where it is given
    facts: Facts,
    rendered: Mapping[str, bytes],
    former: Mapping[str, bytes],
    answers: Mapping[str, Any],
    below: str = "",
    *,
    ignored: Container[str] = (),
) -> Placed:
    """Set all of the template's files but the pipeline beside a project's own.

    Parameters
    ----------
    facts
        The project.
    rendered
        The template's files for it, without the answers file.
    former
        The files of the template that it was once made from; empty where that is unknown.
    answers
        Its answers.
    below
        Where its folder lies in the repository; empty at the top.
    ignored
        Paths that its ``.gitignore`` names: of these comes what the jobs read, and no other.

    Returns
    -------
    Placed
        What changes. The pipeline's content depends on the files left out here, so the caller
        renders again and calls :func:`place_pipeline`.
    """
    placement = _Placement(facts, rendered, former, answers, ignored)
    if below:
        rendered = placement.leave_to_top(below)
    for path, theirs in rendered.items():
        if path != pipeline.PATH and not path.startswith(f"{pipeline.FOLDER}/"):
            placement.place(path, theirs)
    placed = placement.placed
    for page, included in _PAGES.items():
        if page in placed.files and included in placed.left_out and not facts.has(included):
            del placed.files[page]
            placed.items.remove(Item(ADDED, page))
            placed.drop(page, f"it shows {included}; the project has another")
    _name_readme(placed, facts)
    placed.customs += _find_untold(placed, facts, answers)
    remaining = {path: data for path, data in rendered.items() if path not in placed.left_out}
    unfit = pipeline.find_unfit(facts, Facts.of(remaining))
    for path, theirs in remaining.items():
        is_part = path.startswith(f"{pipeline.FOLDER}/")
        if is_part and facts.has(path) and facts.content(path) != theirs:
            unfit[path] = "the project has a file of this name"
    for path, why in unfit.items():
        placed.drop(path, why)
    return placed


@dataclass
class _Placement:
    """Places the files of one project; the fields are those of :func:`place_files`."""

    facts: Facts
    rendered: Mapping[str, bytes]
    former: Mapping[str, bytes]
    answers: Mapping[str, Any]
    ignored: Container[str] = ()
    placed: Placed = field(default_factory=Placed)

    def leave_to_top(self, below: str) -> dict[str, bytes]:
        """Leave out what is read at the top of a repository alone; returns the rest."""
        placed, folder = self.placed, below.rstrip("/")
        left = {path for path in self.rendered if path.startswith(_TOP_ONLY)}
        # What a later version has in that folder stays away as well.
        placed.left_out |= left | (
            {_GITLABS} if any(path.startswith(f"{_GITLABS}/") for path in left) else set()
        )
        for path, reader in _READ_AT_TOP.items():
            if path in left:
                own = KEPT if self.facts.has(path) else LEFT_OUT
                placed.note(own, path, f"{reader} reads the one at the repository's top alone")
        if pipeline.PATH in left:
            text = (
                f"no pipeline comes into {folder}, which GitLab would not read: a job of the "
                f".gitlab-ci.yml at the repository's top runs the sessions, such as "
                f"`cd {folder} && nox -s lint types tests`, with changes: [{folder}/**/*] in "
                "its rules"
            )
            placed.customs.append(Custom(pipeline.PATH, text, to_decide=True))
        if hooks.PATH in left:
            text = (
                "`nox -s hooks` runs the hooks that the repository's top names: those for "
                f"{folder} belong there, with `files: ^{folder}/`"
            )
            placed.customs.append(Custom(hooks.PATH, text, to_decide=True))
        return {path: data for path, data in self.rendered.items() if path not in left}

    def place(self, path: str, theirs: bytes) -> None:
        """Add a file of the template, merge it, or leave it out."""
        if path == hooks.PATH:
            theirs = hooks.keep_from_data(theirs.decode(), self.find_texts()).encode()
            theirs = self.leave_formatter(theirs)
        theirs = spared.spare(path, theirs, self.facts)
        own = _find_own(path, self.facts)
        if own is None:
            self.add(path, theirs)
            return
        ours = self.facts.content(own)
        if ours is None:
            self.placed.drop(path, "not merged: no file that can be read", own)
        elif own != path:
            self.placed.drop(path, "the project's own", own)
        elif ours != theirs:
            self.merge(path, ours, theirs)

    def leave_formatter(self, theirs: bytes) -> bytes:
        """The template's hooks; without its formatter where the project has another one, or none.

        Where nothing has formatted the code so far, the first run would rewrite most of it.
        """
        left = hooks.leave_formatter(theirs.decode()).encode()
        is_ruffs = formatter.is_formatted_by_ruff(self.facts)
        has_code = any(path.endswith(".py") for path in self.facts.tracked)
        if (
            left == theirs
            or is_ruffs
            or not has_code
            or hooks.is_formatted(self.facts.text(hooks.PATH))
        ):
            return theirs
        found = formatter.find_formatter(self.facts)
        why = f"the project has {found.name}" if found else hooks.UNFORMATTED
        self.placed.note(LEFT_OUT, hooks.PATH, f"{hooks.RUFF_FORMAT}: {why}")
        return left

    def find_texts(self) -> Iterator[str]:
        """The files that git has, but for binary ones."""
        for path in self.facts.tracked:
            content = self.facts.content(path)
            if content and b"\0" not in content[:_HEAD]:
                yield path

    def add(self, path: str, theirs: bytes) -> None:
        """Add a file that the project does not have."""
        if path in self.former and path not in _MERGED_BY_FORM:
            why = "the project removed it from what the former template gave"
            self.placed.drop(path, why)
            return
        if path in self.ignored and not _READ_BY_JOBS.fullmatch(path):
            self.placed.drop(path, "the project's .gitignore names it")
            return
        if path == tables.PATH:
            self.merge_tables(None, theirs)
            return
        if path in _LINE_FILES:
            fresh = lines.fresh_lines(path, theirs.decode(), self.facts)
            self.note_left_out(path, fresh)
            theirs = fresh.text.encode()
        self.placed.files[path] = theirs
        self.placed.note(ADDED, path)

    def merge(self, path: str, ours: bytes, theirs: bytes) -> None:
        """Merge a file that both have: with the former template as base, or else by its form."""
        by_form_alone = path in _LINE_FILES or path == tables.PATH
        if not by_form_alone and self.merge_from_former(path, ours, theirs):
            return
        try:
            if path in _LINE_FILES:
                self.merge_lines(path, ours, theirs)
            elif path == hooks.PATH:
                self.merge_hooks(ours, theirs)
            elif path == tables.PATH:
                self.merge_tables(ours, theirs)
            else:
                self.placed.drop(path, "the project's own", path)
        except NotSure as reason:
            self.placed.drop(path, f"not understood: {reason}", path)

    def merge_from_former(self, path: str, ours: bytes, theirs: bytes) -> bool:
        """Merge with the former template as base; False where that leaves a question open."""
        base = self.former.get(path)
        if base is None or path in _NEVER_MERGED:
            return False
        if name_concern(path) == "docs" and ours != base:
            return False  # people wrote it: what is new in it would be of another project
        merged = merge.merge_file(path, base, ours, theirs)
        if not isinstance(merged, Merged) or merged.patch:
            return False
        if merged.content != ours:
            self.placed.files[path] = merged.content
            told = ["with the former template as base"]
            if path == hooks.PATH:
                after = self.facts.changed({path: merged.content})
                told.append(hooks.describe_changes(self.facts.hooks.data, after.hooks.data))
            self.placed.note(MERGED, path, "; ".join(filter(None, told)))
        return True

    def merge_lines(self, path: str, ours: bytes, theirs: bytes) -> None:
        merged = lines.merge_lines(path, decode(ours), theirs.decode(), self.facts)
        self.note_left_out(path, merged)
        if merged.added:
            self.placed.files[path] = encode(merged.text, ours)
            self.placed.note(MERGED, path, f"{merged.added} lines more, above the project's")

    def note_left_out(self, path: str, merged: lines.Lines) -> None:
        for line, why in merged.left_out.items():
            self.placed.note(LEFT_OUT, path, f"`{line}`: {why}")

    def merge_hooks(self, ours: bytes, theirs: bytes) -> None:
        merged = hooks.merge_hooks(decode(ours), theirs.decode())
        if merged.added:
            self.placed.files[hooks.PATH] = encode(merged.text, ours)
            self.placed.note(MERGED, hooks.PATH, f"hooks added: {', '.join(merged.added)}")
        for hook, why in merged.left_out.items():
            self.placed.note(LEFT_OUT, hooks.PATH, f"{hook}: {why}")
        self.placed.customs += [
            Custom(hooks.PATH, each, to_decide=True) for each in merged.to_decide
        ]

    def merge_tables(self, ours: bytes | None, theirs: bytes) -> None:
        """Merge ``pyproject.toml``; ``ours`` is None where the project has none."""
        placed, path = self.placed, tables.PATH
        former = self.former.get(path)
        merged = tables.merge_tables(
            None if ours is None else decode(ours),
            theirs.decode(),
            decode(former) if former else None,
            tools.find_elsewhere(self.facts, str(self.answers["test_path"])),
        )
        if merged is None:
            placed.drop(path, "not understood: its tables stay as they are", path)
            return
        text, adjustments = self.adjust_tables(merged, theirs.decode())
        placed.files[path] = text.encode() if ours is None else encode(text, ours)
        # All groups that came in are listed behind one name.
        start = f"[{tables.GROUPS}] "
        groups = [table.removeprefix(start) for table in merged.added if table.startswith(start)]
        added = [f"{start}{' '.join(groups)}"] if groups else []
        added += [table for table in merged.added if not table.startswith(start)]
        status = ADDED if ours is None else MERGED
        placed.note(status, path, f"added: {', '.join((*added, *adjustments))}")
        for table in merged.kept:
            placed.note(KEPT, path, f"{table}: set up by the project, the template's differs")
        for table, why in (merged.left_out or {}).items():
            placed.note(LEFT_OUT, path, f"{table}: {why}")
        placed.kept_tools = merged.kept
        came = {match[1] for each in merged.added if (match := _TOOL.match(each))}
        placed.customs += affected.find_affected(self.facts, came)
        if "[tool.ruff]" in (merged.left_out or {}):
            self.leave_alone_in(self.facts.first(*tools.RUFF))

    def leave_alone_in(self, path: str | None) -> None:
        """Keep ruff, which a file of its own sets up, away from what the template brings."""
        ours, brought = self.facts.content(path) if path else None, self.find_brought()
        if path is None or ours is None or not brought or self.facts.toml(path).problem:
            return
        text = _leave_alone(decode(ours), ("extend-exclude",), brought)
        if text != decode(ours):
            self.placed.files[path] = encode(text, ours)
            self.placed.note(MERGED, path, f"{' '.join(brought)} in extend-exclude")

    def adjust_tables(self, merged: tables.Tables, theirs: str) -> tuple[str, list[str]]:
        """Fill in what only this project knows; returns the text and what was adjusted.

        That is the length of its lines, the requirements of its tests, and the files that its type
        checker reads.
        """
        facts, text, adjustments = self.facts, merged.text, []
        if "[tool.ruff]" in merged.added:
            text, more = style.keep_style(facts, text)
            adjustments += more
            found = tools.find_line_length(facts, facts.text(hooks.PATH))
            if found and "line-length as before" not in more:
                text = set_value(("tool", "ruff", "line-length"), str(found[0]))(text)
                adjustments.append(f"line-length = {found[0]} as {found[1]} has it")
            target = style.find_target(facts) if self.answers["kind"] == "package" else None
            if target:
                text = set_value(("tool", "ruff", "target-version"), quoted(target[0]))(text)
                adjustments.append(f"target-version = {target[0]} as {target[1]} has it")
            brought = self.find_brought() if style.is_other(text, theirs) else []
            text, more = self.keep_away(text, brought)
            adjustments += more
        elif "[tool.ruff]" in merged.kept and (brought := self.find_brought()):
            text = _leave_alone(text, ("tool", "ruff", "extend-exclude"), brought)
            adjustments.append(f"{' '.join(brought)} in extend-exclude of [tool.ruff]")
        wanted = self.find_gone_needs()
        if f"[{tables.GROUPS}] test" in merged.added:
            wanted = [*self.find_test_needs(), *wanted]
        if wanted:
            needs = [quoted(each.requirement) for each in wanted]
            text = add_items((tables.GROUPS, "test"), needs)(text)
            sources = dict.fromkeys(each.source for each in wanted)
            adjustments.append(f"the tests' needs from {', '.join(sources)}")
        if f"[{tables.GROUPS}] native" in merged.added:
            needs = [*map(quoted, tools.find_build_requirements(facts))]
            text = add_items((tables.GROUPS, "native"), needs)(text)
            adjustments.append("what compiles, as [build-system] has it")
        if "[tool.mypy]" in merged.kept and not tools.has_mypy_files(facts):
            paths = tomllib.loads(theirs)["tool"]["mypy"]["files"]
            text = set_value(("tool", "mypy", "files"), f"[{', '.join(map(quoted, paths))}]")(text)
            adjustments.append("files in [tool.mypy], which names none")
        text, more = self.let_written_be(text, merged.added)
        adjustments += more
        text, more = self.name_test_files(text)
        adjustments += more
        return self.declare_build(text, adjustments)

    def let_written_be(self, text: str, added: Container[str]) -> tuple[str, list[str]]:
        """Keep the checker of types, and what counts lines, away from what a tool writes."""
        written, told = linted.find_written(self.facts), []
        modules = [path for path in written if path.endswith(".py")]
        if modules and "[tool.coverage]" in added:
            omitted = ", ".join(quoted(f"*/{path.removeprefix('src/')}") for path in modules)
            text = set_value(("tool", "coverage", "run", "omit"), f"[ {omitted} ]")(text)
            told.append(f"coverage without {' '.join(modules)}")
        if modules and "[tool.mypy]" in added:
            names = [path.removeprefix("src/")[:-3].replace("/", ".") for path in modules]
            text = (
                f"{text.rstrip()}\n\n# Written by a tool.\n[[tool.mypy.overrides]]\n"
                f"module = [ {', '.join(map(quoted, names))} ]\nignore_errors = true\n"
            )
            told.append(f"ignore_errors of mypy for {' '.join(names)}")
        return text, told

    def name_test_files(self, text: str) -> tuple[str, list[str]]:
        """Let pytest collect modules of tests that another runner took, such as ``tests.py``."""
        facts, keys = self.facts, ("tool", "pytest", "ini_options")
        test_path, customs = str(self.answers["test_path"]), self.placed.customs
        is_set_up = facts.pyproject.get("tool", "pytest") or (
            "pytest" in tools.find_elsewhere(facts, "")
        )
        # The table that comes in where there are no tests names places.
        where = "" if is_set_up or test_path else str(self.answers["code_path"])
        if scripts := code.find_lookalikes(facts, where):
            more = f" (so does {join_names(scripts[1:])})" if scripts[1:] else ""
            told = (
                f"pytest imports it for its name{more}, and it holds no test: what it does at its "
                "top is done then. Rename it, or let pytest's `testpaths` name where tests are"
            )
            customs.append(Custom(scripts[0], told, to_decide=True))
        paths = code.find_uncollected(facts, test_path)
        names = sorted({path.rpartition("/")[2] for path in paths})
        if not names or code.states_test_files(facts):
            return text, []
        if is_set_up:
            told = f"pytest collects no tests by this name: add {join_names(names)} to its "
            customs.append(Custom(paths[0], f"{told}`python_files`", to_decide=True))
            return text, []
        value = f"[ {', '.join(map(quoted, (*code.TEST_FILES, *names)))} ]"
        return set_value((*keys, "python_files"), value)(text), [f"pytest collects {names[0]}"]

    def declare_build(self, text: str, adjustments: list[str]) -> tuple[str, list[str]]:
        """Say what a ``setup.py`` needs to run.

        Without it no installation would get as far as the tests, whatever the project's own jobs
        have installed before.
        """
        facts = self.facts
        needs = find_build_needs(facts)
        is_silent = "build-system" not in facts.pyproject.data and self.answers["kind"] == "package"
        if not is_silent or not (needs.reasons or needs.unknown):
            return text, adjustments
        if change := packaging.declare_build(facts):
            why = f"[build-system] with {', '.join(needs.requires)} ({'; '.join(needs.reasons)})"
            return change(text), [*adjustments, why]
        told = packaging.explain_build(facts)
        custom = Custom("setup.py", told, to_decide=True, is_urgent=True)
        self.placed.customs.append(custom)
        return text, adjustments

    def find_brought(self) -> list[str]:
        """The modules that the template brings, in a style that may not be the project's."""
        modules = [path for path in self.rendered if path.endswith(".py")]
        return sorted(path for path in modules if not self.facts.has(path))

    def keep_away(self, text: str, brought: list[str]) -> tuple[str, list[str]]:
        """Keep ruff away from what the linters before it left alone; returns what was adjusted."""
        table, adjustments = ("tool", "ruff"), []
        excluded = linted.find_excluded(self.facts)
        if not self.answers.get("notebooks") and self.facts.paths("**/*.ipynb"):
            excluded["*.ipynb"] = "the notebooks stay as they are"
        if unjudged := [*excluded, *brought]:
            value = f"[{', '.join(map(quoted, unjudged))}]"
            text = set_value((*table, "extend-exclude"), value)(text)
            adjustments.append(f"extend-exclude = {' '.join(unjudged)}")
        present = tomllib.loads(text)["tool"]["ruff"].get("lint", {}).get("per-file-ignores", {})
        codes, ignores = style.find_ignored(self.facts)
        if codes:
            ignored = tomllib.loads(text)["tool"]["ruff"].get("lint", {}).get("ignore", [])
            more = [quoted(code) for code in codes if code not in ignored]
            text = add_items((*table, "lint", "ignore"), more)(text)
            adjustments.append("what ruff ignored before")
        if by_flake8 := linted.find_ignored(self.facts):
            ignored = tomllib.loads(text)["tool"]["ruff"].get("lint", {}).get("ignore", [])
            more = [quoted(code) for code in by_flake8 if code not in ignored]
            text = add_items((*table, "lint", "ignore"), more)(text)
            sources = join_names(dict.fromkeys(by_flake8.values()))
            adjustments.append(f"{' '.join(by_flake8)} in ignore as {sources} has it")
        in_files = linted.find_ignores(self.facts)
        for pattern, own in ignores.items():
            in_files.setdefault(pattern, ([], tables.PATH))[0].extend(own)
        if more := [*in_files][_MOST_PATTERNS:]:
            adjustments.append(f"without {count(len(more), 'pattern')} more of per-file-ignores")
        for pattern, (codes, source) in islice(in_files.items(), _MOST_PATTERNS):
            merged = [*dict.fromkeys([*present.get(pattern, []), *codes])]
            keys = (*table, "lint", "per-file-ignores", pattern)
            text = set_value(keys, f"[{', '.join(map(quoted, merged))}]")(text)
            adjustments.append(f"per-file-ignores of {pattern} as {source} has them")
        there = ("tool", "ruff", "lint", "per-file-ignores")
        found = linted.find_places(self.facts, present, str(self.answers["test_path"]))
        for pattern, place in found:
            merged = [*dict.fromkeys([*present[pattern], *in_files.get(place, ([], ""))[0]])]
            text = set_value((*there, place), f"[{', '.join(map(quoted, merged))}]")(text)
            if pattern == linted.SPHINX and pattern not in self.rendered:
                text = remove_key((*there, pattern))(text)
            adjustments.append(f"per-file-ignores of {pattern} also of {place}")
        self.placed.customs += linted.find_unsorted(self.facts, excluded)
        return text, adjustments

    def find_gone_needs(self) -> list[Need]:
        """What brings back a module that code imports and no environment has by itself."""
        own = self.facts.pyproject.items(tables.GROUPS, "test")
        if self.answers["kind"] != "package" or any("setuptools" in str(each) for each in own):
            return []
        brought = [each for each in gone.find_gone(self.facts) if each.requirement]
        # Of several, the one with a bound.
        brought.sort(key=lambda each: "<" not in each.requirement)
        return [Need(each.requirement, each.path, is_stated=True) for each in brought[:1]]

    def find_test_needs(self) -> list[Need]:
        """What else goes into the group ``test``; what is in doubt is told."""
        found = needs.find_needs(self.facts)
        taken = [need for need in found if not need.is_left]
        texts = {
            "the group `test` got these too, which are not stated for tests alone: {}. Take out "
            "what no test needs; and what cannot be installed (no wheel, and a setup.py that "
            "imports NumPy): tests that need it begin with pytest.importorskip": (
                need for need in taken if not need.is_stated
            ),
            "tox or jobs install these too, and the group `test` does not: {}. "
            "Add what a test needs": (need for need in found if need.is_left),
        }
        for text, told in texts.items():
            if names := _name_sources(told):
                self.placed.customs.append(Custom(tables.PATH, text.format(names), to_decide=True))
        if unread := needs.find_unread(self.facts):
            text = (
                f"line {unread.line} makes the extras, which could not be read without running it: "
                f"add to the group `test` in {tables.PATH} what the tests need of them"
            )
            self.placed.customs.append(Custom(unread.path, text, to_decide=True))
        return taken


def _find_untold(placed: Placed, facts: Facts, answers: Mapping[str, Any]) -> Iterator[Custom]:
    """What files that come in do not tell, and the project does."""
    if "noxfile.py" in placed.files:
        yield from indexes.find_indexes(facts)
    if "CITATION.cff" in placed.files and (papers := cited.find_papers(facts)):
        yield papers
    if "Dockerfile" in placed.files:
        yield from versioned.find_untold(facts, str(answers["distribution"]))


def _name_readme(placed: Placed, facts: Facts) -> None:
    """Let the metadata name the README that comes in, where they name none."""
    project = facts.pyproject.table("project")
    named = "readme" in project or "readme" in facts.pyproject.items("project", "dynamic")
    if README not in placed.files or not project or named or tables.PATH not in placed.files:
        return
    data = placed.files[tables.PATH]
    text = set_value(("project", "readme"), quoted(README))(decode(data))
    placed.files[tables.PATH] = encode(text, data)
    placed.items = [
        replace(item, text=f"{item.text}, readme in [project]")
        if (item.status, item.path) == (MERGED, tables.PATH)
        else item
        for item in placed.items
    ]


def _leave_alone(text: str, keys: tuple[str, ...], paths: list[str]) -> str:
    """Add files to those that ruff passes over."""
    present: Any = tomllib.loads(text)
    for key in keys:
        present = present.get(key, {})
    if not present:
        return set_value(keys, f"[{', '.join(map(quoted, paths))}]")(text)
    more = [quoted(path) for path in paths if path not in present]
    return add_items(keys, more)(text) if isinstance(present, list) else text


def _name_sources(wanted: Iterable[Need]) -> str:
    """Requirements, each list with who names it."""
    by_source: dict[str, list[str]] = {}
    for need in wanted:
        by_source.setdefault(need.source, []).append(need.requirement)
    return "; ".join(f"{', '.join(names)} ({source})" for source, names in by_source.items())


def _find_own(path: str, facts: Facts) -> str | None:
    """The project's own file in the place of one of the template's; ``None`` for none."""
    if facts.has(path):
        return path
    if path == "LICENSE":
        return spelled.find_licence(facts) or None
    if path == "CHANGELOG.md":
        return next(iter(changelog.find_files(facts) or changelog.find_fragments(facts)), None)
    if path not in _EQUIVALENTS:
        return next((each for each in facts.files if each.lower() == path.lower()), None)
    pattern = re.compile(_EQUIVALENTS[path], re.IGNORECASE)
    return next((each for each in facts.files if pattern.fullmatch(each)), None)
