"""How each kind of site runs a step in Airflow: the one place that turns a step into an operator.

Operators that exist are used; only for Slurm there is one of our own, in ``slurm``. Each is
imported when a site needs it, since a provider costs every parse of a DAG some seconds.

Sources: the guides of Airflow's providers for Docker, Kubernetes and SSH.
"""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator

from .steps import COMMANDFILE, INSIDE, ConfigError, Site, Step, load_site, load_step, words

FIVE_MINUTES = timedelta(minutes=5)
# Of a pod: a second try of the same ends in the same way.
_FINAL = {
    "OOMKilled": "it needs more memory than steps.yaml gives it",
    "DeadlineExceeded": "it needs more minutes than steps.yaml gives it",
}


def run_step(name: str, folder: Any, **rest: Any) -> BaseOperator:
    """Make the operator that runs a step at the site that ``PIPELINE_SITE`` names.

    Parameters
    ----------
    name
        The step.
    folder
        The folder of the run: text, or what a task before gives.
    rest
        Further arguments of the operator.

    Raises
    ------
    ConfigError
        If the step or the site is not what it should be.
    """
    site = load_site()
    step = load_step(name, site)
    makers = {
        "docker": _in_docker,
        "kubernetes": _in_kubernetes,
        "slurm": _in_slurm,
        "process": StepProcess,
    }
    # Whatever else goes wrong, a task ends: what starts and waits takes some time too.
    limits = {"execution_timeout": timedelta(minutes=step.minutes) + FIVE_MINUTES}
    return makers[site.engine](step=step, site=site, folder=folder, task_id=name, **limits, **rest)


class StepProcess(BaseOperator):
    """A step as a process of the worker: no container, for the tests of a DAG.

    Parameters
    ----------
    step, site, folder
        What runs, where, and on which files.
    """

    template_fields = ("folder",)

    def __init__(self, *, step: Step, site: Site, folder: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self.step, self.site, self.folder = step, site, folder

    def execute(self, context: Any) -> None:  # noqa: ARG002 - as Airflow calls it
        """Run it; a failure of the program is one of the task."""
        command = words(self.step, self.site, self.folder)
        subprocess.run(command, check=True, timeout=self.step.minutes * 60)  # noqa: S603


def _command(step: Step, folder: str) -> list[str]:
    # Rendered by Airflow: the folder may be what a task before gave.
    return [*step.command, "--commandfile", f"{INSIDE}/{folder}/{COMMANDFILE}"]


def _in_docker(*, step: Step, site: Site, folder: Any, **rest: Any) -> BaseOperator:
    from airflow.providers.docker.operators.docker import DockerOperator
    from docker.types import Mount

    class StepContainer(DockerOperator):
        """A container on this machine; its folder is known when it runs."""

        template_fields = ("folder",)

        def __init__(self, *, folder: Any, **rest: Any) -> None:
            super().__init__(**rest)
            self.folder = folder

        def execute(self, context: Any) -> Any:
            self.command = _command(step, self.folder)
            return super().execute(context)

    return StepContainer(
        folder=folder,
        image=step.reference,
        docker_url=site.settings.get("socket"),
        network_mode="none",
        mount_tmp_dir=False,
        auto_remove="force",
        mounts=[Mount(str(INSIDE), str(site.work), type="bind")],
        working_dir=str(INSIDE),
        cpus=step.cpus,
        mem_limit=f"{step.memory}m",
        do_xcom_push=False,
        **rest,
    )


def _in_kubernetes(*, step: Step, site: Site, folder: Any, **rest: Any) -> BaseOperator:
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
    from kubernetes.client import models as k8s

    class StepPod(KubernetesPodOperator):
        """A pod; its folder is known when it runs."""

        template_fields = ("folder", *KubernetesPodOperator.template_fields)

        def __init__(self, *, folder: Any, **rest: Any) -> None:
            super().__init__(**rest)
            self.folder = folder

        def execute(self, context: Any) -> Any:
            _, *rest = _command(step, self.folder)
            self.arguments = rest
            return super().execute(context)

        def cleanup(self, pod: Any, remote_pod: Any, *rest: Any, **more: Any) -> None:
            """Tell what would be the same at another try from a failure that may pass."""
            try:
                super().cleanup(pod, remote_pod, *rest, **more)
            except AirflowException as error:
                status = remote_pod.status
                ended = [each.state.terminated for each in status.container_statuses or []]
                for reason in {status.reason, *(each.reason for each in ended if each)}:
                    if reason in _FINAL:
                        message = f"{reason}: {_FINAL[reason]}"
                        raise AirflowFailException(message) from error
                raise

    settings = site.settings
    needs = {"cpu": str(step.cpus), "memory": f"{step.memory}Mi"}
    claim = k8s.V1PersistentVolumeClaimVolumeSource(claim_name=settings["claim"])
    secret = settings.get("pull_secret") or os.environ.get("PIPELINE_PULL_SECRET")
    return StepPod(
        folder=folder,
        image=step.reference,
        cmds=[step.command[0]],
        # Without one: that of Airflow.
        namespace=settings.get("namespace"),
        name=f"step-{step.name.replace('_', '-')}",
        volumes=[
            k8s.V1Volume(name="work", persistent_volume_claim=claim),
            k8s.V1Volume(name="tmp", empty_dir=k8s.V1EmptyDirVolumeSource()),
        ],
        volume_mounts=[
            k8s.V1VolumeMount(name="work", mount_path=str(INSIDE)),
            k8s.V1VolumeMount(name="tmp", mount_path="/tmp"),  # noqa: S108 - of the pod alone
        ],
        container_resources=k8s.V1ResourceRequirements(requests=needs, limits=needs),
        security_context=k8s.V1PodSecurityContext(
            run_as_non_root=True,
            run_as_user=settings.get("user", 1000),
            fs_group=settings.get("user", 1000),
            seccomp_profile=k8s.V1SeccompProfile(type="RuntimeDefault"),
        ),
        container_security_context=k8s.V1SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=k8s.V1Capabilities(drop=["ALL"]),
        ),
        automount_service_account_token=False,
        image_pull_secrets=[k8s.V1LocalObjectReference(name=secret)] if secret else [],
        active_deadline_seconds=step.minutes * 60,
        # Waits in the triggerer, finds its pod again after a restart, ends it with the task.
        deferrable=True,
        durable=True,
        on_finish_action="delete_pod",
        **rest,
    )


def _in_slurm(*, step: Step, site: Site, folder: Any, **rest: Any) -> BaseOperator:
    from .slurm import SlurmOperator

    if step.minutes < 1:
        message = f"step {step.name!r} has no time limit, which Slurm wants"
        raise ConfigError(message)
    return SlurmOperator(step=step, site=site, folder=folder, **rest)
