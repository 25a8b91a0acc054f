"""What of a project runs a tool, and reads the settings that the adoption brings for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lisa_scaffold.adopt import commands, hooks
from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import flatten_script, list_mappings

# By which option each tool passes over pyproject.toml.
_WITHOUT = {
    "codespell": "--toml=/dev/null",
    "coverage": "--rcfile=/dev/null",
    "mypy": "--config-file=/dev/null",
    "pytest": "-c /dev/null",
    "rumdl": "--no-config",
    "ruff": "--isolated",
}
_OWN = compile_lazily(
    r"\s(?:--isolated|--no-config|--config(?:-file)?|--rcfile|--cov-config|--toml|-c)[ =]"
)
# What stands in front of a program's name: variables, and what runs others, with its options.
_BEFORE = compile_lazily(
    r"(?:[\s@]|\w+=\S*(?=\s)|(?:uv|poetry|pdm|hatch|pipx|pixi|conda|rye) run(?=\s)"
    r"|(?:uvx|xvfb-run)(?=\s)|coverage run(?=\s+-m)|(?:\S*?python[\d.]*|\$\(PYTHON\))(?=\s+-m)"
    r"|--?[\w-]+(?=\s))*+"
)
_LISTED = {
    "Makefile": r"^\t(.*)",
    "justfile": r"^[ \t]+(.*)",
    "tox.ini": r"^[ \t]+(.*)|^commands\s*=(.*)",
}
_HOOKS = {"ruff-check": "ruff", "ruff-format": "ruff"}
_MOST_SHOWN, _MOST_READ = 60, 500  # characters of a command
_MOST_NAMED = 5  # commands of one file


def find_affected(facts: Facts, brought: Collection[str]) -> Iterator[Custom]:
    """Each file of a project that runs tools by settings which come in with the template.

    Parameters
    ----------
    facts
        The project.
    brought
        The tools whose tables come in.
    """
    told: dict[tuple[str, str, str], list[str]] = {}
    for path, command in list_commands(facts):
        for tool in _find_tools(command[:_MOST_READ]):
            if tool in brought and not _OWN.search(f"{command} "):
                is_counted = tool == "coverage" and " --cov" in command
                option = "--cov-config=/dev/null" if is_counted else _WITHOUT[tool]
                shown = command if len(command) <= _MOST_SHOWN else f"{command[:_MOST_SHOWN]}…"
                listed = told.setdefault((path, tool, option), [])
                if f"`{shown}`" not in listed:
                    listed.append(f"`{shown}`")
    for (path, tool, option), listed in told.items():
        named = join_names(listed, _MOST_NAMED)
        reads, which = ("reads", "it") if len(listed) == 1 else ("read", "each")
        text = (
            f"runs {named}, which {reads} [tool.{tool}] in pyproject.toml from now on, and "
            f"may find something else than before: `{option}` has {which} run as it did"
        )
        yield Custom(path, text, to_decide=True)


def name_program(command: str) -> str:
    """The program that one command runs."""
    command = command[:_MOST_READ]
    before = _BEFORE.match(command)
    name = command[before.end() if before else 0 :].partition(" ")[0].rpartition("/")[2]
    return "pytest" if name == "py.test" else name


def _find_tools(command: str) -> Iterator[str]:
    """The tools that one command runs."""
    name = name_program(command)
    if "coverage run" in command:
        yield "coverage"
    if name in _WITHOUT:
        yield name
    if name == "pytest" and " --cov" in command:
        yield "coverage"


def list_commands(facts: Facts) -> Iterator[tuple[str, str]]:
    """Every command that jobs, tasks and hooks of a project run, with its file."""
    for path, scripts in commands.list_jobs(facts):
        for script in scripts:
            joined = script.replace("\\\n", " ")
            for line in re.split(r"\n|;|&&|\|\|?", joined):
                yield path, line.strip()
    for path, pattern in _LISTED.items():
        for line in re.finditer(pattern, facts.text(path).replace("\\\n", " "), re.MULTILINE):
            yield path, next(filter(None, line.groups()), "").strip()
    for repo in list_mappings(facts.yaml(hooks.PATH).get("repos")):
        for hook in list_mappings(repo.get("hooks")):
            name = str(hook.get("id"))
            yield hooks.PATH, " ".join([_HOOKS.get(name, name), *flatten_script(hook.get("args"))])
