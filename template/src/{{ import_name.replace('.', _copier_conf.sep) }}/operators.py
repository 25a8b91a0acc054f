"""How each kind of site runs a step in Airflow: the one place that turns a step into an operator.

Operators that exist are used; only for Slurm there is one of our own, in ``slurm``. Each is
imported when a site needs it, since a provider costs every parse of a DAG some seconds.

Sources: the guides of Airflow's providers for Docker, Kubernetes and SSH.
"""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import BaseOperator

from .steps import (
    COMMANDFILE,
    INSIDE,
    OUTPUTS,
    ConfigError,
    Site,
    Step,
    blame,
    clear_outputs,
    load_site,
    load_step,
    words,
)

FIVE_MINUTES = timedelta(minutes=5)
SCHEDULE_MINUTES = 60
STARTUP_MINUTES = 15
QUEUE_HOURS = 24
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
    limits = {
        # Whatever else goes wrong, a task ends: what starts and waits takes some time too.
        "execution_timeout": timedelta(minutes=step.minutes) + FIVE_MINUTES,
        # Counts what waits in the triggerer too, as the default pool does not.
        "max_active_tis_per_dag": site.at_once,
        **({"pool": site.pool} if site.pool else {}),
    }
    given = {**limits, **rest}
    return makers[site.engine](step=step, site=site, folder=folder, task_id=name, **given)


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
        clear_outputs(self.site.work / self.folder / OUTPUTS)
        command = words(self.step, self.site, self.folder)
        try:
            subprocess.run(command, check=True, timeout=self.step.minutes * 60)  # noqa: S603
        except subprocess.SubprocessError:
            blame(self.site, self.folder)
            raise


def _command(step: Step, folder: str) -> list[str]:
    # Rendered by Airflow: the folder may be what a task before gave.
    return [*step.command, "--commandfile", f"{INSIDE}/{folder}/{COMMANDFILE}"]


def _in_docker(*, step: Step, site: Site, folder: Any, **rest: Any) -> BaseOperator:
    from airflow.providers.docker.exceptions import DockerContainerFailedException
    from airflow.providers.docker.operators.docker import DockerOperator
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from docker.types import Mount

    class StepContainer(DockerOperator):
        """A container on this machine; its folder is known when it runs."""

        template_fields = ("folder",)

        def __init__(self, *, folder: Any, **rest: Any) -> None:
            super().__init__(**rest)
            self.folder = folder

        def execute(self, context: Any) -> Any:
            clear_outputs(site.work / self.folder / OUTPUTS)
            self.command = _command(step, self.folder)
            there, inside = f"{site.work}/{self.folder}", f"{INSIDE}/{self.folder}"
            self.mounts = [Mount(inside, there, type="bind")]
            # What the operator has no words for.
            client = self.cli
            client.create_host_config = partial(
                client.create_host_config,
                read_only=True,
                tmpfs={"/tmp": ""},  # noqa: S108 - of the container alone
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
            )
            try:
                return super().execute(context)
            except (AirflowTaskTimeout, DockerContainerFailedException):
                # It ran: an engine that is away raises something else.
                blame(site, self.folder)
                raise

    return StepContainer(
        folder=folder,
        image=step.reference,
        docker_url=site.settings.get("socket"),
        network_mode="none",
        mount_tmp_dir=False,
        auto_remove="force",
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

    tmp = k8s.V1VolumeMount(name="tmp", mount_path="/tmp")  # noqa: S108 - of the pod alone

    class StepPod(KubernetesPodOperator):
        """A pod; its folder is known when it runs."""

        template_fields = ("folder", *KubernetesPodOperator.template_fields)

        def __init__(self, *, folder: Any, **rest: Any) -> None:
            super().__init__(**rest)
            self.folder = folder

        def execute(self, context: Any) -> Any:
            _, *rest = _command(step, self.folder)
            self.arguments = rest
            inside = f"{INSIDE}/{self.folder}"
            mount = k8s.V1VolumeMount(name="work", mount_path=inside, sub_path=self.folder)
            self.volume_mounts = [mount, tmp]
            return super().execute(context)

        def get_or_create_pod(self, pod_request_obj: Any, context: Any) -> Any:
            """Empty the outputs before a new pod; one that is found again goes on with its own."""
            create = self.pod_manager.create_pod

            def create_anew(pod: Any) -> Any:
                clear_outputs(site.work / self.folder / OUTPUTS)
                return create(pod=pod)

            self.pod_manager.create_pod = create_anew
            return super().get_or_create_pod(pod_request_obj, context)

        def cleanup(self, pod: Any, remote_pod: Any, *rest: Any, **more: Any) -> None:
            """Tell what would be the same at another try from a failure that may pass."""
            try:
                super().cleanup(pod, remote_pod, *rest, **more)
            except AirflowException as error:
                status = remote_pod.status
                ended = [each.state.terminated for each in status.container_statuses or []]
                if any(ended) or status.reason in _FINAL:
                    blame(site, self.folder)
                for reason in {status.reason, *(each.reason for each in ended if each)}:
                    if reason in _FINAL:
                        message = f"{reason}: {_FINAL[reason]}"
                        raise AirflowFailException(message) from error
                raise

    settings = site.settings
    schedule = timedelta(minutes=settings.get("schedule_minutes", SCHEDULE_MINUTES))
    startup = timedelta(minutes=settings.get("startup_minutes", STARTUP_MINUTES))
    # The operator ends its pod after the one, whatever that has waited for; Kubernetes after the
    # other, which begins before the image is pulled.
    rest["execution_timeout"] += schedule + startup
    deadline = timedelta(minutes=step.minutes) + startup
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
        # By this the policy of the chart knows it, which leaves it no network.
        labels={"app.kubernetes.io/name": "step"},
        volumes=[
            k8s.V1Volume(name="work", persistent_volume_claim=claim),
            k8s.V1Volume(name="tmp", empty_dir=k8s.V1EmptyDirVolumeSource()),
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
        schedule_timeout_seconds=int(schedule.total_seconds()),
        startup_timeout_seconds=int(startup.total_seconds()),
        active_deadline_seconds=int(deadline.total_seconds()),
        # Waits in the triggerer, finds its pod again after a restart, ends it with the task.
        deferrable=True,
        durable=True,
        on_finish_action="delete_pod",
        **rest,
    )


def _in_slurm(*, step: Step, site: Site, folder: Any, **rest: Any) -> BaseOperator:
    from airflow.providers.ssh.hooks.ssh import SSHHook
    from airflow.sdk.exceptions import AirflowFailException, TaskDeferralTimeout

    from .slurm import SlurmOperator, over_ssh

    limit = timedelta(hours=site.settings.get("queue_hours", QUEUE_HOURS), minutes=step.minutes)

    class StepJob(SlurmOperator):
        """A job that ends: Airflow's own limit does not hold while the triggerer waits."""

        def execute(self, context: Any) -> None:
            """Start it at a login node that is known, or not at all."""
            if SSHHook(ssh_conn_id=self.connection).no_host_key_check:
                message = (
                    f"connection {self.connection!r}: it has no host_key, so that any machine could"
                    " stand in for the login node: docs/sites.md, A computing centre"
                )
                raise AirflowFailException(message)
            super().execute(context)

        def defer(self, **rest: Any) -> None:
            """Wait no longer than the site and the step say."""
            super().defer(**rest, timeout=limit + FIVE_MINUTES)

        def resume_execution(
            self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any
        ) -> Any:
            """Cancel a job that has waited for too long."""
            try:
                return super().resume_execution(next_method, next_kwargs, context)
            except TaskDeferralTimeout as error:
                name = self.name_job(context)
                asked = f"squeue --noheader --format='%T %r' --name={name}"
                said = over_ssh(self.connection, asked)
                if not said:
                    # It has ended, and no triggerer has seen that: another try may.
                    raise
                over_ssh(self.connection, f"scancel --name={name}")
                message = (
                    f"Slurm job {name} has not ended after queue_hours of {site.name} and the"
                    f" minutes of the step, and was cancelled: {said}"
                )
                raise AirflowFailException(message) from error

    if step.minutes < 1:
        message = f"step {step.name!r} has no time limit, which Slurm wants"
        raise ConfigError(message)
    return StepJob(step=step, site=site, folder=folder, **rest)
