"""A README that asks to cite articles is told beside a citation file that names none."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.cited import find_papers
from lisa_scaffold.project.facts import Facts

BIBTEX = "# A\n\nPlease cite the paper:\n\n@article{a,\n    doi = {10.1093/mnras/stad2441},\n}\n"


def test_the_articles_are_named_and_where_they_are_asked_for() -> None:
    more = BIBTEX + "Also https://doi.org/10.21105/joss.00538, and again 10.21105/joss.00538.\n"
    custom = find_papers(Facts.of({"README.md": more}))
    assert custom is not None
    assert (custom.path, custom.to_decide) == ("CITATION.cff", True)
    assert custom.text == (
        "says to cite the repository alone, and README.md:3 asks for articles "
        "(10.1093/mnras/stad2441, 10.21105/joss.00538): name the first as `preferred-citation`, "
        "and others under `references`"
    )


@pytest.mark.parametrize(
    "text",
    [
        "# A\n",
        "Please cite https://doi.org/10.5281/zenodo.1489692.\n",
        "The method is that of 10.1093/mnras/stad2441.\n",
        "It is excited by 10.1093/mnras/stad2441.\n",
    ],
)
def test_other_readmes_ask_for_none(text: str) -> None:
    assert find_papers(Facts.of({"README.md": text})) is None
