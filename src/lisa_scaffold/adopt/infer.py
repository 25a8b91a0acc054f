"""The answers that a project gives without being asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from lisa_scaffold.adopt import code, forge, people
from lisa_scaffold.adopt.guess import Guess, Guesses, RepositoryFacts, one_line, squeezed
from lisa_scaffold.errors import LisaError
from lisa_scaffold.project.facts import Facts

PYTHONS = ("3.11", "3.12", "3.13")
_DISTRIBUTION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DOCS = ("docs", "doc", "docs/source", "doc/source", "document")
_IMAGES = ("Dockerfile", "Containerfile", "docker/Dockerfile", ".docker/Dockerfile")


def answers(
    facts: Facts, repository_facts: RepositoryFacts, given: Mapping[str, Any]
) -> dict[str, Guess]:
    """What a project answers, each with where it says so.

    Parameters
    ----------
    facts
        Its files.
    repository_facts
        Its history and remote.
    given
        What the user has answered already: it needs no guess, and others follow from it.

    Raises
    ------
    LisaError
        If no name can be found, and none was given.
    """
    found = {"adopted": Guess(True, "lisa-scaffold adopt")}
    found |= {key: Guess(value, "given") for key, value in given.items()}
    for guesses in (_name, _code, _description, _people, _licence, _home, _python, _features):
        for key, guess in guesses(facts, repository_facts, found):
            found.setdefault(key, guess)
    return found


Named = Iterator[tuple[str, Guess]]
Found = Mapping[str, Guess]
Reader = Callable[[Facts, RepositoryFacts, Found], Named]


def _first(guesses: Guesses, fits: Callable[[Any], object] = bool) -> Guess | None:
    return next((guess for guess in guesses if fits(guess.value)), None)


def _name(facts: Facts, _repository_facts: RepositoryFacts, found: Found) -> Named:
    if "distribution" in found:
        yield "project_name", _title(facts, str(found["distribution"].value), found["distribution"])
        return
    guess = _first(_distributions(facts), _DISTRIBUTION.fullmatch)
    if guess is None:
        path, line = facts.package.place("name")
        said = facts.package.text("name")
        problem = f"{said!r} is no name of a distribution" if said else "no name can be read there"
        raise LisaError(
            f"{path}:{line}: the project's name is not known: {problem}",
            "Tell it: --data distribution=NAME.",
        )
    yield "distribution", guess
    yield "project_name", _title(facts, guess.value, guess)


def _distributions(facts: Facts) -> Guesses:
    from packaging.utils import canonicalize_name

    package = facts.package
    yield Guess(package.name, "{}:{}".format(*package.place("name")))
    if looked_up := code.computed(facts, "name"):
        yield Guess(canonicalize_name(looked_up[0]), looked_up[1])
    poetry = facts.pyproject.get("tool", "poetry", "name")
    yield Guess(str(poetry or ""), f"pyproject.toml:{facts.pyproject.line('tool', 'poetry')}")


def _title(facts: Facts, distribution: str, fallback: Guess) -> Guess:
    """The heading of the README, where it is the same name as people say it."""
    for path in facts.paths("README.md", "README.rst", "README"):
        for number, line in enumerate(facts.lines(path)[:20], 1):
            said = one_line(re.sub(r"[`*_#]+|</?[a-z][^<>]*>", " ", line).strip(), 80)
            if said and squeezed(said) == squeezed(distribution):
                return Guess(said, f"{path}:{number}")
    return Guess(distribution, fallback.source)


def _code(facts: Facts, _repository_facts: RepositoryFacts, found: Found) -> Named:
    packages = code.find(facts)
    if "import_name" in found:
        named = found["import_name"].value
        packages = [each for each in packages if each.import_name == named] or packages[:1]
    elif not packages:
        raise LisaError(
            f"{facts.root or '.'}: no Python package is seen here",
            "Name it: --data import_name=NAME --data code_path=FOLDER.",
        )
    elif not code.is_clear(facts, packages):
        listed = ", ".join(each.import_name for each in packages[:6])
        raise LisaError(
            f"{facts.root or '.'}: which of these is the package: {listed}?",
            "Name it: --data import_name=NAME.",
        )
    if packages:
        main = packages[0]
        yield "import_name", Guess(main.import_name, main.source)
        yield "code_path", Guess(main.path, main.folder)
        path, source = code.tests(facts, main)
        yield "test_path", Guess(path, source)


def _description(facts: Facts, _repository_facts: RepositoryFacts, found: Found) -> Named:
    package = facts.package
    looked_up = code.computed(facts, "description")
    options = [
        Guess(package.text("description"), "{}:{}".format(*package.place("description"))),
        Guess(*looked_up) if looked_up else Guess("", ""),
        Guess(*_docstring(facts, str(found["import_name"].value), found)),
    ]
    for guess in options:
        if said := one_line(str(guess.value), 300):
            yield "description", Guess(said, guess.source)
            return
    name = found["project_name"].value
    yield "description", Guess(f"The Python package {name}.", "nothing says it")


def _docstring(facts: Facts, import_name: str, found: Found) -> tuple[str, str]:
    """The first line of the package's own text."""
    import ast

    folder = str(found["code_path"].value) if "code_path" in found else ""
    tops = {
        f"{folder}/{import_name.replace('.', '/')}/__init__.py",
        f"{folder}/__init__.py",
        folder,
    }
    for path in sorted(tops):
        module = facts.python(path) if path.endswith(".py") else None
        said = ast.get_docstring(module) if isinstance(module, ast.Module) else None
        if said and said.strip():
            return said.strip().split("\n\n")[0], path
    return "", ""


def _people(facts: Facts, repository_facts: RepositoryFacts, _found: Found) -> Named:
    author = next(people.authors(facts, repository_facts), None)
    computed = code.computed(facts, "author")
    if computed and not facts.package.get("authors"):
        author = Guess(people.one_person(computed[0]), computed[1]), Guess("", computed[1])
    if author:
        yield "author_name", author[0]
        yield "author_email", author[1]
    stated = next(people.copyrights(facts), None)
    if stated:
        years, holder, source = stated
        yield "copyright_holder", Guess(holder, source)
        if years:
            yield "copyright_year", Guess(years, source)
    elif author:
        sure = bool(people.licence_files(facts))
        yield "copyright_holder", Guess(author[0].value, author[0].source, sure)
    if repository_facts.history.years:
        yield "copyright_year", Guess(str(repository_facts.history.years[0]), "git log")


def _licence(facts: Facts, _repository_facts: RepositoryFacts, _found: Found) -> Named:
    guess = _first(people.licence(facts))
    if guess:
        yield "license", guess


def _home(facts: Facts, repository_facts: RepositoryFacts, found: Found) -> Named:
    place = forge.find(facts, repository_facts)
    if place:
        yield "forge", Guess(place.forge, place.source)
        if place.forge == "gitlab":
            yield "forge_host", Guess(place.host, place.source)
        yield "namespace", Guess(place.namespace, place.source)
    elif "forge" not in found:
        yield "forge", Guess("in2p3", "no GitLab address found", sure=False)


def _python(facts: Facts, _repository_facts: RepositoryFacts, _found: Found) -> Named:
    """The oldest Python of those that the template tests on."""
    path, line = facts.package.place("requires-python")
    oldest = facts.package.oldest_python
    if oldest is None:
        yield "python_min", Guess(PYTHONS[0], "no oldest Python is said")
        return
    said = f"{oldest[0]}.{oldest[1]}"
    numbers = [tuple(map(int, each.split("."))) for each in PYTHONS]
    chosen = next(
        (each for each, n in zip(PYTHONS, numbers, strict=True) if n >= oldest), PYTHONS[-1]
    )
    extra = "" if chosen == said else f" (says {said}; the jobs begin with {chosen})"
    yield "python_min", Guess(chosen, f"{path}:{line}{extra}")


def _features(facts: Facts, _repository_facts: RepositoryFacts, found: Found) -> Named:
    backend = facts.package.backend
    place = "{}:{}".format(*facts.package.place("build-backend"))
    known = backend if backend in ("setuptools", "hatchling") else people.OTHER
    named = bool(facts.pyproject.get("build-system", "build-backend"))
    yield "backend", Guess(known, place if named else "no build backend is named")
    yield "cli", Guess(bool(code.scripts(facts)), "the programs that the package installs")
    own_docs = next((f for f in _DOCS if any(p.startswith(f"{f}/") for p in facts.files)), None)
    yield "docs", Guess(False, own_docs or "no documentation yet: --data docs=true adds some")
    yield "notebooks", Guess(False, "the project's notebooks stay as they are")
    yield from _container(facts, found)


def _container(facts: Facts, found: Found) -> Named:
    own = next(chain(filter(facts.has, _IMAGES), facts.paths("*.dockerfile", "*.def")), None)
    main = code.Code(str(found["import_name"].value), str(found["code_path"].value), "")
    if own:
        yield "container", Guess(False, own)
    elif code.is_compiled(facts, main):
        yield (
            "container",
            Guess(False, "compiled code: an image needs more than the template knows"),
        )
    else:
        yield "container", Guess(True, "no image of its own, and no compiled code")
