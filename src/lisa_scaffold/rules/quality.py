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
    """A linter looks at the code.

    Why: It finds in a second what costs an afternoon later: names that do not exist, results that
    are thrown away, code that cannot be reached.

    How: Add `[tool.ruff.lint]` to `pyproject.toml`, and run `ruff check` in CI and as a hook. Any
    other linter will do.

    Source: [ruff](https://docs.astral.sh/ruff/linter/).
    """
    if not facts.automation.names("ruff", "flake8", "pylint", "pyflakes", "prospector", "pylama"):
        yield Hit(_place_of_settings(facts), 1, "no linter is set up")


@rule("QTY002", SHOULD, kinds=PACKAGE, when=runs_can_be_seen, strict=True)
def type_checker(facts: Facts) -> Iterator[Hit]:
    """A type checker looks at the code.

    Why: A value of the wrong type is found before the code runs, also where no test goes.

    How: Add `[tool.mypy]` to `pyproject.toml`, and run `mypy` in CI. Any other type checker will
    do.

    Source: [typing documentation](https://typing.python.org/en/latest/).
    """
    names = ("mypy", "pyright", "basedpyright", "pytype", "pyre", "ty", "pyrefly", "zuban")
    if not facts.automation.names(*names):
        yield Hit(_place_of_settings(facts), 1, "no type checker is set up")


@rule(
    "QTY003",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: runs_can_be_seen(facts) and has_tests(facts),
    strict=True,
)
def coverage(facts: Facts) -> Iterator[Hit]:
    """The tests are run with coverage.

    Why: Nobody sees otherwise which lines no test has ever run.

    How: Add `pytest-cov` to the requirements of the tests, and run `pytest --cov`.

    Source: [coverage](https://coverage.readthedocs.io/en/latest/).
    """
    if not facts.automation.names("coverage", "pytest-cov", "--cov", "slipcover", "codecov"):
        yield Hit(_place_of_settings(facts), 1, "no coverage is measured")


@rule("QTY004", SHOULD, kinds=PACKAGE, when=runs_can_be_seen, strict=True)
def hooks(facts: Facts) -> Iterator[Hit]:
    """Checks run at each commit.

    Why: What a hook finds takes a second to mend; in CI it takes a pipeline.

    How: Add `.pre-commit-config.yaml` with the tools of the project, and run `pre-commit install`.

    Source: [pre-commit](https://pre-commit.com/).
    """
    files = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml", "lefthook.yml")
    if not facts.has_here_or_above(
        *files, ".lefthook.yml", "trunk.yaml", ".trunk/trunk.yaml", ".husky/pre-commit"
    ):
        yield Hit(".pre-commit-config.yaml", 1, "no hooks for commits")
