"""Tools that check the code: the project has them."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import PACKAGE, SHOULD, Hit, rule
from lisa_scaffold.rules.tools import has_tests, runs_can_be_seen

TOML = "pyproject.toml"


def _place_of_settings(facts: Facts) -> str:
    return facts.first(TOML, "setup.cfg", "setup.py") or TOML


@rule("QTY001", SHOULD, kinds=PACKAGE, when=runs_can_be_seen, strict=True)
def linter(facts: Facts) -> Iterator[Hit]:
    """A linter checks the code.

    Why: It finds in a second what would cost an afternoon later: undefined names, unused results,
    unreachable code.

    How: Add `[tool.ruff.lint]` to `pyproject.toml`, and run `ruff check` in CI and as a hook. Any
    other linter will do.

    Source: [ruff](https://docs.astral.sh/ruff/linter/).
    """
    if not facts.automation.names("ruff", "flake8", "pylint", "pyflakes", "prospector", "pylama"):
        message = "no linter, so undefined names go unnoticed: run `ruff check` in CI"
        yield Hit(_place_of_settings(facts), 1, message)


@rule("QTY002", SHOULD, kinds=PACKAGE, when=runs_can_be_seen, strict=True)
def type_checker(facts: Facts) -> Iterator[Hit]:
    """A type checker checks the code.

    Why: It finds values of the wrong type before the code runs, even where there is no test.

    How: Add `[tool.mypy]` to `pyproject.toml`, and run `mypy` in CI. Any other type checker will
    do.

    Source: [typing documentation](https://typing.python.org/en/latest/).
    """
    names = ("mypy", "pyright", "basedpyright", "pytype", "pyre", "ty", "pyrefly", "zuban")
    if not facts.automation.names(*names):
        message = "no type checker, so wrong types go unnoticed: run `mypy` in CI"
        yield Hit(_place_of_settings(facts), 1, message)


@rule(
    "QTY003",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: runs_can_be_seen(facts) and has_tests(facts),
    strict=True,
)
def coverage(facts: Facts) -> Iterator[Hit]:
    """Test runs measure coverage.

    Why: Otherwise nobody sees which lines no test has ever run.

    How: Add `pytest-cov` to the requirements of the tests, and run `pytest --cov`.

    Source: [coverage](https://coverage.readthedocs.io/en/latest/).
    """
    if not facts.automation.names("coverage", "pytest-cov", "--cov", "slipcover", "codecov"):
        message = "nobody sees which lines have no test: run `pytest --cov` (from `pytest-cov`)"
        yield Hit(_place_of_settings(facts), 1, message)


@rule("QTY004", SHOULD, kinds=PACKAGE, when=runs_can_be_seen, strict=True)
def hooks(facts: Facts) -> Iterator[Hit]:
    """Checks run at each commit.

    Why: What a hook finds takes a second to fix; in CI it takes a whole pipeline.

    How: Add `.pre-commit-config.yaml` with the tools of the project, and run `pre-commit install`.

    Source: [pre-commit](https://pre-commit.com/).
    """
    files = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml", "lefthook.yml")
    if not facts.has_here_or_above(
        *files, ".lefthook.yml", "trunk.yaml", ".trunk/trunk.yaml", ".husky/pre-commit"
    ):
        where = "add this file"
        if facts.above:
            where = "add this file at the repository's top, where alone it is read"
        message = f"no commit hooks, so mistakes only show in CI: {where}, run `pre-commit install`"
        yield Hit(".pre-commit-config.yaml", 1, message)
