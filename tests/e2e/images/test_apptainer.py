"""The CDE's images for computing centres, made from the very images that Docker has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ...support.tools import passes
from ..parts import airflow
from ..parts.apptainer import NUMBER, Apptainer
from ..parts.cde import HOME, VERSION

IMAGES = ["operations", "development"]


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_runs_as_anybody(image: str, cluster: Apptainer) -> None:
    say = "import getpass, h5py, sys; print(getpass.getuser(), h5py.__version__, sys.prefix)"
    user, version, prefix = cluster("exec", f"{image}.sif", "python3", "-c", say).split()
    assert (user, prefix) == ("ada", f"{HOME}/venv")
    assert f"h5py=={version}\n" in cluster(
        "exec", f"{image}.sif", "cat", f"{HOME}/contents/python.txt"
    )


def test_development_brings_its_tools(cluster: Apptainer) -> None:
    assert cluster("exec", "development.sif", "ruff", "--version").startswith("ruff ")
    assert cluster("exec", "development.sif", "gcc", "--version").startswith("gcc (Debian")


def test_the_labels_come_along(cluster: Apptainer) -> None:
    said = cluster("inspect", "--labels", "operations.sif")
    assert f"org.opencontainers.image.version: {VERSION}\n" in said


# --- A step of a pipeline -------------------------------------------------------------------------

CONTAINER = """
import dataclasses, json
from lisa_l1_pipeline.runs import container
from lisa_l1_pipeline.steps import load_site, load_step
site = load_site("hpc")
settings = {**site.settings, "scratch": "/home/ada/scratch", "images": "/home/ada"}
site = dataclasses.replace(site, settings=settings)
print(json.dumps(container(load_step("noise", site), site, "noise/one", "apptainer")))
"""
LOOK = """
import json, os, pathlib, sys
pathlib.Path("outputs/noise.json").write_text("{}")
seen = [str(each) for each in sorted(pathlib.Path("/work").rglob("*"))]
print(json.dumps([os.getcwd(), sys.argv[1:], seen]))
"""


def test_a_step_of_a_pipeline_sees_its_own_run_alone(cluster: Apptainer, tmp_path: Path) -> None:
    pipeline = airflow.install_alone(tmp_path)
    digest = f"sha256:{'0' * 64}"
    pipeline("pin", "noise", digest, env={})
    said = passes(pipeline.python, "-c", CONTAINER, cwd=pipeline.root)
    program, *words = json.loads(said)
    assert program == "apptainer"
    (cluster.work / f"{digest.replace(':', '-')}.sif").symlink_to("operations.sif")
    for name in ("one", "two"):
        outputs = cluster.work / "scratch/noise" / name / "outputs"
        outputs.mkdir(parents=True)
        os.chown(outputs, NUMBER, NUMBER)
    at = words.index("noise")
    asked = cluster(*words[:at], "python3", "-c", LOOK, *words[at + 1 :])
    one = "/work/noise/one"
    seen = ["/work/noise", one, f"{one}/outputs", f"{one}/outputs/noise.json"]
    assert json.loads(asked) == [one, ["--commandfile", f"{one}/commandfile.yaml"], seen]
    assert (cluster.work / "scratch/noise/one/outputs/noise.json").read_text() == "{}"
