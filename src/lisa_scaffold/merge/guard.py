"""A last look at a merged file, git's clean merges included."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lisa_scaffold.merge import verify
from lisa_scaffold.merge.nodes import NotSure, Value

Load = Callable[[str], Value]
_TOML = (".toml", "Pipfile")
_YAML = (".yaml", ".yml", ".cff", ".clang-format", ".clang-tidy")
_JSON = (".json", ".jsonc", ".json5", ".code-workspace", ".geojson", ".ipynb")


def problem(  # noqa: PLR0913, PLR0917 - three versions and what came of them
    path: str,
    base: str,
    ours: str,
    theirs: str,
    merged: str,
    notes: Sequence[str] = (),
    *,
    by_git: bool = False,
) -> str | None:
    """What is wrong with a merged file, as a sentence; ``None``: nothing, or no keyed format.

    A side that was invalid before cannot be compared; the result must then be valid only if
    both sides are. Where git merged it (`by_git`), a merge of lines that nothing tells apart stands
    as long as nothing is wrong with it.
    """
    load = _loader(path)
    if load is None or merged in (ours, theirs):
        return None
    sides = [_loaded(load, text) for text in (base, ours, theirs)]
    result = _loaded(load, merged)
    if sides[1] is None or sides[2] is None:
        return None
    if result is None:
        return "the merged file is invalid, though both sides are valid."
    if sides[0] is None:
        return None
    said = verify.disagreement(sides[0], sides[1], sides[2], result, by_git=by_git)
    return said or verify.lost_comment(base, ours, theirs, merged, notes)


def _loader(path: str) -> Load | None:
    """What reads a file of this name."""
    if path.endswith(_TOML):
        from lisa_scaffold.merge import toml

        return toml.load
    if path.endswith(_YAML):
        from lisa_scaffold.merge import yaml

        return yaml.load
    if path.endswith(_JSON):
        from lisa_scaffold.merge import json

        return json.load
    return None


def _loaded(load: Load, text: str) -> Value | None:
    try:
        return load(text)
    except (NotSure, RecursionError):
        return None
