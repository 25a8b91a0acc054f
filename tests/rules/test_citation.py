"""How the software is to be cited."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, findings, fixed, found, messages, text

FILE = "CITATION.cff"
GOOD = """\
# How to cite.
cff-version: 1.2.0
message: Please cite it.
title: A
authors:
  - family-names: Doe
    given-names: Jane
    orcid: https://orcid.org/0000-0002-1825-0097
  - name: LISA Distributed Data Processing Center
date-released: 2026-01-31
doi: 10.5281/zenodo.1234567
license: BSD-3-Clause
"""


def with_citation(citation: str) -> dict[str, Any]:
    return changed(clean(), {FILE: citation})


def replaced(old: str, new: str) -> dict[str, Any]:
    return edited(with_citation(GOOD), FILE, old, new)


def test_good_citations_pass() -> None:
    assert found(clean(), "CIT") == []
    assert found(with_citation(GOOD), "CIT") == []
    assert found(replaced("cff-version: 1.2.0", "cff-version: '1.1.0'\nown: 1"), "CIT") == []


def test_none() -> None:
    files = changed(clean(), {FILE: None, "README.md": "# A\n"})
    assert found(files, "CIT") == [("CIT001", FILE, 1)]
    assert messages(files, "CIT") == [
        "no CITATION.cff, so nobody can tell how to cite this: add one"
    ]
    assert found(changed(files, {"codemeta.json": "{}"}), "CIT") == []
    assert found(changed(files, {"PKG-INFO": "x"}), "CIT") == []
    plain: dict[str, Any] = {"pyproject.toml": "[project]\nname = 'a'\n"}
    assert found(plain, "CIT") == []
    science = "classifiers = [ 'Intended Audience :: Science/Research' ]\n"
    assert found({"pyproject.toml": f"{plain['pyproject.toml']}{science}"}, "CIT") == [
        ("CIT001", FILE, 1)
    ]
    alone = {"pyproject.toml": f"{plain['pyproject.toml']}{science}"}
    for readme, is_told in (
        ("# A\n\n## Citation\n\nDoe (2020)\n", True),
        ("A\n=\n\nHow to cite A\n-------------\n", True),
        ("# A\n\nIf you use it, please cite Doe (2020).\n", True),
        ("# A\n\nIt reads what people write of citations.\n", False),
        ("# A\n\n## Cited by\n", False),
    ):
        wanted = [] if is_told else [("CIT001", FILE, 1)]
        assert found({**alone, "README.md": readme}, "CIT") == wanted


@pytest.mark.parametrize("key", ["title", "authors"])
def test_required_keys_that_only_people_know(key: str) -> None:
    lines = "cff-version: 1.2.0\nmessage: M\ntitle: T\nauthors:\n  - name: N\n"
    kept = lines.partition("authors")[0] if key == "authors" else lines.replace("title: T\n", "")
    assert messages(with_citation(kept), "CIT") == [
        f"no `{key}`, so citation tools reject this file: add it"
    ]


def test_required_keys_that_are_the_same_for_all() -> None:
    files = edited(with_citation(GOOD), FILE, "cff-version: 1.2.0\nmessage: Please cite it.\n", "")
    assert found(files, "CIT") == [("CIT002", FILE, 2), ("CIT002", FILE, 2)]
    message = "message: If you use this software, please cite it as below.\n"
    assert fixed(files, "CIT002") == {FILE: GOOD.replace("message: Please cite it.\n", message)}


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "title: A",
            "title: A\nauthor: B",
            5,
            "citation tools reject a file with the unknown key `author`: did you mean `authors`?",
        ),
        (
            "2026-01-31",
            "31/01/2026",
            10,
            "write `31/01/2026` as YYYY-MM-DD, or citation tools reject this file",
        ),
        (
            "10.5281/z",
            "https://doi.org/10.5281/z",
            11,
            "write `https://doi.org/10.5281/zenodo.1234567` as a plain DOI that begins with `10.`, "
            "or citation tools reject this file",
        ),
        (
            "BSD-3-Clause",
            "BSD 3-Clause",
            12,
            "choose a licence from spdx.org/licenses instead of `BSD 3-Clause`, or citation tools "
            "reject this file",
        ),
        (
            "1825-0097",
            "1825-0098",
            8,
            "check the digits, and write the ORCID like https://orcid.org/0000-…, or citation "
            "tools reject this file",
        ),
        (
            "https://orcid.org/0000",
            "0000",
            8,
            "write the ORCID like https://orcid.org/0000-…, or citation tools reject this file",
        ),
        (
            "- name: LISA",
            "- affiliation: LISA",
            9,
            "add `family-names` or `name` for this author, or citation tools reject this file",
        ),
        (
            "- name: LISA",
            "- LISA",
            9,
            "write this author with the keys `family-names` and `given-names`, or citation tools "
            "reject this file",
        ),
        (
            "title: A",
            "title: A\ntype: code",
            5,
            "`type` must be software or dataset, or citation tools reject this file",
        ),
        (
            "title: A",
            "title: A\nurl: a.org",
            5,
            "write `a.org` as a whole address, with `https://`, or citation tools reject this file",
        ),
    ],
)
def test_values(old: str, new: str, line: int, message: str) -> None:
    files = replaced(old, new)
    assert found(files, "CIT") == [("CIT003", FILE, line)]
    assert messages(files, "CIT") == [message]


def test_what_is_wrong_with_many_authors_is_one_finding() -> None:
    person = "  - family-names: Doe\n    orcid: 0000-0002-1825-0097\n"
    files = with_citation(f"cff-version: 1.2.0\nmessage: M\ntitle: T\nauthors:\n{person * 3}")
    assert found(files, "CIT") == [("CIT003", FILE, 6)]
    assert messages(files, "CIT") == [
        "write the ORCID like https://orcid.org/0000-…, or citation tools reject this file"
        "; also in lines 8, 10"
    ]


def test_authors_are_a_list() -> None:
    start = GOOD.partition("authors:")[0]
    assert messages(with_citation(f"{start}authors: Me\n"), "CIT") == [
        "`authors` must be a list, with a `-` before each person, or citation tools reject this "
        "file"
    ]


def test_no_mapping_lacks_everything() -> None:
    assert len(found(with_citation("- a\n- b\n"), "CIT")) == 4
    assert found(with_citation("a: [\n"), "CIT") == []


def test_the_last_digit_of_an_orcid_may_be_x() -> None:
    assert found(replaced("0000-0002-1825-0097", "0000-0001-0000-005X"), "CIT") == []


def test_version() -> None:
    of_release = ("doi:", "date-released:")
    lines = GOOD.splitlines(keepends=True)
    unreleased = "".join(line for line in lines if not line.startswith(of_release))
    static = edited(
        with_citation(unreleased), "pyproject.toml", 'dynamic = [ "version" ]', 'version = "1.10"'
    )

    def cited(version: str) -> dict[str, Any]:
        return edited(static, FILE, "title: A", f"title: A\nversion: {version}")

    for same in ("1.10", "'1.10'", "v1.10"):
        assert found(cited(same), "CIT") == []
    assert found(cited("1.9  # last"), "CIT") == [("CIT004", FILE, 5)]
    assert messages(cited("1.9"), "CIT") == [
        "results would be cited with the wrong version 1.9: write 1.10"
    ]
    assert fixed(cited("1.9  # last"), "CIT004") == {FILE: text(cited("1.10  # last"), FILE)}
    released = edited(cited("1.9"), FILE, "title: A", "title: A\ndate-released: 2020-01-01")
    assert messages(released, "CIT004") == [
        "results would be cited with the wrong version 1.9: write 1.10, "
        "and change `date-released` to that release"
    ]
    assert [each.fixable for each in findings(released, "CIT004")] == [False]
    development = edited(cited("1.9"), "pyproject.toml", '"1.10"', '"1.10.dev0"')
    assert found(development, "CIT") == []
    meta = changed(static, {"codemeta.json": '{\n "version": "1.9"\n}\n'})
    assert found(meta, "CIT") == [("CIT004", "codemeta.json", 2)]
