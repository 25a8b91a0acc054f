"""A product of a generated pipeline, by RO-Crate's validator and the ground segment's package.

No Airflow is needed: the step runs as a process, on a store of moto's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ..support.tools import passes
from .parts import airflow, ceph
from .parts.ceph import Client
from .test_checkers import checker

SEGMENT = "\n".join(["time,X", *(f"{at / 4},{at % 2}" for at in range(100)), ""])
# The context that a crate names is on the web; ro-crate-py brings it, of its newest version. What
# looks whether it is on the web (3.1, 3.2) is left out.
VALIDATE = """
import email, io, json, sys, urllib.request
from importlib.resources import files
from rocrate_validator import models, services

CONTEXT = (files("rocrate") / "data/ro-crate.jsonld").read_bytes()

class Kept(urllib.request.BaseHandler):
    handler_order = 1
    def https_open(self, request):
        assert request.full_url == "https://w3id.org/ro/crate/1.1/context", request.full_url
        headers = email.message_from_string("Content-Type: application/ld+json\\n")
        answer = urllib.request.addinfourl(io.BytesIO(CONTEXT), headers, request.full_url, 200)
        answer.msg = "OK"
        return answer

urllib.request.install_opener(urllib.request.build_opener(Kept))
result = services.validate(services.ValidationSettings(
    rocrate_uri=sys.argv[1],
    profile_identifier="process-run-crate-0.5",
    requirement_severity=models.Severity.REQUIRED,
    skip_checks=["ro-crate-1.1_3.1", "ro-crate-1.1_3.2"],
    skip_availability_check=True,
    no_cache=True,
))
checked = len(result.executed_checks)
print("result", json.dumps([checked, [each.message for each in result.get_issues()]]))
"""


# A second step, which takes the object and what the first has made of it.
REPORT = """
import sys
from pathlib import Path
from commandfile.io import read_cmdfile_yaml
told = read_cmdfile_yaml(sys.argv[2])
read = [Path(told.find_input(key).files[0]).read_text() for key in ("segment", "estimate")]
Path(told.find_output("report").files[0]).write_text("\\n".join(read))
"""


@dataclass(frozen=True)
class Made:
    """A product, and where it is.

    Attributes
    ----------
    root
        The generated repository.
    name
        The name of the product.
    report
        The name of the one that was made of it.
    env
        Variables by which its store is reached.
    """

    root: Path
    name: str
    report: str
    env: dict[str, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("crate")
    pipeline = airflow.install_alone(folder, "moto[s3,server]")
    root, python = pipeline.root, pipeline.python
    path = root / "steps.yaml"
    steps = yaml.safe_load(path.read_text(encoding="utf-8"))
    noise = steps["steps"]["noise"]
    noise["command"] = [str(python), str(root / "steps/noise/noise.py")]
    program = folder / "report.py"
    program.write_text(REPORT, encoding="utf-8")
    steps["steps"]["report"] = noise | {
        "command": [str(python), str(program)],
        "inputs": {"segment": "arrived", "estimate": "noise.noise"},
        "outputs": {"report": "report.txt"},
    }
    path.write_text(yaml.safe_dump(steps), encoding="utf-8")
    address = f"http://127.0.0.1:{(port := ceph.free_port())}"
    env = {"AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"}
    env |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    log = folder / "moto.log"
    with ceph.process(python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port), log=log):
        ceph.wait_for("moto", f"{address}/moto-api/", log)
        pipeline("buckets", env=env)
        client = Client(python, {**os.environ, **env})
        client("put_object", Bucket="lisa-l0", Key="segments/a b ü.csv", Body=SEGMENT)
        client.close()
        rest = ("segments/a b ü.csv", "--engine=process")
        name, report = (
            pipeline("run-step", step, *rest, env=env).splitlines()[-1]
            for step in ("noise", "report")
        )
        yield Made(root, name, report, env)


def fetch(made: Made, folder: Path, product: str, *names: str) -> None:
    """Fetch files of a product as the page on concepts does."""
    page = (made.root / "docs/concepts.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"(?s)\$ python -c '(from lisa.*?)'\n", page)
    (told,) = re.findall(r"\$ export (ARTIFACTS_.*)\n", page)
    env = dict(word.split("=", 1) for word in shlex.split(told))
    env["ARTIFACTS_REMOTE_PREFIX"] = f"{product}/"
    for name in names:
        code = said.replace("noise.json", name)
        passes(checker("crate", "python"), "-c", code, cwd=folder, env={**made.env, **env})


def validate(folder: Path) -> tuple[int, list[str]]:
    """Hold a crate against its profile: how much was looked at, and what must be otherwise."""
    said = passes(checker("crate", "python"), "-c", VALIDATE, folder, cwd=folder)
    (told,) = [line for line in said.splitlines() if line.startswith("result ")]
    checked, issues = json.loads(told.removeprefix("result "))
    return checked, issues


def test_a_product_is_fetched_by_lisa_artifacts_and_is_a_crate(made: Made, tmp_path: Path) -> None:
    fetch(made, tmp_path, made.name, "noise.json", "ro-crate-metadata.json")
    assert json.loads((tmp_path / "noise.json").read_text())["channel"] == "X"
    checked, issues = validate(tmp_path)
    assert issues == []
    assert checked > 40
    # What is left out of it is found.
    path = tmp_path / "ro-crate-metadata.json"
    crate = json.loads(path.read_text(encoding="utf-8"))
    (root,) = [each for each in crate["@graph"] if each["@id"] == "./"]
    del root["license"]
    root["hasPart"].pop()
    path.write_text(json.dumps(crate), encoding="utf-8")
    _, issues = validate(tmp_path)
    assert len(issues) == 2
    assert any("MUST have a `license` property" in each for each in issues)


def test_the_product_of_a_second_step_leads_to_the_first(made: Made, tmp_path: Path) -> None:
    fetch(made, tmp_path, made.report, "report.txt", "ro-crate-metadata.json")
    fetch(made, tmp_path, made.name, "noise.json")
    estimate = (tmp_path / "noise.json").read_text(encoding="utf-8")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == f"{SEGMENT}\n{estimate}"
    assert validate(tmp_path)[1] == []
    crate = json.loads((tmp_path / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    digests = {each["@id"]: each.get("sha256") for each in crate["@graph"]}
    (run,) = [each for each in crate["@graph"] if each["@id"] == "#run"]
    taken = {digests[each["@id"]]: each["@id"] for each in run["object"]}
    content = hashlib.sha256(estimate.encode()).hexdigest()
    assert taken[content] == f"s3://products/{made.name}/noise.json"
