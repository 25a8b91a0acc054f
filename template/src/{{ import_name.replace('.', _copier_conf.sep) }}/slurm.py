"""A step as a Slurm job, behind SSH: started once, waited for by the triggerer, found again.

The files of a run go to the cluster and come back by SFTP. The job writes its own exit code beside
them, so that what Slurm has forgotten meanwhile is known too. Between start and end no process of
Airflow is needed: a restart of the triggerer goes on where it was.

Source: https://slurm.schedmd.com/sbatch.html, https://slurm.schedmd.com/job_state_codes.html.
"""

from __future__ import annotations

import asyncio
import hashlib
import shlex
import stat
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from airflow.providers.ssh.hooks.ssh import SSHHook
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from .runs import container
from .steps import OUTPUTS, Site, Step

if TYPE_CHECKING:
    from paramiko import SFTPClient

_RUNNING = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "STOPPED"}
# A second try of the same ends in the same way: somebody has to change something.
_FINAL = {
    "OUT_OF_MEMORY": "it needs more memory than steps.yaml gives it",
    "TIMEOUT": "it needs more minutes than steps.yaml gives it",
    "DEADLINE": "it could not end before its deadline",
}
_KILLED = 137


def over_ssh(connection: str, command: str, text: str = "") -> str:
    """Run a command on the login node.

    Parameters
    ----------
    connection
        The SSH connection of Airflow.
    command
        The command, for a shell.
    text
        What it reads.

    Returns
    -------
    str
        What it writes.

    Raises
    ------
    AirflowException
        If it fails.
    """
    with SSHHook(ssh_conn_id=connection, cmd_timeout=60).get_conn() as client:
        stdin, stdout, stderr = client.exec_command(command, timeout=60)
        stdin.write(text)
        stdin.channel.shutdown_write()
        said: str = stdout.read().decode(errors="replace")
        if code := stdout.channel.recv_exit_status():
            wrong = stderr.read().decode(errors="replace").strip()
            message = f"{command.split(maxsplit=1)[0]} on {connection} ended with {code}: {wrong}"
            raise AirflowException(message)
        return said.strip()


def look_up(connection: str, job: str, folder: str) -> tuple[str, int]:
    """Look up the state of a job, and its exit code; the code is -1 while there is none."""
    show = f"scontrol --oneliner show job {shlex.quote(job)} 2>/dev/null"
    asked = f"{show} || echo JobState=FORGOTTEN"
    said = over_ssh(connection, asked)
    facts = dict(word.split("=", 1) for word in said.split() if "=" in word)
    state = facts.get("JobState", "FORGOTTEN").split("+")[0]
    if state != "FORGOTTEN":
        status, _, signal = facts.get("ExitCode", "0:0").partition(":")
        return state, int(status) or (int(signal or 0) and 128 + int(signal))
    written = over_ssh(connection, f"cat {shlex.quote(folder)}/exit 2>/dev/null || echo -1")
    code = int(written or -1)
    return ("COMPLETED" if code == 0 else "FAILED" if code > 0 else "LOST"), code


class SlurmTrigger(BaseTrigger):
    """Wait until a job has ended.

    Parameters
    ----------
    connection
        The SSH connection of Airflow.
    job
        The number of the job.
    folder
        The folder of the run on the cluster.
    poll
        Seconds between two looks.
    """

    def __init__(self, connection: str, job: str, folder: str, poll: float) -> None:
        super().__init__()
        self.connection, self.job, self.folder, self.poll = connection, job, folder, poll

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Tell what another triggerer makes the same one from."""
        told = {"connection": self.connection, "job": self.job}
        return f"{__name__}.SlurmTrigger", {**told, "folder": self.folder, "poll": self.poll}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the job now and then; a login node that is away for a while is waited for."""
        failures = 0
        while True:
            try:
                state, code = await asyncio.to_thread(
                    look_up, self.connection, self.job, self.folder
                )
            except Exception as error:  # noqa: BLE001 - whatever SSH raises
                failures += 1
                self.log.warning("job %s: %s", self.job, error)
                if failures == 20:
                    yield TriggerEvent({"job": self.job, "state": "UNREACHABLE", "code": -1})
                    return
                await asyncio.sleep(self.poll * failures)
                continue
            failures = 0
            if state not in _RUNNING:
                yield TriggerEvent({"job": self.job, "state": state, "code": code})
                return
            await asyncio.sleep(self.poll)

    async def on_kill(self) -> None:
        """End the job where somebody ends the task."""
        await asyncio.to_thread(over_ssh, self.connection, f"scancel {shlex.quote(self.job)}")


class SlurmOperator(BaseOperator):
    """Run a step by Slurm, with Apptainer.

    Parameters
    ----------
    step, site, folder
        What runs, where, and on which files.
    """

    template_fields = ("folder",)

    def __init__(self, *, step: Step, site: Site, folder: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self.step, self.site, self.folder = step, site, folder
        self.connection = str(site.settings["connection"])
        self.job = ""

    @property
    def remote(self) -> str:
        """The folder of the run on the cluster."""
        return f"{self.site.settings['scratch']}/{self.folder}"

    def name_job(self, context: Any) -> str:
        """Name the job: the same for every try of this task, and for no other."""
        task = context["ti"]
        told = f"{task.dag_id} {task.task_id} {task.run_id} {task.map_index}"
        return f"{self.step.name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"

    def execute(self, context: Any) -> None:
        """Start the job, or find the one that a try before has started, and let go."""
        name = self.name_job(context)
        found = over_ssh(self.connection, f"squeue --noheader --format=%i --name={name}")
        if found:
            self.job = found.split()[0]
            self.log.info("job %s runs already", self.job)
        else:
            self._transfer(up=True)
            self.job = over_ssh(self.connection, self._sbatch(name), self._script()).split(";")[0]
            self.log.info("job %s started as %s", self.job, name)
        poll = float(self.site.settings.get("poll", 15))
        self.defer(
            trigger=SlurmTrigger(self.connection, self.job, self.remote, poll),
            method_name="resume",
        )

    def resume(self, context: Any, event: dict[str, Any]) -> None:  # noqa: ARG002
        """Bring the log and the outputs back, and say what went wrong.

        Raises
        ------
        AirflowFailException
            If another try would end in the same way.
        AirflowException
            If the job failed.
        """
        self.job = event["job"]
        log = f"cat {shlex.quote(self.remote)}/log 2>/dev/null || true"
        for line in over_ssh(self.connection, log).splitlines():
            self.log.info("%s", line)
        state, code = event["state"], event["code"]
        if state != "COMPLETED":
            said = f"Slurm job {self.job}: {state}, exit code {code}"
            if state in _FINAL:
                message = f"{said}: {_FINAL[state]}"
                raise AirflowFailException(message)
            why = ": killed, perhaps for want of memory" if code == _KILLED else ""
            message = f"{said}{why}"
            raise AirflowException(message)
        self._transfer(up=False)
        over_ssh(self.connection, f"rm -rf {shlex.quote(self.remote)}")

    def on_kill(self) -> None:
        """End the job where the task ends while it starts it."""
        if self.job:
            over_ssh(self.connection, f"scancel {shlex.quote(self.job)}")

    def _sbatch(self, name: str) -> str:
        step = self.step
        options = [
            "--parsable",
            f"--job-name={name}",
            f"--output={self.remote}/log",
            f"--chdir={self.remote}",
            f"--time={step.minutes}",
            f"--mem={step.memory}M",
            f"--cpus-per-task={max(1, round(step.cpus))}",
            *self.site.settings.get("options", []),
        ]
        return shlex.join(["sbatch", *options])

    def _script(self) -> str:
        command = shlex.join(container(self.step, self.site, self.folder, self._engine))
        return f'#!/bin/sh\n{command}\ncode=$?\necho "$code" > exit\nexit "$code"\n'

    @property
    def _engine(self) -> str:
        return "apptainer"

    def _transfer(self, *, up: bool) -> None:
        here = self.site.work / self.folder
        with SSHHook(ssh_conn_id=self.connection).get_conn() as client, client.open_sftp() as sftp:
            if up:
                _upload(sftp, here, PurePosixPath(self.remote))
                sftp.chmod(f"{self.remote}/{OUTPUTS}", 0o777)
            else:
                _download(sftp, f"{self.remote}/{OUTPUTS}", here / OUTPUTS)


def _upload(sftp: SFTPClient, folder: Path, target: PurePosixPath) -> None:
    for part in [*reversed(target.parents), target]:
        try:
            sftp.stat(str(part))
        except FileNotFoundError:
            sftp.mkdir(str(part))
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            _upload(sftp, path, target / path.name)
        else:
            sftp.put(str(path), str(target / path.name))


def _download(sftp: SFTPClient, source: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in sftp.listdir_attr(source):
        mode = entry.st_mode or 0
        # A link on the cluster may point anywhere.
        if stat.S_ISDIR(mode):
            _download(sftp, f"{source}/{entry.filename}", folder / entry.filename)
        elif stat.S_ISREG(mode):
            sftp.get(f"{source}/{entry.filename}", str(folder / entry.filename))
