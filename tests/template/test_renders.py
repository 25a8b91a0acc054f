"""Every result of the template is well formed, clean, and what its schema asks for."""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
import venv
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
import yaml

from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.project.facts import Facts, Given

from ..support.answers import KINDS, Answers, is_allowed, levels, pairwise, template
from ..support.checking import clean, text
from ..support.components import KNOWN
from ..support.files import contents, load_yaml
from ..support.sweeps import parameters
from ..support.tools import passes, program, run
from .conftest import FEW, ROWS, Render


def properties(text: str) -> dict[str, str]:
    """Java properties without escapes and continuation lines, which the template does not use."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-zA-Z.]+=\S.*", line) for line in lines), lines
    found = {key: value for key, _, value in (line.partition("=") for line in lines)}
    assert len(found) == len(lines), "a key stands twice"
    return found


def ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string("[top]\n" + text)
    return parser


def plain(text: str) -> str:
    return text


# The last that matches holds. A file that no pattern matches has no reader: the test says so.
# What is in the folder of images has readers of its own in test_image.py.
READERS: dict[str, Callable[[str], Any]] = {
    "*.css": plain,
    "*.csv": plain,
    "*.html": plain,
    "*.js": plain,
    "*.cpp": plain,
    "*.cu": plain,
    "*.hpp": plain,
    "*.pyi": ast.parse,
    "*.pyx": plain,
    "*.toml": tomllib.loads,
    "*.yml": load_yaml,
    "*.yaml": load_yaml,
    "*.cff": load_yaml,
    "*.ipynb": json.loads,
    "*.json": json.loads,
    "*.py": ast.parse,
    "*.properties": properties,
    ".gitlab/ci/*.txt": plain,
    "*.md": plain,
    "bin/*": plain,
    # With merged keys; the desk's with tags of Compose's own. Helm makes YAML of its templates.
    "compose*.yaml": yaml.safe_load,
    "compose.desk.yaml": plain,
    "chart/.helmignore": plain,
    "chart/tests/*.ini": ini,
    "chart/templates/*": plain,
    "kubernetes/.helmignore": plain,
    "kubernetes/templates/*": plain,
    "deploy/*": plain,
    ".clang-format": load_yaml,
    ".clang-tidy": load_yaml,
    ".editorconfig": ini,
    ".dockerignore": plain,
    ".git_archival.txt": plain,
    ".gitattributes": plain,
    ".gitignore": plain,
    "CMakeLists.txt": plain,
    "Caddyfile": plain,
    "Dockerfile": plain,
    "LICENSE": plain,
    "LICENSE.GPL-3.0": plain,
    "MANIFEST.in": plain,
    "build-constraints.txt": plain,
    "constraints.txt": plain,
    "debian.txt": plain,
    "fleet.txt": plain,
    "images/build": plain,
    "images/tests/run": plain,
    "jupyter-service": plain,
    "py.typed": plain,
    "requirements*.txt": plain,
    "requirements.in": plain,
}


def reader(path: str) -> Callable[[str], Any] | None:
    found = [READERS[pattern] for pattern in READERS if Path(path).match(pattern)]
    return found[-1] if found else None


@cache
def check_readable(path: str, content: bytes) -> None:
    """Read a file once, in however many renders it is the same."""
    read = reader(path)
    assert read is not None
    read(content.decode("utf-8"))


def of_name(renders: list[Render], pattern: str) -> list[Path]:
    """Paths of the files of that name in all renders, one for each content; there must be some."""
    found = {
        content: render.root / path
        for render in renders
        for path, content in render.files.items()
        if Path(path).match(pattern)
    }
    assert found, f"no render has {pattern}"
    return [*found.values()]


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_hold_every_pair_of_values(kind: str) -> None:
    combined = levels(kind)
    met = {
        (one, repr(row.get(one)), two, repr(row.get(two)))
        for row in pairwise(kind)
        for one, two in combinations(combined, 2)
    }
    wanted = {
        (one, repr(first), two, repr(second))
        for one, two in combinations(combined, 2)
        for first, second in product(combined[one], combined[two])
        if is_allowed(kind, {one: first, two: second})
    }
    assert wanted - met == set()


def test_every_file_parses(render: Render) -> None:
    without_reader = [path for path in render.files if reader(path) is None]
    assert without_reader == []
    for path, content in render.files.items():
        try:
            check_readable(path, content)
        except Exception as error:
            error.add_note(str(render.root / path))
            raise


def whitespace_faults(path: str, text: str) -> Iterator[str]:
    """What is wrong about the white space of one file. Two blank lines belong to Python's style."""
    if re.search(r"[^\S\n]$", text, re.MULTILINE):
        yield f"{path}: trailing white space"
    if text and (not text.endswith("\n") or text.endswith("\n\n") or text.startswith("\n")):
        yield f"{path}: does not begin with a line and end with exactly one newline"
    if re.search(r"\n{4}" if path.endswith((".py", ".pyx")) else r"\n{3}", text):
        yield f"{path}: doubled blank line"
    if "\t" in text or "\r" in text:
        yield f"{path}: tab or carriage return"


def test_white_space_is_clean(render: Render) -> None:
    texts = {
        path: content.decode()
        for path, content in render.files.items()
        if not path.startswith("LICENSE")
    }
    faults = [fault for path, text in texts.items() for fault in whitespace_faults(path, text)]
    assert faults == []


@pytest.mark.parametrize("text", ["a \n", "a\n\n\nb\n", "a", "a\n\n", "\na\n", "a\tb\n", "a\r\n"])
def test_unclean_white_space_is_seen(text: str) -> None:
    assert list(whitespace_faults("x.md", text))


def test_a_readme_has_one_blank_line_at_a_time(render: Render) -> None:
    if "README.md" in render.files:
        assert "\n\n\n" not in render.files["README.md"].decode()


def test_licence_texts_end_with_one_newline(render: Render) -> None:
    texts = {path: text for path, text in render.files.items() if path.startswith("LICENSE")}
    assert texts
    assert [path for path, text in texts.items() if not re.search(rb"\S\n\Z", text)] == []


OTHER_TEMPLATES = re.compile(
    r".*\.html|(?:chart|kubernetes)/templates/.*|kubernetes/values\.yaml|chart/rules\.yml"
    r"|docs/handbook\.md|tests/test_dags\.py|renovate\.json"
)
"""What Airflow, Django, Helm, Prometheus and Renovate fill in."""


def test_nothing_of_jinja_is_left(render: Render) -> None:
    left = {
        path: found
        for path, content in render.files.items()
        if not OTHER_TEMPLATES.fullmatch(path)
        and (found := re.findall(r"\{%.*|\{\{.*|.*%\}|.*\{#.*", content.decode()))
    }
    assert left == {}


def test_all_is_clean_to_ruff_by_each_project_s_own_settings(renders: list[Render]) -> None:
    parent = renders[0].root.parent
    ruff = program("ruff")
    passes(ruff, "check", "--no-cache", "--no-fix", "--output-format=concise", ".", cwd=parent)
    passes(ruff, "format", "--no-cache", "--check", ".", cwd=parent)


def test_ruff_reads_each_project_s_own_settings(renders: list[Render], tmp_path: Path) -> None:
    project = tmp_path / "project"
    template().render(renders[0].answers, project)
    source = next(project.glob("src/**/noise.py"))
    source.write_text(source.read_text() + "\n\ndef undocumented(): ...\n")
    shown = passes(
        *(program("ruff"), "check", "--no-cache", "--no-fix", "--output-format=concise"),
        *("--exit-zero", "."),
        cwd=tmp_path,
    )
    assert "D103" in shown


NOTATION = """

def get_Sn(A: float, dot_Omega: float) -> float:
    \"\"\"Take the TDI variable A, and a frequency that drifts.\"\"\"
    θ = A * dot_Omega  # θ, in rad; LETTERS
    tdiX = 2 * θ
    A, E, T = np.ones(3)
    tdiX += A + E
    for l, m in ((2, 1), (2, 2)):
        tdiX += l * m  # of a mode
    return tdiX + θ


class Orbit:
    \"\"\"An orbit.\"\"\"

    dot_Omega = 0.0

    @property
    def Tobs(self) -> float:
        \"\"\"Time of observation, in s.\"\"\"
        return self.dot_Omega
"""


def test_ruff_takes_lisa_s_notation(renders: list[Render], tmp_path: Path) -> None:
    project = tmp_path / "project"
    template().render(renders[0].answers, project)
    source = next(project.glob("src/**/noise.py"))
    greek = {*range(0x391, 0x3AA), *range(0x3B1, 0x3CA)} - {0x3A2}  # this one is none
    others = {0x3F1, 0x3F2, 0x2032, 0x210B, 0x2112, 0x2113}
    letters = "".join(map(chr, sorted({*greek, *map(ord, "ϵϑϕϖ"), *others})))
    source.write_text(source.read_text() + NOTATION.replace("LETTERS", letters))
    passes(program("ruff"), "check", "--no-cache", "--no-fix", source, cwd=project)


def test_examples_and_scripts_may_print(renders: list[Render], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(renders[0].files["pyproject.toml"])
    paths = ["docs/print.py", "examples/orbits/print.py", "scripts/print.py"]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("def tell():\n    print(1)\n")
    check = (program("ruff"), "check", "--no-cache", "--no-fix", "--output-format=concise")
    done = run(*check, *paths, cwd=tmp_path)
    found = re.findall(r"^(\S+?):\d+:\d+: (\w+) ", done.stdout, re.MULTILINE)
    assert found == [(paths[0], "D100"), (paths[0], "D103"), (paths[0], "T201")], done.stdout


def test_pipelines_follow_gitlab_s_schema(renders: list[Render]) -> None:
    files = [*of_name(renders, ".gitlab-ci.yml"), *of_name(renders, ".gitlab/ci/*.yml")]
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
    passes(*check, "--data-transform", "gitlab-ci", *files, cwd=renders[0].root)


def test_citations_follow_their_schema(renders: list[Render]) -> None:
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.citation-file-format")
    passes(*check, *of_name(renders, "CITATION.cff"), cwd=renders[0].root)


def test_settings_of_renovate_follow_their_schema(renders: list[Render]) -> None:
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.renovate")
    passes(*check, *of_name(renders, "renovate.json"), cwd=renders[0].root)


def test_project_metadata_follow_their_schema(renders: list[Render]) -> None:
    files = of_name(renders, "pyproject.toml")
    shown = passes(
        program("validate-pyproject"),
        *files,
        cwd=renders[0].root,
        env={"NO_NETWORK": "1", "VALIDATE_PYPROJECT_NO_NETWORK": "1"},
    )
    assert shown.count("Valid ") == len(files)


def test_classifiers_exist(package: Render) -> None:
    from trove_classifiers import classifiers

    project = tomllib.loads(package.files["pyproject.toml"].decode())["project"]
    assert [name for name in project["classifiers"] if name not in classifiers] == []


def test_dockerfiles_are_clean_to_hadolint_by_the_project_s_settings(renders: list[Render]) -> None:
    settings = of_name(renders, ".hadolint.yaml")[0]
    files = of_name(renders, "Dockerfile")
    passes(program("hadolint"), "--config", settings, *files, cwd=renders[0].root)


def test_readme_and_contributing_name_the_compliance_job_and_its_command(render: Render) -> None:
    for name in "README.md", "CONTRIBUTING.md":
        text = render.files[name].decode()
        named = ("`compliance`" in text, "`lisa-scaffold check`" in text)
        assert named == (True, True), name


def test_contributing_installs_the_version_that_judges_the_project(render: Render) -> None:
    """The same that the job does; the newest of a day is nobody's release."""
    version = load_yaml(render.files[".copier-answers.yml"].decode())["_commit"]
    address = "git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
    text = render.files["CONTRIBUTING.md"].decode()
    assert re.findall(rf"{re.escape(address)}\S*", text) == [f"{address}@{version}`."]


def test_what_pages_link_to_has_types_or_needs_none(package: Render) -> None:
    """A project that astropy is of use to imports it on its first day, and mypy passes."""
    mypy = tomllib.loads(package.files["pyproject.toml"].decode())["tool"]["mypy"]
    untyped = [name for each in mypy["overrides"] for name in each["module"]]
    pages = package.files.get("docs/conf.py", b"").decode()
    linked = re.findall(r"^    \"(\w+)\": \(\"https:", pages, re.MULTILINE)
    assert bool(linked) == package.answers["docs"]
    have_types = {"lisaconstants", "numpy", "python"}
    assert [each for each in linked if each not in have_types and f"{each}.*" not in untyped] == []


def test_badges_lead_where_they_say(package: Render) -> None:
    text = package.files["README.md"].decode()
    badges = dict(re.findall(r"^\[!\[(.+?)\]\(\S+\)\]\((\S+)\)$", text, re.MULTILINE))
    address = re.search(r"^The documentation is at <(\S+)>\.$", text, re.MULTILINE)
    assert bool(address) == (package.answers["docs"] and package.answers["forge"] != "gitlab")
    assert badges.get("documentation") == (address[1] if address else None)
    doi = package.answers["doi"]
    assert badges.get("DOI") == (f"https://doi.org/{doi}" if doi else None)


@pytest.mark.parametrize("render", parameters(ROWS, FEW[::4]), indirect=True)
def test_rendering_twice_gives_the_same_bytes(render: Render, tmp_path: Path) -> None:
    template().render(render.answers, tmp_path / "again")
    assert contents(tmp_path / "again") == render.files


def test_included_jobs_are_there(render: Render) -> None:
    pipeline = load_yaml(render.files[".gitlab-ci.yml"].decode())
    included = {entry["local"][1:] for entry in pipeline["include"] if "local" in entry}
    assert included == {path for path in render.files if re.match(r"\.gitlab/ci/.*\.yml", path)}
    assert bool(included) == (render.answers["ci_rules"] == "files")


def test_contributing_names_each_job(render: Render) -> None:
    text = render.files["CONTRIBUTING.md"].decode()
    rows = text.partition("| job | wants |")[2].partition("\n\n")[0].splitlines()[2:]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    jobs = Facts.of(render.files, Given(tags=(), components=KNOWN)).pipeline.jobs
    assert sorted(named) == sorted(name for name in jobs if not name.startswith("."))


def test_contributing_says_how_a_dependency_is_added(package: Render) -> None:
    section = package.files["CONTRIBUTING.md"].decode().partition("\n## Dependencies\n")[2]
    section = section.partition("\n## ")[0]
    assert "`dependencies` in `pyproject.toml`" in section
    assert ("`nox -s lock`" in section) == ("constraints.txt" in package.files)
    assert max(map(len, section.splitlines())) <= 100


@pytest.mark.e2e
def test_contributing_says_how_code_without_types_is_let_in(
    package: Render, tmp_path: Path
) -> None:
    section = package.files["CONTRIBUTING.md"].decode().partition("\n## Code without types\n")[2]
    settings = section.partition("```toml\n")[2].partition("```")[0]
    strict = settings.replace("[tool.mypy]\n", '[tool.mypy]\nstrict = true\nmypy_path = "src"\n')
    (module,) = re.findall(r'^module = \[ "(.*)" \]$', settings, re.MULTILINE)
    parts = ["src", *module.split(".")]
    folder = tmp_path.joinpath(*parts[:-1])
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / f"{parts[-1]}.py").write_text("def f(x):\n    return x.real + 1\n")
    used = f"from {module} import f\n\nONE: int = f(0)\n"
    (folder / "new.py").write_text(used)
    (tmp_path / "pyproject.toml").write_text(strict)
    passes(program("mypy"), "--explicit-package-bases", "src", cwd=tmp_path)


@pytest.mark.e2e
def test_scientific_packages_without_types_are_let_in(package: Render, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(package.files["pyproject.toml"])
    (tmp_path / "new.py").write_text("import emcee\nimport lisatools\nimport untyped\n")
    # One is not installed, the two others are.
    venv.create(tmp_path / ".venv")
    (site,) = tmp_path.glob(".venv/lib/python*/site-packages")
    for name in ("lisatools", "untyped"):
        (site / name).mkdir()
        (site / name / "__init__.py").touch()
    done = run(program("mypy"), "--python-executable=.venv/bin/python", "new.py", cwd=tmp_path)
    found = re.findall(r'^new.py:(\d+): error: .* "(.*)": .*\[(.*)\]$', done.stdout, re.MULTILINE)
    assert found == [("3", "untyped", "import-untyped")], done.stdout


def test_every_project_says_how_lisa_scaffold_is_installed(render: Render) -> None:
    text = render.files["CONTRIBUTING.md"].decode()
    version = load_yaml(render.files[".copier-answers.yml"].decode())["_commit"]
    command = f"pipx install git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git@{version}"
    assert (f"`{command}`" in text) == ("| `compliance` |" in text)


def test_the_package_stands_where_its_import_name_says(package: Render) -> None:
    folder = "src/" + package.answers["import_name"].replace(".", "/")
    sources = {path for path in package.files if path.startswith("src/")}
    beside = {f"{folder}_backend_cpu"} if package.answers["cuda"] else set()
    assert {Path(path).parent.as_posix() for path in sources} == {folder, *beside}
    assert f"{folder}/__init__.py" in sources


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({}, ["src/lisa_example/table.npz", "tests/data/deep/small.h5", "tests/small.fits.gz"]),
        (
            {"adopted": True, "code_path": "lisa_example", "test_path": "lisa_example/tests"},
            ["lisa_example/table.npz", "lisa_example/tests/data/deep/small.h5"],
        ),
        ({"adopted": True, "code_path": "lisa_example.py", "test_path": "test"}, ["test/a.npy"]),
    ],
    ids=["new", "flat", "module"],
)
def test_git_takes_data_that_code_and_tests_read(given: Answers, known: list[str]) -> None:
    """And no other data, nor what tools write beside it."""
    matches = match_patterns(text(clean(**given), ".gitignore").split("\n"))
    assert [path for path in known if matches(path)] == []
    hidden = [f"{folder}/__pycache__/a.npz.pyc" for folder in (known[0].partition("/")[0], "x")]
    hidden += ["run.npz", "results/run.h5", "data/deep/a.fits"]
    assert [path for path in hidden if not matches(path)] == []
