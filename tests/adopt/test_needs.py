"""What the tests of projects need, wherever they say so."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt import commands, needs
from lisa_scaffold.project.facts import Facts

from ..support.adopting import MESON, OLD
from ..support.updates import Files

PROJECT = '[project]\nname = "a-b"\nversion = "1"\ndependencies = ["numpy>=1.20"]\n'


def found(files: Files, project: str = PROJECT) -> list[tuple[str, str]]:
    """Each requirement that is taken, with its source."""
    present = {path: text for path, text in files.items() if text is not None}
    facts = Facts.of({"pyproject.toml": project, **present})
    return [(each.requirement, each.source) for each in needs.find_needs(facts) if not each.is_left]


@pytest.mark.parametrize(
    ("metadata", "wanted"),
    [
        (
            '[project.optional-dependencies]\ntest = ["hypothesis==6.1", "pytest", "numpy<2"]\n',
            [("hypothesis==6.1", "the extra test"), ("numpy<2", "the extra test")],
        ),
        (
            '[project.optional-dependencies]\ntests = ["A_B[more]"]\nmore = ["attrs"]\n',
            [("attrs", "the extra tests")],
        ),
        ('[dependency-groups]\ntests = ["attrs", "tox"]\n', [("attrs", "the group tests")]),
        (
            '[dependency-groups]\ndev = ["pytest", "attrs", {include-group = "x"}, "ruff"]\n'
            'x = ["six"]\n',
            [("attrs", "the group dev"), ("six", "the group dev")],
        ),
        ('[dependency-groups]\ndev = ["ruff", "attrs"]\n', []),
        ('[tool.hatch.envs.test]\ndependencies = ["attrs"]\n', [("attrs", "Hatch's test")]),
        ('[tool.pdm.dev-dependencies]\ntest = ["attrs"]\n', [("attrs", "PDM's test")]),
        (
            '[tool.poetry.group.test.dependencies]\nattrs = "^23.1"\n',
            [("attrs>=23.1,<24.0", "Poetry's group test")],
        ),
        (
            '[tool.tox.env_run_base]\ndeps = ["attrs==23.1"]\ncommands = [["pytest"]]\n',
            [("attrs>=23.1", "pyproject.toml")],
        ),
    ],
)
def test_what_the_metadata_states(metadata: str, wanted: list[tuple[str, str]]) -> None:
    assert found({}, PROJECT + metadata) == wanted


@pytest.mark.parametrize(
    "path", ["requirements-dev.txt", "dev-requirements.txt", "requirements/dev.txt"]
)
def test_a_file_for_developers_tells_where_none_is_for_tests(path: str) -> None:
    files: Files = {path: "pytest\nattrs==23.1\nflake8\n"}
    assert found(files) == [("attrs>=23.1", path)]
    assert found({path: "attrs\nflake8\n"}) == []
    assert found({**files, "requirements-test.txt": "six\n"}) == [("six", "requirements-test.txt")]


@pytest.mark.parametrize(
    ("deps", "wanted"),
    [
        ("attrs", ["attrs"]),
        ("py{36,37}-numpy: attrs == 23.1.*", ["attrs>=23.1"]),
        ("!py27: attrs~=23.1 ; python_version > '3.8'", ["attrs>=23.1; python_version > '3.8'"]),
        ("devdeps: attrs>=0.0dev0\n  !devdeps: six", ["six"]),
        ("dask[array]\n  numpy[x]", ["dask[array]", "numpy[x]"]),
        ("py27: enum34\n  coverage\n  flake8-docstrings", []),
        ("-r{toxinidir}/needs.txt", ["six>=1.1", "attrs"]),
        ("-c limits.txt\n  {[base]deps}", ["toolz"]),
        (".[more]", ["moto"]),
        ("numpy==1.11", []),
        ("https://example.org/a.zip\n  ./own\n  # attrs", []),
    ],
)
def test_what_tox_installs(deps: str, wanted: list[str]) -> None:
    files: Files = {
        "tox.ini": (
            "[tox]\nenvlist = lint, py{36,37}-numpy, py37-devdeps\n"
            f"[base]\ndeps = toolz\n[testenv:unit]\ndeps =\n  {deps}\ncommands = pytest\n"
            "[testenv:docs]\ndeps = furo\ncommands = sphinx-build\n"
        ),
        "needs.txt": "six==1.1  # old\n-r more/needs.txt\n",
        "more/needs.txt": "attrs --hash=sha256:0\n",
    }
    extra = '[project.optional-dependencies]\nmore = ["moto"]\n'
    assert [requirement for requirement, _ in found(files, PROJECT + extra)] == wanted


def test_what_another_environment_of_tox_needs_is_told() -> None:
    text = "[tox]\nenvlist = py3\n[testenv]\ndeps = oldestdeps: attrs\ncommands = pytest\n"
    (taken,) = needs.find_needs(Facts.of({"tox.ini": text}))
    assert (taken.requirement, taken.is_left) == ("attrs", True)


@pytest.mark.parametrize(
    "name", ["requirements-test.txt", "requirements/tests.txt", "tests/requirements.txt"]
)
def test_a_file_for_the_tests(name: str) -> None:
    text = "attrs==23.1\npytest-cov\ndask[array]\nrequests [socks] >= 2\n./own[more]\n"
    wanted = [(each, name) for each in ("attrs>=23.1", "dask[array]", "requests[socks]>=2")]
    assert found({name: text}) == wanted
    assert found({"requirements-docs.txt": "attrs\n"}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".travis.yml", "install: pip install -U pip attrs==23.1\nscript: py.test\n"),
        (
            ".travis.yml",
            "matrix: {include: [{install: [pip install attrs==23.1]}]}\nscript: nosetests\n",
        ),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  t:\n    steps:\n      - run: |\n          python -mpip install \\\n"
            "            -c c.txt 'attrs==23.1' $MORE\n      - run: $PYTEST\n",
        ),
        (
            ".gitlab-ci.yml",
            "t:\n  before_script: [uv pip install --system attrs==23.1]\n"
            "  script: [python -m unittest]\n",
        ),
        ("appveyor.yml", "install:\n  - pip install attrs==23.1\ntest_script:\n  - pytest\n"),
    ],
)
def test_what_jobs_install_that_run_tests(path: str, text: str) -> None:
    assert found({path: text}) == [("attrs>=23.1", path)]
    for runner in ("py.test", "nosetests", "$PYTEST", "python -m unittest", "pytest"):
        text = text.replace(runner, "sphinx-build")
    assert found({path: text}) == []


@pytest.mark.parametrize(
    "line",
    [
        "pip install pytest furo",
        "uv add furo pytest",
        "conda create -n docs furo pytest",
        "pip install furo  # as pytest needs it",
        "which pytest; pip install furo",
    ],
)
def test_a_job_that_only_installs_a_runner_runs_no_tests(line: str) -> None:
    job = "jobs:\n  docs:\n    steps:\n      - run: {}\n      - run: {}\n"
    path = ".github/workflows/docs.yml"
    assert found({path: job.format(line, "sphinx-build docs out")}) == []
    env = f"[testenv]\ndeps = furo\ncommands =\n  {line}\n  "
    assert found({"tox.ini": f"{env}sphinx-build\n"}) == []
    assert found({"tox.ini": f"{env}pytest\n"}) == [("furo", "tox.ini")]
    toml = '[env_run_base]\ndeps = ["furo"]\ncommands = [["pip", "install", "pytest"], {}]\n'
    assert found({"tox.toml": toml.format('["sphinx-build"]')}) == []
    assert found({"tox.toml": toml.format('["pytest"]')}) == [("furo", "tox.toml")]


@pytest.mark.parametrize(
    ("lines", "hidden"),
    [
        ("if [[ $X = extras ]]; then\n  python -mpip install furo\nfi\npip install six", True),
        ("if x; then pip install six; else pip install furo; fi", True),
        ("[ -n $X ] && pip install furo", True),
        ("if a; then b; fi; pip install furo", False),
        ('if [ "$TRAVIS_OS_NAME" = linux ]; then pip install furo; fi', False),
        ('if [ "$OS" = linux ]; then a; else pip install furo; fi', True),
        ("pip install furo && [ -n $X ] && b", False),
    ],
)
def test_what_a_job_installs_under_a_condition_is_told(lines: str, *, hidden: bool) -> None:
    path, block = ".github/workflows/t.yml", lines.replace("\n", "\n          ")
    job = f"jobs:\n  t:\n    steps:\n      - run: |\n          {block}\n      - run: pytest\n"
    (need,) = (each for each in needs.find_needs(Facts.of({path: job})) if each.name == "furo")
    assert (need.is_left, need.source) == (hidden, f"{path}, under a condition" if hidden else path)


@pytest.mark.parametrize(
    ("condition", "hidden"),
    [("matrix.deps == 'all'", True), ("runner.os == 'Linux'", False), ("success()", False)],
)
def test_a_step_may_have_a_condition(condition: str, *, hidden: bool) -> None:
    steps = f"      - if: {condition}\n        run: pip install furo\n      - run: pytest\n"
    facts = Facts.of({".github/workflows/t.yml": f"jobs:\n  t:\n    steps:\n{steps}"})
    assert [(each.requirement, each.is_left) for each in needs.find_needs(facts)] == [
        ("furo", hidden)
    ]


def test_old_tests_get_what_tox_and_travis_gave_them() -> None:
    taken = needs.find_needs(Facts.of({path: str(text) for path, text in OLD.items()}))
    assert [(each.requirement, each.source, each.is_left) for each in taken] == [
        ("mock", "tox.ini", False),
        ("numpy>=1.11.2", "tox.ini", False),
        ("babel>=2.3", ".travis.yml", False),
        ("hdf5", ".travis.yml, by conda", True),
    ]


def test_what_jobs_install_besides_what_is_stated_is_only_told() -> None:
    job = (
        "jobs:\n  t:\n    steps:\n"
        "      - run: pip install ninja meson-python .[test] bokeh\n      - run: pytest\n"
    )
    files = {**MESON, ".github/workflows/t.yml": job}
    taken = needs.find_needs(Facts.of({path: str(text) for path, text in files.items()}))
    assert [(each.requirement, each.is_left) for each in taken] == [
        ("attrs", False),
        ("pytest-xdist", False),
        ("bokeh", True),
    ]


def test_what_the_package_requires_by_a_file_is_no_need_of_its_tests() -> None:
    setup = (
        "from setuptools import setup\n\n\ndef read(name):\n    return open(name).read()\n\n\n"
        'setup(name="a", version="1", packages=["a"], install_requires=read("requirements.txt"))\n'
    )
    files: dict[str, str | bytes] = {
        "setup.py": setup,
        "a/__init__.py": "",
        "requirements.txt": "six\nnumpy>=1.16\nastropy>=2.0; python_version <= '2.7'\n",
        "test_requirements.txt": "pytest-socket\n",
        ".travis.yml": "install:\n  - pip install -r requirements.txt\n  - pip install ads\n"
        "script: pytest\n",
    }
    told = [(each.requirement, each.is_left) for each in needs.find_needs(Facts.of(files))]
    assert told == [("pytest-socket", False), ("ads", True)]


@pytest.mark.parametrize(
    ("marker", "comes"),
    [
        ("python_version <= '2.7'", False),
        ('python_version<"3.11"', False),
        ("python_version == '3'", False),
        ("(python_version < '3.8')", False),
        ("python_version < '3.12'", True),
        ("python_version > '3.4'", True),
        ("python_version <= '3.8' or extra == 'x'", True),
        ("sys_platform == 'win32'", True),
    ],
)
def test_what_is_for_a_python_of_the_past_stays_away(marker: str, comes: bool) -> None:
    files: Files = {"test-requirements.txt": f"attrs; {marker}\nsix\n"}
    names = [requirement.partition(";")[0] for requirement, _ in found(files)]
    assert names == (["attrs", "six"] if comes else ["six"])


@pytest.mark.parametrize(
    ("extras", "line"),
    [
        ('{"test": ["pytest", "attrs"], "all": sorted(["six"])}', None),
        ("read()", 3),
        ('{"docs": ["sphinx"], "test": read()}', 3),
        ('{"docs": ["sphinx"]}', None),
    ],
)
def test_extras_that_only_a_run_tells_are_told(extras: str, line: int | None) -> None:
    setup = f"from setuptools import setup\nsetup(name='a-b', \nextras_require={extras})\n"
    place = needs.find_unread(Facts.of({"setup.py": setup.encode()}))
    assert place == (("setup.py", line) if line else None)


def test_a_job_leads_to_an_extra_of_which_only_a_part_can_be_read() -> None:
    setup = (
        "from setuptools import setup\nextras = {'checks': ['attrs>=20'], 'dev': ['ruff']}\n"
        "extras['dev'] += extras['checks']\nsetup(name='a-b', extras_require=extras)\n"
    )
    job = "checks:\n  script:\n    - pip install -e .[checks,gone]\n    - pytest\n"
    files = {"setup.py": setup.encode(), ".gitlab-ci.yml": job.encode()}
    found = needs.find_needs(Facts.of(files))
    assert [(each.requirement, each.source) for each in found] == [("attrs>=20", ".gitlab-ci.yml")]


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ('env: DEPS="attrs==23.1 six"\n', ["attrs>=23.1", "six"]),
        ('env:\n  global:\n    - A=1 DEPS="attrs six"\n', ["attrs", "six"]),
        ("env:\n  global: {DEPS: attrs}\n  jobs: [A=1, A=2]\n", ["attrs"]),
        ("env: [DEPS=attrs, 'secure: abc']\n", ["attrs"]),
        ("matrix:\n  include:\n    - env: DEPS=attrs\n    - python: 3.9\n", ["attrs"]),
        # Another one in each job, and none that is known.
        ("env: [DEPS=attrs, DEPS=six]\n", []),
        ("env: [DEPS=$MORE]\n", []),
        ("env: {secure: abc}\n", []),
        ("env: 'DEPS=\"attrs'\n", []),
        ("env:\n", []),
    ],
)
def test_what_variables_of_travis_install(env: str, wanted: list[str]) -> None:
    for name in ("$DEPS", "${DEPS}"):
        travis = f"{env}install: pip install {name} pytest\nscript: pytest\n"
        assert found({".travis.yml": travis}) == [(each, ".travis.yml") for each in wanted]
        unread = commands.find_unread(Facts.of({".travis.yml": travis}))
        assert unread == ([] if wanted else [name])


POETRY = """\
[tool.poetry]
name = "lisa-noise"
[tool.poetry.dependencies]
python = "^3.9"
pyfftw = { version = "^0.13.0", optional = true }
cupy = { version = "^11.3", optional = true }
h5py = { version = "*", optional = true }
[tool.poetry.extras]
fft_support = ["pyfftw"]
gpu = ["cupy"]
"hdf-5" = ["h5py"]
"""


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ('poetry install --extras "fft_support hdf_5"', ["pyfftw", "h5py"]),
        ("poetry install -E fft_support -E gpu", ["pyfftw", "cupy"]),
        ("poetry sync --extras=gpu", ["cupy"]),
        ("uv sync --extra gpu", ["cupy"]),
        ("pdm install -G gpu", ["cupy"]),
        ("pip install '.[gpu,fft-support]'", ["cupy", "pyfftw"]),
        ("poetry install", []),
    ],
)
def test_extras_that_the_job_of_the_tests_installs(command: str, names: list[str]) -> None:
    files = {
        "pyproject.toml": POETRY,
        ".gitlab-ci.yml": f"tests:\n  script:\n    - {command}\n    - pytest\n",
    }
    assert [each.name for each in needs.find_needs(Facts.of(files))] == names


def test_a_job_of_tests_may_have_its_script_elsewhere() -> None:
    include = "include:\n  - {project: a/b, file: c.yml}\n"
    job = "%s:\n  before_script:\n    - poetry install -E gpu\n"
    found = [
        [
            each.name
            for each in needs.find_needs(Facts.of({"pyproject.toml": POETRY, ".gitlab-ci.yml": t}))
        ]
        for t in (include + job % "python-test", include + job % "latest", job % "python-test")
    ]
    assert found == [["cupy"], [], []]
