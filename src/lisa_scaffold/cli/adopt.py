"""``lisa-scaffold adopt``: bring the template into a project that never had it."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.ending import carry_out, open_page
from lisa_scaffold.cli.terminal import busily, busy, hand_over, look, say, say_as_is, tell
from lisa_scaffold.cli.update import recover
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.lines import fit

DESCRIPTION = """\
Bring the template into a project that never had it: infers the answers, keeps what people wrote,
and sets the practice beside it."""

_WORKING = "Working the adoption out"

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold adopt", "show the answers, ask, and commit the adoption on a branch"),
        ("lisa-scaffold adopt --dry-run", "show all that would change"),
        ("lisa-scaffold adopt --in-place --data license=MIT", "stage it, with another licence"),
    ),
    "page": "howto/adopt.html",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold adopt``."""
    common.add_path(parser)
    common.add_answers(parser)
    group = common.add_target(
        parser,
        "let the Cookiecutter template that the project came from run its own programs (hooks, "
        "Jinja extensions): only for one that you would run yourself",
    )
    group.add_argument(
        "--from-cookiecutter",
        metavar="URL@REF",
        help="the Cookiecutter template that the project was made from, where it does not record "
        "that itself, or a mirror of it (without @REF: at the recorded commit); none: take no "
        "notice of one",
    )
    group.add_argument(
        "--template",
        metavar="URL",
        help="follow this Copier template instead of lisa-scaffold's: records the version and the "
        "answers that are nearest to the project, and changes nothing else",
    )
    place = common.add_result(parser).add_mutually_exclusive_group()
    place.add_argument(
        "--branch",
        metavar="NAME",
        help="commit the adoption on this new branch (default: lisa-scaffold/adopt)",
    )
    place.add_argument(
        "--in-place", action="store_true", help="stage it in the work tree, and commit nothing"
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Adopt a project."""
    from lisa_scaffold import legacy
    from lisa_scaffold.adopt import eligible
    from lisa_scaffold.verbs import adopt

    path = common.find_project(arguments.path)
    eligible.refuse_missing(path)
    recover(eligible.find_repository(path.resolve()), dry_run=arguments.dry_run)
    if arguments.template:
        from lisa_scaffold.cli import link

        return link.run(path, arguments)
    version = eligible.read_recorded_version(path)
    if version is not None:
        from lisa_scaffold.report import adopt as report

        if arguments.format == "json":
            hand_over(report.as_json(None, version))
        else:
            tell(report.tell_already(version, common.read_given(arguments)))
        return ExitCode.DONE
    current = eligible.read(path)
    former = legacy.find_former(current.root, arguments.from_cookiecutter)
    if former:
        say(f"The project was made from the Cookiecutter template {former} ({former.named_in}).")
    given = common.read_given(arguments)
    preparation = adopt.prepare(current, arguments.to, former, trust=arguments.trust)
    with busily("Reading the project and the template", preparation) as prepared:
        if common.is_interactive(arguments) and not arguments.dry_run:
            adopted = _adopt_in_dialogue(prepared, given, arguments)
        else:
            with busy(_WORKING):
                adopted = prepared.adopt(given)
    if adopted is None:
        say("Nothing was changed.")
        return ExitCode.DONE
    return _finish(adopted, arguments)


def _adopt_in_dialogue(prepared: Any, given: dict[str, Any], arguments: Any) -> Any:
    """Show the answers and what follows, let the user change them; ``None``: nothing is wanted."""
    from lisa_scaffold import prompt
    from lisa_scaffold.report import adopt as report

    # Some answers have to be known before any can be shown.
    for key in ("distribution", "import_name", "code_path"):
        try:
            prepared.questions(given)
        except LisaError as error:
            if f"--data {key}=" not in error.hint:
                raise
            say(f"{error.message}.")
            given = {**given, key: prompt.ask_text(key)}
    if not prepared.is_licensed(given):
        given = prompt.ask_one(prepared.questions, given, "license")
    while True:
        with busy(_WORKING):
            adopted = prepared.adopt(given)
        width, _ = look(messages=True)
        shown = {each.key for each in prepared.questions(given) if not each.hidden}
        found = [each for each in prepared.answers(given) if each.key in shown]
        say("Answers, and where each comes from")
        say_as_is(f"{report.list_answers(found, width)}\n")
        say_as_is(f"{report.summarize_files(adopted, _choose_branch(arguments), width)}\n")
        asked = (
            "Adopt the project so?",
            "Yes",
            "No, change nothing",
            "Show all that changes, and why",
        )
        while (decision := prompt.decide(*asked)) == "show":
            say_as_is(f"{report.write_text(adopted, width)}\n")
        if decision == "create":
            return adopted
        if decision == "cancel":
            return None
        changed = prompt.change_one(prepared.questions, given)
        given = prompt.ask_following(prepared.questions, given, changed)


def _choose_branch(arguments: argparse.Namespace) -> str | None:
    """The branch that the adoption is committed on; ``None``: it is staged."""
    from lisa_scaffold.verbs import adopt

    return None if arguments.in_place else arguments.branch or adopt.BRANCH


def _finish(adopted: Any, arguments: argparse.Namespace) -> int:
    from lisa_scaffold.report import adopt as report

    branch = _choose_branch(arguments)
    if not arguments.dry_run:
        message = partial(report.commit_message, adopted)
        kept = partial(report.compose_kept, adopted)
        carry_out("the adoption", adopted.project, adopted.synced, branch, message, kept=kept)
    width, _ = look(messages=arguments.dry_run or arguments.format == "html")
    after = fit(
        (report.tell_tried if arguments.dry_run else report.tell_next)(adopted, branch), width
    )
    if arguments.open:
        open_page(report.write_html(adopted), "adopt")
    if arguments.format == "html":
        hand_over(report.write_html(adopted))
        # The page goes to a file, and says what is to be looked at, not how to go on.
        say_as_is(after)
    elif arguments.format == "json":
        made = None if arguments.dry_run else branch
        hand_over(report.as_json(adopted, adopted.version, made))
    elif arguments.format == "markdown":
        hand_over(report.write_markdown(adopted))
    elif arguments.dry_run:
        say_as_is(f"{report.write_text(adopted, width)}\n\n{after}")
        hand_over(adopted.diff)
    else:
        tell(f"{report.write_text(adopted, width)}\n\n{after}\n")
    return ExitCode.DONE
