"""A computing centre: a pipeline at a site that is a cluster of Slurm's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from ...support.tools import passes
from .airflow import Pipeline
from .ceph import Gateway
from .slurm import Cluster

# A DAG run in one process, with its triggers: the end of each task, as JSON in the last line.
RUN = """\
import json, sys
from airflow.dag_processing.dagbag import DagBag
dag = DagBag(sys.argv[1]).dags["noise"]
for task in dag.tasks:
    task.retries = 0
run = dag.test(run_conf={"objects": json.loads(sys.argv[2])})
print(json.dumps([str(run.state), run.run_id]))
"""


class Centre:
    """The pipeline at a site that is the cluster."""

    def __init__(
        self, pipeline: Pipeline, gateway: Gateway, cluster: Cluster, folder: Path
    ) -> None:
        self.pipeline, self.folder = pipeline, folder
        home = folder / "home"
        shutil.copytree(pipeline.root / "sites", home / "sites")
        shutil.copy(pipeline.root / "steps.yaml", home)
        store = yaml.safe_load((home / "sites/local.yaml").read_text())["store"]
        settings = {
            "connection": "hpc",
            "scratch": str(folder / "scratch"),
            "images": str(folder / "images"),
            "poll": 1,
        }
        site = {"engine": "slurm", "work": str(folder / "work"), "store": store}
        (home / "sites/cluster.yaml").write_text(yaml.safe_dump({**site, "settings": settings}))
        extra = {"key_file": str(cluster.key), "host_key": f"ssh-ed25519 {cluster.host_key}"}
        connection = {"conn_type": "ssh", "host": "127.0.0.1", "port": cluster.port}
        self.env = {
            **gateway.environment,
            "AIRFLOW_CONN_HPC": json.dumps({**connection, "login": "root", "extra": extra}),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(pipeline.root / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PIPELINE_HOME": str(home),
            "PIPELINE_SITE": "cluster",
        }
        pipeline("pin", "noise", f"sha256:{'1' * 64}", env=self.env)
        passes(pipeline.python, "-m", "airflow", "db", "migrate", cwd=folder, env=self.env)

    def run(self, *objects: dict[str, str]) -> tuple[str, str]:
        """Run the DAG on some objects; its state, and all that was said."""
        words = (self.pipeline.root / "dags", json.dumps(objects))
        command = (self.pipeline.python, "-c", RUN, *words)
        said = passes(*command, cwd=self.folder, env=self.env, timeout=300)
        state, _ = json.loads(said.splitlines()[-1])
        return state, said
