"""What ``lisa-scaffold adopt`` shows."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from types import MappingProxyType
from typing import Any

from lisa_scaffold.adopt import pipeline
from lisa_scaffold.adopt.placed import Item as Placed
from lisa_scaffold.lines import wrap_text
from lisa_scaffold.model import Finding, Severity
from lisa_scaffold.report import machine
from lisa_scaffold.report.changes import Changes, build_changes_page
from lisa_scaffold.report.document import SHOWN_AGAIN, Document, Item, Section, as_markdown, as_text
from lisa_scaffold.shown import redacted_in, spoken, visible
from lisa_scaffold.verbs.adopt import Adopted, Answer

CONCERNS = ("metadata", "CI", "hooks", "container", "docs", "repository")
HEADINGS = {
    "added": "Added",
    "merged": "Merged with what the project has",
    "kept": "Kept as the project has it",
    "left out": "Left out, because it does not fit",
}
_WIDEST, _NARROWEST = 40, 12
_SOURCE = 34
"""Columns of a narrow terminal that are left for where an answer comes from."""


def list_answers(found: Iterable[Answer], width: int = 0) -> str:
    """The answers, each with where it comes from.

    Parameters
    ----------
    found
        The answers.
    width
        Columns of the terminal; 0: none shows them.
    """
    found = [*found]
    keys = max((len(each.key) for each in found), default=0)
    widest = min(_WIDEST, max(width - keys - _SOURCE, _NARROWEST)) if width else _WIDEST
    rows = [
        (key, value if len(value) <= widest else f"{value[: widest - 1]}…", source)
        for key, value, source in map(_describe, found)
    ]
    values = max((len(value) for _, value, _ in rows), default=0)
    starts = (f"  {key:{keys}}  {value:{values}}  " for key, value, _ in rows)
    sources = (source for *_, source in rows)
    lines = (wrap_text(start, told, width) for start, told in zip(starts, sources, strict=True))
    return "\n".join(line.rstrip() for line in lines)


def _describe(answer: Answer) -> tuple[str, str, str]:
    """An answer as people read it: its key, its value, and where it comes from."""
    source = answer.source if answer.sure else f"a guess: {answer.source}"
    # Cut off, an address would no longer be known.
    return answer.key, spoken(redacted_in(answer.value)), source


def show_answers(found: Iterable[Answer]) -> Section:
    """The answers as a part of a report."""
    found = [*found]
    rows = (Item(row.strip()) for row in list_answers(found).splitlines())
    table = (("Answer", "Value", "From"), *map(_describe, found))
    return Section("Answers, and where each comes from", tuple(rows), table=table)


def summarize_files(adopted: Adopted, branch: str | None, width: int = 0) -> str:
    """What an adoption does, in a few lines: the files by what happens to them, findings, git.

    Parameters
    ----------
    branch
        The branch that it is committed on; ``None``: it is staged.
    width
        Columns of the terminal; 0: none shows it.
    """
    rows = []
    said: set[str] = set()
    for status, heading in HEADINGS.items():
        # A file of which a part is merged and another left out is named once.
        paths = sorted({each.path for each in adopted.items if each.status == status} - said)
        said |= {*paths}
        if paths:
            rows.append((f"{heading} ({len(paths)})", ", ".join(map(visible, paths))))
    if decisions := adopted.list_decisions():
        rows.append((f"To decide afterwards ({len(decisions)})", "shown with all that changes"))
    repaired = adopted.repaired
    told = f"{len(repaired.before)} now, {len(repaired.left)} afterwards"
    rows.append(("Findings of `must`", told))
    stays = f"one commit on the new branch {branch}; your branch and your files stay as they are"
    rows.append(("git", stays if branch else "everything is staged, and nothing committed"))
    return "\n".join(["What happens", *(wrap_text(f"  {a}: ", b, width) for a, b in rows)])


def write_text(adopted: Adopted, width: int = 0) -> str:
    """The adoption for people: answers, what happens to which file, findings, what to decide."""
    return as_text(compose_document(adopted), width)


def write_markdown(adopted: Adopted) -> str:
    """The same for a merge request or a page."""
    return as_markdown(compose_document(adopted))


def write_html(adopted: Adopted) -> str:
    """The adoption as a page, with both versions of every file side by side."""
    title = f"Adopts {visible(adopted.project.root.name)} with version {adopted.version}"
    notes: dict[str, list[str]] = {}
    for each in (*adopted.items, *_list_own(adopted)):
        if each.text not in notes.setdefault(each.path, []):
            notes[each.path].append(each.text)
    changed = {each.path for each in adopted.synced.changes}
    beside = [Item(text, path) for path in notes if path not in changed for text in notes[path]]
    asked = [Item(question) for _, question in adopted.list_decisions()]
    sections = [Section("To decide", tuple(asked), urgent=True)] if asked else []
    answered = (
        Item(
            f"`{each.key}` = {spoken(each.value)} ({each.source}{'' if each.sure else ', a guess'})"
        )
        for each in adopted.answers
    )
    sections.append(Section("Answers, and where each comes from", tuple(answered)))
    if beside:
        sections.append(Section("Files that are left out, or stay", tuple(beside)))
    sections += _list_findings(adopted)
    changes = Changes(adopted.synced, adopted.before, notes)
    return build_changes_page("adopt", title, changes, sections)


def compose_document(adopted: Adopted) -> Document:
    """What there is to tell of an adoption."""
    name = visible(adopted.project.root.name)
    title = f"Adopts {name} with version {adopted.version} of the template."
    return Document(title, tuple(_list_sections(adopted)))


def _list_sections(adopted: Adopted) -> Iterator[Section]:
    yield show_answers(adopted.answers)
    if adopted.former:
        former = adopted.former
        yield Section(f"Merge base: the former template {former} ({former.named_in}).")
    questions = adopted.list_decisions()
    own = _list_own(adopted)
    # What follows is said of a file, and not besides that it is kept.
    said = {each.path for each in own}
    kept = [each for each in adopted.items if each.status != "kept" or each.path not in said]
    for about in CONCERNS:
        parts = []
        for status, heading in HEADINGS.items():
            found = [i for i in (*kept, *own) if (i.concern, i.status) == (about, status)]
            items = [
                Item(visible(i.text), i.path)
                for i in sorted(dict.fromkeys(found), key=lambda i: i.path)
            ]
            if items:
                parts.append(Item(heading, items=tuple(items)))
        if asked := [Item(visible(question)) for which, question in questions if which == about]:
            parts.append(Item("To decide", items=tuple(asked)))
        if parts:
            yield Section(about[0].upper() + about[1:], tuple(parts))
    yield from _list_findings(adopted)
    if adopted.replaced:
        lines = (f"{each.path}:{each.line}: {each.text.strip()}" for each in adopted.replaced)
        rows = (Item(visible(line)) for line in lines)
        yield Section("Lines that were changed, as they were", tuple(rows))


def _list_own(adopted: Adopted) -> list[Placed]:
    """What the project does in its own way, and goes on to."""
    return [Placed("kept", each.path, each.text) for each in adopted.customs if not each.to_decide]


def _list_findings(adopted: Adopted) -> Iterator[Section]:
    repaired = adopted.repaired

    def list_all(what: str, found: Iterable[Finding]) -> Iterator[Item]:
        for each in found:
            new = ", new" if each in repaired.new else ""
            why = f" ({repaired.waived[each]})" if each in repaired.waived else ""
            yield Item(f"{what}{new}: {_place(each)}{why}")

    must = [each for each in repaired.waived if each.severity == Severity.MUST]
    should = [each for each in repaired.waived if each not in must]

    def count(
        before: Sized, fixed: Sized, waived: Sequence[Finding], left: Sequence[Finding]
    ) -> str:
        new = repaired.new & {*waived, *left}
        named = {"before": before, "new": new, "fixed": fixed, "waived": waived, "left": left}
        return ", ".join(f"{len(found)} {what}" for what, found in named.items())

    numbers = count(repaired.before, repaired.fixed, must, repaired.left)
    items = (*list_all("fixed", repaired.fixed), *list_all("waived", must))
    yield Section(f"Findings of `must`: {numbers}", items)
    if should or repaired.advised or repaired.advised_before:
        advised, fixed = repaired.advised, repaired.advised_fixed
        numbers = count(repaired.advised_before, fixed, should, advised)
        items = (
            *list_all("fixed", fixed),
            *list_all("waived", should),
            *list_all("left", advised),
        )
        yield Section(f"Findings of `should`: {numbers}", items)


def _place(found: Finding) -> str:
    return visible(f"{found.path}:{found.line}: {found.code} {found.message}")


def _hints(adopted: Adopted) -> Iterator[str]:
    """What follows from the changes, and a person has to do."""
    root, paths = adopted.project.root, adopted.synced.files
    for lock, command in (("uv.lock", "uv lock"), ("poetry.lock", "poetry lock")):
        if "pyproject.toml" in paths and (root / lock).is_file():
            yield f"{lock} is older than pyproject.toml now. Renew it with: {command}"
    hooks, mark = ".pre-commit-config.yaml", b"id: ruff-format"
    now, former = paths.get(hooks), adopted.before.get(hooks)
    if now and mark in now.data and not (former and mark in former.data):
        yield (
            "ruff-format is new here, and asks for code in its form. Bring the code into it once, "
            "in a commit of its own: nox -s fix"
        )
    page = paths.get("CONTRIBUTING.md")
    is_told = page is not None and b"\n## Older code\n" in page.data
    if ".gitlab/ci/quality.yml" in paths:
        begin = 'CONTRIBUTING.md says under "Older code" what to begin with. ' if is_told else ""
        blob = paths.get(pipeline.PATH)
        is_excused = blob and pipeline.EXCUSE.encode() in blob.data
        yield (
            "Code that is older than ruff, mypy and the hooks has findings of theirs; "
            f"nox -s lint types hooks lists them. {begin}The jobs lint, type-check and hooks fail "
            "until they are worked off"
            + (
                ", and hold up none of the project's own: .gitlab-ci.yml gives the new ones "
                "`allow_failure: true`. Delete the line of each that passes."
                if is_excused
                else ", unless .gitlab-ci.yml gives them `allow_failure: true`."
            )
        )
    mark = b"id: ruff-check"
    if now and mark in now.data and not (former and mark in former.data):
        remedy = "name it under ruff's per-file-ignores"
        if is_told:
            remedy += ' (CONTRIBUTING.md shows it under "Older code")'
        yield (
            "After pre-commit install, a commit that touches such a file is stopped for all that "
            f"it has had. To let it in until that is worked off, {remedy}. To go without once: "
            "SKIP=ruff-check git commit"
        )
    if ".gitlab/ci/security.yml" in paths and not (root / ".secrets.baseline").is_file():
        yield (
            "The job secrets fails where a file has what may be a password or a token, as hashes "
            "in notebooks and built pages look. `pipx run detect-secrets scan > .secrets.baseline` "
            "records what there is: look at each entry, commit the file where none is real, and "
            "give the hook `args: [--baseline, .secrets.baseline]`."
        )
    if adopted.former and (root / ".cruft.json").is_file():
        yield ".cruft.json is kept, but not needed any more. Remove it with: git rm .cruft.json"


def tell_next(adopted: Adopted, branch: str | None) -> str:
    """What to do next."""
    if branch:
        lines = [
            f"The adoption is one commit on the branch {branch}; nothing else has changed.",
            f"Look at it with: git diff HEAD...{branch}",
            f"Keep it with: git merge {branch}; drop it with: git branch -D {branch}",
        ]
    else:
        lines = [
            "The adoption is staged; nothing is committed. Look at it with: git diff --staged",
            "Keep it with: git commit; undo it with: git reset --merge",
            SHOWN_AGAIN,
        ]
    lines.append("From then on, lisa-scaffold update brings newer versions of the template.")
    return "\n".join([*lines, *_hints(adopted)])


def tell_tried(adopted: Adopted, branch: str | None) -> str:
    """What a dry run has changed, and what the adoption would."""
    number = len(adopted.synced.files)
    files = "1 file" if number == 1 else f"{number} files"
    how = f"committed on the new branch {branch}" if branch else "staged"
    return f"A dry run: nothing was changed. Without --dry-run, {files} would be {how}."


def compose_kept(adopted: Adopted) -> tuple[str, str]:
    """The report that is kept of an adoption that is staged; it leaves nothing open."""
    return write_text(adopted), ""


def commit_message(adopted: Adopted) -> str:
    """Message of the commit: the report."""
    return f"Adopt the template of lisa-scaffold {adopted.version}\n\n{write_text(adopted)}\n"


def tell_already(version: str, given: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The message for a project that has the template, which may be given other answers."""
    words = (shlex.quote(f"{key}={spoken(value)}") for key, value in given.items())
    data = "".join(f" --data {visible(word)}" for word in words)
    what = "These answers" if given else "Newer ones"
    return (
        f"Already adopted: the project has version {version}. {what}: lisa-scaffold update{data}\n"
    )


def as_json(adopted: Adopted | None, version: str, branch: str | None = None) -> str:
    """The machine form, ``lisa-scaffold/adopt/1``.

    Parameters
    ----------
    adopted
        The adoption; ``None`` where the project has the template already.
    version
        The version that the project has then.
    branch
        The branch that it was committed on.
    """
    result: dict[str, Any] = {
        "schema": "lisa-scaffold/adopt/1",
        "from": None if adopted else version,
        "to": version,
        "branch": branch,
        "answers": [],
        "changes": [],
        "conflicts": [],
        "items": [],
        "findings": {
            name: []
            for name in (
                *("before", "fixed", "waived", "left"),
                *("advised", "advised_before", "advised_fixed"),
            )
        },
        "replaced": [],
        "to_decide": [],
        "notes": [],
    }
    if adopted:
        repaired = adopted.repaired
        waived = [{**_finding(each), "reason": why} for each, why in repaired.waived.items()]
        result |= {
            "answers": [
                {"key": a.key, "value": a.value, "source": a.source, "sure": a.sure}
                for a in adopted.answers
            ],
            "changes": [{"path": c.path, "status": c.status} for c in adopted.synced.changes],
            "items": [
                {"concern": i.concern, "status": i.status, "path": i.path, "text": i.text}
                for i in (*adopted.items, *_list_own(adopted))
            ],
            "findings": {
                "before": [_finding(each) for each in repaired.before],
                "fixed": [_finding(each) for each in repaired.fixed],
                "waived": waived,
                "left": [_finding(each) for each in repaired.left],
                "advised": [_finding(each) for each in repaired.advised],
                "advised_before": [_finding(each) for each in repaired.advised_before],
                "advised_fixed": [_finding(each) for each in repaired.advised_fixed],
            },
            "replaced": [
                {"path": each.path, "line": each.line, "text": each.text}
                for each in adopted.replaced
            ],
            "to_decide": [question for _, question in adopted.list_decisions()],
            "notes": list(_hints(adopted)),
        }
    return machine.as_json(result)


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": str(found.severity),
        "path": found.path,
        "line": found.line,
        "message": found.message,
    }
