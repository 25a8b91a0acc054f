"""What a package began with is in its README, whatever the template has there later."""

from __future__ import annotations

from pathlib import Path

from lisa_scaffold.aftercare.example import keep_use

from ..support.answers import answers, template

PYTHON = "```python\nfrom lisa_old import psd\n\npsd(1e-3)\n```\n"
SHELL = "```console\n$ lisa-old 1e-4 1e-3\n```\n"
BEFORE = f"# Old\n\n## Use\n\n{PYTHON}\n{SHELL}\n## Develop\n\n```console\n$ nox\n```\n"


def without_example(tmp_path: Path) -> str:
    given = {"example": False, "cli": True, "container": False, "import_name": "lisa_old"}
    template().render(answers(distribution="lisa-old", **given), tmp_path)
    return (tmp_path / "README.md").read_text()


def test_the_example_stays_and_all_else_is_new(tmp_path: Path) -> None:
    new = without_example(tmp_path)
    nothing = "```python\nimport lisa_old\n\nlisa_old.__version__\n```\n"
    assert new.count(nothing) == 1
    assert new.count("$ lisa-old --help") == 1
    expected = new.replace(nothing, PYTHON).replace("$ lisa-old --help", "$ lisa-old 1e-4 1e-3")
    assert keep_use(BEFORE, new) == expected


def test_what_showed_no_example_or_other_things_is_new(tmp_path: Path) -> None:
    new = without_example(tmp_path)
    assert keep_use(new, new) == new
    assert keep_use("# Old\n", new) == new
    assert keep_use(BEFORE.replace(SHELL, ""), new) == new
    assert keep_use(BEFORE, "# New\n") == "# New\n"
