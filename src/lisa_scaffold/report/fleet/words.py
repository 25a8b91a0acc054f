"""What is said of an update in a fleet: the commit, and the merge request."""

from __future__ import annotations

from hashlib import sha256

from lisa_scaffold.fleet.outcomes import Repaired, Work
from lisa_scaffold.lines import count
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.report import update as report
from lisa_scaffold.report.document import Document, Item, Section, as_markdown, as_text
from lisa_scaffold.report.markdown import block, code
from lisa_scaffold.verbs.update import Updated
from lisa_scaffold.versions import shorten

_TITLE = "Update the template"
_ADOPT = "Adopt the template of lisa-scaffold"
_REPAIR = "Repair what lisa-scaffold check has found"
_LONGEST = 200_000
"""Characters of a description; GitLab takes a million, and nobody reads as many."""

# See https://docs.gitlab.com/user/markdown/ for comments, which nobody sees.
_SIGN = compile_lazily(r"\n<!-- lisa-scaffold: ([0-9a-f]{40,64}) ([0-9a-f]{64}) -->\s*\Z")


def commit(work: Work) -> str:
    """The message of the commit."""
    if isinstance(work, Updated):
        return report.commit_message(work)
    if isinstance(work, Repaired):
        return f"{_REPAIR}\n\n{as_text(_list_repairs(work))}\n"
    from lisa_scaffold.report import adopt as adoption

    return adoption.commit_message(work)


def title(work: Work) -> str:
    """The title of the merge request: a draft's where there are conflicts."""
    if isinstance(work, Updated):
        draft = "Draft: " if work.synced.conflicts else ""
        return f"{draft}{_TITLE} from {shorten(work.project.version)} to {shorten(work.version)}"
    return _REPAIR if isinstance(work, Repaired) else f"{_ADOPT} {work.version}"


def is_own_title(title: str) -> bool:
    """Whether a title is one of ours, and nobody's own."""
    bare = title.removeprefix("Draft: ")
    return bare.startswith((f"{_TITLE} from ", _ADOPT)) or bare == _REPAIR


def _list_repairs(work: Repaired) -> Document:
    """What was repaired, rule by rule."""
    items = [
        Item(f"{each.code}: {each.message}", f"{each.path}:{each.line}")
        for each in work.checked.fixed
    ]
    title = "Repaired: " + count(len(items), "finding")
    return Document(title, (Section("Repairs that change nothing else", tuple(items)),))


def description(work: Work, commit: str) -> str:
    """The description of the merge request, for the commit that it brings."""
    if isinstance(work, Updated):
        said = report.write_markdown(work)
    elif isinstance(work, Repaired):
        said = as_markdown(_list_repairs(work))
    else:
        from lisa_scaffold.report import adopt as adoption

        said = adoption.write_markdown(work)
    parts = [said.rstrip("\n")]
    if len(parts[0]) > _LONGEST:
        parts = [
            "## A large update",
            "The report is longer than a description may be; the message of the commit has it.",
        ]
    parts.append(_go_on(work))
    text = "\n\n".join(parts)
    return f"{text}\n\n<!-- lisa-scaffold: {commit} {_digest(text)} -->"


def described(description: str) -> str | None:
    """The commit that a description of ours is for; None where people have changed it."""
    text = description.replace("\r\n", "\n")
    found = _SIGN.search(text)
    if not found or found[2] != _digest(text[: found.start()].removesuffix("\n")):
        return None
    return found[1]


def _digest(text: str) -> str:
    return sha256(text.strip().encode("utf-8", "surrogateescape")).hexdigest()


def _go_on(work: Work) -> str:
    """How somebody goes on."""
    if not isinstance(work, Updated) or not work.synced.conflicts:
        return (
            "### How to go on\n\nMerge it where it is right. Commits of yours on this branch are "
            "never overwritten. Close it if you do not want it: it is not offered again."
        )
    named = "\n".join(f"- {code(path, _LONGEST)}" for path in work.synced.conflicts)
    commands = (
        f"git switch --create update origin/HEAD\nlisa-scaffold update --to {work.version}\n"
        "git mergetool\ngit commit\n"
        f"git push --force-with-lease origin HEAD:lisa-scaffold/{work.version}\n"
    )
    return "\n".join(
        [
            "### How to go on",
            "",
            "In these files no merge was safe; here they are as the project has them:",
            "",
            named,
            "",
            "Resolve them at your desk:",
            "",
            *block(commands, "sh"),
            "",
            "Then mark this merge request as ready. What you push there is never overwritten.",
        ]
    )


def touched(branch: str, version: str) -> str:
    """What is said where people have committed to the branch."""
    return (
        f"{code(branch)} has commits of people, so lisa-scaffold leaves it as it is. To bring the "
        "default branch in, merge it here; at your desk, "
        f"`lisa-scaffold update --to {version}` does the update anew."
    )


def superseded(url: str, version: str) -> str:
    """What is said where another merge request takes the place of this one."""
    return f"Closed by lisa-scaffold: {url} brings {version}, and all of this."
