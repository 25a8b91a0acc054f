"""What a package requires."""

from __future__ import annotations

import pytest

from ..support.checking import found, messages
from .test_metadata import TOML, poetry, setup_py, with_lines


@pytest.mark.parametrize(
    "text", ["numpy=1.26", "numpy>>1", "numpy >= 1 scipy", "num py", "numpy; python>3"]
)
def test_invalid(text: str) -> None:
    files = with_lines(f"dependencies = [\n  'scipy',\n  '{text}',\n]\n")
    assert found(files, "MET") == [("MET017", TOML, 13)]
    assert messages(files, "MET")[0].startswith(
        f"pip does not understand `{text}`: write it like `numpy>=1.26` ("
    )


@pytest.mark.parametrize(
    "text",
    [
        "numpy",
        "numpy>=1.26,<3",
        "numpy[all, extra] ~= 1.2",
        'numpy>=1.26; python_version < "3.13"',
        "zope.interface (>=4)",
        "a==1.*",
    ],
)
def test_valid(text: str) -> None:
    assert found(with_lines(f"dependencies = [ '{text}' ]\n"), "MET") == []


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("a; b>=1", []),
        ("\n  a\n  b; python_version < '3.12'", []),
        ("a, b", ["a, b"]),
        ("\n  a\n  b=1", ["b=1"]),
    ],
)
def test_setup_cfg_is_parted_as_setuptools_does_it(written: str, wrong: list[str]) -> None:
    cfg = f"[metadata]\nname = x\n[options]\npackages = x\ninstall_requires = {written}\n"
    told = messages({"setup.cfg": cfg, "x/__init__.py": ""}, "MET017")
    assert [each.split("`")[1] for each in told] == wrong


def test_in_every_list() -> None:
    lines = (
        "optional-dependencies.x = [ 'a=1' ]\n[dependency-groups]\ntest = [\n  'b',\n  'c=1',\n]\n"
    )
    assert found(with_lines(lines), "MET") == [("MET017", TOML, 11), ("MET017", TOML, 15)]
    cfg = "[metadata]\nname = a\n[options]\ninstall_requires =\n    numpy>=1\n    scipy=2\n"
    assert found({"setup.cfg": cfg}, "MET017") == [("MET017", "setup.cfg", 6)]
    files = setup_py("    name='a',\n    install_requires=['x', 'y=1'],\n")
    assert found(files, "MET017") == [("MET017", "setup.py", 4)]
    own = poetry('name = "a"\n[tool.poetry.dependencies]\nx = "^1 || ^2"\n')
    assert found(own, "MET017") == []


@pytest.mark.parametrize(
    "text",
    ["pytest>-5.4", "a>=1.x", "a>=1.*", "a~=1", "a==1..2", "a>=1,<", "a>=", "a>=-1", "a!=1.*.2"],
)
def test_a_comparison_with_no_version(text: str) -> None:
    assert found(with_lines(f"dependencies = [ '{text}' ]\n"), "MET017") == [("MET017", TOML, 11)]
    files = setup_py(f"    name='a',\n    extras_require={{\n        'x': [\n'{text}']}},\n")
    assert found(files, "MET017") == [("MET017", "setup.py", 6)]


@pytest.mark.parametrize(
    "text",
    ["a>=1-1", "a==1.0+local", "a==1!2.0", "a===any", "a>=v1.0", "a>=1.0.dev0", "a<2.0rc1"],
)
def test_an_odd_version_is_one(text: str) -> None:
    assert found(with_lines(f"dependencies = [ '{text}' ]\n"), "MET017") == []


def test_in_what_setuptools_needs_for_other_ends() -> None:
    extras = "    name='a',\n    extras_require={'x': 'b\\nc>-1'},\n    tests_require=['d>-2'],\n"
    files = setup_py(f"{extras}    setup_requires=('e>-3',),\n")
    assert [each.split("`")[1] for each in messages(files, "MET017")] == ["c>-1", "d>-2", "e>-3"]
    cfg = (
        "[metadata]\nname = a\n[options]\npackages = a\n"
        "[options.extras_require]\nall =\n    b>=1  # since 2020\n    # c>-1\n    d>-1\n"
    )
    assert found({"setup.cfg": cfg, "a/__init__.py": ""}, "MET017") == [("MET017", "setup.cfg", 9)]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("numpy>-1", True),
        ("numpy [x]>=1.x  # why", True),
        ("numpy=1.20=py36_0", False),
        ("numpy=1", False),
        ("numpy==1.*", False),
        ("-r other.txt", False),
        ("--index-url https://example.org/<1>", False),
        ("./wheels/a>b.whl", False),
        ("a @ https://example.org/a.whl", False),
        ("numpy>={{ oldest }}", False),
        ("numpy>=$OLDEST", False),
        ("numpy==1.0 --hash=sha256:0", False),
    ],
)
def test_in_files_for_pip(line: str, wrong: bool) -> None:
    for path in ("requirements.txt", "requirements-dev.txt", "requirements/test.txt"):
        files = {**with_lines(""), path: f"scipy\n{line}\n"}
        assert found(files, "MET017") == ([("MET017", path, 2)] if wrong else [])


def test_groups() -> None:
    good = (
        "[dependency-groups]\ntest-all = [ 'a' ]\ndev = [ { include-group = 'Test_All' }, 'b' ]\n"
    )
    assert found(with_lines(good), "MET") == []
    missing = good.replace("Test_All", "lint")
    assert found(with_lines(missing), "MET") == [("MET018", TOML, 13)]
    assert messages(with_lines(missing), "MET") == [
        "there is no group lint, so this cannot be installed: correct the name"
    ]
    loop = good.replace("'a'", "{ include-group = 'dev' }")
    assert messages(with_lines(loop), "MET") == [
        "dev includes test-all in turn, so neither can be installed: remove one",
        "Test_All includes dev in turn, so neither can be installed: remove one",
    ]
    odd = good.replace("'b'", "{ path = '.' }")
    assert messages(with_lines(odd), "MET") == [
        'pip cannot read this: write "numpy>=1.26" or { include-group = "test" }'
    ]


def test_addresses() -> None:
    lines = "dependencies = [\n  'a @ git+https://example.org/a.git',\n  'b',\n]\n"
    assert found(with_lines(lines), "MET") == [("MET019", TOML, 12)]
    assert messages(with_lines(lines), "MET") == [
        "package indexes refuse a dependency with an address: publish a, and write the name and "
        "version that it has there"
    ]
    both = lines.replace("'b'", "'b[x] @ https://example.org/b.zip'")
    assert messages(with_lines(both), "MET") == [
        "package indexes refuse a dependency with an address: publish a, and write the name and "
        "version that it has there; others in line 13"
    ]
    group = "[dependency-groups]\ntest = [ 'a @ git+https://example.org/a.git' ]\n"
    assert found(with_lines(group), "MET") == []
    own = poetry('name = "a"\n[tool.poetry.dependencies]\nx = { git = "https://example.org/x" }\n')
    assert found(own, "MET019") == [("MET019", TOML, 6)]
    extra = "dependencies = [ 'b[x] @ https://example.org/b.zip' ]\n"
    assert "publish b, and" in messages(with_lines(extra), "MET019")[0]


def test_exact_versions() -> None:
    lines = "dependencies = [\n  'a==1.2',\n  'b==1.*',\n  'a-core==1.0',\n  'c>=1',\n]\n"
    assert found(with_lines(lines), "MET") == [("MET020", TOML, 12)]
    assert messages(with_lines(lines), "MET") == [
        "`a` pinned to 1.2 clashes with packages that need another: write `>=1.2`"
    ]
    own = poetry('name = "a"\n[tool.poetry.dependencies]\nx = "1.2.3"\n')
    assert found(own, "MET020") == [("MET020", TOML, 6)]


def test_parts_of_the_project_are_pinned_together() -> None:
    project = '[project]\nname = "lisa-a"\nversion = "2"\ndependencies = ["{}"]\n'
    for text, count in (("lisa_a-core==1.0", 0), ("lisa-b==1.0", 1), ("lisa-b==2", 0)):
        files = {"pyproject.toml": project.replace("{}", text)}
        assert len(found(files, "MET020")) == count


def test_pins_are_one_finding() -> None:
    project = '[project]\nname = "a"\nversion = "2"\ndependencies = [\n"b==1",\n"c==3",\n]\n'
    assert messages({"pyproject.toml": project}, "MET020") == [
        "`b` pinned to 1 clashes with packages that need another: write `>=1`; also in line 6"
    ]


PINS = (
    "# what is needed\nnumpy==1.19.5  # old\nscipy>=1\n-r other.txt\nh5py==3 ; python_version>'3'\n"
)
TOLD = (
    "`numpy` pinned to 1.19.5 clashes with packages that need another: write `>=1.19.5`"
    "; also in line 5; the build makes this file a requirement of every user"
)
READS = "from setuptools import setup\nneeds = open('{}').read().split()\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (
            "setup.py",
            READS.format("requirements.txt") + "setup(name='a', install_requires=needs)\n",
        ),
        (
            "setup.py",
            "import setuptools, os\n\n\ndef needs(path):\n    return open(path).readlines()\n\n\n"
            "setuptools.setup(install_requires=needs(os.path.join('.', './requirements.txt')))\n",
        ),
        (
            "setup.cfg",
            "[metadata]\nname = a\n[options]\ninstall_requires = file: requirements.txt\n",
        ),
        (
            TOML,
            "[project]\nname = 'a'\ndynamic = ['version', 'dependencies']\n"
            "[tool.setuptools.dynamic]\ndependencies = { file = ['./requirements.txt'] }\n",
        ),
        (
            TOML,
            "[project]\nname = 'a'\ndynamic = ['version', 'dependencies']\n"
            "[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ['requirements.txt']\n",
        ),
    ],
)
def test_pins_in_a_file_that_the_build_reads(path: str, content: str) -> None:
    files = {path: content, "requirements.txt": PINS}
    assert found(files, "MET020") == [("MET020", "requirements.txt", 2)]
    assert messages(files, "MET020") == [TOLD]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("setup.py", "from setuptools import setup\nsetup(name='a', install_requires=['numpy'])\n"),
        # Which of the two it is nobody can tell.
        (
            "setup.py",
            "from setuptools import setup\n"
            "a = open('requirements.txt'), open('requirements-dev.txt')\n"
            "setup(name='a', install_requires=list(a[0]))\n",
        ),
        # The pins do not stay.
        (
            "setup.py",
            READS.format("requirements.txt")
            + "setup(install_requires=[n.replace('==', '>=') for n in needs])\n",
        ),
        ("setup.py", READS.format("requirements.txt") + "setup(extras_require={'all': needs})\n"),
        (TOML, "[project]\nname = 'a'\nversion = '1'\n"),
    ],
)
def test_pins_that_no_user_gets(path: str, content: str) -> None:
    files = {path: content, "requirements.txt": PINS, "requirements-dev.txt": PINS}
    assert found(files, "MET020") == []


@pytest.mark.parametrize(
    ("lines", "is_found"),
    [
        ('    "adage==0.11.0",  # matches the version of the engine\n', False),
        ('    "adage==0.11.0",  # 0.12 is broken\n', False),
        ('    "adage==0.11.0",  # old\n', True),
        ('    "adage==0.11.0",\n    "numpy",  # for all the arrays\n', True),
    ],
)
def test_a_pin_that_says_why(lines: str, *, is_found: bool) -> None:
    setup = f"needs = [\n{lines}]\nsetup(name='a', install_requires=needs)\n"
    files = {"setup.py": f"from setuptools import setup\n{setup}"}
    assert bool(found(files, "MET020")) == is_found
    listed = f"[project]\nname = 'a'\nversion = '1'\ndependencies = [\n{lines}]\n"
    assert bool(found({"pyproject.toml": listed}, "MET020")) == is_found


@pytest.mark.parametrize(
    ("lines", "more", "is_found"),
    [
        ("", {}, True),
        ("", {"manage.py": ""}, False),
        ("", {"helm/a/Chart.yaml": "name: a\n"}, False),
        ("", {"a/manage.py": ""}, True),
        ('classifiers = ["Programming Language :: Python :: 3"]', {"manage.py": ""}, False),
        ('classifiers = ["Framework :: Django"]', {"manage.py": ""}, True),
        ("", {"manage.py": "", "release.sh": "python -m twine upload dist/*\n"}, True),
    ],
)
def test_what_an_application_needs_is_its_own_affair(
    lines: str, more: dict[str, str], *, is_found: bool
) -> None:
    needs = 'dependencies = ["django==5.2.1", "b @ git+https://example.org/b"]\n'
    project = f'[project]\nname = "a"\nversion = "1"\n{needs}{lines}\n'
    told = [
        *found({TOML: project, **more}, "MET019"),
        *found({TOML: project, **more}, "MET020"),
    ]
    assert [each[0] for each in told] == (["MET019", "MET020"] if is_found else [])
