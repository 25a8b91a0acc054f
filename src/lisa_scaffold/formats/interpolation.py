"""Variables in the values of a Compose file: ``$NAME``, ``${NAME:-default}``, ``$$``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lisa_scaffold.pattern import compile_lazily

_VARIABLE = compile_lazily(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?P<how>:?[-+?])?)"
)
_BRACE = compile_lazily(r"\$\{|\}")
_LONGEST = 4_000
"""Characters of a value, before and after: nobody writes more, and nothing grows without end."""
_DEEPEST = 16


def interpolate(data: Any, known: Mapping[str, str]) -> Any:
    """The same data with what the variables in its values stand for, by Compose's own rules.

    What the machine alone can tell stays as it is written: a variable that has neither a value nor
    a default, or that has to be given (``:?``). Keys have no variables.

    Parameters
    ----------
    data
        What was read from the file.
    known
        The values of variables.
    """
    if isinstance(data, dict):
        return {key: interpolate(value, known) for key, value in data.items()}
    if isinstance(data, list):
        return [interpolate(value, known) for value in data]
    if not isinstance(data, str) or "$" not in data or len(data) > _LONGEST:
        return data
    done = _replace(data, known, 0)
    return done if len(done) <= _LONGEST else data


def _replace(text: str, known: Mapping[str, str], depth: int) -> str:
    """A text with what its variables stand for."""
    parts: list[str] = []
    at = 0
    while match := _VARIABLE.search(text, at):
        end = match.end() if match["name"] is None else _find_end(text, match.end())
        if end is None or depth > _DEEPEST:
            break
        found: str | None
        if match["escaped"]:
            found = "$"
        elif match["plain"]:
            found = known.get(match["plain"])
        else:
            default = text[match.end() : end - 1]
            found = _look_up(match["name"], match["how"], default, known, depth)
        parts += [text[at : match.start()], text[match.start() : end] if found is None else found]
        at = end
    return "".join([*parts, text[at:]])


def _find_end(text: str, at: int) -> int | None:
    """The place after the brace that closes a variable; ``None`` where none does."""
    open_ones = 1
    for match in _BRACE.finditer(text, at):
        open_ones += 1 if match[0] != "}" else -1
        if not open_ones:
            return match.end()
    return None


def _look_up(
    name: str, how: str | None, other: str, known: Mapping[str, str], depth: int
) -> str | None:
    """What a variable in braces stands for; ``None`` where that cannot be told."""
    value = known.get(name)
    # With a colon an empty value is none.
    is_given = bool(value) if how and how.startswith(":") else value is not None
    if how is None:
        return None if other else value
    match how[-1]:
        case "-":
            return value if is_given else _replace(other, known, depth + 1)
        case "+" if is_given:
            return _replace(other, known, depth + 1)
        case "+":
            return None if value is None else ""
        case _:
            return value if is_given else None
