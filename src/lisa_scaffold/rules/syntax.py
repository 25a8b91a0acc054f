"""Files that can be read, one rule for each format.

Only files that matter to the project are read: test data may be malformed on purpose. A file with
a problem is empty for every other rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold.bounds import LONG
from lisa_scaffold.formats.document import Problem
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import MUST, Hit, count_more, rule

TOML = ("*.toml", "Pipfile", "docs/*.toml")
YAML = (
    *("*.yml", "*.yaml", "*.cff", ".gitlab/**.yml", ".github/workflows/*.yml"),
    *(".github/workflows/*.yaml", "docs/.readthedocs.yaml"),
)
INI = ("setup.cfg", "tox.ini", "pytest.ini", "mypy.ini", ".mypy.ini", ".flake8", ".coveragerc")
JSON = ("codemeta.json", ".zenodo.json", "**/*.ipynb")
PYTHON = ("setup.py", "noxfile.py", "docs/conf.py", "doc/conf.py", "docs/source/conf.py")


def _hit(problem: Problem | None) -> Iterator[Hit]:
    if problem:
        yield Hit(problem.path, problem.line, f"no valid {problem.format}: {problem.message}")


@rule("SYN001", MUST)
def toml(facts: Facts) -> Iterator[Hit]:
    """TOML files are valid.

    Why: Tools that read the file stop, or take their defaults without a word.

    How: Correct the line; an editor that knows TOML marks it.

    Source: [TOML](https://toml.io/en/v1.0.0).
    """
    for path in facts.paths(*TOML):
        yield from _hit(facts.toml(path).problem)


@rule("SYN002", MUST)
def yaml(facts: Facts) -> Iterator[Hit]:
    """YAML files are valid.

    Why: A pipeline, a hook or a citation that cannot be read does not run, or is not shown.

    How: Correct the line. Tabs, a colon in an unquoted text and wrong indentation are the usual
    causes. An alias may not expand without bound.

    Source: [YAML](https://yaml.org/spec/1.2.2/).
    """
    for path in facts.paths(*YAML):
        yield from _hit(facts.yaml(path).problem)


@rule("SYN003", MUST)
def ini(facts: Facts) -> Iterator[Hit]:
    """Configuration files with sections are valid.

    Why: A tool whose configuration cannot be read stops, or takes its defaults without a word.

    How: Correct the line: every key stands below a section, and once.

    Source: [configparser](https://docs.python.org/3/library/configparser.html).
    """
    for path in facts.paths(*INI):
        yield from _hit(facts.ini(path).problem)


@rule("SYN004", MUST)
def json(facts: Facts) -> Iterator[Hit]:
    """JSON files and notebooks are valid.

    Why: A notebook with conflict markers, or cut short, opens nowhere.

    How: Correct the line, or bring the file back from git's history.

    Source: [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259).
    """
    for path in facts.paths(*JSON):
        # A notebook full of pictures is large; it is not read, and so nothing is known of it.
        if facts.explain_excess(path) in ("", LONG):
            yield from _hit(facts.json(path).problem)


@rule("SYN005", MUST)
def python(facts: Facts) -> Iterator[Hit]:
    """Python files that configure the project are valid.

    Why: Without them nothing is built, tested or documented.

    How: Correct the line.

    Source: [Python's grammar](https://docs.python.org/3/reference/grammar.html).
    """
    for path in facts.paths(*PYTHON):
        found = facts.python(path)
        yield from _hit(found if isinstance(found, Problem) else None)


@rule("SYN006", MUST)
def keys_once(facts: Facts) -> Iterator[Hit]:
    """No key stands twice in a YAML mapping.

    Why: The last one wins without a word: a job with two `script` keys runs the second alone.

    How: Join the two, or remove one.

    Source: [YAML](https://yaml.org/spec/1.2.2/#nodes): the keys of a mapping are unique.
    """
    for path in facts.paths(*YAML):
        if twice := facts.yaml(path).duplicates:
            more = count_more([line for _, line in twice])
            yield Hit(path, twice[0][1], f"the key {twice[0][0]} stands twice{more}")
