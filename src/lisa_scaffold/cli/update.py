"""``lisa-scaffold update``: bring a newer version of the template into a project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.boundary import changing, tell_recovered
from lisa_scaffold.cli.terminal import hand_over, say, tell
from lisa_scaffold.errors import ExitCode

DESCRIPTION = """\
Bring a newer version of the template into a project: a three-way merge with what people wrote."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold update``."""
    parser.add_argument(
        "path", metavar="PATH", nargs="?", type=Path, default=Path(), help="folder of the project"
    )
    common.add_merging(
        parser,
        "let the recorded template load its Jinja extensions, which are code, and read your files "
        "outside the project (_external_data)",
    )
    parser.add_argument(
        "--branch", metavar="NAME", help="commit the update on a new branch, touch nothing else"
    )
    parser.add_argument(
        "--merge-prose",
        action="store_true",
        help="leave in conflict what else would stay as the project has it, with a patch",
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Update a project."""
    from lisa_scaffold import project
    from lisa_scaffold.verbs import update

    current = project.read(arguments.path)
    recover(current.repository, dry_run=arguments.dry_run)
    given = common.read_given(arguments)
    target = update.choose_target(current, arguments.to)
    if target.version == current.version and not given:
        project.refuse_unmerged(current)
        if arguments.format == "json":
            from lisa_scaffold.report import update as report

            hand_over(report.as_json(None, current.version))
        else:
            tell(f"Nothing to do: the project has {current.version}.\n")
        return ExitCode.DONE
    with update.prepare(current, target, trust=arguments.trust) as prepared:
        if common.is_interactive(arguments):
            given = _ask_new_questions(prepared)
        keep_prose = not arguments.merge_prose
        updated = prepared.update(given, keep_prose=keep_prose, diff=arguments.dry_run)
    return _finish(updated, arguments)


def recover(repository: Any, *, dry_run: bool) -> None:
    """Complete or drop what a killed command left behind, and say so; a dry run refuses instead."""
    from lisa_scaffold.sync import journal

    if dry_run:
        journal.refuse_interrupted(repository)
    else:
        tell_recovered(journal.recover(repository))


def _ask_new_questions(prepared: Any) -> dict[str, Any]:
    """Ask what the new version asks and the project has not answered."""
    recorded = prepared.project.answers

    def resolve(answers: Any) -> list[Any]:
        questions: list[Any] = prepared.new.questions(answers, recorded, trust=prepared.trust)
        return questions

    if all(question.key in recorded for question in resolve({}) if question.asked):
        return {}
    from lisa_scaffold import prompt

    return prompt.ask_all(resolve, {}, set(recorded))


def _finish(updated: Any, arguments: argparse.Namespace) -> int:
    from lisa_scaffold.report import update as report
    from lisa_scaffold.sync.bring_in import bring_in, commit_on_branch

    current, synced = updated.project, updated.synced
    conflicts = ExitCode.FINDINGS if synced.conflicts else ExitCode.DONE
    if arguments.dry_run:
        after = ""
    elif arguments.branch:
        with changing(f"the update is committed on the branch {arguments.branch}"):
            message = report.commit_message(updated)
            commit_on_branch(current, synced, arguments.branch, message)
        after = report.committed(updated, arguments.branch)
    else:
        with changing("the update is staged"):
            bring_in(current, synced)
        after = report.applied(updated)
    if arguments.format == "json":
        hand_over(report.as_json(updated, updated.version))
        return conflicts
    if arguments.dry_run:
        say(report.text(updated))
        hand_over(updated.diff)
        return conflicts
    tell(f"{report.text(updated)}\n\n{after}\n")
    if synced.patches:
        tell(f"\nNot taken, as patches:\n\n{report.patches(synced)}")
    return conflicts
