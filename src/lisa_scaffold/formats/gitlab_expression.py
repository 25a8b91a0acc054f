"""The conditions of GitLab's ``rules: if``, parsed and evaluated for a pipeline that might run.

GitLab's own grammar, https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions:
variables, texts, ``null`` and patterns; ``==``, ``!=``, ``=~`` and ``!~``; ``&&`` before ``||``;
parentheses. Three values come out: true, false, and ``None`` where it depends on what nobody can
know from the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from lisa_scaffold.pattern import compile_lazily, count_ways, is_dear_to_compile

MOST_TOKENS = 1000
"""Words and signs of an expression; longer ones are not parsed."""

_LONGEST_PATTERN = 500
_LONGEST_VALUE = 20
_MOST_REPEATS = 6
_MOST_WAYS = 1000
_DEEPEST = 50
_TOKEN = compile_lazily(
    r"""\s*(?:
        (?P<variable>\$(?:\{\w+\}|\w+))
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<pattern>/(?:\\.|[^/\\\n])+/[ims]*)
      | (?P<null>null\b)
      | (?P<sign>==|!=|=~|!~|&&|\|\||\(|\))
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("==", "!=", "=~", "!~")
# What RE2, which GitLab uses, means otherwise than Python, or refuses.
_OTHER_IN_RE2 = compile_lazily(r"\(\?[=!<>#(]|\(\?P=|\\[1-9]|\\[pPQEzCX]|[*+?}]\+")
# RE2 searches in linear time, Python's engine by trial: a repeated group in which something is
# repeated, or has alternatives, doubles the trials with each letter, and so do many repetitions.
_SLOW = compile_lazily(r"(?:[*+?}|][^()]*|\))\)[*+{]")
_REPEATS = compile_lazily(r"[*+?{]")


class Unknown(NamedTuple):
    """A text that is there and not empty, and that nobody can know.

    Attributes
    ----------
    name
        What it is: two with the same name are the same text.
    differs
        Names of the unknown texts that it certainly differs from.
    fresh
        Whether it is a name that nobody would write down, such as that of somebody's branch.
    """

    name: str
    differs: frozenset[str] = frozenset()
    fresh: bool = False


Value: TypeAlias = "str | Unknown | None"


class Pattern(NamedTuple):
    """A regular expression between slashes."""

    text: str
    flags: str


class Variable(NamedTuple):
    """A variable by its name."""

    name: str


class Comparison(NamedTuple):
    """Two operands and ``==``, ``!=``, ``=~`` or ``!~``."""

    left: Operand
    sign: str
    right: Operand


class Junction(NamedTuple):
    """Conditions of which all (``&&``) or one (``||``) must hold."""

    sign: str
    parts: tuple[Expression, ...]


Operand: TypeAlias = "Variable | Pattern | str | None"
Expression: TypeAlias = "Junction | Comparison | Variable | Pattern | str | None"


class NotAnExpressionError(ValueError):
    """A text that GitLab would refuse as a condition."""


def parse(text: str) -> Expression:
    """Read a condition.

    Raises
    ------
    NotAnExpressionError
        If GitLab would refuse it, or it is too long to be read.
    """
    parser = _Parser(list(_tokens(text)))
    found = parser.read_any(0)
    if parser.at < len(parser.tokens):
        raise NotAnExpressionError(f"unexpected {parser.tokens[parser.at][1]}")
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, count = 0, 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        count += 1
        if found is None or found.lastgroup is None:
            raise NotAnExpressionError(f"no word or sign of an expression: {text[at : at + 20]}")
        if count > MOST_TOKENS:
            raise NotAnExpressionError(f"more than {MOST_TOKENS} words and signs")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


class _Parser:
    """Reads tokens from left to right, one method for each level of precedence."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def read_any(self, depth: int) -> Expression:
        """Conditions with ``||`` between them."""
        return self._read_junction("||", depth)

    def _read_junction(self, sign: str, depth: int) -> Expression:
        def read() -> Expression:
            return self._read_junction("&&", depth) if sign == "||" else self._read_one(depth)

        parts = [read()]
        while self._take(sign):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Junction(sign, tuple(parts))

    def _read_one(self, depth: int) -> Expression:
        if self._take("("):
            if depth == _DEEPEST:
                raise NotAnExpressionError("nested too deeply")
            inner = self.read_any(depth + 1)
            if not self._take(")"):
                raise NotAnExpressionError("a parenthesis is not closed")
            return inner
        left = self._read_operand()
        for sign in _COMPARISONS:
            if self._take(sign):
                return Comparison(left, sign, self._read_operand())
        return left

    def _read_operand(self) -> Operand:
        if self.at == len(self.tokens):
            raise NotAnExpressionError("the expression ends too soon")
        form, token = self.tokens[self.at]
        self.at += 1
        match form:
            case "variable":
                return Variable(token.strip("${}"))
            case "text":
                return token[1:-1]
            case "pattern":
                body, _, flags = token[1:].rpartition("/")
                return Pattern(body, flags)
            case "null":
                return None
        raise NotAnExpressionError(f"unexpected {token}")

    def _take(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False


_DEPENDS: Final = object()


def evaluate(expression: Expression, variables: Mapping[str, Value]) -> bool | None:
    """Whether a condition holds.

    Parameters
    ----------
    expression
        What :func:`parse` made of it.
    variables
        The variables of a pipeline; ``None`` is a variable that is not set. One that is not among
        them may be anything.

    Returns
    -------
    bool | None
        ``None`` where it depends on what is not known.
    """
    match expression:
        case Junction(sign, parts):
            decisive = sign == "||"
            found = [evaluate(part, variables) for part in parts]
            if decisive in found:
                return decisive
            return None if None in found else not decisive
        case Comparison(left, sign, right):
            holds = _compare(_look_up(left, variables), sign, _look_up(right, variables))
            return holds if holds is None or sign in ("==", "=~") else not holds
        case _:
            value = _look_up(expression, variables)
            return None if value is _DEPENDS else bool(value)


def _look_up(operand: Operand, variables: Mapping[str, Value]) -> Any:
    if isinstance(operand, Variable):
        return variables.get(operand.name, _DEPENDS)
    return operand


def _compare(left: Any, sign: str, right: Any) -> bool | None:
    """Whether two values are equal, or a text holds a pattern, whatever the sign denies."""
    if left is _DEPENDS or right is _DEPENDS:
        return None
    if sign in ("==", "!="):
        return _are_equal(left, right)
    if isinstance(right, str) and (found := re.fullmatch(r"/(.+)/([ims]*)", right, re.DOTALL)):
        right = Pattern(found[1], found[2])
    if not isinstance(right, Pattern):
        return None if isinstance(right, Unknown) else False
    if left is None:
        return False
    return None if isinstance(left, Unknown | Pattern) else _holds(left, right)


def _are_equal(left: Any, right: Any) -> bool | None:
    if isinstance(right, Unknown):
        left, right = right, left
    if not isinstance(left, Unknown):
        return bool(left == right)
    if isinstance(right, Unknown):
        if left.name == right.name:
            return True
        return False if right.name in left.differs or left.name in right.differs else None
    return False if right in (None, "") or left.fresh else None


def _holds(text: str, pattern: Pattern) -> bool | None:
    """Whether a short text holds a pattern; ``None`` where Python might be wrong, or slow."""
    if len(text) > _LONGEST_VALUE or len(pattern.text) > _LONGEST_PATTERN:
        return None
    if _OTHER_IN_RE2.search(pattern.text) or _SLOW.search(pattern.text):
        return None
    if len(_REPEATS.findall(pattern.text)) > _MOST_REPEATS or count_ways(pattern.text) > _MOST_WAYS:
        return None
    if is_dear_to_compile(pattern.text):
        return None
    flags = re.RegexFlag(0)
    for letter in pattern.flags:
        flags |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[letter]
    try:
        return re.search(pattern.text, text, flags) is not None
    except (re.error, OverflowError, RecursionError):
        return None
