"""What is said of an update in a fleet: the commit, and the merge request."""

from __future__ import annotations

from hashlib import sha256

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.report import update as report
from lisa_scaffold.report.markdown import block, code
from lisa_scaffold.verbs.update import Updated

_TITLE = "Update the template"
_LONGEST = 200_000
"""Characters of a description; GitLab takes a million, and nobody reads as many."""

# See https://docs.gitlab.com/user/markdown/ for comments, which nobody sees.
_SIGN = compile_lazily(r"\n<!-- lisa-scaffold: ([0-9a-f]{40,64}) ([0-9a-f]{64}) -->\s*\Z")


def commit(updated: Updated) -> str:
    """The message of the commit."""
    return report.commit_message(updated)


def title(updated: Updated) -> str:
    """The title of the merge request: a draft's where there are conflicts."""
    draft = "Draft: " if updated.synced.conflicts else ""
    return f"{draft}{_TITLE} from {updated.project.version} to {updated.version}"


def is_own_title(title: str) -> bool:
    """Whether a title is one of ours, and nobody's own."""
    return title.removeprefix("Draft: ").startswith(f"{_TITLE} from ")


def description(updated: Updated, commit: str) -> str:
    """The description of the merge request, for the commit that it brings."""
    parts = [report.markdown(updated).rstrip("\n")]
    if len(parts[0]) > _LONGEST:
        parts = [
            "## A large update",
            "The report is longer than a description may be; the message of the commit has it.",
        ]
    parts.append(_go_on(updated))
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


def _go_on(updated: Updated) -> str:
    """How somebody goes on."""
    if not updated.synced.conflicts:
        return (
            "### How to go on\n\nMerge it where it is right. Commits of yours on this branch are "
            "never overwritten. Close it if you do not want this version: it is not offered "
            "again."
        )
    named = "\n".join(f"- {code(path, _LONGEST)}" for path in updated.synced.conflicts)
    commands = (
        f"git switch --create update origin/HEAD\nlisa-scaffold update --to {updated.version}\n"
        "git mergetool\ngit commit\n"
        f"git push --force-with-lease origin HEAD:lisa-scaffold/{updated.version}\n"
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
