"""The dialogue: which question comes next, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from lisa_scaffold.errors import AnswersError
from lisa_scaffold.keyboard import ClosedError, hold_typed
from lisa_scaffold.model import Question
from lisa_scaffold.prompt.screen import (
    BackAsked,
    Left,
    Option,
    StopAsked,
    ask_line,
    choose,
    drop_typed,
    forget_shown,
    wipe_last,
)
from lisa_scaffold.shown import harmless, spoken, visible

Answers = Mapping[str, Any]
Resolve = Callable[[Answers], list[Question]]
"""Given answers → every question with the answer that holds; raises AnswersError."""

Keep = Callable[[Answers], object]
"""Keeps answers for the next time."""

Drafts = dict[str, str]
"""What was typed as an answer, and left, by questions."""

Decision = Literal["create", "change", "cancel", "show"]

_Answer = TypeVar("_Answer")
_YES_NO = (Option("Yes", True), Option("No", False))


def ask_all(  # noqa: PLR0913 - what there is to a dialogue, each by its name
    resolve: Resolve,
    given: Answers,
    asked: set[str],
    keep: Keep | None = None,
    taken_up: Sequence[str] = (),
    *,
    drafts: Drafts | None = None,
    note: Keep | None = None,
) -> dict[str, Any]:
    """Ask every question that a person is asked and that has no answer yet.

    Parameters
    ----------
    resolve
        Works out all answers from those that were given.
    given
        Answers that hold already.
    asked
        Questions that have been asked already; those asked here are added.
    keep
        Keeps the answers of somebody who stops.
    taken_up
        Questions that were answered the last time, in their order: Escape leads back to them.
    drafts
        What was typed as an answer, and left, by questions: it stands there when they are asked
        again.
    note
        Is told before each question what is answered.

    Returns
    -------
    dict
        The answers given. An answer that equals the default is left out, and keeps following the
        answers that it is derived from.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    answers = dict(given)
    drafts = {} if drafts is None else drafts
    known = (asked | given.keys()) - {*taken_up}
    came_by = [*taken_up]
    asked |= {*taken_up}

    def keep_asked() -> None:
        if keep:
            keep({each.key: each.value for each in resolve(answers) if each.key in asked})

    def work(find: Callable[[], _Answer]) -> _Answer:
        # Between two questions Ctrl-C asks, too: much may have been answered.
        return _until_answered(lambda: _stop_asking(find), keep_asked if keep and came_by else None)

    forget_shown()
    with hold_typed():
        while True:
            found = work(partial(resolve, answers))
            if note:
                note({each.key: each.value for each in found if each.key in asked})
            mine = [each for each in found if each.asked and each.key not in known]
            question = next((each for each in mine if each.key not in asked), None)
            if question is None:
                return answers
            mark = f"({mine.index(question) + 1} of {len(mine)})"
            try:
                new = _until_answered(
                    lambda: ask(question, resolve, answers, mark, drafts),  # noqa: B023 - it is asked here
                    keep_asked if keep and came_by else None,
                )
            except BackAsked:
                if came_by:
                    asked.discard(came_by.pop())
                    wipe_last()
                continue
            asked.add(question.key)
            came_by.append(question.key)
            answers = work(partial(_record, answers, question, resolve, new))
            # Whoever goes back may take a way on which less is asked.
            still = {
                each.key for each in work(partial(resolve, answers)) if each.asked
            } | given.keys()
            answers = {key: value for key, value in answers.items() if key in still}


def change_one(
    resolve: Resolve, given: Answers, keep: Callable[[], object] | None = None
) -> dict[str, Any]:
    """Let the user choose a question and answer it again.

    Those are offered that are asked of such a project, the advanced ones among them. Answers that
    the new one makes impossible are dropped: their defaults hold again.

    Parameters
    ----------
    resolve, given
        As of :func:`ask_all`.
    keep
        Keeps the answers of somebody who stops and wants that.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    now = {each.key: each for each in resolve(given)}
    whole = resolve({**given, "advanced": True}) if "advanced" in now else list(now.values())
    options = [
        Option(_line(_summarize(each, now[each.key].value)), now[each.key])
        for each in whole
        if each.asked
    ]
    try:
        question: Question = _until_answered(
            lambda: choose("Which answer?", options, mark=f"({len(options)}, arrows show all)"),
            keep,
        )
        drafts: Drafts = {}
        new = _until_answered(lambda: ask(question, resolve, given, drafts=drafts), keep)
    except BackAsked:
        return dict(given)
    return _record(given, question, resolve, new)


def _summarize(question: Question, value: Any) -> str:
    """A question, its answer, and the key that ``--data`` knows it by."""
    mark = "" if question.help.endswith(("?", ":")) else ":"
    return f"{question.help}{mark} {spoken(value)} [{question.key}]"


def ask_following(resolve: Resolve, before: Answers, given: Answers) -> dict[str, Any]:
    """Ask what nothing asked before one of the answers was another.

    Parameters
    ----------
    resolve
        As of :func:`ask_all`.
    before, given
        The answers before, and now.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    known = {each.key for each in resolve(before) if each.asked} | given.keys()
    now = dict(given)
    while key := next((e.key for e in resolve(now) if e.asked and e.key not in known), None):
        known.add(key)
        now = ask_one(resolve, now, key)
    return now


def ask_one(resolve: Resolve, given: Answers, key: str) -> dict[str, Any]:
    """Ask a question that nothing answers.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    question = next(each for each in resolve(given) if each.key == key)
    drafts: Drafts = {}
    try:
        new = _until_answered(lambda: ask(question, resolve, given, drafts=drafts))
        return {**given, key: new}
    except BackAsked:
        return dict(given)  # the answers are shown, and can be changed


def decide(
    what: str = "Create this project?",
    yes: str = "Yes, create it",
    no: str = "No, make nothing",
    show: str = "Show every file",
    keep: Callable[[], object] | None = None,
) -> Decision:
    """Ask whether to go on as shown.

    Parameters
    ----------
    what
        The question.
    yes, no, show
        What there is to choose, beside changing an answer.
    keep
        Keeps the answers of somebody who stops and wants that.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    options = [
        Option(yes, "create"),
        Option("Change an answer", "change"),
        Option(show, "show"),
        Option(no, "cancel"),
    ]
    try:
        decision: Decision = _until_answered(lambda: choose(what, options), keep)
    except BackAsked:
        return "change"
    return decision


def confirm(what: str, *, likely: bool = True) -> bool:
    """Ask for a yes or a no.

    Parameters
    ----------
    what
        The question.
    likely
        The answer that Enter gives.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    while True:
        try:
            return bool(_until_answered(lambda: choose(what, _YES_NO, at=0 if likely else 1)))
        except BackAsked:
            continue  # there is nothing to go back to


def choose_side(
    names: tuple[str, str],
    *,
    places: bool,
    there: tuple[bool, bool] = (True, True),
    broken: bool = False,
    both: bool = True,
) -> str:
    """Ask which side of a conflict is taken.

    Parameters
    ----------
    names
        How the two sides are called.
    places
        Whether lines are in conflict; otherwise it is a whole file.
    there
        Whether each side has the file.
    broken
        Whether it cannot stay as it stands.
    both
        Whether the lines of both sides can stand together.

    Returns
    -------
    str
        ``ours``, ``theirs``, ``both``, ``edit``, ``as it stands`` or ``later``.

    Raises
    ------
    BackAsked
        If the person wants to go back.
    KeyboardInterrupt
        If the person stops.
    """
    if places:
        options = [
            Option(f"Take {names[0]} lines", "ours"),
            Option(f"Take {names[1]} lines", "theirs"),
            *([Option(f"Take both, {names[0]} first", "both")] if both else []),
            Option("Edit the file", "edit"),
        ]
    else:
        editing = Option("Edit the file", "edit")
        # First what loses nothing: somebody may have resolved it in an editor already.
        options = [
            editing if broken else Option("Leave it as it stands now", "as it stands"),
            *(
                Option(f"Take the file of {name}" if has else f"Remove it, as {name} did", side)
                for name, has, side in zip(names, there, ("ours", "theirs"), strict=True)
            ),
        ]
        if all(there) and not broken:
            options.append(editing)
    options.append(Option("Decide later", "later"))
    decision: str = _until_answered(lambda: choose("Which lines?" if places else "Which?", options))
    return decision


def ask(
    question: Question,
    resolve: Resolve,
    answers: Answers,
    mark: str = "",
    drafts: Drafts | None = None,
) -> Any:
    """Ask one question; a wrong answer is reported at once and can be corrected.

    Parameters
    ----------
    question
        The question, with the answer that holds.
    resolve
        Works out all answers from those that were given.
    answers
        The answers that were given.
    mark
        How far the person has come.
    drafts
        See :func:`ask_all`.

    Raises
    ------
    BackAsked, StopAsked
        If the person does not answer.
    """
    heading = harmless(question.help)

    def check(answer: Any) -> str:
        try:
            resolve({**answers, question.key: answer})
        except AnswersError as error:
            return harmless(error.problems.get(question.key, ""))
        return ""

    if question.type == "bool" and not question.choices:
        return choose(heading, _YES_NO, at=0 if question.value else 1, check=check, mark=mark)
    if question.choices:
        values = [choice.value for choice in question.choices]
        options = [Option(_line(choice.title), choice.value) for choice in question.choices]
        if question.multiple:
            held = question.value if isinstance(question.value, list) else []
            chosen = [at for at, value in enumerate(values) if value in held]
            return choose(heading, options, chosen=chosen, check=check, mark=mark)
        # Without a default, the first one is where to begin.
        at = values.index(question.value) if question.value in values else 0
        return choose(heading, options, at=at, check=check, mark=mark)
    default = "" if question.value is None else str(question.value)
    shown = _line(default)

    def meant(text: str) -> str:
        """The answer: what is shown in place of a default means that default."""
        return default if text == shown else text.strip()

    drafts = {} if drafts is None else drafts
    try:
        text = ask_line(
            heading,
            lambda text: check(meant(text)),
            default=shown,
            typed=drafts.pop(question.key, None),
            placeholder=_line(question.placeholder),
            mark=mark,
        )
    except Left as left:
        if left.typed is not None:
            drafts[question.key] = left.typed
        raise
    return meant(text)


def ask_text(key: str) -> str:
    """Ask for an answer that cannot be guessed.

    Raises
    ------
    KeyboardInterrupt
        If the user stops.
    """
    while True:
        try:
            return _until_answered(lambda: ask_line(f"{key}:", lambda _: "")).strip()
        except BackAsked:
            continue  # there is nothing to go back to


def _until_answered(
    show: Callable[[], _Answer], keep: Callable[[], object] | None = None
) -> _Answer:
    """Show a question until it is answered, or the person wants to stop."""
    options: Sequence[Option] = [Option("No, go on", "on"), Option("Yes, stop", "stop")]
    if keep:
        options = [*options, Option("Yes, and keep the answers for the next time", "keep")]
    while True:
        try:
            return show()
        except StopAsked:
            drop_typed()
            try:
                decision = choose("Stop here?", options, at=len(options) - 1)
            except BackAsked:
                continue
            except StopAsked:
                decision = "stop"  # whoever presses it twice means it
            if decision == "keep" and keep:
                keep()
            if decision != "on":
                raise KeyboardInterrupt from None


def _stop_asking(find: Callable[[], _Answer]) -> _Answer:
    try:
        return find()
    except ClosedError:
        raise
    except KeyboardInterrupt:
        raise StopAsked from None


def _line(text: str) -> str:
    """Text of a template or project, made to stay in its line."""
    return visible(harmless(text))


def settle(resolve: Resolve, answers: Answers) -> dict[str, Any]:
    """The answers without those that the others make impossible: their defaults hold again."""
    left = dict(answers)
    while True:
        try:
            resolve(left)
        except AnswersError as error:
            kept = {key: value for key, value in left.items() if key not in error.problems}
            if kept == left:
                raise
            left = kept
        else:
            return left


def _record(answers: Answers, question: Question, resolve: Resolve, new: Any) -> dict[str, Any]:
    """The answers with a new one, which is left out where it is the default."""
    others = {key: value for key, value in answers.items() if key != question.key}
    defaults = {each.key: each.value for each in resolve(settle(resolve, others))}
    # A template that gives no default is told of none of the choices as well.
    if new != defaults[question.key] or new == []:
        return settle(resolve, {**others, question.key: new})
    return settle(resolve, others)
