"""What scripts need: by what they import, whatever else an environment has."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lisa_scaffold.adopt.environment import Needed, find_bounds, find_needed
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.project.facts import Facts

from ..support.adopting import adopt, make
from ..support.updates import Capture

SETTINGS = (
    "import os\n\nimport enterprise\nimport matplotlib.pyplot as plt\nimport numpy as np\n"
    "import tables\nimport yaml\nfrom helper import read\nfrom odd_one import x\n"
)
CONDA = (
    "name: pta\nchannels: [conda-forge]\ndependencies:\n  - python=3.11.9=hb806964_0\n"
    "  - argon2-cffi=23.1.0\n  - automake=1.16\n  - mpich=4.2.2\n  - libgfortran5=13.2.0\n"
    "  - xorg-libx11=1.8.9\n  - conda-forge::numpy=1.26.4=py311h64a7726_0\n"
    "  - matplotlib-base>=3.8\n  - pytables\n  - pip:\n"
    "      - pyyaml==6.0.2\n      - healpy==1.17\n"
    "      - git+https://bob:secret@example.org/pta/enterprise.git@dev\n"
    "      - enterprise-extensions @ git+https://example.org/pta/enterprise_extensions\n"
)
REST = (
    "argon2-cffi, automake, healpy, libgfortran5, mpich and xorg-libx11: none of the modules "
    "imports them: what is needed all the same goes into dependencies by the name that the package "
    "index has, the rest stays in that list"
)


def needed(**files: str) -> Needed:
    named = {"settings.py": SETTINGS, "helper.py": "", **files}
    return find_needed(Facts.of(named), ["settings.py", "helper.py"])


def test_of_an_environment_of_conda_what_is_imported_is_taken() -> None:
    found = needed(**{"environment.yml": CONDA})
    assert found.dependencies == ("matplotlib>=3.8", "numpy>=1.26.4", "pyyaml>=6.0.2", "tables")
    assert found.unknown == ("odd_one",)
    fetched, other, rest = found.told
    assert fetched == (
        "git+https://***@example.org/pta/enterprise.git@dev brings enterprise, which "
        "settings.py:3 imports: name the distribution of its releases (enterprise-pulsar) in "
        'dependencies. Where there are none, "enterprise @ git+https://…" is installed too, but '
        "no package index takes it"
    )
    assert other.endswith(
        "none of the modules imports enterprise-extensions: it stays in that list"
    )
    assert rest == REST


@pytest.mark.parametrize(
    ("lines", "dependencies"),
    [
        # What somebody asks for is taken, and what is missing in it comes after.
        (
            "scipy==1.14\nNumPy>=2\nenterprise\n",
            ("scipy>=1.14", "NumPy>=2", "enterprise", "matplotlib", "pyyaml", "tables"),
        ),
        # What an environment happens to hold is not.
        (
            "".join(f"extra-{number}==1.{number}\n" for number in range(30)) + "numpy==2.1\n",
            ("enterprise-pulsar", "matplotlib", "numpy>=2.1", "pyyaml", "tables"),
        ),
    ],
)
def test_a_list_of_pip_is_what_somebody_asks_for_or_an_environment(
    lines: str, dependencies: tuple[str, ...]
) -> None:
    found = needed(**{"requirements.txt": lines})
    assert (found.dependencies, found.unknown) == (dependencies, ("odd_one",))


def test_without_any_list_the_imports_say_what_is_needed() -> None:
    names = ("enterprise-pulsar", "matplotlib", "numpy", "pyyaml", "tables")
    assert needed() == Needed(names, ("odd_one",), ())


@pytest.mark.parametrize(
    "line", ["-e git+https://example.org/p/odd_one.git#egg=odd-one", "odd-one"]
)
def test_a_module_of_no_known_distribution_is_one_that_is_listed(line: str) -> None:
    assert needed(**{"requirements.txt": f"{line}\n"}).unknown == ()


def test_the_steps_tell_what_they_leave(tmp_path: Path, capsys: Capture) -> None:
    files = {"settings.py": SETTINGS, "helper.py": "", "environment.yml": CONDA}
    assert adopt(make(tmp_path / "pta", files)) == ExitCode.REFUSED
    steps = [line.removeprefix("    ") for line in capsys.readouterr().err.splitlines()]
    assert (
        'dependencies = ["matplotlib>=3.8", "numpy>=1.26.4", "pyyaml>=6.0.2", "tables"]'
        "  # which distributions bring odd_one?"
    ) in steps
    told = steps.index("  and of what is listed to be installed:")
    assert steps[told + 3] == f"  - {REST}"
    assert "secret" not in "".join(steps)


def test_one_long_line_costs_little() -> None:
    facts = Facts.of({"requirements.txt": f"a>1\nA{' ' * 90_000}\\\n"})
    start = time.process_time()
    assert find_bounds(facts) == ["a>1"]
    assert time.process_time() - start < 5
