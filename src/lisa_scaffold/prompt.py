"""The dialogue: the only module that imports questionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import questionary

from lisa_scaffold.errors import AnswersError
from lisa_scaffold.model import Choice, Question
from lisa_scaffold.shown import harmless, visible

Answers = Mapping[str, Any]
Resolve = Callable[[Answers], list[Question]]
"""Given answers → every question with the answer that holds; raises AnswersError."""

Decision = Literal["create", "change", "cancel"]

# Some questions are long: the answer stands on a line of its own, as the choices do.
_STYLE = questionary.Style([("qmark", "fg:ansiblue bold"), ("instruction", "fg:ansibrightblack")])


def ask_all(resolve: Resolve, given: Answers, asked: set[str]) -> dict[str, Any]:
    """Ask every question that a person is asked and that has no answer yet.

    Parameters
    ----------
    resolve
        Works out all answers from those that were given.
    given
        Answers that hold already.
    asked
        Questions that have been asked already; those asked here are added.

    Returns
    -------
    dict
        The answers given. An answer that equals the default is left out, and keeps following the
        answers that it is derived from.

    Raises
    ------
    KeyboardInterrupt
        If the user aborts.
    """
    answers = dict(given)

    def open_questions() -> Iterator[Question]:
        done = asked | given.keys()
        return (each for each in resolve(answers) if each.asked and each.key not in done)

    while question := next(open_questions(), None):
        asked.add(question.key)
        _record(answers, question, ask(question, resolve, answers))
    return answers


def change_one(resolve: Resolve, given: Answers, questions: list[Question]) -> dict[str, Any]:
    """Let the user choose a question and answer it again.

    Answers that the new one makes impossible are dropped: their defaults hold again.

    Raises
    ------
    KeyboardInterrupt
        If the user aborts.
    """
    choices = [
        questionary.Choice(_line(f"{question.key}: {question.value}"), value=question)
        for question in questions
        if len(question.choices) != 1 or question.multiple
    ]
    question: Question = questionary.select(
        "Which answer?", choices=choices, style=_STYLE, use_jk_keys=False, use_search_filter=True
    ).unsafe_ask()
    answers = {key: value for key, value in given.items() if key != question.key}
    defaults = {default.key: default for default in resolve(answers)}
    new = ask(question, resolve, answers)
    _record(answers, defaults[question.key], new)
    while True:
        try:
            resolve(answers)
        except AnswersError as error:
            answers = {key: value for key, value in answers.items() if key not in error.problems}
        else:
            return answers


def decide(
    what: str = "Create this project?",
    yes: str = "Yes, create it",
    no: str = "No, make nothing",
) -> Decision:
    """Ask whether to go on as shown."""
    answer: Decision = questionary.select(
        what,
        choices=[
            questionary.Choice(yes, "create"),
            questionary.Choice("Change an answer", "change"),
            questionary.Choice(no, "cancel"),
        ],
        style=_STYLE,
    ).unsafe_ask()
    return answer


def ask(question: Question, resolve: Resolve, answers: Answers) -> Any:
    """Ask one question; a wrong answer is reported at once and can be corrected.

    Raises
    ------
    KeyboardInterrupt
        If the user aborts.
    """
    asked = harmless(question.help)

    def check(answer: Any) -> bool | str:
        try:
            resolve({**answers, question.key: answer})
        except AnswersError as error:
            problem = error.problems.get(question.key)
            return True if problem is None else harmless(problem)
        return True

    if question.choices:
        return _choose(question, asked, check)
    if question.type == "bool":
        return questionary.confirm(asked, default=question.value, style=_STYLE).unsafe_ask()
    default = str(question.value)
    shown = _line(default)

    def meant(text: str) -> str:
        """The answer: what is shown in place of a default means that default."""
        return default if text == shown else text.strip()

    text: str = questionary.text(
        f"{asked}\n ",
        default=shown,
        placeholder=_line(question.placeholder) or None,
        validate=lambda text: check(meant(text)),
        validate_while_typing=False,
        style=_STYLE,
    ).unsafe_ask()
    return meant(text)


def _choose(question: Question, asked: str, check: Callable[[Any], bool | str]) -> Any:
    """Ask for one of the choices of a question, or for any number of them."""
    current = question.value if isinstance(question.value, list) else []
    # What is chosen is the choice: questionary takes a value of None for none.
    choices = [
        questionary.Choice(
            _line(choice.title), choice, checked=question.multiple and choice.value in current
        )
        for choice in question.choices
    ]
    if question.multiple:
        several: list[Choice] = questionary.checkbox(
            asked,
            choices=choices,
            validate=lambda chosen: check([each.value for each in chosen]),  # type: ignore[attr-defined]
            style=_STYLE,
        ).unsafe_ask()
        return [each.value for each in several]
    # Without a default, the first one is where to begin.
    held = (
        shown
        for shown, each in zip(choices, question.choices, strict=True)
        if each.value == question.value
    )
    one: Choice = questionary.select(
        asked, choices=choices, default=next(held, None), style=_STYLE
    ).unsafe_ask()
    return one.value


def ask_text(key: str) -> str:
    """Ask for an answer that cannot be guessed.

    Raises
    ------
    KeyboardInterrupt
        If the user aborts.
    """
    text: str = questionary.text(f"{key}:", style=_STYLE).unsafe_ask()
    return text.strip()


def _line(text: str) -> str:
    """Text of a template or project, made to stay in its line."""
    return visible(harmless(text))


def _record(answers: dict[str, Any], default: Question, answer: Any) -> None:
    # A template that gives no default is told of none of the choices as well.
    if answer == default.value and answer != []:
        answers.pop(default.key, None)
    else:
        answers[default.key] = answer
