"""``lisa-scaffold update``: bring a newer version of the template into a project."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.boundary import tell_recovered
from lisa_scaffold.cli.ending import carry_out, open_page
from lisa_scaffold.cli.terminal import busily, busy, hand_over, look, say, say_as_is, tell
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.lines import fit
from lisa_scaffold.versions import shorten

DESCRIPTION = """\
Bring a newer version of the template into a project: a three-way merge with what people wrote."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold update --dry-run", "show what would change"),
        ("lisa-scaffold update", "merge it in, to be looked at and committed"),
        ("lisa-scaffold update --to 1.2.3 --branch newer", "commit it on a branch instead"),
    ),
    "page": "howto/update.html",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold update``."""
    common.add_path(parser)
    common.add_answers(parser)
    group = common.add_target(
        parser,
        "let the template run its own code (Jinja extensions) and read YAML files of yours outside "
        "of the project (_external_data): only for one whose code you would run yourself",
    )
    group.add_argument(
        "--answers-file",
        metavar="FILE",
        help="which template, of a project that has several: the file with its answers",
    )
    group.add_argument(
        "--all", action="store_true", help="update from each of the project's templates"
    )
    merging = parser.add_argument_group("merging")
    merging.add_argument(
        "--merge-prose",
        action="store_true",
        help="where you have rewritten a text, or removed a part, that the template has changed "
        "too, yours stays and the change is printed: with this option such places are left as "
        "conflicts, for you to decide one by one",
    )
    merging.add_argument(
        "--recopy",
        action="store_true",
        help="merge nothing: write the template's files anew, over what people wrote in them",
    )
    result = common.add_result(parser)
    result.add_argument(
        "--branch",
        metavar="NAME",
        help="commit the update on a new branch, and leave your files as they are",
    )
    result.add_argument(
        "--report",
        action="store_true",
        help="show the report of the last update, or adoption, that was staged, and do nothing",
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Update a project."""
    from lisa_scaffold import project
    from lisa_scaffold.verbs import update, update_target

    named = arguments.answers_file or ""
    is_project = (lambda each: (each / named).is_file()) if named else project.has_answers
    arguments.path = common.find_project(arguments.path, is_project)
    if arguments.report:
        return _show_again(arguments.path)
    chosen, others = _choose_files(arguments)
    currents = [project.read(arguments.path, each) for each in chosen]
    recover(currents[0].repository, dry_run=arguments.dry_run)
    given = common.read_given(arguments)
    done: list[Any] = []
    for current in currents:
        with busy("Asking for the versions of the template"):
            target = update_target.choose_target(current, arguments.to, trust=arguments.trust)
        is_new = target.version != target.project.version
        if not is_new and not given and not arguments.recopy:
            project.refuse_unmerged(current)
            if arguments.format == "json" and not arguments.all:
                from lisa_scaffold.report import update as report

                hand_over(report.as_json(None, current.version))
            else:
                where = f" ({current.answers_file})" if arguments.all else ""
                tell(f"Nothing to do: the project has {shorten(current.version)}.{where}\n")
            continue
        options = {"trust": arguments.trust, "recopy": arguments.recopy}
        with busily("Reading the template", update.prepare(target, **options)) as prepared:
            answers = _ask_new_questions(prepared) if common.is_interactive(arguments) else given
            with busy("Merging"):
                done.append(
                    prepared.update(
                        answers,
                        keep_prose=not arguments.merge_prose,
                        diff=arguments.dry_run,
                        contents=common.wants_page(arguments),
                    )
                )
    if others:
        named = ", ".join(others)
        # A report may be what a program reads.
        say(f"The project has other templates, too: {named}. Name one with --answers-file.")
    return _finish(update.join(done), done, arguments) if done else ExitCode.DONE


def _show_again(path: Path) -> int:
    """Show the report that is kept of the last change that was staged."""
    from lisa_scaffold import git
    from lisa_scaffold.shown import harmless
    from lisa_scaffold.sync import kept_report

    kept = kept_report.read(git.find_repository(path.resolve()))
    if kept is None:
        raise LisaError(
            f"{path}: no update has been staged here that told anything",
            "The report of one on a branch is the message of its commit: git log NAME.",
        )
    tell(harmless("\n\n".join(filter(None, (kept.text, kept.left)))) + "\n")
    return ExitCode.DONE


def _choose_files(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The answers files to update from, and those that are left out."""
    from lisa_scaffold import project

    if not arguments.all:
        chosen, *others = choose_answers_file(arguments.path, arguments.answers_file)
        return [chosen], others
    if arguments.answers_file:
        raise LisaError("--all and --answers-file: one of them", "Leave one of them out.")
    if arguments.to or arguments.data or arguments.data_file:
        raise LisaError(
            "--all: versions and answers are those of one template",
            "Name it with --answers-file.",
        )
    return project.find_answers_files(arguments.path) or [project.ANSWERS_FILE], []


def choose_answers_file(path: Path, named: str | None) -> list[str]:
    """The answers file that is meant, and then those that are left out.

    Raises
    ------
    LisaError
        If there are several, none of the usual name, and none was named.
    """
    from lisa_scaffold import project

    if named:
        return [Path(named).as_posix()]
    found = project.find_answers_files(path) or [project.ANSWERS_FILE]
    if len(found) > 1 and found[0] != project.ANSWERS_FILE:
        raise LisaError(
            f"{path}: made from several templates: {', '.join(found)}",
            "Name one of these files with --answers-file.",
        )
    return found


def recover(repository: Any, *, dry_run: bool) -> None:
    """Complete or drop what a killed command left behind, and say so; a dry run refuses instead."""
    from lisa_scaffold.sync import transaction

    if dry_run:
        transaction.refuse_interrupted(repository)
    else:
        tell_recovered(transaction.recover(repository))


def _ask_new_questions(prepared: Any) -> dict[str, Any]:
    """Ask what the new version asks and the project has not answered."""
    recorded = prepared.project.answers

    def resolve(answers: Any) -> list[Any]:
        questions: list[Any] = prepared.new.questions(
            answers, recorded, project=prepared.project.root, trust=prepared.trust
        )
        return questions

    if all(question.key in recorded for question in resolve({}) if question.asked):
        return {}
    from lisa_scaffold import prompt
    from lisa_scaffold.report import update as report

    say(f"{report.tell_beginning(prepared.project, prepared.new.version)} It asks what is new:")
    return prompt.ask_all(resolve, {}, set(recorded))


def _finish(updated: Any, each: Sequence[Any], arguments: argparse.Namespace) -> int:
    """Bring an update in, which may be the sum of several, and report each."""
    from lisa_scaffold.report import update as report

    is_open = updated.synced.conflicts or updated.synced.tasks
    code = ExitCode.FINDINGS if is_open else ExitCode.DONE
    if not updated.synced.shown():
        after = report.UNCHANGED
    elif arguments.dry_run:
        after = report.tell_tried(updated)
    else:
        branch = arguments.branch
        message = partial("\n".join, map(report.commit_message, each))
        kept = partial(report.compose_kept, updated, each)
        carry_out("the update", updated.project, updated.synced, branch, message, kept=kept)
        after = report.tell_committed(updated, branch) if branch else report.tell_applied(updated)
    width, paint = look(messages=arguments.dry_run)
    text = "\n\n".join(report.write_text(one, width, paint) for one in each)
    if arguments.open:
        for one in each:
            open_page(report.write_html(one), "update")
    if arguments.format == "html":
        hand_over("".join(map(report.write_html, each)))
        # The page goes to a file, and says what is to be looked at, not how to go on.
        say_as_is(fit(after, look(messages=True)[0]))
    elif arguments.format == "json":
        for one in each:
            hand_over(report.as_json(one, one.version))
    elif arguments.format == "markdown":
        hand_over("\n".join(map(report.write_markdown, each)))
    elif arguments.dry_run:
        say_as_is(f"{text}\n\n{fit(after, width)}", coloured=True)
        hand_over("".join(one.diff for one in each))
    else:
        tell(f"{text}\n\n{fit(after, width)}\n", coloured=True)
    return code
