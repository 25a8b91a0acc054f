"""A package's import name in the strings of Python files, and as the object of an entry point."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

# Functions whose first argument is a module.
_OF_MODULES = frozenset(
    [
        *("__import__", "find_spec", "import_module", "importorskip", "run_module"),
        "iter_modules",
    ]
)
# What is asked of a distribution, which may have the same name.
_OF_DISTRIBUTIONS = frozenset(
    ["distribution", "get_distribution", "metadata", "requires", "require", "version"]
)


def find_certain(tree: ast.Module, old: str) -> Iterator[ast.expr]:
    """Strings that are the package or a module of it beyond doubt."""
    for node in ast.walk(tree):
        candidates: list[ast.expr] = []
        match node:
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[first, *_]):
                # `importlib.metadata` has a function `files` too, which takes a distribution.
                is_folder = called == "files" and ast.unparse(node.func).endswith("resources.files")
                candidates = [first] if called in _OF_MODULES or is_folder else []
            case ast.List(elts=words) | ast.Tuple(elts=words):
                candidates = [
                    word
                    for option, word in pairwise(words)
                    if isinstance(option, ast.Constant) and option.value == "-m"
                ]
        yield from (each for each in candidates if _names(each, old))


def find_exact(tree: ast.Module, old: str) -> Iterator[int]:
    """The lines of strings that are the name, and are not said to be that of the distribution."""
    others = {id(each) for node in ast.walk(tree) for each in _list_of_distribution(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == old and id(node) not in others:
            yield node.lineno


def replace_lines(text: str, lines: Mapping[str, str]) -> str:
    """A text with some of its lines replaced; their ends and indentation stay."""
    return "\n".join(lines.get(line, line) for line in text.split("\n"))


def pair_lines(before: str, after: str, old: str, new: str) -> dict[str, str]:
    """The lines of a rendered file that differ by the package's name alone, with the new ones."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(old)}(?![\w-])")
    kept: Collection[str] = {*after.split("\n")}
    pairs = {line: pattern.sub(new, line) for line in before.split("\n") if line not in kept}
    return {line: now for line, now in pairs.items() if now != line and now in kept}


def replace_objects(text: str, old: str, new: str) -> str:
    """Settings with the new name in the objects of entry points, such as ``old.cli:main``."""
    pattern = rf"(=\s*[\"']?){re.escape(old)}((?:\.\w+)*:[A-Za-z_][\w.]*)"
    return re.sub(pattern, rf"\g<1>{new}\g<2>", text)


def _names(node: ast.expr, old: str) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return text == old or text.startswith(f"{old}.")
    return False


def _list_of_distribution(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=args) if (
            called in _OF_DISTRIBUTIONS
        ):
            return args
        case ast.keyword(arg="prog" | "distribution" | "distribution_name", value=value):
            return [value]
    return []
