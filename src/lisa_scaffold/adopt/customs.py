"""Older ways to test, build and release: each stays, and the report says what follows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from lisa_scaffold.adopt import commands, environment, left_behind, loose, reads, tagged
from lisa_scaffold.adopt.gone import find_gone
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.packaging import explain_file

_EXACT = compile_lazily(
    r"^[ \t]*+([A-Za-z0-9][\w.-]*+(?:\[[^\]\n]*+\])?)[ \t]*+={2,3}[ \t]*+([^\s;#,]++)", re.MULTILINE
)
_CRUFT = compile_lazily(r"\bcruft\s+(?:update|check)\b")
_PUBLISHED = compile_lazily(r"v\d+\.\d+\.\d+((a|b|rc)\d+)?")
_TAGGED = compile_lazily(r"(?:\A|[^\d.])(\d{1,9}(?:\.\d{1,9}){1,4})(?![\d.])")
_UPLOADS = compile_lazily(
    r"^(?!\s*#).*?(?:gh-action-pypi-publish|\btwine\s+upload\b|\buv\s+publish\b|\bprovider:\s*pypi\b"
    r"|\b(?:flit|poetry|pdm|hatch)\s+publish\b|\bmaturin\s+(?:publish|upload)\b)",
    re.MULTILINE,
)
_TESTS = ("setup.py", "setup.cfg", "tox.ini", ".travis.yml", "Makefile", ".gitlab-ci.yml")
_NOSE = "nose runs on no Python since 3.10: pytest runs most of its tests as they are"
_SETUP_TEST = "setup.py test is gone from setuptools: nox -s tests runs pytest"


class Custom(NamedTuple):
    """Something that the project does in its own way.

    Attributes
    ----------
    path
        The file that it stands in.
    text
        What becomes of it, or what to do.
    to_decide
        Whether a person has to do something.
    is_urgent
        Whether that comes first: until then no job of the template passes.
    """

    path: str
    text: str
    to_decide: bool = False
    is_urgent: bool = False


def find_customs(facts: Facts, branches: Iterable[str] = (), below: str = "") -> Iterator[Custom]:
    """What a project does in its own way, and the template in another.

    Parameters
    ----------
    facts
        The project.
    branches
        The branches of its repository.
    below
        Where its folder lies in the repository; empty at the top.
    """
    yield from _find_pins(facts)
    yield from _find_placed(facts)
    yield from _find_ways_of_scripts(facts)
    yield from _find_runners(facts, below)
    yield from _find_test_commands(facts)
    yield from _find_versions(facts)
    yield from _find_gone(facts)
    for path in facts.paths("**/meta.yaml", "**/recipe.yaml"):
        text = "conda's recipe stays: keep its requirements in step with the package's"
        yield Custom(path, text)
    told = "\n".join(map(facts.text, facts.pipeline.files))
    if facts.has(".gitmodules") and "GIT_SUBMODULE_STRATEGY" not in told:
        text = (
            "GitLab's jobs find the submodules empty: where a build or a test needs them, set "
            "GIT_SUBMODULE_STRATEGY to recursive under `variables` in .gitlab-ci.yml"
        )
        yield Custom(".gitmodules", text, to_decide=True)
    yield from _find_tags(facts)
    named = {*branches}
    if "develop" in named and (stable := sorted(named & {"main", "master"})):
        text = (
            f"git-flow's develop stays beside {stable[0]}: the template's jobs publish from "
            "GitLab's default branch, and release what is tagged on a protected tag"
        )
        yield Custom(".gitlab-ci.yml", text, to_decide=True)


def _find_tags(facts: Facts) -> Iterator[Custom]:
    """Versions that are tagged in another way than the template's jobs publish them."""
    tags = [(version, tag) for tag in facts.tags if (version := _read_version(tag))]
    finals = [each for each in tags if not each[0].is_prerelease]
    newest = max(finals or tags, default=(None, ""))[1]
    if newest and not _PUBLISHED.fullmatch(newest):
        text = (
            f"versions are tagged like {newest}, and the jobs publish what is tagged vX.Y.Z alone: "
            "tag the next one so"
        )
        if settings := [f"`{setting}` of {path}" for path, setting in tagged.find_other(facts)]:
            text += f", and let {' and '.join(settings)} match that"
        yield Custom(".gitlab-ci.yml", text, to_decide=True)


def _read_version(tag: str) -> Version | None:
    """The version that a tag names; ``None`` where it names none."""
    found = _TAGGED.search(tag)
    if found is None:
        return None
    try:
        return Version(tag[found.start(1) :])
    except InvalidVersion:
        return Version(found[1])


def _find_pins(facts: Facts) -> Iterator[Custom]:
    """Exact pins in a list that ``setup.py`` gives out as the package's requirements."""
    setup = facts.text("setup.py")
    for path in facts.paths("requirements*.txt", "requirements/*.txt"):
        name = path.rpartition("/")[2]
        pins = _EXACT.findall(facts.text(path))
        if pins and re.search(rf"""["'][^"'\n]*{re.escape(name)}["']""", setup):
            offered = ", ".join(f"{name}>={version}" for name, version in pins)
            text = (
                "setup.py gives out these exact pins as what the package needs: nobody can install "
                "it beside others, and old ones are built from source for hours. As lower bounds: "
                f"{offered}"
            )
            yield Custom(path, text, to_decide=True)


def _find_placed(facts: Facts) -> Iterator[Custom]:
    """Files that an installation puts beside the package, and an editable one does not."""
    module, places = facts.python("setup.py"), []
    for node in ast.walk(module) if isinstance(module, ast.Module) else ():
        match node:
            case ast.keyword(arg="data_files", value=ast.List(elts=[]) | ast.Constant()):
                pass
            case ast.keyword(arg="data_files", value=value):
                places.append(("setup.py", value.lineno))
    cfg = facts.ini("setup.cfg")
    if cfg.get("options.data_files"):
        places.append(("setup.cfg", cfg.line("options.data_files")))
    for path, line in places[:1]:
        text = (
            f"line {line}: an editable installation, which nox tests, puts `data_files` nowhere: "
            "what is read from sys.prefix is not found. As package data, "
            "`importlib.resources` finds it in any installation"
        )
        yield Custom(path, text, to_decide=True)


def _find_ways_of_scripts(facts: Facts) -> Iterator[Custom]:
    """What scripts and notebooks have beside them, and a package has in another way."""
    for found in loose.find_sibling_imports(facts):
        text = (
            f"line {found.line} imports {found.name} as a script beside it, which nobody finds in "
            f"an installed package: {found.package}.{found.name}"
        )
        yield Custom(found.path, text, to_decide=True)
    yield from _find_places(facts)
    package = facts.package
    needs_nothing = package.form == "project" and not package.get("dependencies")
    listed = environment.find_bounds(facts) if "dependencies" not in package.unknown else []
    if needs_nothing and listed:
        text = (
            "stays, but nobody who installs the package gets what it lists: name that as "
            f"`dependencies` in pyproject.toml: {', '.join(listed)}"
        )
        yield Custom("requirements.txt", text, to_decide=True)
    told = {}
    for found in loose.find_notebook_imports(facts):
        text = (
            f"cell {found.cell}, line {found.line} imports {found.name} as a script beside it, "
            f"which is part of the package: {found.package}.{found.name}"
        )
        told[found.path] = text
        yield Custom(found.path, text, to_decide=True)
    for each in loose.find_lost(facts) if facts.layout.style == "src" else ():
        text = f"line {each.line} {each.explain()}, once `{left_behind.INSTALL}` ran"
        yield Custom(each.path, text, to_decide=True)
    for path, why in left_behind.find_unread(facts):
        if facts.layout.style == "src" or path.endswith(".ipynb"):
            text = f"not looked at ({why}): see whether it finds the modules that it needs"
            yield Custom(path, text, to_decide=True)
    if notebooks := [path for path in facts.paths("*.ipynb") if path not in told]:
        text = "the notebooks at the root stay; with the package installed, they import it"
        more = f" (also {', '.join(notebooks[1:])})" if notebooks[1:] else ""
        yield Custom(notebooks[0], f"{text}{more}")


def _find_places(facts: Facts) -> Iterator[Custom]:
    """What modules and notebooks find by its place, where that is another in a package."""
    modules = {
        path: name
        for name, folder in facts.layout.folders.items()
        if not folder.endswith(".py")
        for path in facts.paths(f"{folder}/**/*.py")
    }
    if facts.layout.style != "src":
        return  # a script at the root still finds what is there
    for each in reads.find_reads(facts, sorted(modules)):
        beside = f"{each.path.rpartition('/')[0]}/{each.target}"
        where = f"line {each.line} reads {each.explain()}"
        if (
            each.beside
            and each.target
            and not facts.has(beside)
            and not facts.paths(f"{beside}/**")
        ):
            text = f"{where} beside itself, where it is not: move it to {beside}"
            remedy = ", and name it in [tool.setuptools.package-data] or what the backend has"
            yield Custom(each.path, f"{text}{remedy}", to_decide=True)
        elif each.is_own:
            if not each.is_there:
                remedy = "move it beside the module and use importlib.resources"
                text = f"{where} by the folders above itself, which are others now: {remedy}"
                yield Custom(each.path, text, to_decide=True)
        elif not each.beside:
            remedy = "let it be given, or move it beside the module and use importlib.resources"
            text = f"{where} from wherever it is started, and an installed package is anywhere"
            yield Custom(each.path, f"{text}: {remedy}", to_decide=True)
    names = {path.rpartition("/")[2].removesuffix(".py"): path for path in modules}
    for run in reads.find_runs(facts, {name for name in names if not facts.has(f"{name}.py")}):
        full = f"{modules[names[run.script]]}.{run.script}"
        text = f"cell {run.cell} runs {run.script}.py, which is part of the package: %run -m {full}"
        yield Custom(run.path, text, to_decide=True)


def _find_runners(facts: Facts, below: str) -> Iterator[Custom]:
    if not below and facts.has(".travis.yml"):
        text = "Travis stays set up; .gitlab/ci/tests.yml runs pytest: remove it once that passes"
        yield Custom(".travis.yml", text)
        if unread := commands.find_unread(facts):
            text = (
                f"its tests install what {join_names(unread)} names, which was not read: add what "
                "is missing to the group `test` in pyproject.toml"
            )
            yield Custom(".travis.yml", text, to_decide=True)
    if facts.has("tox.ini") and "[testenv" in facts.text("tox.ini"):
        yield Custom("tox.ini", "tox stays; the template's sessions are nox's, beside it")
    workflows = facts.paths(".github/workflows/*.yml", ".github/workflows/*.yaml")
    services = {**dict.fromkeys(workflows, "GitHub"), **commands.SERVICES}
    for path, service in services.items():
        if _CRUFT.search(text := facts.text(path)):
            told = "runs cruft, which would bring the former template in again: remove it"
            yield Custom(path, told, to_decide=True)
        elif text and below:
            told = f"stays, and nothing runs it: {service} reads the repository's top alone"
            yield Custom(path, told)
        elif text:
            yield Custom(path, f"stays: {service} runs it, and GitLab its own pipeline beside it")
    for path in () if below else filter(facts.has, [*services, ".travis.yml"]):
        if found := _UPLOADS.search(facts.text(path)):
            told = (
                f"line {facts.text(path).count(chr(10), 0, found.start()) + 1} uploads what is "
                "released to a package index, and GitLab's job publish-index does where "
                "LISA_PUBLISH_INDEX switches it on: let one of the two do it, since an index takes "
                "each file once. Both run for a tag where the forges mirror each other"
            )
            yield Custom(path, told, to_decide=True)


def _find_test_commands(facts: Facts) -> Iterator[Custom]:
    """Runners of tests that have ended, each told once with all files that name it."""
    old: dict[str, list[str]] = {_NOSE: [], _SETUP_TEST: []}
    for path in facts.paths(*_TESTS, "requirements*.txt"):
        text = facts.text(path)
        if re.search(r"\bnose(tests)?\b", text):
            old[_NOSE].append(path)
        # A setup.py itself says that of others, or tells people that it is gone.
        called = r"\bsetup\.py\s+(-q\s+)?(test|nosetests|pytest)\b"
        if re.search(r"\b(test_suite|tests_require)\s*=" if path == "setup.py" else called, text):
            old[_SETUP_TEST].append(path)
    for what, (path, *more) in ((what, paths) for what, paths in old.items() if paths):
        besides = f" (also named in {', '.join(more)})" if more else ""
        yield Custom(path, f"{what}{besides}", to_decide=True)


def _find_gone(facts: Facts) -> Iterator[Custom]:
    """Imports that fail before a test runs: on newer Pythons, or without setuptools."""
    for each in find_gone(facts) if facts.package.form else ():
        if each.module == "setuptools":
            continue  # it brings itself, below
        told = f"line {each.line} imports {each.module}, "
        if each.module == "pkg_resources":
            told += (
                "which setuptools 82 has not any more. The tests get an older one; for those who "
                "install the package, use importlib.metadata and importlib.resources"
            )
        elif each.requirement:
            told += (
                f"gone since Python {each.since}. The tests get setuptools, which still brings it; "
                "for those who install the package, replace it"
            )
        else:
            told += f"gone since Python {each.since}: replace it, or no test of it runs there"
        yield Custom(each.path, told, to_decide=True)


def _find_versions(facts: Facts) -> Iterator[Custom]:
    if facts.has("versioneer.py"):
        yield Custom("versioneer.py", "the version stays versioneer's, which reads it from git")
    if re.search(r"\bpbr\b", facts.text("setup.py")):
        listed = facts.first("requirements.txt", "requirements-py3.txt", "tools/pip-requires")
        text = f"version, authors and requirements ({listed}) stay pbr's"
        text = text if listed else "version and authors stay pbr's"
        yield Custom("setup.py", text)
    cfg = facts.ini("setup.cfg")
    for option in ("description-file", "description_file"):
        if cfg.get("metadata", option) and not re.search(r"\bpbr\b", facts.text("setup.py")):
            text = f"{option} is no key of setuptools: {explain_file(facts, option)}"
            yield Custom("setup.cfg", text, to_decide=True)
