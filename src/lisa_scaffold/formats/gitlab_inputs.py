"""Fill the inputs of a GitLab configuration in: https://docs.gitlab.com/ci/inputs/.

What inputs are declared stands in a document of its own in front of the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lisa_scaffold.formats import yaml_data
from lisa_scaffold.pattern import compile_lazily

_NEVER = compile_lazily(r'"(\w*)" == "\1"')
_INPUT = compile_lazily(r"\$\[\[ *inputs\.([\w-]+) *\]\]")


def fill_in(text: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration that a file is, once its inputs have values.

    Parameters
    ----------
    text
        The file: its header with ``spec``, a line ``---``, and the configuration.
    given
        The inputs as ``include:inputs`` gives them; defaults are taken for the others.

    Returns
    -------
    dict
        The keys of the configuration; empty where it has none. An input that has no value stays as
        it is written. A job that an input switches off, by its first rules, is left out, and no
        other one takes anything from it.
    """
    header = yaml_data.load("", text.partition("\n---\n")[0]).table("spec", "inputs")
    defaults = {
        name: declared["default"]
        for name, declared in header.items()
        if isinstance(declared, dict) and "default" in declared
    }
    filled = _fill(yaml_data.load("", text).data, {**defaults, **given})
    filled = filled if isinstance(filled, dict) else {}
    off = {name for name, value in filled.items() if _is_off(value)}
    return {name: _without(value, off) for name, value in filled.items() if name not in off}


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "array": (list,),
    "boolean": (bool,),
    "number": (int, float),
}


def find_refused(text: str, given: Mapping[str, Any]) -> list[str]:
    """Why GitLab refuses the inputs that an include gives a file.

    Parameters
    ----------
    text, given
        As of :func:`fill_in`.

    Source: https://docs.gitlab.com/ci/inputs/#define-input-parameters-with-specinputs.
    """
    declared = yaml_data.load("", text.partition("\n---\n")[0]).table("spec", "inputs")
    refused = []
    for name, value in given.items():
        if name not in declared:
            refused.append(f"there is no input {name}")
            continue
        about = declared[name] if isinstance(declared[name], dict) else {}
        wanted = str(about.get("type", "string"))
        types = _TYPES.get(wanted, (object,))
        # A truth value is a number for Python alone; what a variable holds, nobody can tell here.
        is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        if not is_right and not (isinstance(value, str) and "$" in value):
            refused.append(f"the input {name} is no {wanted}")
    for name, about in declared.items():
        if name not in given and not (isinstance(about, dict) and "default" in about):
            refused.append(f"the input {name} has no value")
    return refused


def _without(job: Any, off: set[str]) -> Any:
    """A job that takes nothing from others that are off: GitLab passes over those."""
    taken = job.get("dependencies") if isinstance(job, dict) else None
    if not isinstance(taken, list):
        return job
    left = [each for each in taken if not (isinstance(each, str) and each in off)]
    return {**job, "dependencies": left}


def _is_off(job: Any) -> bool:
    """Whether a rule that compares nothing but what was filled in keeps a job out of pipelines."""
    rules = job.get("rules") if isinstance(job, dict) else None
    for rule in rules if isinstance(rules, list) else ():
        match rule:
            case {"if": str(condition), "when": "never"} if '"' in condition[:1]:
                if _NEVER.fullmatch(condition):
                    return True
            case _:
                return False
    return False


def _fill(value: Any, inputs: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {str(_fill(key, inputs)): _fill(inner, inputs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, inputs) for inner in value]
    if not isinstance(value, str) or "$[[" not in value:
        return value
    whole = _INPUT.fullmatch(value)
    if whole and whole[1] in inputs:
        return inputs[whole[1]]  # a list, a number or a truth value stays one

    def spell(match: re.Match[str]) -> str:
        found = inputs.get(match[1], match[0])
        return str(found).lower() if isinstance(found, bool) else str(found)

    return _INPUT.sub(spell, value)
