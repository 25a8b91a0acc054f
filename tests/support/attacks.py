"""Small files that mean harm: each of at most 1 MB, by the format that it attacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

SIZE = 1_000_000
"""Bytes of the largest file that is read at all."""

DIGITS = "9" * 490_000

PARSED = 120_000
"""Characters of the longest text in Markdown that is parsed."""


def filled(unit: str | Callable[[int], str], head: str = "", tail: str = "") -> str:
    """A unit, or what it gives for 0, 1, …, as often as there is room for it."""
    room = SIZE - len((head + tail).encode())
    if isinstance(unit, str):
        return head + unit * (room // len(unit.encode())) + tail
    parts: list[str] = []
    number = 0
    while (room := room - len((part := unit(number)).encode())) >= 0:
        parts.append(part)
        number += 1
    return head + "".join(parts) + tail


def _bomb(levels: int = 26) -> str:
    """Aliases that double with each level."""
    lines = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, levels)]
    return "".join(["a0: &a0 [x, x]\n", *lines])


def _merge_bomb(levels: int = 26) -> str:
    lines = [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}\n" for n in range(1, levels)]
    return "".join(["a0: &a0 {x: 1}\n", *lines])


@cache
def yaml() -> dict[str, str]:
    """Attacks on yaml."""
    return {
        "bomb": _bomb(),
        "bomb of merges": _merge_bomb(),
        "wide bomb": "a: &a [" + "x, " * 1000 + "]\nb: [" + "*a, " * 190 + "]\n",
        "merges": filled(
            "  - *a\n", "a: &a {" + "".join(f"k{n}: 1, " for n in range(1000)) + "}\nb:\n  <<:\n"
        ),
        "itself": "a: &a [*a]\nb: &b {<<: *b}\n",
        "deep flow": "[" * SIZE,
        "deep flow, closed": "[" * 500_000 + "]" * 500_000,
        "deep maps": "{a: " * 200_000,
        "deep blocks": "- " * 500_000,
        "deep indents": "".join(f"{' ' * n}a:\n" for n in range(1300)),
        "deep within bounds": "a: " + "[" * 900 + "]" * 900 + "\n",
        "flow items": filled("a,", "a: [", "]\n"),
        "empty flows": filled("[],", "a: [", "]\n"),
        "keys": filled(lambda n: f"k{n}: 1\n"),
        "one key": filled("a: 1\n"),
        "list": filled("- a\n"),
        "nulls": filled("-\n"),
        "documents": filled("---\na\n"),
        "document starts": filled("---\n"),
        "anchors": filled(lambda n: f"- &a{n} x\n"),
        "aliases": filled("- *a\n", "- &a x\n"),
        "digits": f"a: {DIGITS}\n",
        "hexadecimals": f"a: 0x{DIGITS}\n",
        "float": f"a: {DIGITS}.{DIGITS[:400_000]}e999999\n",
        "sexagesimals": "a: " + "59:" * 300_000 + "00\n",
        "keys of digits": f"{DIGITS}: 1\n",
        "long keys": filled(lambda n: f"? {'k' * 2000}{n}\n: 1\n"),
        "one scalar": filled("word ", "a: "),
        "one quoted scalar": filled("word\\n", 'a: "', '"\n'),
        "block scalar": filled("  x\n", "a: |\n"),
        "comments": filled("#\n"),
        "colons": filled(":"),
        "spaces": filled(" "),
        "tabs": filled("\t"),
        "quotes": filled('"'),
        "tags": filled("- !a b\n"),
        "references": filled(lambda n: f".a{n}: !reference [.a{n + 1}, x]\n"),
        "question marks": filled("? "),
        "exclamation marks": filled("!"),
        "ampersands": filled("&a "),
    }


@cache
def toml() -> dict[str, str]:
    """Attacks on toml."""
    return {
        "deep header": "[a" + ".a" * 100_000 + "]\n",
        "deep headers": filled(lambda n: f"[{'a.' * 300}b{n}]\n"),
        "deep key": "a" + ".a" * 499_990 + " = 1\n",
        "deep keys": filled(lambda n: f"{'a.' * 300}b{n} = 1\n"),
        "deep array": "a = " + "[" * 900_000,
        "deep array, closed": "a = " + "[" * 400_000 + "]" * 400_000,
        "deep array within bounds": "a = " + "[" * 300 + "]" * 300 + "\n",
        "deep tables": "a = " + "{a=" * 300_000,
        "array": filled("1,", "a = [", "]\n"),
        "array on lines": filled("1,\n", "a = [\n", "]\n"),
        "empty arrays": filled("[],", "a = [", "]\n"),
        "empty tables": filled("{},", "a = [", "]\n"),
        "keys": filled(lambda n: f"k{n}=1\n"),
        "dotted keys": filled(lambda n: f"a.b.c{n}=1\n"),
        "tables": filled(lambda n: f"[a{n}]\n"),
        "nested tables": filled(lambda n: f"[a{n}.b.c]\n"),
        "tables of one array": filled("[[a]]\n"),
        "tables of arrays": filled(lambda n: f"[[a]]\n[a.b]\nc={n}\n"),
        "arrays in arrays": filled("[[a]]\n[[a.b]]\n[[a.b.c]]\n"),
        "inline table": filled(lambda n: f"k{n}=1,", "a = {", "z=1}\n"),
        "digits": f"a = {DIGITS}\n",
        "hexadecimals": f"a = 0x{DIGITS}\n",
        "float": f"a = {DIGITS}.0\n",
        "string": filled("word ", 'a = "', '"\n'),
        "escapes": filled("\\n", 'a = "', '"\n'),
        "long string": filled("word\n", 'a = """', '"""\n'),
        "open strings": filled('a = """\n'),
        "quotes": filled('"', "a = "),
        "comments": filled("#\n"),
        "lines": filled("\n"),
        "spaces": filled(" "),
        "spaces on lines": filled(" " * 999 + "\n"),
        "open header": filled("["),
        "spaced key": "a" + " " * 900_000 + "b",
        "dots": filled("a .\t"),
        "waivers": filled(
            lambda n: (
                f'[[tool.lisa-scaffold.waivers]]\ncode="FIL{n % 9:03}"\n'
                f'path="{"**/" * 9}{n}"\nreason="x"\n'
            )
        ),
        "wild waiver": '[[tool.lisa-scaffold.waivers]]\ncode="DOC"\nreason="x"\npath="'
        + "**/" * 20_000
        + 'x"\n',
        "starred waiver": '[[tool.lisa-scaffold.waivers]]\ncode="LIC"\nreason="x"\npath="'
        + "*a" * 200
        + '"\n',
        "ignored codes": filled('"X1",', "[tool.lisa-scaffold]\nignore = [", "]\n"),
        "dependencies": filled(
            lambda n: f'"a{n}>=1",', '[project]\nname="a"\ndependencies=[', "]\n"
        ),
        "one dependency": f'[project]\nname="a"\ndependencies=["a{">=1," * 100_000}"]\n',
        "classifiers": filled(
            lambda n: f'"A :: {n}",', '[project]\nname="a"\nclassifiers=[', "]\n"
        ),
        "authors": filled('{name="a"},', '[project]\nname="a"\nauthors=[', "]\n"),
        "a long name": filled("-_.", '[project]\nname="', 'a"\n'),
        "a long licence": filled("(MIT OR ", '[project]\nname="a"\nlicense="', '"\n'),
        "a long licence, closed": '[project]\nname="a"\nlicense="'
        + "(" * 2000
        + "MIT"
        + ")" * 2000
        + '"\n',
        "a licence of words": filled("MIT AND ", '[project]\nname="a"\nlicense="', 'MIT"\n'),
        "a long version": f'[project]\nname="a"\nversion="{"1." * 200_000}1"\n'
        f'requires-python=">={DIGITS}"\n',
        "versions": filled(">=3.9,", '[project]\nname="a"\nrequires-python="', '<4"\n'),
        "urls": filled(
            lambda n: f'u{n}="https://example.org"\n', '[project]\nname="a"\n[project.urls]\n'
        ),
        "scripts": filled(lambda n: f's{n}="a:b"\n', '[project]\nname="a"\n[project.scripts]\n'),
        "extras": filled(
            lambda n: f'e{n}=["a"]\n', '[project]\nname="a"\n[project.optional-dependencies]\n'
        ),
        "groups": filled(lambda n: f'e{n}=["a"]\n', "[dependency-groups]\n"),
        "included groups": filled(
            lambda n: f'e{n}=[{{include-group="e{n + 1}"}}]\n', "[dependency-groups]\n"
        ),
        "poetry": filled(
            lambda n: f'e{n}="^1.{n}"\n', "[tool.poetry]\nname='a'\n[tool.poetry.dependencies]\n"
        ),
        "poetry's digits": '[tool.poetry]\nname="a"\n[tool.poetry.dependencies]\n'
        f'python="^{DIGITS}"\n',
        "poetry's person": filled("<", '[tool.poetry]\nname="a"\nauthors=["', '"]\n'),
        "poetry's spaces": filled(
            " ",
            '[tool.poetry]\nname="a"\nauthors=["',
            '"]\n[tool.poetry.dependencies]\npython="1"\n',
        ),
        "poetry's constraint": filled(
            " ", '[tool.poetry]\nname="a"\n[tool.poetry.dependencies]\npython="1', 'x"\n'
        ),
        "overrides": filled('[[tool.mypy.overrides]]\nmodule="a.*"\nstrict=true\n'),
        "ruff": filled(lambda n: f'"E{n:03}",', "[tool.ruff.lint]\nselect=[", "]\n"),
        "per file": filled(lambda n: f'"{n}/**"=["E"]\n', "[tool.ruff.lint.per-file-ignores]\n"),
    }


@cache
def json() -> dict[str, str]:
    """Attacks on json."""
    return {
        "deep": "[" * SIZE,
        "deep, closed": "[" * 499_999 + "]" * 499_999,
        "deep within bounds": "[" * 900 + "]" * 900,
        "deep objects": '{"a":' * 200_000,
        "items": filled("1,", "[", "1]"),
        "lists": filled("[],", "[", "1]"),
        "objects": filled("{},", "[", "1]"),
        "keys": filled(lambda n: f'"k{n}":1,', "{", '"z":1}'),
        "one key": filled('"a":1,', "{", '"z":1}'),
        "digits": DIGITS,
        "float": f"{DIGITS}.{DIGITS[:400_000]}",
        "string": filled("word ", '"', '"'),
        "escapes": filled("\\n", '"', '"'),
        "surrogates": filled("\\ud800", '"', '"'),
        "spaces": filled(" "),
        "cells": filled(
            '{"cell_type":"code","source":["a"],"outputs":[],"execution_count":1,"metadata":{}},',
            '{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[',
            '{"cell_type":"raw"}]}',
        ),
        "source": filled(
            '"%pip install a\\n",',
            '{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"code","source":[',
            '"a"]}]}',
        ),
        "outputs": filled(
            '{"output_type":"stream"},',
            '{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"code","outputs":[',
            "{}]}]}",
        ),
    }


@cache
def ini() -> dict[str, str]:
    """Attacks on ini."""
    return {
        "sections": filled(lambda n: f"[a{n}]\n"),
        "sections with keys": filled(lambda n: f"[a{n}]\nb=1\n"),
        "keys": filled(lambda n: f"k{n}=1\n", "[metadata]\n"),
        "continuation": filled(" a\n", "[metadata]\nname=\n"),
        "blank continuation": filled("\n", "[metadata]\nname=a\n", " a\n"),
        "install_requires": filled(
            lambda n: f" a{n}\n", "[metadata]\nname=a\n[options]\ninstall_requires=\n"
        ),
        "same requirement": filled(" a\n", "[metadata]\nname=a\n[options]\ninstall_requires=\n"),
        "classifiers": filled(lambda n: f" A :: {n}\n", "[metadata]\nname=a\nclassifiers=\n"),
        "urls": filled(lambda n: f" a{n} = b\n", "[metadata]\nname=a\nproject_urls=\n"),
        "comments": filled("#\n"),
        "inline": filled("a ", "[a]\nb"),
        "open section": filled("["),
        "spaces": filled(" ", "[a]\nb", "c"),
        "no delimiter": filled("a\n", "[a]\n"),
        "before a section": filled("a\n"),
        "percent": filled("%(a)s", "[a]\na="),
        "keys of spaces": filled("a" + " " * 999 + "\n", "[a]\n"),
        "digits": f"[flake8]\nmax-line-length={DIGITS}\n[mypy]\npython_version={DIGITS}\n",
    }


def _setup() -> dict[str, str]:
    """Attacks on what is read of ``setup``, within the bounds of what is parsed."""
    head, tail = "from setuptools import setup\n", "setup(name='a', version='1')\n"

    def repeated(unit: str, times: int) -> str:
        return "".join(unit.format(number) for number in range(times))

    shared = f"x = [{'1,' * 20_000}]\nsetup({repeated('a{0}=x,', 10_000)})\n"
    return {
        "tables for setup": head + repeated("a{0}={{}}\n", 10_000) + tail,
        "sections for setup": head
        + "f = 'setup.cfg'\n"
        + repeated("a{0}=dict(c.items('metadata'))\n", 7_000)
        + tail,
        "calls of setup": head + repeated("setup(a{0}=1)\n", 14_000),
        "one value for setup": head + shared,
        "attributes of setup": f"import setuptools\nsetuptools{'.a' * 100}.setup()\n",
        "classes for setup": head + repeated("class a{0}: b=1\n", 14_000) + tail,
        "names of names for setup": head
        + "a0 = '1'\n"
        + "".join(f"a{n + 1} = a{n}\n" for n in range(24_000))
        + "setup(version=a24000)\n",
        "exec for setup": head
        + repeated("exec(open('v{0}.py').read())\n", 5_000)
        + "setup(version=version)\n",
    }


@cache
def python() -> dict[str, str]:
    """Attacks on python."""
    return {
        "brackets": "(" * SIZE,
        "brackets, closed": "x = " + "(" * 190 + ")" * 190,
        "minus": filled("-", "x = ", "1\n"),
        "not": filled("not ", "x = ", "1\n"),
        "sum": filled("1+", "x = ", "1\n"),
        "attributes": filled(".a", "x = a", "\n"),
        "calls": filled("()", "x = a", "\n"),
        "subscripts": filled("[0]", "x = a", "\n"),
        "lambdas": filled("lambda:", "x = ", "1\n"),
        "ternaries": filled("1if 1else ", "x = ", "1\n"),
        "powers": filled("2**", "x = ", "2\n"),
        "else": filled("elif 1: pass\n", "if 1: pass\n"),
        "deep blocks": "".join(f"{' ' * n}if 1:\n" for n in range(95)) + " " * 95 + "pass\n",
        "items": filled("1,", "x = [", "]\n"),
        "keys": filled("1:1,", "x = {", "}\n"),
        "statements": filled("x;", tail="\n"),
        "lines": filled("x\n"),
        "passes": filled("0\n"),
        "assignments": filled(lambda n: f"a{n}=1\n"),
        "chained names": filled("x=", tail="1\n"),
        "names of names": filled(
            lambda n: f"a{n + 1} = [a{n}, a{n}]\n", "a0 = 1\n", "setup(name=a9)\n"
        ),
        "setup": filled("setup(name='a')\n"),
        **_setup(),
        "keywords": filled(lambda n: f"k{n}=1,", "setup(", ")\n"),
        "requirements": filled(lambda n: f"'a{n}',", "setup(name='a', install_requires=[", "])\n"),
        "classifiers": filled(lambda n: f"'A :: {n}',", "setup(name='a', classifiers=[", "])\n"),
        "strings": filled("'a'", "x = ", "\n"),
        "f-strings": filled("{1}", "x = f'", "'\n"),
        "deep f-strings": "x = f'{" * 90 + "1" + "}'" * 90,
        "digits": f"x = {DIGITS}\nsetup(version={DIGITS})\n",
        "hexadecimals": f"x = 0x{DIGITS}\nsetup(version=0x{DIGITS})\n",
        "comments": filled("#\n"),
        "decorators": filled("@a\n", tail="def f(): pass\n"),
        "comparisons": filled("1<", "x = ", "1\n"),
        "with": filled("a,", "with ", "a: pass\n"),
        "arguments": filled(lambda n: f"a{n},", "def f(", "b): pass\n"),
        "backslashes": filled("\\\n", "x = ", "1\n"),
        "imports": filled(lambda n: f"import a{n}\n"),
        "definitions": filled(lambda n: f"def f{n}():0\n"),
        "sessions": filled(lambda n: f"@nox.session\ndef s{n}(s): s.run('ruff')\n", "import nox\n"),
        "match": filled("case 1:0\n ", "match x:\n ", "case _:0\n"),
    }


@cache
def dockerfile() -> dict[str, str]:
    """Attacks on dockerfile."""
    return {
        "here-documents": "RUN <<E\n" * 100_000,
        "here-documents on a line": filled("<<E ", "FROM a\nRUN "),
        "marks": filled(lambda n: f"<<E{n} ", "FROM a\nRUN ", "\n"),
        "continuation": filled("a \\\n", "FROM a\nRUN "),
        "comments in continuation": filled("# a\n", "FROM a\nRUN a \\\n"),
        "blank continuation": filled("\n", "FROM a\nRUN a \\\n"),
        "stages": filled(lambda n: f"FROM a AS s{n}\n"),
        "chained stages": filled(lambda n: f"FROM s{n} AS s{n + 1}\n"),
        "chained stages, upwards": filled(lambda n: f"FROM s{n + 1} AS s{n}\n"),
        "arguments": filled(lambda n: f"ARG a{n}=1\n"),
        "variables": filled("$a", "ARG a=b\nFROM "),
        "growing variables": filled(
            lambda n: f"ARG a{n + 1}=$a{n}$a{n}\n", "ARG a0=xx\n", "FROM $a20\n"
        ),
        "braces": filled("${a:-", "FROM "),
        "runs": filled("RUN a\n", "FROM a\n"),
        "one run": filled("a && ", "FROM a\nRUN ", "b\n"),
        "packages": filled(" a \\\n", "FROM a\nRUN apt-get install -y \\\n", " b\n"),
        "pip": filled("pip install a && ", "FROM a\nRUN ", "b\n"),
        "labels": filled(lambda n: f"LABEL a{n}=b\n", "FROM a\n"),
        "label": filled(lambda n: f"a{n}=b ", "FROM a\nLABEL ", "\n"),
        "environment": filled(lambda n: f"a{n}=b ", "FROM a\nENV ", "\n"),
        "copies": filled("COPY --from=a b c\n", "FROM a\n"),
        "users": filled("USER a\n", "FROM a\n"),
        "spaces": filled(" ", "FROM a", "x\n"),
        "spaces in a run": filled(" ", "FROM a\nRUN a", "x\n"),
        "json": filled('"a",', "FROM a\nCMD [", '"b"]\n'),
        "quotes": filled('"', "FROM a\nRUN "),
        "digests": filled("FROM a@sha256:0\n"),
        "colons": filled(":", "FROM a"),
        "slashes": filled("/", "FROM a"),
        "backslashes": filled("\\", "FROM a\nRUN "),
        "open here-document": filled("a\n", "FROM a\nRUN <<E\n"),
        "verbs": filled("A\n"),
    }


@cache
def pipeline() -> dict[str, str]:
    """Attacks on pipeline."""
    return {
        "chain": filled(lambda n: f".a{n}:\n  extends: .a{n + 1}\n"),
        "chain of 20 000": "".join(f"a{n}:\n  extends: a{n + 1}\n" for n in range(20_000)),
        "chain, upwards": "".join(f"a{n + 1}:\n  extends: a{n}\n" for n in range(20_000)),
        "circle": "".join(f"a{n}: {{extends: a{(n + 1) % 900}}}\n" for n in range(900)),
        "wide": filled(
            lambda n: f"a{n}: {{extends: [{', '.join(f'.b{m}' for m in range(11))}], script: x}}\n",
            "".join(f".b{m}: {{variables: {{A{m}: x}}, script: x}}\n" for m in range(11)),
        ),
        "wide list": filled(".b, ", ".b: {script: x}\na:\n  extends: [", ".b]\n"),
        "wide list of others": filled(lambda n: f".b{n}, ", "a:\n  extends: [", ".b]\n"),
        "lattice": "".join(
            f".{job}{n}: {{extends: [.a{n + 1}, .b{n + 1}]}}\n"
            for n in range(8_000)
            for job in "ab"
        ),
        "large parent": ".b: {variables: {"
        + "".join(f"A{n}: x, " for n in range(20_000))
        + "}}\n"
        + "".join(f"a{n}: {{extends: .b}}\n" for n in range(20_000)),
        "deep parent": ".b: {script: x, variables: {A: "
        + "{a: " * 300
        + "1"
        + "}" * 300
        + "}}\n"
        + "".join(f"a{n}: {{extends: .b, script: x}}\n" for n in range(9_000)),
        "references": filled(lambda n: f".a{n}: {{script: [!reference [.a{n + 1}, script]]}}\n"),
        "doubling references": "".join(
            f".a{n}: {{script: [!reference [.a{n + 1}, script], !reference [.a{n + 1}, script]]}}\n"
            for n in range(9_000)
        )
        + "a: {script: [!reference [.a0, script]]}\n",
        "fan of references": filled(
            "!reference [.a, script], ",
            ".a: {script: [" + "x, " * 1000 + "]}\na: {script: [",
            "x]}\n",
        ),
        "deep script": "a:\n  script: " + "[" * 900 + "x" + "]" * 900 + "\n",
        "jobs": filled(lambda n: f"a{n}: {{script: x}}\n"),
        "jobs of one name": filled("a: {script: x}\n"),
        "stages": filled(lambda n: f"s{n}, ", "a: {script: x}\nstages: [", "x]\n"),
        "jobs and stages": "stages: ["
        + ", ".join(f"s{n}" for n in range(15_000))
        + "]\n"
        + "".join(f"a{n}: {{script: x, stage: s{n}}}\n" for n in range(15_000)),
        "needs": filled(lambda n: f"a{n + 1}: {{script: x, needs: [a{n}]}}\n"),
        "wide needs": "".join(f"a{n}: {{script: x}}\n" for n in range(9_000))
        + "b: {script: x, needs: ["
        + ", ".join(f"a{n}" for n in range(9_000))
        + "]}\n",
        "rules": filled("{if: $A}, ", "a: {script: x, rules: [", "{if: $B}]}\n"),
        "condition": filled("($A == 'b') && ", 'a: {script: x, rules: [{if: "', '$B"}]}\n'),
        "script": filled("pip install a, ", "a: {script: [", "x]}\n"),
        "script of one line": filled("pip install a; ", "a: {script: '", "x'}\n"),
        "variables": filled(lambda n: f"A{n}: x, ", "a: {script: x}\nvariables: {", "B: x}\n"),
        "growing variables": "variables:\n"
        + "".join(f"  A{n + 1}: $A{n}$A{n}\n" for n in range(5000))
        + "  A0: xxxxxxxx\na: {image: $A5000, script: x}\n",
        "variable of itself": "variables: {A: $A$A$A$A$A$A$A$A$A$A}\na: {image: $A, script: x}\n",
        "large variable": "variables: {A: '"
        + "x" * 400_000
        + "'}\na: {script: x, image: '"
        + "$A" * 200_000
        + "'}\n",
        "includes": filled(lambda n: f"- local: /ci/{n}.yml\n", "include:\n"),
        "wild includes": filled(lambda n: f"- local: /{'**/' * 20}{n}.yml\n", "include:\n"),
        "remote includes": filled(
            lambda n: f"- remote: https://example.org/{n}.yml\n", "include:\n"
        ),
        "components": filled(lambda n: f"- component: $CI_SERVER_FQDN/a/b@{n}\n", "include:\n"),
        "matrix": filled(
            lambda n: f"{{A: b{n}}}, ", "a: {script: x, parallel: {matrix: [", "{A: x}]}}\n"
        ),
        "images": filled(lambda n: f"a{n}: {{script: x, image: 'b:{n}'}}\n"),
        "artifacts": filled("a, ", "a: {script: x, artifacts: {paths: [", "x]}}\n"),
        "defaults": "default: {before_script: ["
        + "x, " * 100_000
        + "]}\n"
        + "".join(f"a{n}: {{script: x}}\n" for n in range(25_000)),
    }


@cache
def hooks() -> dict[str, str]:
    """Attacks on hooks."""
    return {
        "repositories": filled(
            lambda n: f"- {{repo: https://example.org/{n}, rev: v1, hooks: [{{id: a}}]}}\n",
            "repos:\n",
        ),
        "hooks": filled(
            lambda n: f"{{id: a{n}}}, ",
            "repos: [{repo: https://example.org/a, rev: v1, hooks: [",
            "{id: b}]}]\n",
        ),
        "same hook": filled(
            "{id: a}, ", "repos: [{repo: https://example.org/a, rev: v1, hooks: [", "{id: b}]}]\n"
        ),
        "local": filled(
            "{id: a, entry: ruff check, language: system, files: (a+)+$}, ",
            "repos: [{repo: local, hooks: [",
            "{id: b}]}]\n",
        ),
        "revisions": filled(
            lambda n: f"- {{repo: https://example.org/{n}, rev: {'1.' * 20}{n}, hooks: []}}\n",
            "repos:\n",
        ),
        "pattern": "exclude: '"
        + "(a+)+" * 20_000
        + "$'\nrepos: [{repo: local, hooks: [{id: b}]}]\n",
    }


@cache
def markdown() -> dict[str, str]:
    """Attacks on markdown."""
    return {
        "brackets": filled("["),
        "brackets, paired": filled("[]"),
        "links": filled("[a](b)"),
        "open links": filled("[a]("),
        "nested links": filled("[a", tail="]" * 9 + "(b)"),
        "images": filled("![a](b)"),
        "badges": filled("[![a](b)](c)\n"),
        "backticks": filled("`"),
        "code": filled("`a"),
        "fences": filled("```\n"),
        "long fences": filled(lambda n: "`" * (3 + n % 900) + "\n"),
        "angles": filled("<"),
        "tags": filled("<a>"),
        "open comments": filled("<!--"),
        "comments": filled("<!-- -->\n"),
        "stars": filled("*"),
        "underscores": filled("_a"),
        "headings": filled(lambda n: f"## [1.0.{n}]\n"),
        "dated headings": filled(lambda n: f"## [0.{n}.0] - 2024-01-01\n"),
        "one heading": filled("# a\n"),
        "hashes": filled("#"),
        "hashes after a heading": filled("#", "# a "),
        "spaces after a heading": filled(" ", "# a", "b\n"),
        "spaced hashes": filled(" #", "# a", "b\n"),
        "underlines": filled("a\n=\n"),
        "equals": filled("="),
        "minus": filled("-"),
        "spaces": filled(" ", tail="x"),
        "spaces on lines": filled(" " * 999 + "x\n"),
        "lists": filled("- a\n"),
        "quotes": filled(">"),
        "references": filled(lambda n: f"[a{n}]: b\n"),
        "addresses": filled("https://example.org/a "),
        "open addresses": filled("https://"),
        "words": filled("word "),
        "lines": filled("a\n"),
        "tables": filled("|a"),
        "licences": filled("GNU General Public License version "),
        "versions": filled("1.0.0 "),
        "conflicts": filled("<<<<<<< a\n=======\n>>>>>>> b\n"),
        "tokens": filled("glpat-" + "a" * 20 + "\n"),
        "keys": filled("-----BEGIN PRIVATE KEY-----\n"),
        "digits": DIGITS * 2,
        "dois": filled("10.5281/zenodo.1 "),
        "install": filled("pip install a\n"),
        # As much as is parsed.
        "links, fewer": "[a](b#c) and more" * 7_000,
        "badges, fewer": "[![a](b)](c) and more words\n" * 4_400,
        "underlines, fewer": ("a\n=\n" * PARSED)[:PARSED],
        "numbers, fewer": ("1. a\n" * PARSED)[:PARSED],
        "references, fewer": ("[a]: b\n" + "[a] " * PARSED)[:PARSED],
    }


@cache
def manifest() -> dict[str, str]:
    """Attacks on manifest."""
    return {
        "patterns": filled(lambda n: f"include a{n}*b*c*\n"),
        "stars": "include " + "*a" * 400_000 + "\n",
        "double stars": "recursive-include a " + "**/" * 300 + "b\n",
        "words": filled(lambda n: f"a{n} ", "include ", "\n"),
        "commands": filled("global-include *.py *.c *.h\n"),
        "unknown": filled("a b\n"),
        "continuation": filled("\\\n", "include a "),
        "sets": filled("[a", "include "),
        "ranges": "include [z-a]\ninclude [[a-z]]*\ninclude [!]]\ninclude [\\]\n",
        "starred": "global-include " + "*a*" * 60 + "\n",
        "spaces": filled(" ", "include", "x\n"),
    }


@cache
def ignored() -> dict[str, str]:
    """Attacks on ignored."""
    return {
        "patterns": filled(lambda n: f"a{n}*\n"),
        "double stars": filled("**/", tail="x\n"),
        "starred": ("*a" * 60 + "b\n") * 100,
        "double stars on lines": ("**/" * 60 + "b\n") * 1000,
        "negations": filled("!a*\n"),
        "open sets": filled("[", tail="\n"),
        "one pattern": filled("a", tail="\n"),
    }


@cache
def properties() -> dict[str, str]:
    """Attacks on properties."""
    return {
        "keys": filled(lambda n: f"k{n}=1\n"),
        "one key": filled("sonar.sources=a\n"),
        "continuation": filled("\\\n", "sonar.sources="),
        "paths": filled("a,", "sonar.sources="),
        "exclusions": filled("**/a*,", "sonar.exclusions="),
        "starred": "sonar.exclusions=" + "**/*a" * 100 + "\n",
        "equals": filled("="),
        "spaces": filled(" ", "sonar.sources", "=a\n"),
        "versions": filled("3.11,", "sonar.python.version="),
    }


@cache
def requirements() -> dict[str, str]:
    """Attacks on requirements."""
    return {
        "requirements": filled(lambda n: f"a{n}\n"),
        "pins": filled(lambda n: f"a{n}==1.0\n"),
        "hashes": filled("    --hash=sha256:" + "0" * 64 + " \\\n", "a==1 \\\n", "    --hash=x\n"),
        "one requirement": filled("a\n"),
        "bounds": filled(">=1,", "a", "<2\n"),
        "extras": filled("b,", "a[", "b]\n"),
        "open extras": filled("[", "a"),
        "markers": filled("os_name == 'a' and ", "a; ", "os_name == 'b'\n"),
        "nested markers": "a; " + "(" * 400_000 + "os_name == 'b'" + ")" * 400_000 + "\n",
        "spaces": filled(" ", "a", "b\n"),
        "dashes": filled("-", "a", "!\n"),
        "dots": filled(".", "a", "!\n"),
        "addresses": filled("a @ https://example.org/b\n"),
        "continuation": filled("\\\n", "a"),
        "semicolons": filled(";", "a"),
        "digits": f"a=={DIGITS}\n",
    }


CITATION_HEAD = "cff-version: 1.2.0\nmessage: a\ntitle: b\n"


@cache
def citation() -> dict[str, str]:
    """Attacks on citation."""
    return {
        "authors": filled("- {given-names: a, family-names: b}\n", CITATION_HEAD + "authors:\n"),
        "references": filled("- {type: article, title: a}\n", CITATION_HEAD + "references:\n"),
        "identifiers": filled(
            "- {type: doi, value: 10.5281/a}\n", CITATION_HEAD + "identifiers:\n"
        ),
        "keywords": filled("- a\n", CITATION_HEAD + "keywords:\n"),
        "orcid": filled("0000-", CITATION_HEAD + "authors: [{orcid: '", "'}]\n"),
        "doi": filled("10.", CITATION_HEAD + "doi: '", "'\n"),
        "date": f"{CITATION_HEAD}date-released: {DIGITS}\nversion: {DIGITS}\n",
        "unknown keys": filled(lambda n: f"k{n}: a\n", CITATION_HEAD),
        "licence": filled("MIT, ", CITATION_HEAD + "license: [", "MIT]\n"),
    }


@cache
def licence() -> dict[str, str]:
    """Attacks on licence."""
    return {
        "words": filled("word "),
        "copyright": filled("Copyright (c) 2024 A\n"),
        "licence": filled(
            "Permission is hereby granted, free of charge, to any person obtaining\n"
        ),
        "redistribution": filled("redistribution "),
        "letters": filled("a"),
        "lines": filled("\n", "MIT License\n"),
        "license lines": filled("the license\n"),
        "names": filled("a.", tail="license!\n"),
        "other words": filled(lambda n: f"w{n} "),
        "spdx": filled("SPDX-License-Identifier: MIT\n"),
        "years": filled("2024, "),
    }


def _within_bounds(unit: str | Callable[[int], str], lines: int = 999) -> str:
    """A page that is read: with a link that leads nowhere, and about as much as is allowed."""
    head = "`a <missing.rst>`_\n\n"
    parts: list[str] = []
    while sum(map(len, parts)) < 29_800 and sum(each.count("\n") for each in parts) < lines - 5:
        parts.append(unit if isinstance(unit, str) else unit(len(parts)))
    return (head + "".join(parts))[:29_990]


@cache
def restructured() -> dict[str, str]:
    """Attacks on reStructuredText: whole files, and the worst of what is parsed."""
    head = "`a <missing.rst>`_\n\n"
    paragraph = "{}" * 180 + "\n\n"
    large = {
        "targets": ".. _a: b\n\n",
        "substitutions": ".. |a| replace:: |a| |a|\n\n",
        "ticks": "`a ",
        "stars": "*a ",
        "enumerations": "1. a\n\n",
        "titles": "a\n=\n\n",
        "tables": "+-+\n|a|\n+-+\n\n",
        "lists in lists": "- " * 400 + "a\n\n",
        "words": "word ",
    }
    small: dict[str, str | Callable[[int], str]] = {
        "targets": ".. _a: b\n\n",
        "targets in a row": ".. _a: b\n",
        "enumerations": "1. a\n\n",
        "list tables": ".. list-table::\n\n   * - a\n\n",
        "figures": ".. figure:: a\n   :target: b\n\n   c\n\n",
        "titles": "a\n=\n\n",
        "stars": paragraph.replace("{}", "*a "),
        "ticks": paragraph.replace("{}", "`a "),
        "roles": paragraph.replace("{}", ":a:`b` "),
        "dashes": paragraph.replace("{}", "-x"),
        "references": lambda n: " ".join(f"a{n}-{each}_" for each in range(150)) + "\n\n",
        "chains": lambda n: f".. |a{n}| replace:: |a{n + 1}| |a{n + 1}|\n\n",
    }
    return {name: filled(unit, head) for name, unit in large.items()} | {
        f"{name}, within bounds": _within_bounds(unit) for name, unit in small.items()
    }


def kinds() -> list[str]:
    """What is attacked."""
    return list(_ATTACKS)


def attacks(*kinds: str) -> Iterator[tuple[str, str, str]]:
    """The name of each attack, the file that it makes, and what is in that."""
    for kind in kinds or _ATTACKS:
        paths, contents = _ATTACKS[kind]
        for name, content in contents().items():
            for path in paths:
                yield f"{kind}, {path}: {name}", path, content


_ATTACKS: dict[str, tuple[tuple[str, ...], Callable[[], dict[str, str]]]] = {
    "yaml": (
        (".gitlab-ci.yml", ".copier-answers.yml", ".pre-commit-config.yaml", "CITATION.cff"),
        yaml,
    ),
    "toml": (("pyproject.toml", "lisa-scaffold.toml"), toml),
    "json": (("codemeta.json", "notebooks/a.ipynb", ".zenodo.json", "pyrightconfig.json"), json),
    "ini": (("setup.cfg",), ini),
    "python": (("setup.py", "noxfile.py", "docs/conf.py"), python),
    "dockerfile": (("Dockerfile",), dockerfile),
    "pipeline": ((".gitlab-ci.yml",), pipeline),
    "hooks": ((".pre-commit-config.yaml",), hooks),
    "markdown": (("README.md", "CHANGELOG.md", "docs/index.md", "CONTRIBUTING.md"), markdown),
    "restructured": (("README.rst", "CONTRIBUTING.rst"), restructured),
    "manifest": (("MANIFEST.in",), manifest),
    "ignored": ((".gitignore", ".dockerignore"), ignored),
    "properties": (("sonar-project.properties",), properties),
    "requirements": (("requirements.txt",), requirements),
    "citation": (("CITATION.cff",), citation),
    "licence": (("LICENSE", "README.md"), licence),
}
