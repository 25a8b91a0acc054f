"""The licence: stated once, and the same wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, findings, fixed, found, messages, text

MIT = clean(license="MIT")["LICENSE"]
APACHE = clean(license="Apache-2.0")["LICENSE"]
KEY = 'license = "BSD-3-Clause"'
SETUPTOOLS = '"setuptools>=77.0.3"'

LINE = 9
"""Where the licence stands in pyproject.toml."""


def stating(stated: str) -> dict[str, Any]:
    return edited(clean(), "pyproject.toml", KEY, stated)


@pytest.mark.uncounted
def test_files_and_statement_of_every_licence_pass() -> None:
    for name in ("MIT", "GPL-3.0-or-later", "LGPL-3.0-or-later", "Apache-2.0", "MPL-2.0"):
        assert found(clean(license=name), "LIC") == []


def test_no_text() -> None:
    files = changed(stating(KEY), {"LICENSE": None})
    assert found(files, "LIC001") == [("LIC001", "LICENSE", 1)]
    assert messages(files, "LIC001") == [
        "no licence text, though pyproject.toml names a licence, and most want their text in every "
        "copy: add it as LICENSE"
    ]
    assert found(changed(files, {"COPYING": MIT}), "LIC001") == []
    assert found({"notes.txt": "no project\n"}, "LIC") == []


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        ("", True),
        ("LICENSE.md", False),
        ("parts/a/COPYING", False),
        ("docs/licence-notes.md", True),
    ],
)
def test_code_in_a_repository_of_no_kind_wants_one_too(path: str, is_found: bool) -> None:
    files = {"dags/a.py": "x = 1\n", **({path: MIT} if path else {})}
    assert found(files, "LIC") == [("LIC001", "LICENSE", 1)] * is_found


@pytest.mark.uncounted
@pytest.mark.parametrize("stated", ["BSD 3-Clause", "3-clause BSD", "New BSD License", "BSD"])
def test_free_text_becomes_an_expression(stated: str) -> None:
    files = stating(f'license = "{stated}"  # ours')
    assert found(files, "LIC") == [("LIC002", "pyproject.toml", LINE)]
    assert messages(files, "LIC") == [
        f"`{stated}` is not a licence identifier, so the build may fail: write `BSD-3-Clause`"
    ]
    assert fixed(files, "LIC002") == {"pyproject.toml": stating(f"{KEY}  # ours")["pyproject.toml"]}


@pytest.mark.parametrize("stated", ["GPLv3", "Proprietary", "MIT or Apache"])
def test_free_text_that_may_mean_several_is_left_to_people(stated: str) -> None:
    files = changed(stating(f'license = "{stated}"'), {"LICENSE": "Ask us.\n"})
    assert messages(files, "LIC") == [
        f"`{stated}` is not a licence identifier, so the build may fail: write its identifier, "
        "which is in spdx.org/licenses"
    ]


def test_other_expressions_pass() -> None:
    for stated in ("BSD-3-Clause AND MIT", "bsd-3-clause", "LicenseRef-ESA"):
        assert found(stating(f'license = "{stated}"'), "LIC") == []


def test_the_table_becomes_text() -> None:
    files = stating('license = { text = "BSD 3-Clause" }')
    assert found(files, "LIC") == [("LIC003", "pyproject.toml", LINE)]
    assert messages(files, "LIC") == [
        '`license` as a table is outdated, and tools misread it: write `license = "BSD-3-Clause"`'
    ]
    assert fixed(files, "LIC003") == {"pyproject.toml": text(clean(), "pyproject.toml")}


def test_what_the_table_leaves_behind_goes_too() -> None:
    files = stating('license = { text = "BSD-3-Clause" }')
    files = edited(files, "pyproject.toml", SETUPTOOLS, '"setuptools>=64"')
    files = edited(
        files,
        "pyproject.toml",
        '  "Operating System',
        '  "License :: OSI Approved :: BSD License",\n  "Operating System',
    )
    assert found(files, "LIC") == [("LIC003", "pyproject.toml", LINE)]
    assert fixed(files, "LIC003") == {"pyproject.toml": text(clean(), "pyproject.toml")}


@pytest.mark.parametrize(
    ("stated", "remedy"),
    [
        (
            'license = { file = "LICENSE" }',
            'write `license = "BSD-3-Clause"` and list it under `license-files = ["LICENSE"]`',
        ),
        (
            'license = { text = "see the file" }',
            "write its identifier, which is in spdx.org/licenses",
        ),
    ],
)
def test_a_table_that_names_no_licence_is_told(stated: str, remedy: str) -> None:
    files = edited(stating(stated), "pyproject.toml", 'license-files = [ "LICENSE*" ]\n', "")
    assert messages(files, "LIC") == [
        f"`license` as a table is outdated, and tools misread it: {remedy}"
    ]


def test_no_licence_stated() -> None:
    files = edited(clean(), "pyproject.toml", f"{KEY}\n", "")
    assert found(files, "LIC") == [("LIC003", "pyproject.toml", 5)]
    assert messages(files, "LIC") == [
        "no `license`, so tools report this as unlicensed: state `BSD-3-Clause`"
    ]


def test_setuptools_own_files_state_it_too() -> None:
    files = {"setup.cfg": "[metadata]\nname = a\nlicense = BSD\n", "LICENSE": clean()["LICENSE"]}
    assert found(files, "LIC") == [("LIC003", "setup.cfg", 3)]
    assert fixed(files, "LIC003") == {"setup.cfg": "[metadata]\nname = a\nlicense = BSD-3-Clause\n"}
    poetry = '[tool.poetry]\nname = "a"\nlicense = "MIT"\n'
    assert found({"pyproject.toml": poetry, "LICENSE": MIT}, "LIC") == []


def test_another_backend_may_not_know_expressions() -> None:
    own = '[build-system]\nbuild-backend = "own"\n\n[project]\nname = "a"\nversion = "1"\n'
    assert found({"pyproject.toml": own, "LICENSE": MIT}, "LIC") == []


def test_statement_and_text() -> None:
    files = changed(clean(), {"LICENSE": MIT, "README.md": "# A\n", "CITATION.cff": None})
    assert found(files, "LIC") == [("LIC004", "pyproject.toml", LINE)]
    assert messages(files, "LIC") == [
        "`BSD-3-Clause` here, but LICENSE contains the text of MIT: correct the wrong one"
    ]
    own = changed(files, {"LICENSE": "Our own words.\n"})
    assert found(own, "LIC") == [("LIC004", "LICENSE", 1)]
    assert found(changed(own, {".copier-answers.yml": None}), "LIC") == []
    assert found(changed(files, {"COPYING": clean()["LICENSE"]}), "LIC") == []


@pytest.mark.parametrize(
    ("stated", "other", "held", "expected"),
    [
        ("BSD-3-Clause", "LICENSE.rst", "MIT", ("LICENSE.rst", "MIT", "LICENSE", "BSD-3-Clause")),
        ("BSD-3-Clause", "LICENCE.txt", "MIT", ("LICENCE.txt", "MIT", "LICENSE", "BSD-3-Clause")),
        ("MIT", "LICENSE.md", "MIT", ("LICENSE", "BSD-3-Clause", "LICENSE.md", "MIT")),
        ("BSD-3-Clause OR MIT", "LICENSE.rst", "MIT", None),
        ("BSD-3-Clause", "LICENSE.rst", "BSD", None),
        ("BSD-3-Clause", "LICENSE.rst", "Our own words.\n", None),
        ("BSD-3-Clause", "LICENSE.numpy", "MIT", None),
        ("BSD-3-Clause", "LICENSES/MIT.txt", "MIT", None),
        ("BSD-3-Clause", "COPYING", "MIT", None),
    ],
)
def test_two_texts_of_one_name(
    stated: str, other: str, held: str, expected: tuple[str, ...] | None
) -> None:
    texts = {"MIT": MIT, "BSD": clean()["LICENSE"]}
    files = changed(stating(f'license = "{stated}"'), {other: texts.get(held, held)})
    files = changed(files, {"CITATION.cff": None, "README.md": "# A\n"})
    assert [each for each in found(files, "LIC") if each[0] == "LIC004"] == (
        [("LIC004", expected[0], 1)] if expected else []
    )
    assert messages(files, "LIC004") == (
        [
            f"the text of {expected[1]}, but {expected[2]} contains that of {expected[3]}: "
            "delete the wrong one"
        ]
        if expected
        else []
    )


def test_two_texts_where_nothing_is_stated() -> None:
    files = {
        "setup.py": "from setuptools import setup\nsetup(name='a')\n",
        "LICENSE": MIT,
        "LICENSE.txt": APACHE,
    }
    assert ("LIC004", "LICENSE", 1) in found(files, "LIC")
    dual = "from setuptools import setup\nsetup(name='a', classifiers=[{}])\n".format(
        "'License :: OSI Approved :: MIT License', "
        "'License :: OSI Approved :: Apache Software License'"
    )
    assert "LIC004" not in {code for code, *_ in found({**files, "setup.py": dual}, "LIC")}


@pytest.mark.parametrize("stated", ["BSD-3-clause", "BSD-3-CLAUSE", "bsd-3-clause"])
def test_identifiers_mean_the_same_in_any_letters(stated: str) -> None:
    assert found(stating(f'license = "{stated}"'), "LIC") == []
    other = changed(stating(f'license = "{stated}"'), {"LICENSE": MIT, "README.md": "# A\n"})
    assert found(changed(other, {"CITATION.cff": None}), "LIC") == [
        ("LIC004", "pyproject.toml", LINE)
    ]


@pytest.mark.parametrize("stated", ["BSD-3-clause", "bsd-3-CLAUSE", "Bsd-3-Clause Or mit"])
def test_identifiers_ignore_case(stated: str) -> None:
    setup = f'from setuptools import setup\n\nsetup(name="a", version="1", license="{stated}")\n'
    held, cited = text(clean(), "LICENSE"), text(clean(), "CITATION.cff")
    files = {"setup.py": setup, "LICENSE": held, "CITATION.cff": cited}
    assert found(files, "LIC") == []
    assert found(changed(files, {"LICENSE": APACHE}), "LIC") == [("LIC004", "setup.py", 3)]
    assert found(changed(files, {"CITATION.cff": "license: isc\n"}), "LIC") == [
        ("LIC008", "CITATION.cff", 1)
    ]


def test_a_repair_writes_the_identifier_as_the_list_does() -> None:
    files = edited(stating('license = "bsd-3-clause"'), "CITATION.cff", "BSD-3-Clause", "MIT")
    assert fixed(files, "LIC008") == {"CITATION.cff": text(clean(), "CITATION.cff")}


def with_classifier(name: str, files: dict[str, Any]) -> dict[str, Any]:
    return edited(
        files, "pyproject.toml", "classifiers = [\n", f'classifiers = [\n  "License :: {name}",\n'
    )


def test_classifiers_and_text() -> None:
    plain = edited(clean(backend="hatchling"), "pyproject.toml", f"{KEY}\n", "")
    files = with_classifier("OSI Approved :: MIT License", plain)
    assert found(files, "LIC") == [("LIC005", "pyproject.toml", 13)]
    assert messages(files, "LIC") == [
        "`License :: OSI Approved :: MIT License` here, but LICENSE contains the text of "
        "BSD-3-Clause: correct the wrong one"
    ]
    for agreeing in ("OSI Approved :: BSD License", "Other/Proprietary License"):
        assert found(with_classifier(agreeing, plain), "LIC") == []


def test_classifiers_in_setup_py() -> None:
    setup = (
        "from setuptools import setup\nsetup(\n    name='a',\n    license='Apache-2.0',\n"
        "    classifiers=[\n        'License :: OSI Approved :: MIT License',\n    ],\n)\n"
    )
    assert found({"setup.py": setup, "LICENSE": APACHE}, "LIC") == [("LIC005", "setup.py", 6)]
    assert found({"setup.py": setup}, "LIC005") == [("LIC005", "setup.py", 6)]


def test_classifiers_beside_an_expression() -> None:
    files = with_classifier("OSI Approved :: BSD License", clean())
    assert found(files, "LIC") == [("LIC006", "pyproject.toml", 14)]
    assert fixed(files, "LIC006") == {"pyproject.toml": text(clean(), "pyproject.toml")}
    other = with_classifier("OSI Approved :: BSD License", clean(backend="hatchling"))
    assert found(other, "LIC") == []


@pytest.mark.parametrize(
    ("backend", "named"),
    [
        ("flit_core.buildapi", "flit"),
        ("pdm.backend", "pdm"),
        ("mesonpy", "meson-python"),
        ("scikit_build_core.build", "scikit-build-core"),
        ("setuptools.build_meta", "setuptools"),
        ("hatchling.build", ""),
        ("poetry.core.masonry.api", ""),
        ("uv_build", ""),
        ("maturin", ""),
    ],
)
def test_which_backends_refuse_a_classifier_beside_an_expression(backend: str, named: str) -> None:
    table = (
        f'[build-system]\nbuild-backend = "{backend}"\nrequires = []\n'
        '[project]\nname = "a"\nlicense = "MIT"\n'
        'classifiers = ["License :: OSI Approved :: MIT License"]\n'
    )
    refused = (
        "delete `License :: OSI Approved :: MIT License`: "
        f"{named} refuses to build if `license` is set too"
    )
    assert messages({"pyproject.toml": table}, "LIC006") == ([refused] if named else [])


@pytest.mark.parametrize(
    ("stated", "classifiers", "right"),
    [
        ("LGPL-3.0", ["v3 (LGPLv3)"], "LGPL-3.0-only"),
        ("lgpl-3.0", ["v3 or later (LGPLv3+)"], "LGPL-3.0-or-later"),
        ("LGPL-3.0+", [], "LGPL-3.0-or-later"),
        ("LGPL-3.0-only", [], "LGPL-3.0-only"),
        # Nothing tells, or not the same.
        ("LGPL-3.0", [], ""),
        ("LGPL-3.0", ["v2 (LGPLv2)"], ""),
        ("LGPL-3.0", ["v3 (LGPLv3)", "v3 or later (LGPLv3+)"], ""),
    ],
)
def test_an_identifier_that_spdx_gave_up(stated: str, classifiers: list[str], right: str) -> None:
    family = "License :: OSI Approved :: GNU Lesser General Public License"
    listed = "".join(f'"{family} {each}", ' for each in classifiers)
    files = licensed("hatchling.build", "hatchling", stated)
    toml = f"{files['pyproject.toml']}classifiers = [ {listed}]\n"
    (message,) = messages({"pyproject.toml": toml}, "LIC003")
    both = '`license = "LGPL-3.0-or-later"` or `license = "LGPL-3.0-only"`, whichever is meant'
    wanted = f'write `license = "{right}"`' if right else f"write {both}"
    assert message.removeprefix("`license` as a table is outdated, and tools misread it: ") == (
        f"{wanted}{', and' if classifiers and not right else ' and' * bool(classifiers)}"
        f"{' delete the classifiers `License ::`' * bool(classifiers)}"
    )
    assert [each.fixable for each in findings({"pyproject.toml": toml}, "LIC003")] == [bool(right)]
    if right:
        assert f'license = "{right}"' in str(fixed({"pyproject.toml": toml}, "LIC003"))


@pytest.mark.parametrize(
    ("requirement", "after", "told"),
    [
        ("scikit-build-core>=0.10", "scikit-build-core>=0.11", True),
        ("scikit-build-core[pyproject] >= 0.9.1", "scikit-build-core[pyproject] >= 0.11", True),
        ("scikit-build-core>=0.11", "scikit-build-core>=0.11", False),
        ("scikit-build-core", "scikit-build-core", False),
    ],
)
def test_a_backend_that_takes_no_identifier_is_raised(
    requirement: str, after: str, *, told: bool
) -> None:
    files = licensed("scikit_build_core.build", requirement, "MIT")
    (message,) = messages(files, "LIC003")
    assert message.endswith(f"and require `{after}`") == told
    done = files["pyproject.toml"].replace(requirement, after)
    done = done.replace('{ text = "MIT" }', '"MIT"')
    assert fixed(files, "LIC003") == {"pyproject.toml": done}
    # What it does hangs on the same bound.
    bound = '[tool.scikit-build]\nminimum-version = "build-system.requires"\n'
    same = {"pyproject.toml": files["pyproject.toml"] + bound}
    assert [each.fixable for each in findings(same, "LIC003")] == [not told]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("It is distributed under the EUPL 1.2 License, cf. https://eupl.eu/1.2/en/\n", "EUPL-1.2"),
        ("License: GPL version 3 or later\n", "GPL-3.0"),
        ("Code under the EUPL 1.2, data under CC-BY, and others\n", ""),
        ("Dual licensed under the EUPL 1.2.\n", ""),
        ("Under an Apache 2.0 compatible licence.\n", ""),
        ("Licensed under the GPL.\n", ""),
        ("Licensed under Apache 2.0, see MPL 2.0.\n", ""),
    ],
)
def test_a_file_that_names_a_licence_in_place_of_its_text(words: str, name: str) -> None:
    files = {**licensed("hatchling.build", "hatchling", "MIT"), "Licence.txt": words}
    told = f"`MIT` here, but Licence.txt names {name}: correct the wrong one"
    assert messages(files, "LIC004") == ([told] if name else [])
    # Which of the two is meant has to be known before either is written anew.
    assert bool(findings(files, "LIC003")) != bool(name)


NOTICE = """\
This program is free software: you can redistribute it and/or modify it under the terms of the GNU
General Public License as published by the Free Software Foundation, either version 3 of the
License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without
even the implied warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU
General Public License for more details.
"""


def test_a_notice_is_no_text() -> None:
    files = {**licensed("hatchling.build", "hatchling", "MIT"), "LICENSE": NOTICE}
    assert messages(files, "LIC004") == [
        "`MIT` here, but LICENSE contains the notice of GPL-3.0: correct the wrong one"
    ]


def test_a_text_beside_the_modules() -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n", "a/__init__.py": ""}
    told = ["no licence text at the top, where people and tools look for it: move this there"]
    assert messages({**files, "a/LICENSE.txt": MIT}, "LIC001") == told
    assert found({**files, "a/LICENSE.txt": MIT}, "LIC001") == [("LIC001", "a/LICENSE.txt", 1)]
    # That of a part, or of nothing that is imported.
    for other in ("a/LICENSE-fonts", "a/ext/COPYING", "b/LICENSE"):
        assert found({**files, other: MIT}, "LIC001") == [("LIC001", "LICENSE", 1)]
    named = "from setuptools import setup\nsetup(name='a', license_files=['a/LICENSE.txt'])\n"
    assert found({**files, "setup.py": named, "a/LICENSE.txt": MIT}, "LIC001") == []


def test_advice_on_a_table_leaves_a_project_that_builds_and_ships_its_licence() -> None:
    table = (
        '[build-system]\nbuild-backend = "mesonpy"\nrequires = ["meson-python"]\n'
        '[project]\nname = "a"\nlicense = { file = "LICENSE" }\n'
    )
    start = "`license` as a table is outdated, and tools misread it: write `license = "
    listed = 'list it under `license-files = ["LICENSE"]`'
    files = {"pyproject.toml": table, "LICENSE": APACHE}
    assert messages(files, "LIC003") == [f'{start}"Apache-2.0"` and {listed}']
    classified = f'{table}classifiers = ["License :: OSI Approved :: Apache Software License"]\n'
    assert messages({**files, "pyproject.toml": classified}, "LIC003") == [
        f'{start}"Apache-2.0"`, {listed} and delete the classifiers `License ::`'
    ]


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("## License\n\nGPL v3.0\n", 5),
        ("License\n-------\n\nAGPLv3, see [LICENSE](LICENSE).\n", 6),
        ("![license](https://img.shields.io/badge/license-GPL--3.0-blue.svg)\n", 3),
    ],
)
def test_readme_and_text(section: str, line: int) -> None:
    files = changed(clean(), {"README.md": f"# A\n\n{section}"})
    assert found(files, "LIC") == [("LIC007", "README.md", line)]


@pytest.mark.parametrize(
    "readme",
    [
        "## License\n\nBSD 3-Clause, parts under MIT.\n",
        "## License\n\nSee [LICENSE](https://example.org/MIT).\n",
        "## License\n\n```\nMIT\n```\n",
        "## Use\n\nWorks with the MIT simulator and GPL programs.\n",
        "![license](https://img.shields.io/badge/license-BSD-blue.svg)\n",
        "## License\n\nThe data are CC-BY-4.0.\n",
    ],
)
def test_other_readmes_pass(readme: str) -> None:
    assert found(changed(clean(), {"README.md": readme}), "LIC") == []


def test_citation_and_statement() -> None:
    files = edited(clean(), "CITATION.cff", "license: BSD-3-Clause", "license: MIT  # ours")
    assert found(files, "LIC") == [("LIC008", "CITATION.cff", 11)]
    assert messages(files, "LIC") == [
        "MIT here, but the metadata says BSD-3-Clause: correct the wrong one"
    ]
    right = "license: BSD-3-Clause  # ours"
    assert fixed(files, "LIC008") == {
        "CITATION.cff": edited(clean(), "CITATION.cff", "license: BSD-3-Clause", right)[
            "CITATION.cff"
        ]
    }


def test_citation_and_text_where_nothing_is_stated() -> None:
    held = text(clean(), "LICENSE")
    files = {"LICENSE": held, "CITATION.cff": "cff-version: 1.2.0\nlicense: MIT\n"}
    assert found(files, "LIC008") == [("LIC008", "CITATION.cff", 2)]
    assert messages(files, "LIC008") == [
        "MIT here, but LICENSE contains the text of BSD-3-Clause: correct the wrong one"
    ]
    assert not findings(files, "LIC008")[0].fixable
    assert found({**files, "CITATION.cff": "license: BSD-3-Clause\n"}, "LIC008") == []


def test_a_name_in_setup_cfg_becomes_an_identifier_where_it_can_be_told() -> None:
    def stated(name: str) -> dict[str, Any]:
        return {
            "setup.cfg": f"[metadata]\nname = a\nlicense = {name}\n",
            "pyproject.toml": (
                '[build-system]\nbuild-backend = "setuptools.build_meta"\n'
                'requires = ["setuptools"]\n'
            ),
            "LICENSE": text(clean(), "LICENSE"),
        }

    (finding,) = findings(stated("Ours alone"), "LIC003")
    assert (finding.path, finding.line) == ("setup.cfg", 3)
    assert finding.message == (
        "`Ours alone` is not a licence identifier that tools understand: "
        "write its identifier, which is in spdx.org/licenses"
    )
    assert not finding.fixable
    (finding,) = findings(stated("BSD 3-Clause"), "LIC003")
    assert finding.message == (
        "`BSD 3-Clause` is not a licence identifier that tools understand: write `BSD-3-Clause`"
    )
    assert fixed(stated("BSD 3-Clause"), "LIC003") == {
        "setup.cfg": stated("BSD-3-Clause")["setup.cfg"]
    }


def test_codemeta_names_it_by_address() -> None:
    def stated(name: str) -> dict[str, Any]:
        address = f"https://spdx.org/licenses/{name}"
        return changed(clean(), {"codemeta.json": f'{{\n "license": "{address}"\n}}\n'})

    assert found(stated("BSD-3-Clause"), "LIC") == []
    assert found(stated("GPL-3.0-or-later"), "LIC") == [("LIC008", "codemeta.json", 2)]


def test_files_that_are_named() -> None:
    files = edited(clean(), "pyproject.toml", '[ "LICENSE*" ]', '[\n  "LICENSE*",\n  "NOTICE",\n]')
    assert found(files, "LIC") == [("LIC009", "pyproject.toml", 12)]
    assert messages(files, "LIC") == [
        "no file matches `NOTICE`, so the build may stop: correct it or add the file"
    ]
    assert found(changed(files, {"NOTICE": "x\n"}), "LIC") == []
    table = 'license = { file = "COPYING" }'
    old = edited(stating(table), "pyproject.toml", 'license-files = [ "LICENSE*" ]\n', "")
    assert found(old, "LIC009") == [("LIC009", "pyproject.toml", LINE)]


def test_licence_files_of_setuptools_own_table() -> None:
    start = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "a"\nversion = "1"\n'
    table = f"{start}[tool.setuptools]\nlicense-files = "
    files = {"pyproject.toml": f'{table}["LICENSE", "GONE"]\n', "LICENSE": "x\n"}
    assert found(files, "LIC009") == [("LIC009", "pyproject.toml", 7)]
    nothing = {"pyproject.toml": f"{table}[]\n", "LICENSE": "x\n"}
    assert found(nothing, "LIC011") == [("LIC011", "pyproject.toml", 7)]


def test_gaps_in_the_text() -> None:
    held = text(clean(license="MIT"), "LICENSE")
    line = next(line for line in held.split("\n") if line.startswith("Copyright"))
    gaps = held.replace(line, "Copyright (c) [year] [fullname]")
    files = changed(clean(license="MIT"), {"LICENSE": gaps})
    assert found(files, "LIC") == [("LIC010", "LICENSE", 3)]
    assert found(clean(license="Apache-2.0"), "LIC") == []
    # As REUSE keeps them, word for word.
    reuse = changed(clean(license="MIT"), {"LICENSES/MIT.txt": gaps})
    assert found(reuse, "LIC010") == []
    both = changed(reuse, {"LICENSE": gaps})
    assert found(both, "LIC010") == [("LIC010", "LICENSE", 3)]


def test_patterns_may_match_in_a_submodule() -> None:
    files = edited(clean(), "pyproject.toml", '"LICENSE*"', '"extern/*/LICENSE", "LICENSE*"')
    assert messages(files, "LIC009") == [
        "no file matches `extern/*/LICENSE`, so the build may stop: correct it or add the file"
    ]
    for path in ("extern/cfitsio", "extern"):
        modules = f'[submodule "x"]\n\tpath = {path}\n\turl = ../x\n'
        assert found({**files, ".gitmodules": modules}, "LIC009") == []
    other = '[submodule "x"]\n\tpath = vendor\n\turl = ../x\n'
    assert len(found({**files, ".gitmodules": other}, "LIC009")) == 1


CALL = "from setuptools import setup\nsetup(name='a'{})\n"


@pytest.mark.parametrize(
    ("readme", "argument", "named_in"),
    [
        ("This work is licensed under a\n[Creative Commons Attribution][cc] licence.", "", True),
        ("Released under the terms of the MIT licence.", "", True),
        ("## License\n\nMIT\n", "", True),
        ("* Free software: ISC license", "", True),
        ("[![l](https://img.shields.io/badge/license-BSD--3--Clause-blue)](x)", "", True),
        ("It runs under Linux. The licence of the data is another.", "", False),
        ("Released under pressure.", "", False),
        ("", ", license='MIT'", "setup.py"),
        ("", ", classifiers=['License :: OSI Approved :: MIT License']", "setup.py"),
    ],
)
def test_a_licence_that_is_named_alone(readme: str, argument: str, named_in: str | bool) -> None:
    files = {"setup.py": CALL.format(argument), "README.md": f"# A\n\n{readme}\n"}
    path = "README.md" if named_in is True else named_in
    told = f"no licence text, though {path} names a licence, and most want their text in every copy"
    if not path:
        told = "no licence text, so nobody may use or change this"
    (message,) = messages(files, "LIC001")
    assert message.startswith(f"{told}: add ")


def test_a_licence_that_is_kept_elsewhere() -> None:
    files = changed(stating(KEY), {"LICENSE": None, "licenses/LICENSE.rst": MIT})
    said = text(files, "pyproject.toml")
    unnamed = said.replace('license-files = [ "LICENSE*" ]\n', "")
    assert messages({**files, "pyproject.toml": unnamed}, "LIC001") == [
        "builds leave this licence out: list the file under `license-files`"
    ]
    named = said.replace('"LICENSE*"', '"licenses/*.rst"')
    assert found({**files, "pyproject.toml": named}, "LIC001") == []


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        *(("lgpl.txt", True), ("GPL-3.0.txt", True), ("gpl3", True), ("MIT.md", True)),
        *(("BSD-3-Clause.txt", True), ("MIT-LICENSE.txt", True), ("gnu_lgpl_2.1.txt", True)),
        *(("apache.txt", True), ("mits.txt", False), ("mit.py", False), ("gplot.txt", False)),
    ],
)
def test_a_licence_in_a_file_of_its_name(path: str, is_one: bool) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n", path: MIT}
    told = ["builds leave this licence out: list the file under `license_files`"]
    none = [
        "no licence text, so nobody may use or change this: add that of the licence which the "
        "copyright holders choose, as LICENSE"
    ]
    assert messages(files, "LIC001") == (told if is_one else none)


def test_a_text_does_not_say_whether_later_versions_are_meant() -> None:
    text = clean(license="GPL-3.0-or-later")["LICENSE"]
    setup = "from setuptools import setup\nsetup(name='a')\n"
    assert messages({"setup.py": setup, "LICENSE": text}, "LIC003") == [
        "no `license`, so tools report this as unlicensed: "
        "state `GPL-3.0-or-later` or `GPL-3.0-only`"
    ]


def test_which_licence_is_meant_comes_before_how_it_is_written() -> None:
    setup = "from setuptools import setup\nsetup(name='a', license='{}')\n"
    other = {"setup.py": setup.format("Apache Software License 2.0"), "LICENSE": MIT}
    assert [code for code, *_ in found(other, "LIC")] == ["LIC004"]
    same = {"setup.py": setup.format("MIT license"), "LICENSE": MIT}
    assert [code for code, *_ in found(same, "LIC")] == ["LIC003"]


def test_a_licence_that_is_not_shipped() -> None:
    said = text(clean(), "pyproject.toml")
    files = {**clean(), "pyproject.toml": said.replace('[ "LICENSE*" ]', "[ ]")}
    assert messages(files, "LIC011") == [
        "most licences forbid leaving LICENSE out of the package: delete this line"
    ]
    assert found(clean(), "LIC011") == []


@pytest.mark.parametrize(
    ("backend", "requirement", "takes"),
    [
        ("flit_core.buildapi", "flit_core>=3.2,<4", True),
        ("flit_core.buildapi", "flit_core>=3.2,<3.11", False),
        ("hatchling.build", "hatchling<1.20", False),
        ("hatchling.build", "hatchling", True),
        ("poetry.core.masonry.api", "poetry-core==1.9.0", False),
        ("pdm.backend", "pdm-backend~=2.3.0", False),
        ("mesonpy", "meson-python>=0.15,<0.17", False),
        ("maturin", "maturin>=1,<2", True),
        ("scikit_build_core.build", "scikit-build-core==0.10.*", False),
        ("scikit_build_core.build", "scikit-build-core~=0.11.0", True),
        ("maturin", "maturin==1.9.4", True),
        ("maturin", "maturin>=1.8,<1.9", False),
        ("hatchling.build", "hatchling==1.26.*", True),
        ("uv_build", "uv_build>=0.7.2,<0.8", True),
        ("setuptools.build_meta", "setuptools<70", False),
    ],
)
def test_an_expression_only_where_the_backend_takes_it(
    backend: str, requirement: str, takes: bool
) -> None:
    assert bool(found(licensed(backend, requirement, "MIT"), "LIC003")) == takes


def licensed(backend: str, requirement: str, licence: str) -> dict[str, str]:
    system = f'[build-system]\nbuild-backend = "{backend}"\nrequires = [ "{requirement}" ]\n'
    project = f'[project]\nname = "a"\nversion = "1"\nlicense = {{ text = "{licence}" }}\n'
    return {"pyproject.toml": system + project}


@pytest.mark.parametrize(
    ("backend", "name", "runs_on"),
    [
        ("setuptools.build_meta", "setuptools", "3.9"),
        ("hatchling.build", "hatchling", "3.8"),
        ("flit_core.buildapi", "flit_core", "3.6"),
        ("pdm.backend", "pdm-backend", "3.8"),
        ("poetry.core.masonry.api", "poetry-core", "3.9"),
        ("mesonpy", "meson-python", "3.8"),
        ("scikit_build_core.build", "scikit-build-core", "3.8"),
        ("maturin", "maturin", "3.7"),
        ("uv_build", "uv_build", "3.8"),
    ],
)
def test_an_expression_only_where_every_python_has_a_backend_that_takes_it(
    backend: str, name: str, runs_on: str
) -> None:
    older = f"3.{int(runs_on[2:]) - 1}"
    table = licensed(backend, name, "MIT")["pyproject.toml"]
    for python, is_told in ((runs_on, True), (older, False)):
        files = {"pyproject.toml": f'{table}requires-python = ">={python}"\n'}
        assert repairs(files, "LIC003") == [True] * is_told
        assert bool(fixed(files, "LIC003")) == is_told
        # Who states no bound promises what the classifiers name.
        named = ", ".join(
            f'"Programming Language :: Python :: {each}"' for each in ("3.13", python)
        )
        files = {"pyproject.toml": f"{table}classifiers = [{named}]\n"}
        assert repairs(files, "LIC003") == [True] * is_told


def test_a_licence_is_stated_as_every_python_builds_it() -> None:
    table = licensed("setuptools.build_meta", "setuptools>=42", "MIT")["pyproject.toml"]
    bare = table.replace('license = { text = "MIT" }\n', 'requires-python = ">=3.8"\n')
    start = "no `license`, so tools report this as unlicensed: state "
    told = messages({"pyproject.toml": bare, "LICENSE": MIT}, "LIC003")
    assert told == [start + '`{ text = "MIT" }`']
    own = {"setup.cfg": "[metadata]\nname = a\nlicense = BSD\n[options]\npython_requires = >=3.6\n"}
    assert list(fixed({**own, "LICENSE": clean()["LICENSE"]}, "LIC003")) == ["setup.cfg"]


def test_several_licences_only_where_the_backend_takes_operators() -> None:
    one, two = (licensed("flit_core.buildapi", "flit_core<3.12", x) for x in ("MIT", "MIT OR ISC"))
    assert list(fixed(one, "LIC003")) == ["pyproject.toml"]
    assert repairs(one, "LIC003") == [True]
    assert repairs(two, "LIC003") == [False]
    newer = licensed("flit_core.buildapi", "flit_core<4", "MIT OR ISC")
    assert repairs(newer, "LIC003") == [True]


def repairs(files: dict[str, str], code: str) -> list[bool]:
    return [each.fixable for each in findings(files, code)]


@pytest.mark.parametrize(
    ("pattern", "is_fine"),
    [
        *(("LICENSE", True), ("./LICENSE", True), ("LICEN[CS]E*", True), ("legal/*", True)),
        *(("../../LICENSE", True), ("../*", True), ("/LICENSE", True), ("legal/../LICENSE", True)),
        *(("COPYING", False), ("COPYING*", False), ("legal/x", False)),
    ],
)
def test_licence_files_as_backends_read_them(pattern: str, is_fine: bool) -> None:
    project = f'[project]\nname = "a"\nversion = "1"\nlicense-files = [ "{pattern}" ]\n'
    files = {"pyproject.toml": project, "LICENSE": "x", "legal/NOTICE": "x"}
    assert (messages(files, "LIC009") == []) == is_fine


def test_a_readme_against_classifiers() -> None:
    project = (
        '[project]\nname = "a"\nversion = "1"\n'
        'classifiers = ["License :: OSI Approved :: MIT License"]\n'
    )
    files = {"pyproject.toml": project, "README.md": "# A\n\n## License\n\nGPL-3.0.\n"}
    assert messages(files, "LIC007") == [
        "the README names GPL-3.0, but the metadata says MIT: correct the wrong one"
    ]
    same = {**files, "README.md": "# A\n\n## License\n\nMIT.\n"}
    assert messages(same, "LIC007") == []


CLASSIFIED = "classifiers=['License :: OSI Approved :: {}']"


@pytest.mark.parametrize(
    ("licence", "classifier", "told"),
    [
        ("GPLv3", "MIT License", "`license` says GPL-3.0"),
        ("GNU General Public License v3", "BSD License", "`license` says GPL-3.0"),
        ("MIT", "GNU General Public License v3 (GPLv3)", "`license` says MIT"),
        ("BSD", "BSD License", ""),
        ("GPL", "GNU General Public License v3 or later (GPLv3+)", ""),
        ("MIT or GPL", "MIT License", ""),
        ("see LICENSE", "MIT License", ""),
        ("MIT " + "as is, without warranty of any kind. " * 9 + "GPL", "BSD License", ""),
    ],
)
def test_what_setup_py_says_without_a_licence_text(
    licence: str, classifier: str, told: str
) -> None:
    named = CLASSIFIED.format(classifier)
    lines = f"from setuptools import setup\nsetup(name='a', license='{licence}', {named})\n"
    expected = (
        [f"`License :: OSI Approved :: {classifier}` here, but {told}: correct the wrong one"]
        if told
        else []
    )
    assert messages({"setup.py": lines}, "LIC005") == expected


def test_a_readme_against_setup_py() -> None:
    files = {
        "setup.py": "from setuptools import setup\nsetup(name='a', license='GPLv3')\n",
        "README.md": "# A\n\n## License\n\nMIT.\n",
    }
    assert messages(files, "LIC007") == [
        "the README names MIT, but the metadata says GPL-3.0: correct the wrong one"
    ]


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("licenses/LGPL_LICENSE.txt", True),
        ("licenses/MIT.txt", True),
        ("LICENCE/a-copying.md", True),
        ("licenses/README.txt", False),
        ("texts/LGPL_LICENSE.txt", False),
    ],
)
def test_texts_in_a_folder_of_their_own(path: str, *, is_there: bool) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n", path: MIT}
    assert found(files, "LIC001") == [("LIC001", path if is_there else "LICENSE", 1)]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("LGPLv3+", "LGPL-3.0-or-later"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GNU GPL version 3 or later", "GPL-3.0-or-later"),
        ("GPLv3", ""),
    ],
)
def test_whether_later_versions_are_meant_may_be_told(text: str, right: str) -> None:
    files = {"setup.py": f"from setuptools import setup\nsetup(name='a', license='{text}')\n"}
    remedy = f"write `{right}`" if right else "write its identifier, which is in spdx.org/licenses"
    assert messages(files, "LIC003") == [
        f"`{text}` is not a licence identifier that tools understand: {remedy}"
    ]


@pytest.mark.parametrize("key", ["license_file", "license_files"])
def test_a_licence_that_the_settings_name(key: str) -> None:
    path = "licenses/LICENSE.rst"
    cfg = {"setup.cfg": f"[metadata]\nname = a\n{key} = {path}\n", path: MIT}
    assert found(cfg, "LIC001") == []
    value = [path] if key == "license_files" else path
    call = f"from setuptools import setup\nsetup(name='a', {key}={value!r})\n"
    assert found({"setup.py": call, path: MIT}, "LIC001") == []


@pytest.mark.parametrize(
    ("requirement", "is_found"),
    [
        *(("coherent.licensed", False), ("coherent.build>=1", False), ("Coherent_Licensed", False)),
        ("coherent.deps", True),
    ],
)
def test_a_licence_that_the_build_writes(requirement: str, *, is_found: bool) -> None:
    build = f"[build-system]\nrequires = ['setuptools', '{requirement}']\n"
    project = "[project]\nname = 'a'\nversion = '1'\nlicense = 'MIT'\n"
    files = {"pyproject.toml": f"{build}build-backend = 'setuptools.build_meta'\n{project}"}
    assert found(files, "LIC001") == ([("LIC001", "LICENSE", 1)] if is_found else [])


def test_of_several_texts_that_of_the_project_is_named() -> None:
    paths = ("licenses/ASTROPY_LICENSE", "licenses/LICENSE", "licenses/OTHER_LICENSE.rst")
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n"}
    assert found({**files, **dict.fromkeys(paths, MIT)}, "LIC001") == [("LIC001", paths[1], 1)]


@pytest.mark.parametrize("said", ["", "All rights reserved. Confidential.\n"])
def test_the_text_that_the_template_wrote_is_kept(said: str) -> None:
    assert found({**clean(), "LICENSE": said}, "LIC004") == [("LIC004", "LICENSE", 1)]
    assert found({**clean(adopted=True), "LICENSE": said}, "LIC004") == []
    own = edited(clean(), "pyproject.toml", "BSD-3-Clause", "LicenseRef-Ours")
    assert found({**own, "LICENSE": said}, "LIC004") == []
    more = f"{text(clean(), 'LICENSE')}\nData below data/ have another licence.\n"
    assert found({**clean(), "LICENSE": more}, "LIC004") == []
