"""Malformed files become findings with their line, and are empty for every other rule."""

from __future__ import annotations

import json

import pytest

from ..support.checking import changed, clean, edited, found, messages


def test_a_clean_project_has_none() -> None:
    assert found(clean(), "SYN") == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("pyproject.toml", "[project]\nname = \n", ("SYN001", 2)),
        ("ruff.toml", "a = 1\na = 2\n", ("SYN001", 2)),
        (".gitlab-ci.yml", "a:\n  - b\n c: d\n", ("SYN002", 3)),
        (".gitlab/ci/tests.yml", "a: [\n", ("SYN002", 2)),
        ("CITATION.cff", "title: a: b\n", ("SYN002", 1)),
        ("setup.cfg", "[a]\nx = 1\nx = 2\n", ("SYN003", 3)),
        ("tox.ini", "x = 1\n", ("SYN003", 1)),
        ("notebooks/a.ipynb", '{\n"cells": [,]\n}', ("SYN004", 2)),
        ("setup.py", "import x\nsetup(\n", ("SYN005", 2)),
        ("docs/conf.py", "x = 1\ny = = 2\n", ("SYN005", 2)),
        (".pre-commit-config.yaml", "repos: []\nexclude: a\nrepos: []\n", ("SYN006", 3)),
    ],
)
def test_a_malformed_file_is_found_with_its_line(
    path: str, text: str, expected: tuple[str, int]
) -> None:
    code, line = expected
    assert found(changed(clean(), {path: text}), "SYN") == [(code, path, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("meta.yaml", "{% set v = '1' %}\npackage:\n  name: {{ name }}-a\n"),
        ("meta.yaml", "build:\n  skip: true  # [win]\n  skip: true  # [py<39]\n"),
        ("a.devenv.yml", "name: a\nname: {{ b }} c\n"),
        ("environment.yml", "a:\n  {% if b %}\n  c: 1\n  {% endif %}\n"),
        ("notebooks/a.ipynb", "version https://git-lfs.github.com/spec/v1\nsize 9\n"),
    ],
)
def test_what_is_filled_in_later_is_not_read(path: str, text: str) -> None:
    assert found(changed(clean(), {path: text}), "SYN") == []


PYTHON_2 = [
    "print 'a'",
    "if a: print a",
    "exec 'a = 1'",
    "try:\n    a\nexcept (A, B), e:\n    pass",
    "raise A, 'a'",
    "a = ur'a'",
    "a = `b`",
    "a = b <> c",
    "a = 0644",
    "a = 1L",
    "a = lambda (b, c): b",
    "if a:\n        b\n\tc",
]


@pytest.mark.uncounted
@pytest.mark.parametrize("code", PYTHON_2)
@pytest.mark.parametrize(
    ("pythons", "is_told"),
    [(None, False), (">=2.7", False), (">=2.7, !=3.0.*", False), (">=3", True)],
)
def test_what_is_written_for_python_2_is_read_by_it(
    code: str, pythons: str | None, is_told: bool
) -> None:
    required = f", python_requires='{pythons}'" if pythons else ""
    setup = f"from setuptools import setup\nsetup(name='a'{required})\n"
    told = {code for code, *_ in found({"setup.py": setup, "doc/conf.py": f"{code}\n"}, "SYN")}
    assert told == ({"SYN005"} if is_told else set())


@pytest.mark.parametrize("code", ["a = = b", "def f(:", "print('a'", "a = 'b"])
def test_what_no_python_reads_is_told_of_a_project_for_all(code: str) -> None:
    setup = "from setuptools import setup\nsetup(name='a')\n"
    assert found({"setup.py": setup, "doc/conf.py": f"{code}\n"}, "SYN") == [
        ("SYN005", "doc/conf.py", 1)
    ]


@pytest.mark.parametrize(
    ("path", "form", "sign"),
    [
        ("pyproject.toml", "TOML", " ="),
        (".gitlab-ci.yml", "YAML", ":"),
        ("setup.py", "Python", " ="),
    ],
)
def test_a_merge_conflict_is_called_one(path: str, form: str, sign: str) -> None:
    text = f"\n<<<<<<< project\na{sign} 1\n=======\na{sign} 2\n>>>>>>> template\n"
    facts = changed(clean(), {path: text})
    told = f"cannot be read as {form} for a merge conflict: choose a side of it"
    assert messages(facts, "SYN") == [told]
    assert [line for _, where, line in found(facts, "SYN") if where == path] == [2]


@pytest.mark.parametrize(
    ("code", "text", "paths"),
    [
        ("SYN001", "x = \n", "a.toml Pipfile docs/a.toml"),
        (
            "SYN002",
            "a: [\n",
            "a.yml a.yaml a.cff .gitlab/ci/a.yml .github/workflows/a.yml "
            ".github/workflows/a.yaml docs/.readthedocs.yaml",
        ),
        (
            "SYN003",
            "x = 1\n",
            "setup.cfg tox.ini pytest.ini mypy.ini .mypy.ini .flake8 .coveragerc",
        ),
        ("SYN004", "{", "codemeta.json .zenodo.json a.ipynb docs/b/a.ipynb"),
        (
            "SYN005",
            "x = = 1\n",
            "setup.py noxfile.py docs/conf.py doc/conf.py docs/source/conf.py",
        ),
    ],
)
def test_every_file_of_a_format_is_looked_at(code: str, text: str, paths: str) -> None:
    reported = {path: found({path: text}, code) for path in paths.split()}
    assert {path: [each[:2] for each in hits] for path, hits in reported.items()} == {
        path: [(code, path)] for path in paths.split()
    }


def test_test_data_may_be_malformed() -> None:
    files = changed(clean(), {"tests/data/bad.json": "{", "src/lisa_example/bad.yml": "a: ["})
    assert found(files, "SYN") == []


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "cannot be read as YAML: aliases expand to more than 200000 values"),
        ("a: &a [*a]\n", "cannot be read as YAML: an alias that refers to itself"),
        ("a: " + "[" * 3000 + "]" * 3000, "cannot be read as YAML: exceeded maximum nesting depth"),
        ("- " * 700 + "a\n", "cannot be read as YAML: nested too deeply"),
        ("a: \x07\n", "cannot be read as YAML: control characters are not allowed"),
    ],
)
def test_hostile_yaml_is_refused_quickly(text: str, message: str) -> None:
    assert messages(changed(clean(), {".gitlab-ci.yml": text}), "SYN") == [message]


def test_hostile_toml_and_json_are_refused() -> None:
    deep = "[" * 20_000
    files = changed(clean(), {"pyproject.toml": f"a = {deep}", "codemeta.json": deep})
    assert messages(files, "SYN") == [
        "cannot be read as JSON: nested too deeply",
        "cannot be read as TOML: nested too deeply",
    ]
    many = changed(clean(), {"pyproject.toml": f"a = [{'1,' * 60_000}]"})
    assert messages(many, "SYN") == ["cannot be read as TOML: more than 50000 keys and values"]


def test_a_file_of_many_megabytes_is_not_read() -> None:
    files = changed(clean(), {"pyproject.toml": "#" * 1_000_001})
    assert messages(files, "SYN") == ["cannot be read as TOML: larger than 1 MB"]


def test_a_large_notebook_is_not_read_and_not_blamed() -> None:
    picture = json.dumps({"cells": ["x" * 1_100_000]})
    assert found({**clean(), "docs/large.ipynb": picture}, "SYN") == []


def test_bytes_that_are_no_utf8_are_read_all_the_same() -> None:
    files = changed(clean(), {"setup.cfg": "[metadata]\nauthor = Andr\xe9\n".encode("latin-1")})
    assert found(files, "SYN") == []


def test_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    text = clean()["pyproject.toml"]
    assert isinstance(text, bytes)
    files = changed(clean(), {"pyproject.toml": b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")})
    assert found(files, "SYN") == []


def test_another_key_may_stand_in_another_mapping() -> None:
    files = edited(clean(), ".pre-commit-config.yaml", "exclude: ^LICENSE", "exclude: ^LICENSES")
    assert found(files, "SYN") == []


def test_a_large_notebook_is_no_invalid_one() -> None:
    notebook = '{"cells": ["' + "x" * 1_000_000 + '"]}'
    assert found({**clean(), "a.ipynb": notebook}, "SYN") == []


@pytest.mark.parametrize(
    "text",
    [
        "a = {\n  b = 1,\n  c = [1, 2], # so\n}\n",
        "a = [\n  { b = 'x,', },\n  { c = { d = 1,\n }, },\n]\n",
        'a = "\\e[1m"\nb = "\\x41\\\\x41"\n',
    ],
)
def test_what_a_newer_toml_allows_other_tools_may_read(text: str) -> None:
    assert found({"prek.toml": text}, "SYN") == []
    assert [each[0] for each in found({"pyproject.toml": text}, "SYN")] == ["SYN001"]


@pytest.mark.parametrize("text", ["a = {\n  b = 1\n", "a = { b = 1, }}\n", "a = \n", "{\n}\n"])
def test_what_no_toml_allows(text: str) -> None:
    assert [each[0] for each in found({"prek.toml": text}, "SYN")] == ["SYN001"]


def test_every_line_that_a_tab_indents_is_named_at_once() -> None:
    files = {"CITATION.cff": "a: 1\nb:\n\t- c\n  \t- d\ne: |\n  x\ty\nf:\n\tg: 1\n"}
    assert found(files, "SYN002") == [("SYN002", "CITATION.cff", 3)]
    assert messages(files, "SYN002")[0].endswith("(tabs indent also: 4 and 8)")
    alone = {"CITATION.cff": "a: 1\nb:\n\t- c\n"}
    assert "tabs" not in messages(alone, "SYN002")[0]


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        *(("schema.yml", False), ("openapi.yaml", False), ("data.toml", False)),
        *((".gitlab-ci.yml", True), ("compose.yaml", True), ("docker-compose.yml", True)),
        *((".readthedocs.yaml", True), ("CITATION.cff", True)),
    ],
)
def test_large_data_is_not_blamed(path: str, *, is_told: bool) -> None:
    told = messages({path: "#" * 1_000_001}, "SYN")
    assert [each.partition(": ")[2] for each in told] == (["larger than 1 MB"] if is_told else [])


@pytest.mark.parametrize(
    ("readme", "is_told"),
    [
        ("Needs Python 2.7.", False),
        ("![Python](https://example.org/badge/Python-2.7-yellow.svg)", False),
        ("It runs with Python 2 only", False),
        ("Needs Python 2.7 or 3.5.", True),
        ("Python 2.7 and Python 3", True),
        ("Python-2.7 | 3.6", True),
        ("Needs Python 2.7+", True),
        ("Python 3.12", True),
        ("Python", True),
    ],
)
def test_a_project_that_tells_of_python_2_alone(readme: str, *, is_told: bool) -> None:
    files = {"README.md": f"# A\n\n{readme}\n", "docs/conf.py": "a = {'b': '\\usepackage'}\n"}
    assert found(files, "SYN005") == ([("SYN005", "docs/conf.py", 1)] if is_told else [])
    newer = {**files, "pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.9"\n'}
    assert len(found(newer, "SYN005")) == 1
