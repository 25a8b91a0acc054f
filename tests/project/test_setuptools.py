"""``setup.cfg`` and ``setup.py`` are read as setuptools itself reads them, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold.project.facts import Facts

from ..conftest import Tree

IMPORT = "from setuptools import setup\n"
NAMED = 'name="demo", version="1.0", license="MIT"'
CFG = """\
[metadata]
name = demo
version = 1.0
license = MIT

[options]
install_requires =
    numpy
"""
# What is read is compared with what setuptools makes of it. `None`: only a run can tell.
CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "a constant": (
        {"setup.py": f'{IMPORT}V = "1.0"\nsetup(name="demo", version=V)\n'},
        {"name": "demo", "version": "1.0"},
    ),
    "with a type": (
        {"setup.py": f'{IMPORT}V: str = "1.0"\nsetup(name="demo", version=V)\n'},
        {"version": "1.0"},
    ),
    "another name for setup": (
        {"setup.py": "from setuptools import setup as s\ns(name='demo', version='1.0')\n"},
        {"name": "demo", "version": "1.0"},
    ),
    "another name for setuptools": (
        {"setup.py": "import setuptools as st\nst.setup(name='demo', version='1.0')\n"},
        {"name": "demo", "version": "1.0"},
    ),
    "a tuple": (
        {"setup.py": f'{IMPORT}setup({NAMED}, install_requires=("numpy==1.2", "scipy"))\n'},
        {"dependencies": ["numpy==1.2", "scipy"]},
    ),
    "lines of text": (
        {"setup.py": f'{IMPORT}setup({NAMED}, install_requires="""\n numpy==1.2\n scipy\n""")\n'},
        {"dependencies": ["numpy==1.2", "scipy"]},
    ),
    "nothing in setup.py leaves setup.cfg": (
        {"setup.py": f"{IMPORT}setup(install_requires=[], license='')\n", "setup.cfg": CFG},
        {"dependencies": ["numpy"], "license": "MIT"},
    ),
    "setup.py goes first": (
        {
            "setup.py": f"{IMPORT}setup(version='2.0')\n",
            "setup.cfg": CFG.replace("version = 1.0", "version = attr: demo.__version__"),
        },
        {"version": "2.0", "name": "demo"},
    ),
    "values that name others": (
        {
            "setup.py": f"{IMPORT}setup()\n",
            "setup.cfg": CFG.replace("version = 1.0", "version = 1.0\ndescription = %(name)s: 5%%")
            + "\n[options.extras_require]\nplot =\n  matplotlib\n"
            "all =\n  %(plot)s\n  h5py\nmore = %(all)s\n",
        },
        {
            "description": "demo: 5%",
            "optional-dependencies": {
                "plot": ["matplotlib"],
                "all": ["matplotlib", "h5py"],
                "more": ["matplotlib", "h5py"],
            },
        },
    ),
    "older names in setup.cfg": (
        {
            "setup.py": f"{IMPORT}setup()\n",
            "setup.cfg": CFG.replace(
                "[options]",
                "summary = A demo\n"
                "classifier =\n  Programming Language :: Python :: 3\n\n[options]",
            ),
        },
        {"description": "A demo", "classifiers": ["Programming Language :: Python :: 3"]},
    ),
    "extras in setup.cfg": (
        {
            "setup.py": f"{IMPORT}setup()\n",
            "setup.cfg": f"{CFG}\n[options.extras_require]\ntest = pytest; tox\ndev =\n  ruff\n",
        },
        {"optional-dependencies": {"test": ["pytest", "tox"], "dev": ["ruff"]}},
    ),
    "a helper with the same name": (
        {
            "setup.py": f"{IMPORT}class L:\n  def setup(self, **k): pass\n"
            f'setup({NAMED})\nL().setup(version="9", license="GPL")\n'
        },
        {"version": "1.0", "license": "MIT"},
    ),
    "two calls": (
        {
            "setup.py": f"{IMPORT}def other():\n  setup(name='demo', version='0')\n"
            f"setup(name='demo', version='1.0')\n"
        },
        {"name": "demo", "version": None},
    ),
    "found by a search": (
        {
            "setup.py": f"import re\n{IMPORT}version = 'unknown'\nwith open('v.txt') as f:\n"
            "  version = re.search('.*', f.read())[0]\nsetup(name='demo', version=version)\n",
            "v.txt": "3.0",
        },
        {"version": None},
    ),
    "in a try": (
        {
            "setup.py": f"{IMPORT}version = 'unknown'\ntry:\n  from v import version\n"
            "except ImportError:\n  pass\nsetup(name='demo', version=version)\n",
            "v.py": "version = '3.0'\n",
        },
        {"version": None},
    ),
    "by a loop": (
        {
            "setup.py": f"{IMPORT}version = ''\nfor version in ['1', '3.0']:\n  pass\n"
            "setup(name='demo', version=version)\n"
        },
        {"version": None},
    ),
    "by a walrus": (
        {
            "setup.py": f"{IMPORT}version = '1'\nif (version := '3.0'):\n  pass\n"
            "setup(name='demo', version=version)\n"
        },
        {"version": None},
    ),
    "by a tuple": (
        {
            "setup.py": f"{IMPORT}version = '1'\n(name, version) = ('demo', '3.0')\n"
            "setup(name=name, version=version)\n"
        },
        {"version": None, "name": None},
    ),
    "a bit more": (
        {
            "setup.py": f"{IMPORT}version = '1'\nif True:\n  version += '.dev3'\n"
            "setup(name='demo', version=version)\n"
        },
        {"version": None},
    ),
    "by exec": (
        {
            "setup.py": f"{IMPORT}version = '1'\nexec(open('v.py').read())\n"
            "setup(name='demo', version=version)\n",
            "v.py": "version = '3.0'\n",
        },
        {"version": None, "name": "demo"},
    ),
    "by exec, elsewhere": (
        {
            "setup.py": f"{IMPORT}name = 'demo'\nfound = {{}}\nexec(open('v.py').read(), found)\n"
            "setup(name=name, version=found['version'])\n",
            "v.py": "version = '3.0'\n",
        },
        {"name": "demo", "version": None},
    ),
    "by globals": (
        {
            "setup.py": f"{IMPORT}version = '1'\nglobals()['version'] = '3.0'\n"
            "setup(name='demo', version=version)\n"
        },
        {"version": None},
    ),
    "a local name": (
        {
            "setup.py": f"{IMPORT}version = '1'\ndef main():\n  version = '3.0'\n"
            "  setup(name='demo', version=version)\nmain()\n"
        },
        {"version": None, "name": "demo"},
    ),
    "an argument": (
        {
            "setup.py": f"{IMPORT}version = '1'\ndef main(version):\n"
            "  setup(name='demo', version=version)\nmain('3.0')\n"
        },
        {"version": None},
    ),
    "a longer list": (
        {
            "setup.py": f"{IMPORT}wanted = ['numpy']\nwanted.append('scipy==1.0')\n"
            f"setup({NAMED}, install_requires=wanted)\n"
        },
        {"dependencies": None},
    ),
    "a list in other hands": (
        {
            "setup.py": f"{IMPORT}wanted = ['numpy']\ndef add(to):\n  to.append('scipy')\n"
            f"add(wanted)\nprint(len(wanted))\nsetup({NAMED}, install_requires=wanted)\n"
        },
        {"dependencies": None, "name": "demo"},
    ),
    "a list by its place": (
        {
            "setup.py": f"{IMPORT}wanted = ['numpy', 'scipy']\nwanted[1] = 'scipy==1.0'\n"
            f"setup({NAMED}, install_requires=wanted)\n"
        },
        {"dependencies": None},
    ),
    "unpacked": (
        {
            "setup.py": f"{IMPORT}TEXT = 'd'\n"
            "given = dict(version='3.0', description=TEXT)\nsetup(name='demo', **given)\n"
        },
        {"name": "demo", "version": "3.0", "description": "d"},
    ),
    "unpacked where it stands": (
        {"setup.py": f"{IMPORT}setup(**{{'name': 'demo', 'version': '3.0'}})\n"},
        {"name": "demo", "version": "3.0"},
    ),
    "unpacked after a change": (
        {
            "setup.py": f"{IMPORT}given = dict(version='3.0')\ngiven['version'] = '4.0'\n"
            "setup(name='demo', **given)\n"
        },
        {"name": "demo", "version": None, "license": None},
    ),
    "unpacked after a call": (
        {
            "setup.py": f"{IMPORT}def more(it):\n  it['version'] = '4.0'\n"
            "given = dict(version='3.0')\nmore(given)\nsetup(name='demo', **given)\n"
        },
        {"name": "demo", "version": None, "license": None},
    ),
    "unpacked out of a call": (
        {
            "setup.py": f"{IMPORT}def make():\n  return dict(version='3.0')\n"
            "setup(name='demo', **make())\n"
        },
        {"name": "demo", "version": None, "license": None},
    ),
    "made elsewhere": (
        {
            "setup.py": "from own import run\nrun()\n",
            "own.py": f"{IMPORT}def run():\n  setup({NAMED})\n",
        },
        {"name": None, "version": None, "license": None},
    ),
    "a partial": (
        {
            "setup.py": f"from functools import partial\n{IMPORT}run = partial(setup, {NAMED})\n"
            "run()\n"
        },
        {"name": None, "version": None},
    ),
}
# Extras of which some are known: those that are literals, and that nothing changes.
PARTS = {
    "one is added to": (
        'e = {"dev": ["a"], "test": ["pytest"], "wheel": ["wheel"]}\n'
        'for key in ["test", "wheel"]:\n  e["dev"] += e[key]\n',
        {"test": ["pytest"], "wheel": ["wheel"]},
    ),
    "one is made of all": (
        'e = {"test": ["pytest"]}\ne["all"] = [r for each in e.values() for r in each]\n',
        {"test": ["pytest"]},
    ),
    "one has another name": (
        'e = {"test": ["pytest"], "plot": ["a"]}\nt = e["test"]\nt += ["b"]\ne["c"] = t\n',
        {"plot": ["a"]},
    ),
    "a method of one": (
        'e = {"test": ["pytest"], "plot": ["a"]}\ne["test"].append("b")\n',
        {"plot": ["a"]},
    ),
    "one is no literal": (
        'e = {"test": ["pytest"], "all": sorted(["b"])}\n',
        {"test": ["pytest"]},
    ),
    "what is unpacked comes behind": (
        'o = {"test": ["b"]}\ne = {"test": ["pytest"], **o, "plot": ["a"]}\n',
        {"plot": ["a"]},
    ),
    "any is changed": ('e = {"test": ["pytest"]}\nfor k in e:\n  e[k] += ["b"]\n', None),
    "in other hands": (
        'e = {"test": ["pytest"]}\ndef add(to):\n  to["test"].append("b")\nadd(e)\n',
        None,
    ),
    "updated": ('e = {"test": ["pytest"]}\ne.update({"test": ["b"]})\n', None),
    "bound again": ('e = {"test": ["pytest"]}\ne = {"test": ["b"], "x": sorted(["c"])}\n', None),
}
RUN = """\
import json, os, sys
from distutils.core import run_setup
import setuptools
found = {}
for name in sys.argv[1:]:
    os.chdir(name)
    sys.path.insert(0, name)
    for module in ("own", "v"):
        sys.modules.pop(module, None)
    dist = run_setup("setup.py", stop_after="config")
    sys.path.remove(name)
    told = dist.metadata
    found[os.path.basename(name)] = {
        "name": told.name, "version": str(told.version), "license": told.license,
        "description": told.description, "classifiers": told.classifiers,
        "dependencies": [*dist.install_requires],
        "optional-dependencies": {key: [*each] for key, each in dist.extras_require.items()},
    }
print("found", json.dumps(found))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What setuptools makes of each case."""
    above = tmp_path_factory.mktemp("cases")
    for number, (files, _) in enumerate(CASES.values()):
        for path, text in files.items():
            (above / str(number)).mkdir(exist_ok=True)
            (above / str(number) / path).write_text(text)
    places = [str(above / str(number)) for number in range(len(CASES))]
    # Of a warning, such as of an old way to state something, nothing depends here.
    command = [sys.executable, "-W", "ignore", "-c", f"import setuptools\n{RUN}", *places]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("found "))
    found: dict[str, Any] = json.loads(line.removeprefix("found "))
    return dict(zip(CASES, found.values(), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_what_is_read_is_what_setuptools_makes(
    name: str, made: dict[str, Any], tmp_path: Path, tree: Tree
) -> None:
    files, expected = CASES[name]
    package = Facts.read(tree(tmp_path / "demo", files)).package
    for key, value in expected.items():
        if value is None:
            assert key in package.unknown
            assert package.get(key) is None
        else:
            assert package.get(key) == value == made[name][key]
            assert key not in package.unknown


@pytest.mark.parametrize("name", PARTS)
def test_of_extras_that_a_program_makes_those_that_stay_are_read(
    name: str, tmp_path: Path, tree: Tree
) -> None:
    text, expected = PARTS[name]
    setup = f"{IMPORT}{text}setup({NAMED}, extras_require=e)\n"
    project = tree(tmp_path / "0", {"setup.py": setup})
    package = Facts.read(project).package
    assert "optional-dependencies" in package.unknown
    assert package.get("optional-dependencies") == expected
    command = [sys.executable, "-W", "ignore", "-c", f"import setuptools\n{RUN}", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("found "))
    made = json.loads(line.removeprefix("found "))["0"]["optional-dependencies"]
    assert (expected or {}).items() <= made.items()


@pytest.mark.parametrize(
    "required", ["setuptools-scm>=8", "setuptools_scm[toml]", "vcs-versioning"]
)
def test_a_version_from_git_is_not_known(required: str, tmp_path: Path, tree: Tree) -> None:
    files = {
        "setup.py": f"{IMPORT}setup(name='demo')\n",
        "pyproject.toml": f'[build-system]\nrequires = ["setuptools", "{required}"]\n',
    }
    assert "version" in Facts.read(tree(tmp_path / "demo", files)).package.unknown


def test_of_pbr_only_what_is_stated_is_known(tmp_path: Path, tree: Tree) -> None:
    files = {
        "setup.py": "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n",
        "setup.cfg": "[metadata]\nname = demo\nsummary = A demo\nhome_page = https://example.org\n",
        "requirements.txt": "numpy\n",
    }
    package = Facts.read(tree(tmp_path / "demo", files)).package
    assert package.get("description") == "A demo"
    assert package.get("urls") == {"Homepage": "https://example.org"}
    assert {"version", "dependencies", "requires-python"} <= package.unknown


def test_of_a_setup_py_that_is_no_python_nothing_is_known(tmp_path: Path, tree: Tree) -> None:
    package = Facts.read(tree(tmp_path / "demo", {"setup.py": "print 'two'\n"})).package
    assert {"name", "version", "license"} <= package.unknown


def test_who_maintains_it() -> None:
    setup = f"{IMPORT}setup(name='demo', maintainer='Ada', maintainer_email='a@example.org')\n"
    package = Facts.of({"setup.py": setup}).package
    assert package.get("maintainers") == [{"name": "Ada", "email": "a@example.org"}]
    assert package.place("maintainers") == ("setup.py", 2)
    cfg = "[metadata]\nname = demo\nmaintainer = Ada\nmaintainer-email = a@example.org\n"
    assert Facts.of({"setup.cfg": cfg}).package.get("maintainers") == package.get("maintainers")


SECTION = (
    "from configparser import ConfigParser\n"
    "conf = ConfigParser()\nconf.read(['setup.cfg'])\nmetadata = dict(conf.items('metadata'))\n"
)
OWN = (
    "[metadata]\npackage_name = demo\nlicense = MIT\nauthor = Ada Example\n"
    "author_email = ada@example.org\nhomepage = https://example.org\nrate = 5%(name)s\n"
)


@pytest.mark.parametrize(
    ("lines", "stated"),
    [
        ("L = metadata.get('license', 'x')\nsetup(license=L)", {"license": "MIT"}),
        ("setup(license=metadata['License'])", {"license": "MIT"}),
        ("setup(name=metadata.get('package_name'))", {"name": "demo"}),
        ("N = metadata.get('nothing', 'x')\nprint(N)\nsetup(name=N)", {"name": "x"}),
        (
            "A, E = 1, 2\nP = metadata['author']\nadd(P)\n"
            "setup(author=P, author_email=metadata['author_email'])",
            {"authors": [{"name": "Ada Example", "email": "ada@example.org"}]},
        ),
        (
            "setup(url=metadata.get('homepage', ''))",
            {"urls": {"Homepage": "https://example.org"}},
        ),
        # What nobody can be sure of.
        ("setup(name=metadata.get('rate'))", {"name": None}),
        ("setup(name=metadata['nothing'])", {"name": None}),
        ("metadata['name'] = 'y'\nsetup(name=metadata['package_name'])", {"name": None}),
        ("change(metadata)\nsetup(name=metadata['package_name'])", {"name": None}),
        ("metadata.update(x)\nsetup(name=metadata['package_name'])", {"name": None}),
        ("metadata = {}\nsetup(name=metadata['package_name'])", {"name": None}),
        ("N = metadata['package_name']\nN += 'x'\nsetup(name=N)", {"name": None}),
    ],
)
def test_a_section_that_setup_py_reads_itself(lines: str, stated: dict[str, Any]) -> None:
    files = {"setup.py": f"{IMPORT}{SECTION}{lines}\n", "setup.cfg": OWN}
    package = Facts.of(files).package
    assert {key: package.get(key) for key in stated} == stated


def test_another_file_than_setup_cfg_is_not_taken_for_it() -> None:
    lines = f"{IMPORT}{SECTION}setup(name=metadata['package_name'])\n"
    files = {"setup.py": lines.replace("setup.cfg", "other.cfg"), "setup.cfg": OWN}
    assert Facts.of(files).package.get("name") is None


def test_values_that_name_each_other_are_left_as_they_are() -> None:
    cfg = "[metadata]\nname = %(version)s\nversion = %(name)s\ndescription = %(none)s\n"
    package = Facts.of({"setup.cfg": cfg}).package
    assert (package.text("name"), package.text("description")) == ("%(version)s", "%(none)s")
    lines = "".join(f"k{number + 1} = {f'%(k{number})s' * 99}\n" for number in range(9))
    package = Facts.of({"setup.cfg": f"[options.extras_require]\nk0 = a\n{lines}"}).package
    longest = max(map(len, map(str, package.table("optional-dependencies").values())))
    assert longest < 200_000  # characters


@pytest.mark.parametrize("key", ["license", "licence"])
def test_setuptools_takes_either_spelling_of_a_licence(key: str) -> None:
    package = Facts.of(
        {"setup.py": f'from setuptools import setup\nsetup(\n    {key}="MIT")\n'}
    ).package
    assert (package.text("license"), package.place("license").line) == ("MIT", 3)
