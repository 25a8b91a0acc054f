"""Metadata of a package: in the form that the standards want, and true."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, fixed, found, messages

TOML = "pyproject.toml"


def project(lines: str, **files: Any) -> dict[str, Any]:
    """A small project: the table `[project]` on line 4, other files by name."""
    system = '[build-system]\nbuild-backend = "hatchling.build"\nrequires = [ "hatchling" ]\n'
    base = {"LICENSE": clean()["LICENSE"], "README.md": "# A\n"}
    return {**base, TOML: f"{system}[project]\n{lines}", **files}


GOOD = """\
name = "a"
version = "1.0"
description = "Does it."
license = "BSD-3-Clause"
requires-python = ">=3.11"
urls.Source = "https://example.org/a"
"""


def with_lines(lines: str, **files: Any) -> dict[str, Any]:
    """Such a project with more keys, from line 11 on."""
    return project(GOOD + lines, **files)


def replaced(old: str, new: str) -> dict[str, Any]:
    return edited(project(GOOD), TOML, old, new)


def poetry(lines: str) -> dict[str, Any]:
    """A project in Poetry's own table, its keys from line 4 on."""
    system = '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n[tool.poetry]\n'
    return {TOML: system + lines}


def setup_py(arguments: str) -> dict[str, Any]:
    return {"setup.py": f"from setuptools import setup\nsetup(\n{arguments})\n"}


def test_a_small_project_passes() -> None:
    assert found(project(GOOD), "MET") == []
    assert found({"Dockerfile": "FROM python:3.8\n"}, "MET") == []


def test_what_is_unpacked_may_have_anything() -> None:
    """nfft reads its values from a module, and hands them over as a dict."""
    files = {"setup.py": "opts = dict(description=D, url=U)\nsetup(name='a', **opts)\n"}
    assert found(files, "MET") == []


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (
            'licence = "MIT"\n',
            11,
            "`licence` is not a key of [project], so the build may stop: did you mean `license`?",
        ),
        (
            'requires_python = ">=3"\n',
            11,
            "`requires_python` is not a key of [project], so the build may stop: did you mean "
            "`requires-python`?",
        ),
        (
            'homepage = "https://example.org"\n',
            11,
            "`homepage` is not a key of [project], so the build may stop: did you mean `urls`?",
        ),
        ('dependencies = "numpy"\n', 11, "`dependencies` must be a list, or the build stops"),
        (
            'authors = [ "A <a@example.org>" ]\n',
            11,
            '`authors` must be a list of tables: write { name = "…", email = "…" }',
        ),
        (
            'dynamic = [ "version" ]\n',
            6,
            "`version` is set and also listed under `dynamic`, so the build stops: remove one",
        ),
    ],
)
def test_form_of_the_table(lines: str, line: int, message: str) -> None:
    files = with_lines(lines)
    assert found(files, "MET") == [("MET001", TOML, line)]
    assert messages(files, "MET") == [message]


def test_the_table_is_closed() -> None:
    files = with_lines("something = 1\n")
    assert found(files, "MET") == [("MET001", TOML, 11)]
    assert messages(files, "MET") == [
        "`something` is not a key of [project], so the build may stop: delete it"
    ]
    assert found(with_lines('import-names = ["a"]\n'), "MET001") == []


def test_name_and_version_are_there() -> None:
    assert messages(replaced('name = "a"\n', ""), "MET") == [
        "no `name`, so nothing can be built: add one"
    ]
    files = replaced('version = "1.0"\n', "")
    assert found(files, "MET") == [("MET001", TOML, 4)]
    assert messages(files, "MET") == [
        'no `version`, so nothing can be built: write `version = "0.1.0"`, '
        "or list it under `dynamic`"
    ]
    assert found(replaced('version = "1.0"', 'dynamic = [ "version" ]'), "MET") == []


def test_name_and_version_are_valid() -> None:
    assert messages(replaced('"a"', '"-a b"'), "MET") == [
        "`-a b` is not a valid name: use letters and digits, with `-`, `_` or `.` between"
    ]
    files = replaced('"1.0"', '"1.0 final"')
    assert found(files, "MET") == [("MET002", TOML, 6)]
    assert messages(files, "MET") == [
        "pip does not understand the version `1.0 final`: write it like `1.2.0` or `1.2.0rc1`"
    ]
    for version in ("1.0.0rc1", "1.0-beta.2", "2026.1.post1"):
        assert found(replaced('"1.0"', f'"{version}"'), "MET") == []


def test_description() -> None:
    assert found(replaced('description = "Does it."\n', ""), "MET") == [("MET003", TOML, 4)]
    assert messages(replaced("Does it.", r"Does it.\nWell."), "MET") == [
        "package indexes refuse this: shorten it to one line of at most 512 characters"
    ]
    setup = {"setup.py": "from setuptools import setup\nsetup(name='a', description='A.\\nB.')\n"}
    assert messages(setup, "MET003") == [
        "searches show the first line of this alone: shorten it to one line"
    ]
    module = "[build-system]\nbuild-backend = 'flit_core'\n[tool.flit.metadata]\nmodule = 'a'\n"
    assert found({TOML: module}, "MET003") == []


def test_readme() -> None:
    files = with_lines('readme = "READ.md"\n')
    assert found(files, "MET") == [("MET004", TOML, 11)]
    assert messages(files, "MET") == [
        "READ.md does not exist, so the build stops: correct the name or add the file"
    ]
    assert found(with_lines('readme = "README.md"\n'), "MET") == []
    assert found(with_lines('readme = { file = "README.md" }\n'), "MET") == []
    assert found(with_lines('readme = { text = "no file" }\n'), "MET") == []


@pytest.mark.parametrize("path", ["./about.md", "docs/../about.md", "../../about.md", "/about.md"])
def test_readmes_as_backends_look_for_them(path: str) -> None:
    project = f'[project]\nname = "a"\nversion = "1"\nreadme = "{path}"\n'
    assert found({TOML: project, "about.md": "# A\n"}, "MET004") == []


def test_a_readme_that_a_build_writes() -> None:
    files = {TOML: '[project]\nname = "a"\nversion = "1"\nreadme = "about.md"\n'}
    assert messages(files, "MET004") == [
        "about.md does not exist, so the build stops: correct the name or add the file"
    ]
    assert messages({**files, "hatch_build.py": 'write("about.md")\n'}, "MET004") == []


@pytest.mark.parametrize(
    "stray", ["a@example.org>", "<a@example.org>", " a@example.org", "a@example.org,"]
)
def test_marks_around_an_address_go(stray: str) -> None:
    def author(email: str) -> dict[str, Any]:
        return with_lines(f'authors = [\n  {{ name = "A", email = "{email}" }},  # first\n]\n')

    files = author(stray)
    assert found(files, "MET") == [("MET005", TOML, 12)]
    assert messages(files, "MET") == [
        f"`{stray}` is no e-mail address, which the standard wants here: write `a@example.org`"
    ]
    assert fixed(files, "MET005") == {TOML: author("a@example.org")[TOML]}


def test_what_is_no_address_and_no_name() -> None:
    files = with_lines('maintainers = [ { name = "Ada A, Ben B", email = "a at example.org" } ]\n')
    assert messages(files, "MET") == [
        "`Ada A, Ben B` looks like several people, but indexes show one: write one table for each",
        "`a at example.org` is no e-mail address, which the standard wants here: write one like "
        "`name@example.org`",
    ]
    assert (
        found(with_lines('authors = [ { name = "LISA DDPC" }, { email = "a@b.org" } ]\n'), "MET")
        == []
    )


def test_people_elsewhere() -> None:
    files = setup_py("    name='a',\n    author='A, B',\n    author_email='a@b.org, b@b.org>',\n")
    assert found(files, "MET005") == [("MET005", "setup.py", 5)]
    files = setup_py("    name='a',\n    author_email='A <a@b.org>, b@b.org',\n")
    assert found(files, "MET005") == []
    stray = poetry('name = "a"\nauthors = [\n  "A <a@b.org>>",\n]\n')
    assert found(stray, "MET005") == [("MET005", TOML, 6)]


def test_addresses_of_the_project() -> None:
    files = with_lines(
        '[project.urls]\nHomepage = "gitlab.in2p3.fr/a"\n'.replace(
            "[project.urls]\n", "urls.Home = ''\nurls."
        )
    )
    assert found(files, "MET") == [("MET006", TOML, 11), ("MET006", TOML, 12)]
    assert messages(files, "MET") == [
        "package indexes refuse ``: write the whole address, with `https://`",
        "package indexes refuse `gitlab.in2p3.fr/a`: write the whole address, with `https://`",
    ]
    label = "x" * 33
    assert messages(with_lines(f'urls.{label} = "https://a.org"\n'), "MET") == [
        f"package indexes refuse `{label}`: shorten it to 32 characters"
    ]


def test_where_it_lives() -> None:
    files = replaced('urls.Source = "https://example.org/a"\n', "")
    assert found(files, "MET") == [("MET007", TOML, 4)]
    misplaced = replaced("urls.Source =", "repository =")
    assert [code for code, *_ in found(misplaced, "MET")] == ["MET001"]
    (said,) = messages(setup_py("    name='a',\n"), "MET007")
    assert said.startswith("no `url`, so users cannot find")
    assert messages(setup_py("    name='a',\n    URL='https://a.org',\n"), "MET007") == [
        "setuptools ignores `URL`, so users do not find the source: write `url`"
    ]
    assert found(setup_py("    name='a',\n    url=about['url'],\n"), "MET007") == []
    assert found(setup_py("    name='a',\n    url='https://a.org',\n"), "MET007") == []


def with_classifiers(*names: str) -> dict[str, Any]:
    return with_lines("classifiers = [\n" + "".join(f'  "{name}",\n' for name in names) + "]\n")


def test_classifiers_in_another_spelling() -> None:
    files = with_classifiers("Typing :: Typed", "Operating System :: os independent")
    assert found(files, "MET") == [("MET008", TOML, 13)]
    assert fixed(files, "MET008") == {
        TOML: with_classifiers("Typing :: Typed", "Operating System :: OS Independent")[TOML]
    }


def test_misspelt_classifiers() -> None:
    files = with_classifiers("Topic :: Scientific/Engineering :: Astronomie")
    assert messages(files, "MET") == [
        "package indexes do not know `Topic :: Scientific/Engineering :: Astronomie`, and refuse "
        "it: did you mean `Topic :: Scientific/Engineering :: Astronomy`?"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Private :: Do Not Upload",
        "Framework :: Django :: 99.1",
        "Programming Language :: Python :: 3 :: Only",
        "Natural Language :: English",
        "Framework :: Nothing that looks like it",
    ],
)
def test_other_classifiers_pass(name: str) -> None:
    assert found(with_classifiers(name), "MET") == []


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("Development Status :: 5 - Stable", "Development Status :: 5 - Production/Stable"),
        ("Topic :: Image Processing", "Topic :: Scientific/Engineering :: Image Processing"),
        ("Development Status :: Alpha", "Development Status :: 3 - Alpha"),
        ("Intended Audience :: Somebody", ""),
        ("Topic :: Tides", ""),
        ("Natural Language :: Ukranian", "Natural Language :: Ukrainian"),
    ],
)
def test_a_classifier_of_a_family_that_does_not_change(name: str, right: str) -> None:
    remedy = f"did you mean `{right}`?" if right else "choose one of the official list"
    assert messages(with_classifiers(name), "MET008") == [
        f"package indexes do not know `{name}`, and refuse it: {remedy}"
    ]


def test_programs() -> None:
    module: Any = {"src/a/__init__.py": "", "src/a/cli.py": ""}
    good = 'scripts.a = "a.cli:main"\nscripts.b = "a:main"\n'
    assert found(with_lines(good, **module), "MET") == []
    files = with_lines('scripts.a = "a.cmd:main"\nscripts.b = "a.cli"\n', **module)
    assert found(files, "MET") == [("MET009", TOML, 11), ("MET009", TOML, 12)]
    assert messages(files, "MET") == [
        "there is no module a.cmd, so `a` fails when it starts: correct the name",
        "`a.cli` names no function, so `b` cannot start: write `module:function`",
    ]
    assert found(with_lines('scripts.a = "other.cmd:main"\n', **module), "MET009") == [
        ("MET009", TOML, 11)
    ]


def test_a_program_of_a_package_that_a_requirement_shares() -> None:
    module: Any = {"src/a/docs/__init__.py": "", "src/a/__init__.py": ""}
    program = 'scripts.go = "a.shell.main:run"\ndependencies = [ "{}" ]\n'
    for requirement, is_found in (("a-shell>=1", False), ("another-shell", True)):
        files = with_lines(program.replace("{}", requirement), **module)
        assert bool(found(files, "MET009")) == is_found


@pytest.mark.parametrize(
    ("own", "more", "is_found"),
    [
        ("", {}, True),
        ("", {"x/run.py": ""}, False),
        ("dependencies.x-tools = '*'\n", {}, False),
        ("packages = [ { include = 'x', from = 'a' } ]\n", {}, False),
    ],
)
def test_a_program_of_a_module_inside_the_package(
    own: str, more: dict[str, str], *, is_found: bool
) -> None:
    files = beside_poetry('name = "a"\nversion = "1"\nscripts.go = "x.run:main"\n', own)
    module = {"a/__init__.py": "", "a/x/__init__.py": "", "a/x/run.py": "", ".gitignore": "a/x/b\n"}
    told = ["there is no module x.run, so `go` fails when it starts: write a.x.run"]
    assert messages({**files, **module, **more}, "MET009") == (told if is_found else [])


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        # What brings the module, or may do so.
        ('dependencies = [ "trials-of-b" ]\n', {}),
        ('dependencies = [ "numpy", "b" ]\n', {}),
        ('dynamic = [ "dependencies" ]\n', {}),
        ("", {"bench/trials/x.py": ""}),
        ("", {"trials.pyx": ""}),
        ("", {"setup.py": "write('trials')\n"}),
    ],
)
def test_programs_whose_module_something_may_bring(lines: str, more: dict[str, str]) -> None:
    module: Any = {"src/a/__init__.py": ""}
    known = 'dependencies = [ "numpy>=1", "PyYAML", "scikit-learn" ]\n'
    program = 'scripts.a = "trials.x:main"\n'
    assert messages(with_lines(program + known, **module), "MET009") == [
        "there is no module trials.x, so `a` fails when it starts: correct the name"
    ]
    assert found(with_lines(program + lines, **module, **more), "MET009") == []
    assert found(with_lines('scripts.a = "json.tool:main"\n', **module), "MET009") == []


def test_versions_in_two_places() -> None:
    def versions(version: str, **files: Any) -> dict[str, Any]:
        text = f'"""A."""\n\n__version__ = "{version}"\n'
        return with_lines("", **{"src/a/__init__.py": text}, **files)

    assert found(versions("1.0"), "MET") == [("MET010", "src/a/__init__.py", 3)]
    assert messages(versions("1.0"), "MET") == [
        "the version is also in pyproject.toml, so one will be forgotten: read it with "
        "`importlib.metadata.version`"
    ]
    assert messages(versions("0.9"), "MET") == [
        "0.9 here, but 1.0 in pyproject.toml: read it with `importlib.metadata.version`"
    ]
    in_step = with_lines(
        "[tool.bumpversion]\nx = 1\n", **{"src/a/__init__.py": '__version__ = "1.0"\n'}
    )
    assert found(in_step, "MET") == []
    in_setup_cfg = changed(versions("1.0"), {"setup.cfg": "[bumpversion]\ncommit = True\n"})
    assert found(in_setup_cfg, "MET") == []
    fallback = 'try:\n    x\nexcept E:\n    __version__ = "0"\n'
    assert found(with_lines("", **{"src/a/__init__.py": fallback}), "MET") == []
    dynamic = edited(versions("1.0"), TOML, 'version = "1.0"', 'dynamic = [ "version" ]')
    assert found(dynamic, "MET") == []


def test_a_generated_project_passes_in_every_form() -> None:
    assert found(clean(cli=True, backend="hatchling"), "MET") == []
    gone = {TOML: None, ".copier-answers.yml": None}
    assert found(changed(clean(), gone), "MET") == []


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("Ada Example, Grace Example", True),
        ("Ada Example, Grace Example, and Lise Example", True),
        ("Example, Inc.", False),
        ("Example Project, EPFL", False),
        ("Ada Example", False),
    ],
)
def test_several_people_in_one_name(name: str, several: bool) -> None:
    project = f'[project]\nname = "a"\nversion = "1"\nauthors = [{{ name = "{name}" }}]\n'
    assert bool(found({"pyproject.toml": project}, "MET005")) == several


@pytest.mark.parametrize(
    "name",
    [
        "CTA Consortium, Analysis and Simulation Working Group",
        "The First Developers, The Second Developers",
        "University of Example, Department of Physics",
        "Example Research GmbH, Some Town",
    ],
)
def test_a_group_whose_name_has_a_comma(name: str) -> None:
    project = f'[project]\nname = "a"\nversion = "1"\nauthors = [{{ name = "{name}" }}]\n'
    assert found({"pyproject.toml": project}, "MET005") == []


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("packages", "move it to [tool.poetry], or delete it"),
        ("include", "move it to [tool.poetry], or delete it"),
        ("something", "delete it"),
    ],
)
def test_keys_of_other_tables(key: str, remedy: str) -> None:
    assert messages(with_lines(f"{key} = []\n"), "MET001") == [
        f"`{key}` is not a key of [project], so the build may stop: {remedy}"
    ]


def beside_poetry(lines: str, own: str) -> dict[str, Any]:
    """A project with both tables, which Poetry builds: ``[project]`` on line 3."""
    system = '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'
    return {TOML: f"{system}[project]\n{lines}[tool.poetry]\n{own}"}


def test_poetry_builds_what_it_does_not_know() -> None:
    files = beside_poetry('name = "a"\nversion = "1"\nrepository = "https://example.org"\n', "")
    assert messages(files, "MET001") == [
        "`repository` is not a key of [project], so it gets lost: did you mean `urls`?"
    ]


@pytest.mark.parametrize(
    ("own", "codes"),
    [
        ("", ["MET001", "MET003", "MET011"]),
        ('version = "1"\n', ["MET003", "MET011"]),
        ('version = "1"\ndescription = "A."\n', ["MET011"]),
        ('version = "1"\ndescription = "A."\ndependencies.python = ">=3.11,<4"\n', []),
        ('version = "1"\ndescription = "A."\ndependencies.python = ">=3.11 || 2"\n', []),
        ('version = "1"\ndescription = "A."\ndependencies.python = "*"\n', ["MET011"]),
        (
            'version = "one"\ndescription = "A."\ndependencies.python = "^3.11"\n',
            ["MET002", "MET013"],
        ),
    ],
)
def test_poetrys_own_table_fills_the_gaps(own: str, codes: list[str]) -> None:
    lines = 'name = "a"\nlicense = "MIT"\nurls.Source = "https://example.org"\n'
    assert [code for code, _, _ in found(beside_poetry(lines, own), "MET")] == codes
    other = beside_poetry(lines, own)[TOML].replace("poetry.core.masonry.api", "hatchling.build")
    assert "MET011" in [code for code, _, _ in found({TOML: other}, "MET")]


def test_what_stands_in_poetrys_own_table_is_found_there() -> None:
    lines = 'name = "a"\nversion = "1"\n'
    own = '[tool.poetry.dependencies]\nb = "v1.2"\nc = "^1 || ^2"\n[tool.poetry.scripts]\np = "x"\n'
    files = beside_poetry(lines, own)
    assert found(files, "MET020") == [("MET020", TOML, 8)]
    assert "write `>=1.2`" in messages(files, "MET020")[0]
    assert found(files, "MET009") == [("MET009", TOML, 11)]
    assert found(files, "MET017") == []
    # What `[project]` has is what counts.
    both = beside_poetry(f'{lines}dependencies = [ "b>=1" ]\nscripts.q = "y"\n', own)
    assert found(both, "MET020") == []
    assert found(both, "MET009") == [("MET009", TOML, 7)]
    extra = beside_poetry(f'{lines}optional-dependencies.x = [ "b>=1" ]\n', own)
    assert found(extra, "MET020") == []


def test_programs_of_poetry_in_tables() -> None:
    own = '[tool.poetry.scripts]\np = { reference = "x", type = "console" }\n'
    own += 'q = { reference = "x", type = "file" }\n'
    files = beside_poetry('name = "a"\nversion = "1"\n', own)
    assert found(files, "MET009") == [("MET009", TOML, 8)]


@pytest.mark.parametrize(
    ("lines", "more", "is_found"),
    [
        ("", {}, True),
        ("", {"manage.py": ""}, False),
        ('license = "MIT"\n', {"manage.py": ""}, False),
        ('license = "MIT"\n', {"manage.py": "", "release.sh": "uv publish\n"}, True),
        ("", {"dags/a.py": "import airflow\n"}, False),
        ("", {"dags/a.py": "import json\n"}, True),
        ('classifiers = ["License :: OSI Approved :: MIT License"]\n', {"manage.py": ""}, False),
        ('classifiers = ["Framework :: Django"]\n', {"manage.py": ""}, True),
        ("", {"tests/manage.py": ""}, True),
    ],
)
def test_a_site_that_nobody_installs(lines: str, more: dict[str, str], *, is_found: bool) -> None:
    files = {TOML: f'[project]\nname = "a"\nversion = "1"\n{lines}', **more}
    wanted = [("MET003", TOML, 1), ("MET007", TOML, 1)] if is_found else []
    assert [*found(files, "MET003"), *found(files, "MET007")] == wanted


@pytest.mark.parametrize(
    ("lines", "more", "is_built"),
    [
        ("", {}, False),
        ('requires-python = ">=3.8"\nlicense = "MIT"\n', {}, False),
        ('version = "1"\n', {}, True),
        ('dependencies = ["numpy"]\n', {}, True),
        ('scripts.a = "a:main"\n', {}, True),
        ("", {"setup.py": ""}, True),
        ("", {"uv.lock": ""}, True),
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', {}, True),
        ("[tool.hatch]\n", {}, True),
    ],
)
def test_a_table_that_only_tells_tools(lines: str, more: dict[str, str], *, is_built: bool) -> None:
    files = {TOML: f'[project]\nname = "a"\n{lines}', "a/__init__.py": "import numpy\n", **more}
    codes = {
        code for code, *_ in found(files, "MET") + found(files, "PKG") + found(files, "LIC003")
    }
    if not is_built:
        assert codes == set()
    else:
        assert codes & {"MET001", "MET003"}


@pytest.mark.parametrize(
    ("address", "is_found"),
    [
        (" https://example.org/a", False),
        ("https://example.org/a ", False),
        ("https://example.org/a b", True),
        (" example.org/a", True),
    ],
)
def test_spaces_around_an_address(address: str, *, is_found: bool) -> None:
    files = with_lines(f'urls.Group = "{address}"\n')
    assert bool(found(files, "MET006")) == is_found


def test_a_table_without_a_name_may_tell_tools_alone() -> None:
    files = {TOML: '[project]\nrequires-python = ">=3.11"\n', "a/__init__.py": ""}
    assert found(files, "MET") == []
    files[TOML] += 'version = "1"\n'
    assert messages(files, "MET001") == ["no `name`, so nothing can be built: add one"]


@pytest.mark.parametrize(
    ("lines", "more", "is_found"),
    [
        ("", {}, True),
        ("", {"helm/a/Chart.yaml": "name: a\n"}, False),
        ('license = "MIT"\n', {"helm/a/Chart.yaml": "name: a\n"}, False),
        ("", {"Chart.yaml": "name: a\n", "release.sh": "uv publish\n"}, True),
        ('classifiers = ["Typing :: Typed"]\n', {"Chart.yaml": "name: a\n"}, True),
    ],
)
def test_an_application_that_a_chart_installs(
    lines: str, more: dict[str, str], *, is_found: bool
) -> None:
    files = {TOML: f'[project]\nname = "a"\nversion = "1"\n{lines}', **more}
    told = [each[0] for each in (*found(files, "MET003"), *found(files, "MET007"))]
    assert told == (["MET003", "MET007"] if is_found else [])


def test_an_application_owes_nothing_that_is_asked_of_packages() -> None:
    setup = "from setuptools import setup\nopen('a.txt').read()\nsetup(name='a')\n"
    files = {"setup.py": setup, "a.txt": ""}
    asked = ("LIC003", "MET003", "MET007", "MET011", "PKG006")
    assert [code for code in asked if found(files, code)] == [*asked]
    for more in ({"manage.py": ""}, {"dags/a.py": "import airflow\n"}):
        assert [code for code in asked if found({**files, **more}, code)] == []


def test_a_package_has_metadata() -> None:
    gone = changed(clean(), {"pyproject.toml": None})
    assert found(gone, "MET") == [("MET026", "pyproject.toml", 1)]
    assert found({**gone, "pyproject.toml": "[tool.ruff]\n"}, "MET") == [
        ("MET026", "pyproject.toml", 1)
    ]
    assert found({**gone, "pyproject.toml": "[\n"}, "MET") == []  # another rule tells
    assert found(changed(clean(kind="image"), {"pyproject.toml": None}), "MET026") == []
    assert found({"src/a/__init__.py": ""}, "MET026") == []
