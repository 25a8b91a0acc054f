"""A pipeline at a site that is no part of it: a computing centre, or a cluster of Kubernetes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ...support.tools import passes
from .airflow import Pipeline
from .ceph import Gateway
from .slurm import Cluster

# A DAG run in one process, with its triggers: the end of each task, as JSON in the last line.
RUN = """\
import json, sys
from datetime import timedelta
from airflow.dag_processing.dagbag import DagBag
dag = DagBag(sys.argv[1]).dags["noise"]
for task in dag.tasks:
    task.retries, task.retry_delay = int(sys.argv[3]), timedelta(0)
run = dag.test(run_conf={"objects": json.loads(sys.argv[2])})
print(json.dumps([str(run.state), run.run_id]))
"""


class Place:
    """A pipeline at a site that is no part of it.

    Parameters
    ----------
    pipeline
        The pipeline.
    gateway
        Its store.
    folder
        Where its site, its working folder and Airflow's own files are.
    site
        Its engine and settings, as the site's file has them.
    env
        Variables by which it is reached.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        gateway: Gateway,
        folder: Path,
        site: Mapping[str, Any],
        env: Mapping[str, str],
    ) -> None:
        self.pipeline, self.folder = pipeline, folder
        self.home, self.work = folder / "home", folder / "work"
        shutil.copytree(pipeline.root / "sites", self.home / "sites")
        shutil.copy(pipeline.root / "steps.yaml", self.home)
        store = yaml.safe_load((self.home / "sites/local.yaml").read_text())["store"]
        told = {**site, "work": str(self.work), "store": store}
        (self.home / "sites/cluster.yaml").write_text(yaml.safe_dump(told))
        self.env = {
            **gateway.environment,
            **env,
            "AIRFLOW_HOME": str(folder / "airflow"),
            # On a busy machine a parse takes longer than at a site.
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "180",
            "AIRFLOW__CORE__DAGS_FOLDER": str(pipeline.root / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PIPELINE_HOME": str(self.home),
            "PIPELINE_SITE": "cluster",
        }
        passes(pipeline.python, "-m", "airflow", "db", "migrate", cwd=folder, env=self.env)

    def pin(self, digest: str, **told: Any) -> None:
        """Say which image the step is, and what else `steps.yaml` shall say of it."""
        path = self.home / "steps.yaml"
        steps = yaml.safe_load(path.read_text(encoding="utf-8"))
        steps["steps"]["noise"] |= told
        path.write_text(yaml.safe_dump(steps), encoding="utf-8")
        self.pipeline("pin", "noise", digest, env=self.env)

    def alert(self) -> None:
        """Have people told of runs that fail, by the words of the pipeline's handbook."""
        page = (self.pipeline.root / "docs/handbook.md").read_text(encoding="utf-8")
        (told,) = re.findall(r"(?ms)^```yaml\n(alerts:\n.*?)^```", page)
        with (self.home / "sites/cluster.yaml").open("a", encoding="utf-8") as site:
            site.write(told)

    def run(self, *objects: dict[str, str], retries: int = 0) -> tuple[str, str]:
        """Run the DAG on some objects; its state, and all that was said."""
        words = (self.pipeline.root / "dags", json.dumps(objects), str(retries))
        command = (self.pipeline.python, "-c", RUN, *words)
        said = passes(*command, cwd=self.folder, env=self.env, timeout=300)
        state, _ = json.loads(said.splitlines()[-1])
        return state, said


class Centre(Place):
    """The pipeline at a site that is a cluster of Slurm's."""

    def __init__(
        self, pipeline: Pipeline, gateway: Gateway, cluster: Cluster, folder: Path
    ) -> None:
        settings = {
            "connection": "hpc",
            "scratch": str(folder / "scratch"),
            "images": str(folder / "images"),
            "poll": 1,
        }
        extra = {"key_file": str(cluster.key), "host_key": f"ssh-ed25519 {cluster.host_key}"}
        connection = {"conn_type": "ssh", "host": "127.0.0.1", "port": cluster.port}
        env = {"AIRFLOW_CONN_HPC": json.dumps({**connection, "login": "root", "extra": extra})}
        site = {"engine": "slurm", "settings": settings}
        super().__init__(pipeline, gateway, folder, site, env)
        self.pin(f"sha256:{'1' * 64}")
