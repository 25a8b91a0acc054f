from __future__ import annotations

from lisa_scaffold.errors import AnswersError, ExitCode


def test_exit_codes_are_those_of_the_contract() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 130]


def test_one_wrong_answer_is_named_in_one_line() -> None:
    error = AnswersError({"license": "'X' is none of: MIT"})
    assert error.message == "license: 'X' is none of: MIT"
    assert error.hint == "Give another answer, as in --data KEY=VALUE."


def test_several_wrong_answers_are_all_named() -> None:
    error = AnswersError({"license": "bad", "cli": "worse"})
    assert error.message == "several answers:\n  license: bad\n  cli: worse"
