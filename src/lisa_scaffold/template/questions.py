"""The questions of a template, each with the answer that holds; imported where they are asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lisa_scaffold.answer_limits import find_problem
from lisa_scaffold.model import Choice, Question
from lisa_scaffold.similar import find_similar
from lisa_scaffold.template.copier_api import MISSING, CopierQuestion, Worker

# Characters of a wrong answer that a message repeats.
_MOST_SHOWN = 200

_SPOKEN_BOOLS = frozenset(["y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"])


class _WrongAnswerError(Exception):
    """An answer that a question does not take; the message says what it does take."""


def answer_questions(
    worker: Worker, given: Mapping[str, Any], suggested: Mapping[str, Any]
) -> tuple[list[Question], dict[str, str]]:
    """Answer the questions of a template in their order.

    Parameters
    ----------
    worker
        A worker for the template, without answers.
    given
        Answers that a person gave.
    suggested
        Defaults that replace the template's own where they are valid.

    Returns
    -------
    tuple
        Every question with its answer, and what is wrong about the given answers, by their key.
    """
    specs: dict[str, dict[str, Any]] = worker.template.questions_data
    problems = {}
    for key in given:
        if key not in specs:
            close = find_similar(key, specs)
            asked = [name for name, spec in specs.items() if spec.get("when") is not False]
            hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(asked)}"
            problems[key] = f"no such question{hint}"
    questions = []
    for key, spec in specs.items():
        question = CopierQuestion(
            var_name=key,
            answers=worker.answers,
            context=worker._render_context(),
            jinja_env=worker.jinja_env,
            **spec,
        )
        try:
            value = (
                _parse_answer(question, given[key])
                if key in given
                else _default(question, suggested)
            )
        except _WrongAnswerError as error:
            problems[key] = str(error)
            value = _default(question, suggested)
        worker.answers.user[key] = value
        questions.append(_describe_question(question, value))
    return questions, problems


def _describe_question(question: CopierQuestion, value: Any) -> Question:
    """A question as the dialogue and the reports take it, with its answer."""
    choices = tuple(
        Choice(question.cast_answer(choice.value), str(choice.title))
        for choice in _open_choices(question)
    )
    # One choice is none, unless it may be left out.
    is_open = not question.choices or len(choices) > (0 if question.multiselect else 1)
    return Question(
        key=question.var_name,
        type=question.get_type_name(),
        help=question.get_message().strip(),
        value=value,
        choices=choices,
        placeholder=question.get_placeholder(),
        asked=question.get_ask() and question.get_when() and is_open,
        hidden=question.ask is False,
        multiple=question.multiselect,
    )


def _parse_answer(question: CopierQuestion, answer: Any) -> Any:
    """The answer as a value of the question's type; raises _WrongAnswerError."""
    kind = question.get_type_name()
    try:
        if kind == "bool" and str(answer).lower() not in _SPOKEN_BOOLS:
            raise ValueError(answer)  # Copier would take any other text for a yes or a no
        value = question.parse_answer(answer)
        question.validate_answer(value)
    except (ValueError, TypeError) as error:
        shown = repr(answer)
        shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
        message = re.sub(r"\AValidation error for question '[^']*': ", "", str(error))
        if message != str(error):  # what the question's own validator says
            message = " ".join(message.split())
        elif question.choices:
            allowed = ", ".join(str(choice.value) for choice in _open_choices(question))
            kind = "no list, such as [a, b], of any of" if question.multiselect else "none of"
            message = f"{shown} is {kind}: {allowed}"
        else:
            message = f"{shown} is not {'yes or no' if kind == 'bool' else kind}"
        raise _WrongAnswerError(message) from error
    if why := find_problem(value):
        raise _WrongAnswerError(why)
    return value


def _default(question: CopierQuestion, suggested: Mapping[str, Any]) -> Any:
    key = question.var_name
    if key in suggested:
        try:
            return _parse_answer(question, suggested[key])
        except _WrongAnswerError:
            pass  # nobody gave a suggestion as an answer: the template's default stands in
    if question.default is MISSING and question.multiselect:
        return []
    if question.default is MISSING:
        return "" if question.get_type_name() == "str" and not question.choices else None
    return question.parse_answer(question.render_value(question.default))


def _open_choices(question: CopierQuestion) -> list[Any]:
    """The choices that other answers do not rule out."""
    return [choice for choice in question._formatted_choices if not choice.disabled]
