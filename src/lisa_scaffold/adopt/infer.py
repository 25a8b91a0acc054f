"""The answers that a project gives without being asked."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lisa_scaffold.adopt import cited, code, compiling, eligible, forge, loose, people, programs
from lisa_scaffold.adopt.computed import find_computed
from lisa_scaffold.adopt.guess import Guess, RepositoryFacts, one_line, squeezed
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.compose import find_compose
from lisa_scaffold.versions import normalize_name

PYTHONS = ("3.11", "3.12", "3.13")
_DISTRIBUTION = compile_lazily(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DOCS = ("docs", "doc", "docs/source", "doc/source", "document")
# As the hook of hadolint knows them.
_LINTED = compile_lazily(r"(?:.*/)?(?:Dockerfile(?:[.-].*)?|[^/]*\.[Dd]ockerfile)")
_IMAGES = ("Dockerfile", "Containerfile", "docker/Dockerfile", ".docker/Dockerfile")
# By other names, and elsewhere, but for what people develop in, and what tests are made of.
_IMAGE = compile_lazily(
    r"(?!\.devcontainer/|(?:.*/)?(?:tests?|docs?|examples?)/)(?:.*/)?"
    r"(?:[^/]*[._-])?(?:docker|container)file(?:[._-][^/]*)?"
    r"(?<!\.py)(?<!\.md)(?<!\.rst)(?<!\.sh)(?<!\.yml)(?<!\.yaml)",
    re.IGNORECASE,
)


def infer_answers(
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
        What the user has answered already: these need no guess, and others follow from them.

    Raises
    ------
    LisaError
        If no name can be found, and none was given.
    """
    own = "lisa-scaffold adopt"
    found = {"adopted": Guess(True, own), "example": Guess(False, own)}
    found |= {key: Guess(value, "given") for key, value in given.items()}
    kind = found.get("kind") or infer_kind(facts)
    refuse_absent(facts, given)
    inference = _Inference(facts, repository_facts, found)
    steps = [inference.infer_names]
    if kind.value not in ("service", "pipeline"):
        # What no answer helps against comes before anything is asked.
        eligible.refuse_unbuilt(facts)
        inference.refuse_pythons()
        steps.append(inference.infer_code)
    _take(steps)
    if kind.value == "service":
        found["kind"] = kind
        # Here it says whether there are images to look after.
        images = [path for path in facts.files if _LINTED.fullmatch(path)]
        found.setdefault("container", Guess(bool(images), images[0] if images else "no Dockerfile"))
    elif kind.value == "pipeline":
        found["kind"] = kind
        path = eligible.find_workflow(facts)[0].path
        inference.add("code_path", path[: path.rindex("dags/") + len("dags")], path)
        inference.add("container", False, "the project's images stay as they are")
        inference.infer_python()
    else:
        inference.infer_python()
    inference.infer_description()
    inference.infer_people()
    inference.infer_forge()
    if kind.value == "package":
        inference.infer_features()
    return found


def _take(steps: Iterable[Callable[[], None]]) -> None:
    """Take some steps, and tell at once what each of them asks for.

    Raises
    ------
    LisaError
        If a step does not find what it is for.
    """
    errors = []
    for step in steps:
        try:
            step()
        except LisaError as error:
            errors.append(error)
    asked = [error for error in errors if "--data " in error.hint]
    if len(asked) > 1:
        said = "; ".join(error.message for error in asked)
        raise LisaError(said, " ".join(error.hint for error in asked))
    if errors:
        raise errors[0]


def refuse_absent(facts: Facts, given: Mapping[str, Any]) -> None:
    """Raise AnswersError for code or tests that are said to be where nothing is."""
    problems = {}
    for key in ("code_path", "test_path"):
        path = str(given.get(key) or "")
        is_module = path.endswith(".py") and facts.has(path)
        if not path or is_module or path in facts.folders:
            continue
        if path in (".", "./"):
            what = "the whole project is no folder of code: move it into src/, or name one module"
        elif facts.has(path):
            what = f"{path} is neither a folder nor a Python module"
        else:
            what = f"git has no folder {path} here: name one that there is"
        problems[key] = what
    if problems:
        raise AnswersError(problems)


def infer_kind(facts: Facts) -> Guess:
    """Which kind a project is of: a service where Compose runs it, and nothing is a package.

    What has DAGs of Airflow and builds no package is a pipeline, whatever runs it.
    """
    if dags := eligible.find_workflow(facts):
        return Guess("pipeline", f"{dags[0].path} imports Airflow, and no package is built")
    if not facts.package.form and (files := find_compose(facts)):
        return Guess(
            "service", min((each.path for each in files), key=lambda path: path.count("/"))
        )
    return Guess("package", "its metadata")


_TESTS = frozenset(("test", "tests"))


@dataclass
class _Inference:
    """Infers the answers of one project; later steps use what earlier ones found."""

    facts: Facts
    repository_facts: RepositoryFacts
    found: dict[str, Guess]

    def add(self, key: str, value: Any, source: str, *, sure: bool = True) -> None:
        """Record an answer, unless there is one already."""
        self.found.setdefault(key, Guess(value, source, sure))

    def infer_names(self) -> None:
        """The distribution's name, and the project's as the README spells it."""
        if "distribution" not in self.found:
            self.found["distribution"] = self.find_distribution()
        distribution = self.found["distribution"]
        name = str(distribution.value)
        for path in self.facts.paths("README.md", "README.rst", "README"):
            for number, line in enumerate(self.facts.lines(path)[:20], 1):
                heading = one_line(re.sub(r"[`*_#]+|</?[a-z][^<>]*>", " ", line).strip(" \t:"), 80)
                if heading and squeezed(heading) == squeezed(name):
                    self.add("project_name", heading, f"{path}:{number}")
                    return
        # Written as its people do, `Pint` for `pint`.
        spelled = one_line(self.facts.package.text("name"), 80)
        spelled = spelled if normalize_name(spelled) == name else name
        self.add("project_name", spelled, distribution.source)

    def find_distribution(self) -> Guess:
        package, pyproject = self.facts.package, self.facts.pyproject
        path, line = package.place("name")
        options = [Guess(package.name, f"{path}:{line}")]
        if computed := find_computed(self.facts, "name"):
            options.append(Guess(normalize_name(computed[0]), computed[1]))
        poetry = str(pyproject.get("tool", "poetry", "name") or "")
        options.append(Guess(poetry, f"pyproject.toml:{pyproject.line('tool', 'poetry')}"))
        cfg = self.facts.ini("setup.cfg")
        named = str(cfg.get("metadata", "package_name") or "")  # as Astropy's helpers read it
        options.append(Guess(named, f"setup.cfg:{cfg.line('metadata', 'package_name')}"))
        text = package.text("name")
        found = [] if text else code.find_packages(self.facts)
        if len(found) == 1:
            # What a setup.py computes, only running it can tell.
            only = normalize_name(found[0].import_name)
            options.append(Guess(only, "the only package", sure=False))
        if not self.facts.package.form:
            # A repository of no package has its own name before that of a folder in it.
            options = [*self.name_repository(), *options]
        for option in options:
            if _DISTRIBUTION.fullmatch(option.value):
                return option
        problem = f"{text!r} is no name of a distribution" if text else "no name can be read there"
        raise LisaError(
            f"{path}:{line}: the project's name is not known: {problem}",
            "Tell it: --data distribution=NAME.",
        )

    def name_repository(self) -> list[Guess]:
        """The name of the repository, and of its folder."""
        project = forge.find(self.facts, self.repository_facts, others=True)
        named = [Guess(project.name, project.source)] if project else []
        if self.facts.root:
            named.append(Guess(self.facts.root.name, "its folder", sure=False))
        slugs = (re.sub(r"[^a-z0-9]+", "-", each.value.lower()).strip("-") for each in named)
        return [replace(each, value=slug) for each, slug in zip(named, slugs, strict=True)]

    def infer_code(self) -> None:
        """The main package, its folder, and the tests."""
        facts = self.facts
        told = self.found.get("distribution")
        wanted = str(told.value) if told else facts.package.name
        packages = code.find_packages(facts, wanted)
        # Tests with an __init__.py are no candidate where there is another.
        packages = [each for each in packages if each.import_name not in _TESTS] or packages
        if "import_name" in self.found:
            named = str(self.found["import_name"].value)
            packages = (
                [each for each in packages if each.import_name == named]
                or code.find_named(facts, named)
                or packages[:1]
            )
        elif not packages:
            self.refuse_extension(wanted, "no Python package is seen here")
            eligible.refuse_scripts(facts, facts.root, "no Python package is seen here")
            raise LisaError(
                f"{facts.root or '.'}: no Python package is seen here",
                "Name it: --data import_name=NAME --data code_path=FOLDER.",
            )
        elif not code.is_clear(packages, wanted):
            names = ", ".join(each.import_name for each in packages[:6])
            raise LisaError(
                f"{facts.root or '.'}: any of these may be the package: {names}",
                "Name it: --data import_name=NAME.",
            )
        if packages:
            main = packages[0]
            if "code_path" not in self.found and code.is_undiscovered(facts, main):
                problem = f"{main.folder} is one of several modules, of which pip installs none"
                eligible.refuse_scripts(facts, facts.root, problem)
            self.add("import_name", main.import_name, main.source)
            self.add("code_path", main.path, main.folder)
        elif "code_path" not in self.found:
            named = str(self.found["import_name"].value)
            problem = f"import_name: no code of {named} is seen here"
            self.refuse_extension(named, problem)
            eligible.refuse_scripts(facts, facts.root, problem)
            raise LisaError(
                f"{facts.root or '.'}: {problem}",
                "Name the folder that it is in: --data code_path=FOLDER.",
            )
        tests = code.find_tests(facts, str(self.found["code_path"].value))
        self.found.setdefault("test_path", tests)

    def refuse_extension(self, name: str, problem: str) -> None:
        """Raise LisaError where all that is built is a compiled module, in no package."""
        facts, module = self.facts, re.sub(r"\W", "_", name)
        source = facts.first(*(f"{module}{suffix}" for suffix in compiling.SOURCES))
        is_stated = "ext-modules" in facts.package.data.keys() | facts.package.unknown
        is_alone = compiling.is_compiled(facts) and (source or not loose.find_loose(facts.tracked))
        if not is_stated and not is_alone:
            return
        builder, named = "its build", f"{module}._{module}"
        if facts.has("setup.py"):
            builder, named = "setup.py", f"Extension('{named}', …)"
        raise LisaError(
            f"{facts.root or '.'}: {problem}, and {builder} builds an extension"
            f"{f' ({source})' if source else ''} that is no part of a package",
            "Make a package that holds it: a folder with an __init__.py that imports it, as "
            f"{module}/, and the extension's name below it: {named}. Then commit, and adopt.",
        )

    def infer_description(self) -> None:
        """The description: of the metadata, or else the package's docstring."""
        package = self.facts.package
        options = [
            (package.text("description"), "{}:{}".format(*package.place("description"))),
            find_computed(self.facts, "description") or ("", ""),
            self.read_docstring(),
        ]
        for text, source in options:
            if description := one_line(text, 300):
                # What a module says of itself need not be what its package is for.
                is_stated = (text, source) != options[-1]
                self.add("description", description, source, sure=is_stated)
                return
        name = self.found["project_name"].value
        kinds = {"service": "The service", "pipeline": "The pipeline"}
        kind = self.found["kind"].value if "kind" in self.found else "package"
        what = kinds.get(str(kind), "The Python package")
        self.add("description", f"{what} {name}.", "nothing says it", sure=False)

    def read_docstring(self) -> tuple[str, str]:
        """The first paragraph of the package's docstring, and its file."""
        if "import_name" not in self.found:
            return "", ""
        folder = str(self.found["code_path"].value) if "code_path" in self.found else ""
        package = str(self.found["import_name"].value).replace(".", "/")
        paths = {f"{folder}/{package}/__init__.py", f"{folder}/__init__.py", folder}
        for path in sorted(paths):
            module = self.facts.python(path) if path.endswith(".py") else None
            text = ast.get_docstring(module) if isinstance(module, ast.Module) else None
            if text and text.strip():
                return text.strip().split("\n\n")[0], path
        return "", ""

    def infer_people(self) -> None:
        """Authors, copyright and licence, and what a citation tells beside them."""
        facts, history = self.facts, self.repository_facts.history
        author = next(people.find_authors(facts, self.repository_facts), None)
        computed = find_computed(facts, "author")
        given = self.found.get("author_name")
        if computed and not facts.package.get("authors"):
            address, place = find_computed(facts, "author_email") or ("", computed[1])
            is_address = cited.EMAIL.fullmatch(address)
            email = Guess(address if is_address else "", place)
            author = Guess(people.one_person(computed[0]), computed[1]), email
        if given:
            # The address is that of this person, or of nobody.
            named = people.find_authors(facts, self.repository_facts)
            known = next((email for name, email in named if name.value == given.value), None)
            author = given, known or Guess("", given.source)
        if author:
            self.found.setdefault("author_name", author[0])
            self.found.setdefault("author_email", author[1])
        licence = self.found.setdefault("license", next(people.find_licences(facts)))
        statement = next(people.find_copyrights(facts, str(licence.value)), None)
        if statement:
            years, holder, source = statement
            self.add("copyright_holder", holder, source)
            if years:
                self.add("copyright_year", years, source)
        elif author:
            sure = author[0].sure and bool(licences.list_licence_files(facts))
            self.add("copyright_holder", author[0].value, author[0].source, sure=sure)
        if history.years:
            self.add("copyright_year", str(history.years[0]), "git log")
        name = str(self.found["author_name"].value) if "author_name" in self.found else ""
        for key, guess in {
            "author_orcid": cited.find_orcid(facts, name),
            "other_authors": cited.find_other_authors(facts, name),
            "keywords": cited.find_keywords(facts),
            "doi": cited.find_doi(facts),
        }.items():
            if guess:
                self.found.setdefault(key, guess)

    def infer_forge(self) -> None:
        """Where the repository is hosted."""
        project = forge.find(self.facts, self.repository_facts)
        if project:
            self.add("forge", project.forge, project.source)
            if project.forge == "gitlab":
                self.add("forge_host", project.host, project.source)
            self.add("namespace", project.namespace, project.source)
            return
        none = "no GitLab address found"
        self.add("forge", "in2p3", none, sure=False)
        elsewhere = forge.find(self.facts, self.repository_facts, others=True)
        # Until it moves, a citation leads to where it is.
        if elsewhere:
            self.add("code_url", elsewhere.url, elsewhere.source)
        elif "namespace" not in self.found:
            self.add("code_url", "unknown", "no address of a repository found", sure=False)
        group = {"in2p3": "LISA", "esa": "lisa-sgs"}.get(str(self.found["forge"].value), "lisa")
        self.add("namespace", group, none, sure=False)

    def infer_python(self) -> None:
        """The oldest Python that both the project and the template's jobs support."""
        package = self.facts.package
        oldest = package.oldest_python
        chosen = next(self.list_pythons(), PYTHONS[0])
        if oldest is None:
            self.add("python_min", chosen, self.describe_pythons(), sure=False)
            return
        path, line = package.place("requires-python")
        required = f"{oldest[0]}.{oldest[1]}"
        extra = "" if chosen == required else f" (says {required}; the jobs begin with {chosen})"
        self.add("python_min", chosen, f"{path}:{line}{extra}")

    def list_pythons(self) -> Iterator[str]:
        """The Pythons that the template's jobs may begin with, and the metadata allow."""
        return (each for each in PYTHONS if self.facts.package.allows_python(each))

    def refuse_pythons(self) -> None:
        """Raise LisaError where nothing could be installed with what the jobs begin with.

        AnswersError where that is so of the Python that was given alone.
        """
        package = self.facts.package
        path, line = package.place("requires-python")
        wanted, stated = self.found.get("python_min"), package.text("requires-python")
        allowed = [*self.list_pythons()]
        if not allowed:
            oldest = package.oldest_python or (0, 0)
            newest = tuple(map(int, PYTHONS[-1].split(".")))
            right = f">={PYTHONS[-1]}" if oldest > newest else f">={oldest[0]}.{oldest[1]}"
            right = right if oldest[0] else f">={PYTHONS[0]}"
            raise LisaError(
                f"{path}:{line}: {stated!r} excludes {join_names(PYTHONS)}, and the template's "
                "jobs begin with one of them: no session could install the project",
                f"Where the code runs there, write {right!r} on that line, and commit it; where it "
                "does not yet, that comes first.",
            )
        if wanted and wanted.value in PYTHONS and wanted.value not in allowed:
            what = f"{path}:{line} says {stated!r}, which excludes it: use {allowed[0]}"
            raise AnswersError({"python_min": what})

    def describe_pythons(self) -> str:
        """What there is to say of a project that names no oldest Python."""
        prefix = "Programming Language :: Python :: "
        named = [each.removeprefix(prefix) for each in self.facts.package.texts("classifiers")]
        versions = [each for each in named if re.fullmatch(r"\d\.\d+", each)]
        told = f", and the classifiers name {', '.join(versions)}" if versions else ""
        said = "no oldest Python is said"
        if "requires-python" in self.facts.package.unknown:
            path, line = self.facts.package.place("requires-python")
            said = f"what {path}:{line} says could not be read without running it"
        elif text := self.facts.package.text("requires-python"):
            path, line = self.facts.package.place("requires-python")
            said = f"{path}:{line} says {text!r}, which names no oldest Python"
        return f"{said}{told}; the jobs begin with {PYTHONS[0]}"

    def infer_features(self) -> None:
        """Build backend, programs, documentation, notebooks and image."""
        facts, package = self.facts, self.facts.package
        known = package.backend if package.backend in ("setuptools", "hatchling") else people.OTHER
        named = bool(facts.pyproject.get("build-system", "build-backend"))
        place = "{}:{}".format(*package.place("build-backend"))
        self.add("backend", known, place if named else "no build backend is named")
        # The image starts the program of the distribution's name: another may want more than that.
        own, name = programs.find_programs(facts), str(self.found["distribution"].value)
        self.add("cli", name in own, own.get(name, f"no program is called {name}"))
        docs = next((f for f in _DOCS if any(p.startswith(f"{f}/") for p in facts.files)), None)
        self.add("docs", False, docs or "no documentation yet: --data docs=true adds some")
        self.add("notebooks", False, "the project's notebooks stay as they are")
        is_compiled = compiling.is_compiled(facts)
        if compiling.compiles_on_import(facts):
            self.add("compiled", "on-import", place)
        elif is_compiled:
            self.add("compiled", "own", "the project's own build")
        others = sorted(filter(_IMAGE.fullmatch, facts.tracked))
        images = [*filter(facts.has, _IMAGES), *others, *facts.paths("*.def")]
        if images:
            self.add("container", False, images[0])
        elif is_compiled:
            why = "compiled code: an image needs more than the template knows"
            self.add("container", False, why)
        else:
            self.add("container", True, "no image of its own, and no compiled code")
