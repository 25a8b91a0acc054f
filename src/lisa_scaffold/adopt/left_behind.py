"""What stays outside of a package, and imports or starts what has become part of it."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.imported import find_distributions
from lisa_scaffold.versions import normalize_name

INSTALL = "pip install -e ."
# Where people and programs start scripts.
_STARTING = compile_lazily(
    r"(?i)(?:.*/)?(?:[^/]*\.(?:sh|bash|zsh|csh|slurm|sbatch|pbs|sub|submit|job|mk|smk|md|rst|ya?ml)"
    r"|(?:gnu)?makefile|justfile|snakefile|jenkinsfile|procfile|tox\.ini"
    r"|(?:readme|install|usage)(?:\.txt)?|(?:[^/]*\.)?(?:docker|container)file(?:\.[^/]*)?)"
)
_HISTORY = compile_lazily(r"(?i)(?:.*/)?(?:change|history|news|release)[^/]*\.(?:md|rst)")
_STARTED = compile_lazily(
    r"""(?:\bpython[\d.]*+|\bsys\.executable|\$[{(]?PYTHON\d?[)}]?|\btorchrun|\bexecutable[ ]*=)"""
    r"""["',]*+[ \t]*+["']?+(?:-[\w=.]++["',]*+[ \t]++["']?+)*+"""
    r"""((?:[\w-]|\.{1,2}/|/){1,200}+)\.py\b"""
    r"""|(?:^|[\s;&|"'`])\./([\w/-]{1,200}+)\.py\b"""
    # As a person is told to: run `fit.py`.
    r"""|\b(?:[Rr]un|[Ss]tart|[Ee]xecut|[Ll]aunch)[a-z]{0,4}[^\n`\w][^\n`]{0,60}`{1,2}"""
    r"""((?:[\w-]|\.{1,2}/|/){1,200}+)\.py`""",
    re.MULTILINE,
)
_LONGEST = 100_000
"""Characters of a file that are looked at."""


class Left(NamedTuple):
    """A line outside of a package that needs what is part of it.

    Attributes
    ----------
    path, line
        Where it stands.
    name
        What it imports, or the script that it starts.
    module
        Its full name in the package.
    is_start
        Whether it starts the module, and does not import it.
    """

    path: str
    line: int
    name: str
    module: str
    is_start: bool = False

    def explain(self) -> str:
        """What it does, and what it has to do from now on."""
        if self.is_start:
            return f"starts {self.name}.py: python -m {self.module} from now on"
        return f"imports {self.name}: {self.module} from now on"


def find_left(facts: Facts, moved: Mapping[str, str], words: set[str]) -> list[Left]:
    """What stays where it is and needs scripts that are about to move into a package.

    Parameters
    ----------
    facts
        The project, before they move.
    moved
        The scripts, without their suffix, each with the full name of its module.
    words
        The normalized names of what is installed besides: a script of such a name may be another.
    """
    names = {old.replace("/", "."): module for old, module in moved.items()}
    for old, module in moved.items():
        names.setdefault(old.rpartition("/")[2], module)
    found = []
    for path in _list_modules(facts):
        if path.removesuffix(".py") not in moved:
            for line, name in _find_imports(facts, path):
                # What names the folder as well is no distribution's.
                other = "." not in name and _is_other(name, words)
                if name in names and not other and not _is_near(facts, path, name, moved):
                    found.append(Left(path, line, name, names[name]))
    for path, line, script in _find_starts(facts):
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), script))
        place = next((each for each in (posixpath.normpath(script), beside) if each in moved), "")
        if place:
            found.append(Left(path, line, script.removeprefix("./"), moved[place], is_start=True))
    return sorted(found)


def find_lost(facts: Facts, modules: Mapping[str, str], words: set[str]) -> Iterator[Left]:
    """What looks for modules of the packages by their place, where they are no longer.

    Parameters
    ----------
    facts
        The project, with packages below a folder such as ``src``.
    modules
        The modules of the packages, each with the package that it is in.
    words
        The normalized names of what is installed besides.
    """
    folders = [each for each in facts.layout.folders.values() if not each.endswith(".py")]
    inside = tuple(f"{folder}/" for folder in folders)
    own = {name.split(".")[0] for name in facts.layout.names}
    last = {folder.rpartition("/")[2] for folder in folders}
    for path in _list_modules(facts):
        if not path.startswith(inside):
            text = "".join(map(facts.text, (path, *_list_conftests(facts, path))))
            finds_way = "sys.path" in text and any(
                re.search(rf"""["'/]{re.escape(each)}["'/]""", text) for each in last
            )
            for line, name in [] if finds_way else _find_imports(facts, path):
                other = name in own or _is_other(name, words) or _is_near(facts, path, name)
                if name in modules and not other:
                    yield Left(path, line, name, f"{modules[name]}.{name}")
    present = {each.rpartition("/")[2] for each in facts.files if not each.startswith(inside)}
    for path, line, script in _find_starts(facts):
        name = script.rpartition("/")[2]
        enters = any(
            "cd " in each and any(folder in each for folder in last) for each in facts.lines(path)
        )
        places = (script, posixpath.join(posixpath.dirname(path), script))
        there = facts.has(*(f"{posixpath.normpath(each)}.py" for each in places))
        if name in modules and f"{name}.py" not in present and not there and not enters:
            shown = script.removeprefix("./")
            yield Left(path, line, shown, f"{modules[name]}.{name}", is_start=True)


def find_importers(facts: Facts, folders: Mapping[str, str]) -> list[str]:
    """The files outside of some packages, each a folder by its import name, that import them."""
    inside = tuple(f"{folder}/" for folder in folders.values())
    outside = [path for path in _list_modules(facts) if not path.startswith(inside)]
    return [
        path for path in outside if any(name in folders for _, name in _find_imports(facts, path))
    ]


def _list_modules(facts: Facts) -> list[str]:
    """The Python files of a project that people run, or that pytest does."""
    return [path for path in facts.paths("**/*.py") if not f"/{path}".endswith("/setup.py")]


def find_unread(facts: Facts) -> Iterator[tuple[str, str]]:
    """The files in which nothing of all this is looked for, each with why."""
    for path, file in facts.files.items():
        if file.link or "/.ipynb_checkpoints/" in f"/{path}":
            continue
        if path.endswith(".ipynb"):
            why = facts.notebook(path).problem
        elif path.endswith(".py") or (_STARTING.fullmatch(path) and not _HISTORY.fullmatch(path)):
            module = facts.python(path) if path.endswith(".py") else None
            is_empty = not file.size or facts.text(path)
            why = facts.explain_excess(path) or ("" if is_empty else "no text in UTF-8")
            if not why and isinstance(module, Problem):
                why = f"no Python 3 (line {module.line})"
        else:
            continue
        if why:
            yield path, why


def _list_conftests(facts: Facts, path: str) -> list[str]:
    """The files above one by which pytest may have it find other modules."""
    parts = path.split("/")[:-1]
    above = ["/".join([*parts[:end], "conftest.py"]) for end in range(len(parts) + 1)]
    return [each for each in above if facts.has(each) and each != path]


def _find_imports(facts: Facts, path: str) -> list[tuple[int, str]]:
    """The line and each name by which a file may import a script, none of them twice."""
    module = facts.python(path)
    found: dict[str, int] = {}
    for node in ast.walk(module) if isinstance(module, ast.Module) else ():
        match node:
            case ast.Import(names=names):
                told = [each.name for each in names]
            case ast.ImportFrom(module=str(name), names=names, level=0):
                told = [name, *(f"{name}.{each.name}" for each in names)]
            case _:
                continue
        for name in told:
            for each in dict.fromkeys((name, name.split(".")[0])):
                found.setdefault(each, node.lineno)
    return sorted((line, name) for name, line in found.items())


def _is_other(name: str, words: set[str]) -> bool:
    """Whether a name means what is installed."""
    is_known = name in sys.stdlib_module_names or find_distributions(name)
    return bool(is_known or normalize_name(name) in words)


def _is_near(facts: Facts, path: str, name: str, moved: Mapping[str, str] | None = None) -> bool:
    """Whether a file still finds a module beside it or above."""
    parts, inner = path.split("/")[:-1], name.replace(".", "/")
    for end in range(len(parts) + 1):
        place = "/".join([*parts[:end], inner])
        if place not in (moved or {}) and facts.has(f"{place}.py", f"{place}/__init__.py"):
            return True
    return False


def _find_starts(facts: Facts) -> Iterator[tuple[str, int, str]]:
    """Each file that starts a script, the line, and the script without its suffix."""
    for path in facts.paths("**"):
        if _HISTORY.fullmatch(path):
            continue
        if path.endswith(".py") or _STARTING.fullmatch(path):
            text = facts.text(path)[:_LONGEST]
            seen = set()
            for match in _STARTED.finditer(text):
                script = match[1] or match[2] or match[3]
                if script not in seen:
                    seen.add(script)
                    yield path, text.count("\n", 0, match.end()) + 1, script
