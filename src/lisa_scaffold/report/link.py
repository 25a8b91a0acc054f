"""What ``lisa-scaffold adopt --template`` shows."""

from __future__ import annotations

from lisa_scaffold.lines import Paint, strip_style
from lisa_scaffold.report import machine
from lisa_scaffold.report.adopt import show_answers
from lisa_scaffold.report.changes import Changes, build_changes_page
from lisa_scaffold.report.document import Document, Section, as_markdown, as_text
from lisa_scaffold.shown import harmless, redacted, visible
from lisa_scaffold.verbs.adopt import Answer
from lisa_scaffold.verbs.link import Linked
from lisa_scaffold.versions import shorten


def list_sourced_answers(linked: Linked) -> tuple[Answer, ...]:
    """Every recorded answer, and where it comes from."""
    found = linked.nearest.answers.items()
    return tuple(Answer(key, each.value, each.source, each.sure) for key, each in found)


def write_text(linked: Linked, width: int = 0, paint: Paint = strip_style) -> str:
    """The link for people: version, how near it is, and the answers.

    See :func:`~lisa_scaffold.report.document.as_text`.
    """
    return as_text(compose_document(linked), width, paint)


def write_markdown(linked: Linked) -> str:
    """The same for a merge request or a page."""
    return as_markdown(compose_document(linked))


def write_html(linked: Linked) -> str:
    """The same as a page, with the file that is added."""
    told = compose_document(linked)
    changes = Changes(linked.synced, {}, {})
    return build_changes_page("adopt", told.title, changes, told.sections)


def compose_document(linked: Linked) -> Document:
    """What there is to tell of a link."""
    name, near = visible(linked.project.root.name), linked.nearest
    source, version = visible(redacted(linked.source)), visible(shorten(near.version))
    among = f", the nearest of {near.tried} that were tried" if near.tried > 1 else ""
    here = (
        "The template is a folder of this machine, and other clones of the project find none "
        "there: to share the link, give its address to --template."
    )
    return Document(
        f"Links {name} to the template {source} at version {version}{among}.",
        (
            Section(f"{near.same} of the {near.lines} lines of this version are in the project."),
            *([Section(here, urgent=True)] if linked.is_local else []),
            show_answers(list_sourced_answers(linked)),
        ),
    )


def tell_next(linked: Linked, branch: str | None) -> str:
    """What to do next."""
    path = visible(linked.nearest.answers_file)
    if branch:
        first = f"{path} is added by one commit on the branch {branch}; nothing else has changed."
        steps = [f"git merge {branch}", "lisa-scaffold status", "lisa-scaffold update"]
    else:
        first = f"{path} is staged; nothing else has changed."
        steps = ["git commit", "lisa-scaffold status", "lisa-scaffold update"]
    told = "Look at the answers, then follow the template from that version on:"
    return "\n".join([first, told, *(f"  {step}" for step in steps)])


def commit_message(linked: Linked) -> str:
    """The message of the commit that records the link."""
    where = harmless(redacted(linked.source))
    return f"Follow the template {where} from version {harmless(shorten(linked.nearest.version))}\n"


def as_json(linked: Linked, branch: str | None) -> str:
    """The machine form, ``lisa-scaffold/link/1``.

    Parameters
    ----------
    linked
        The link.
    branch
        The branch that it was committed on.
    """
    near = linked.nearest
    return machine.as_json(
        {
            "schema": "lisa-scaffold/link/1",
            "template": linked.source,
            "version": near.version,
            "tried": near.tried,
            "lines": {"same": near.same, "all": near.lines},
            "answers": [
                {"key": a.key, "value": a.value, "source": a.source, "sure": a.sure}
                for a in list_sourced_answers(linked)
            ],
            "answers_file": near.answers_file,
            "branch": branch,
        }
    )
