"""Licence texts are recognised, licence names read, and only sure contradictions told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from licenseclassifier import identify_license

from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts

from ..support.answers import template

TEXTS = sorted(path for path in (Path(__file__).parents[2] / "includes" / "licenses").iterdir())


def digest(text: str) -> str:
    return licences._hash(licences._normalized_words(text))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_texts_that_are_known_are_what_the_recogniser_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    recognised = [licences.strip_suffix(each.id) for each in identify_license(text)]
    assert digest(text) in licences._KNOWN
    assert list(licences.recognise(text)) == recognised == [licences.strip_suffix(path.stem)]


def test_every_licence_of_the_template_is_recognised_without_the_recogniser() -> None:
    offered = next(q for q in template().questions({}) if q.key == "license").choices
    assert {licences.strip_suffix(each.value) for each in offered} <= set(licences._KNOWN.values())


def test_older_addresses_other_numbers_and_a_name_in_the_last_clause_do_not_matter() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in TEXTS}
    gpl = texts["GPL-3.0-or-later"].replace("https:", "http:")
    gpl = gpl.replace("licenses/why-not-lgpl", "philosophy/why-not-lgpl")
    bsd = texts["BSD-3-Clause"]
    team = bsd.replace("the copyright holder nor", "the Institute's Team nor")
    bullets = re.sub(r"^\d\.", "*", team, flags=re.MULTILINE)
    assert len({gpl, bsd, team, bullets, *texts.values()}) == len(texts) + 3
    assert [licences._KNOWN[digest(each)] for each in (gpl, team, bullets)] == [
        "GPL-3.0",
        "BSD-3-Clause",
        "BSD-3-Clause",
    ]
    assert licences.strip_suffix(identify_license(gpl)[0].id) == "GPL-3.0"
    assert identify_license(bullets)[0].id == "BSD-3-Clause"


def mit() -> str:
    return next(path for path in TEXTS if path.stem == "MIT").read_text(encoding="utf-8")


def test_a_text_with_additions_is_recognised_too() -> None:
    more = f"{mit()}\nPlease cite the paper when you publish results.\n"
    assert digest(more) not in licences._KNOWN
    assert licences.recognise(more) == ("MIT",)


EXPORT = "This software may be subject to export laws; the user agrees to comply with them.\n"
BODIES = {licences._KNOWN[digest] for digest in licences._BODIES}


def around(path: Path) -> list[str]:
    """A text with more before and after it: a clause, a second holder, other licences."""
    text = path.read_text(encoding="utf-8")
    others = [other.read_text(encoding="utf-8") for other in TEXTS if other != path]
    second = f"Copyright (c) 2026 An Institute and\nAnother One\n\n{text}"
    lists = [f"{before}\n\n{text}" for before in others] + [f"{text}\n\n{o}" for o in others]
    return [f"{text}\n{EXPORT}", second, text + EXPORT * 100, *lists]


@pytest.mark.uncounted
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_text_that_stands_word_for_word_never_contradicts_its_licence(path: Path) -> None:
    name = licences.strip_suffix(path.stem)
    assert licences.holds(path.read_text(encoding="utf-8"), [name])
    for text in around(path):
        if licences.holds(text, [name]):
            assert not licences.contradict([name], licences.recognise(text))
    assert licences.holds(f"A word before.\n{path.read_text()}{EXPORT}", [name]) == (name in BODIES)


def test_a_changed_text_and_another_licence_do_not_stand_there() -> None:
    changed = mit().replace("without restriction", "without profit")
    assert not licences.holds(changed, ["MIT"])
    assert not licences.holds(mit(), ["BSD-3-Clause", "GPL-3.0"])
    assert not licences.holds("", ["MIT"])


@pytest.mark.parametrize("text", ["", "All rights reserved.\n", "Ask the authors.\n"])
def test_what_is_no_licence_text_is_none(text: str) -> None:
    assert licences.recognise(text) == ()


def test_two_texts_in_one_file_are_both_told() -> None:
    bsd = next(path for path in TEXTS if path.stem == "BSD-3-Clause").read_text(encoding="utf-8")
    assert licences.recognise(f"{mit()}\n\n{bsd}") == ("MIT", "BSD-3-Clause")


def test_licence_files_are_found_by_name() -> None:
    names = ["COPYING", "LICENCE.rst", "LICENSE-APACHE", "LICENSES/MIT.txt", "license.md"]
    others = ["docs/LICENSE", "license.py", "src/LICENSE", "README.md"]
    assert licences.list_licence_files(Facts.of(dict.fromkeys([*names, *others], "x"))) == sorted(
        names
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("MIT", {"MIT"}),
        ("MIT OR (Apache-2.0 AND BSD-3-Clause)", {"MIT", "Apache-2.0", "BSD-3-Clause"}),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", {"GPL-3.0+"}),
        ("LicenseRef-ESA", set()),
        ("BSD-3-clause", {"BSD-3-Clause"}),
        ("cecill-b or GPL-3.0-OR-LATER with gcc-exception-3.1", {"CECILL-B", "GPL-3.0+"}),
        ("GNU General Public License v3 (GPLv3)", {"GPL-3.0"}),
        ("GNU General Public License (GPL)", {"GPL"}),
        ("GNU Affero General Public License v3 or later (AGPLv3+)", {"AGPL-3.0+"}),
        ("GNU Lesser General Public License v2.1", {"LGPL-2.1"}),
        ("LGPLV3", {"LGPL-3.0"}),
        ("gpl 3", {"GPL-3.0"}),
        ("BSD", {"BSD"}),
        ("New BSD License", {"BSD-3-Clause"}),
        ("3-Clause BSD", {"BSD-3-Clause"}),
        ("BSD 2 clause", {"BSD-2-Clause"}),
        ("Apache License, Version 2.0", {"Apache-2.0"}),
        ("Apache Software License", {"Apache"}),
        ("Mozilla Public License 2.0 (MPL 2.0)", {"MPL-2.0"}),
        ("CeCILL-B Free Software License Agreement", {"CECILL-B"}),
        ("European Union Public Licence 1.2 (EUPL 1.2)", {"EUPL-1.2"}),
        ("ask the authors", set()),
    ],
)
def test_names_in_expressions_and_prose(text: str, names: set[str]) -> None:
    assert licences.find_claimed(text) == names


@pytest.mark.parametrize(
    ("some", "others", "expected"),
    [
        ({"MIT"}, {"GPL-3.0"}, True),
        ({"GPL-3.0"}, {"AGPL-3.0"}, True),
        ({"BSD-2-Clause"}, {"BSD-3-Clause"}, True),
        ({"GPL-2.0"}, {"GPL-3.0"}, True),
        ({"GPL"}, {"GPL-3.0"}, False),
        ({"BSD"}, {"BSD-3-Clause"}, False),
        ({"MIT", "GPL-3.0"}, {"MIT"}, False),
        ({"BSD-3-Clause-Clear"}, {"BSD-3-Clause"}, False),
        ({"ECL-2.0"}, {"Apache-2.0"}, False),
        (set(), {"MIT"}, False),
        ({"MIT"}, set(), False),
    ],
)
def test_contradictions(some: set[str], others: set[str], *, expected: bool) -> None:
    assert licences.contradict(some, others) is expected
    assert licences.contradict(others, some) is expected


def test_an_expression_is_written_as_the_list_has_it() -> None:
    assert licences.make_canonical("bsd-3-clause or mit") == "BSD-3-Clause OR MIT"
    assert licences.make_canonical("BSD 3-Clause") is None


@pytest.mark.parametrize(
    ("claimed", "held", "agrees"),
    [
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.1", True),
        ("GNU Lesser General Public License v2 (LGPLv2)", "LGPL-2.1", True),
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-3.0", True),
        ("GNU General Public License v2 or later (GPLv2+)", "GPL-3.0", True),
        ("GPL-2.0-or-later", "GPL-3.0", True),
        ("GPL-3.0-or-later", "GPL-2.0", False),
        ("GNU General Public License v2 (GPLv2)", "GPL-3.0", False),
        ("GPL version 2 or (at your option) any later version", "GPL-3.0", True),
        ("GNU General Public License v2 or later (GPLv2+)", "LGPL-3.0", False),
        ("GPL", "GPL-3.0", True),
        ("BSD License", "BSD-3-Clause", True),
        ("MIT License", "BSD-3-Clause", False),
    ],
)
def test_families_and_later_versions(claimed: str, held: str, agrees: bool) -> None:
    assert licences.contradict(licences.find_claimed(claimed), {held}) != agrees
    assert licences.contradict({held}, licences.find_claimed(claimed)) != agrees
