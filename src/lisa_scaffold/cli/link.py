"""``lisa-scaffold adopt --template``: link a project to any Copier template."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.ending import carry_out, open_page
from lisa_scaffold.cli.terminal import hand_over, look, say_as_is, tell
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.lines import fit


def run(path: Path, arguments: argparse.Namespace) -> int:
    """Link the project in a folder to a template; its other files stay as they are.

    Raises
    ------
    LisaError
        If the project or the template cannot be used.
    """
    from lisa_scaffold.adopt import eligible
    from lisa_scaffold.report import link as report
    from lisa_scaffold.verbs import adopt, link

    current = eligible.read(path)
    given = common.read_given(arguments)
    with link.prepare(current, arguments.template, trust=arguments.trust) as prepared:
        linked = prepared.link(arguments.to, given)
    branch = None if arguments.in_place else arguments.branch or adopt.BRANCH
    if not arguments.dry_run:
        message = partial(report.commit_message, linked)
        carry_out("the link", current, linked.synced, branch, message)
    if arguments.open:
        open_page(report.write_html(linked), "adopt")
    if arguments.format == "html":
        hand_over(report.write_html(linked))
    elif arguments.format == "json":
        hand_over(report.as_json(linked, None if arguments.dry_run else branch))
    elif arguments.format == "markdown":
        hand_over(report.write_markdown(linked))
    elif arguments.dry_run:
        say_as_is(report.write_text(linked, *look(messages=True)), coloured=True)
        hand_over(linked.nearest.record.decode("utf-8", "replace"))
    else:
        width, paint = look()
        after = fit(report.tell_next(linked, branch), width)
        tell(f"{report.write_text(linked, width, paint)}\n\n{after}\n", coloured=True)
    return ExitCode.DONE
