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
from .steps import OUTPUTS, Site, Step, blame, clear_outputs

if TYPE_CHECKING:
    from paramiko import SFTPClient

# Any other state, as of what is requeued, resized or staged out, is one of a job that goes on.
_ENDED = {
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "LAUNCH_FAILED", "NODE_FAIL"),
    *("OUT_OF_MEMORY", "PREEMPTED", "RECONFIG_FAIL", "REVOKED", "TIMEOUT"),
    # Ours: that of a job of which nothing is known any more.
    "LOST",
}
_FORGOTTEN = "Invalid job id specified"
# A second try of the same ends in the same way: somebody has to change something.
_FINAL = {
    "OUT_OF_MEMORY": "it needs more memory than steps.yaml gives it",
    "TIMEOUT": "it needs more minutes than steps.yaml gives it",
    "DEADLINE": "it could not end before its deadline",
}
# None of what was run: a node that died under it is another matter.
_OF_THE_SITE = {
    *("BOOT_FAIL", "CANCELLED", "LAUNCH_FAILED", "PREEMPTED", "RECONFIG_FAIL", "REVOKED"),
    "UNREACHABLE",
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
    """Look up the state of a job, and its exit code; the code is -1 where nobody knows it.

    Raises
    ------
    AirflowException
        If the controller does not answer: it may know the job none the less.
    """
    try:
        said = over_ssh(connection, f"scontrol --oneliner show job {shlex.quote(job)}")
    except AirflowException as error:
        if _FORGOTTEN not in str(error):
            raise
        return _recall(connection, job, folder)
    facts = dict(word.split("=", 1) for word in said.split() if "=" in word)
    if "JobState" not in facts:
        message = f"scontrol on {connection} tells no state of job {job}: {said}"
        raise AirflowException(message)
    return facts["JobState"].split("+")[0], _read_code(facts.get("ExitCode", "0:0"))


def _recall(connection: str, job: str, folder: str) -> tuple[str, int]:
    """Ask the accounting, or else the file of the job itself, how a forgotten job ended."""
    asked = f"sacct --jobs={shlex.quote(job)} --allocations --noheader --parsable2"
    said = over_ssh(connection, f"{asked} --format=State,ExitCode 2>/dev/null || true")
    state, _, code = said.partition("|")
    # Such as "CANCELLED by 1000".
    state = state.partition(" ")[0]
    if state in _ENDED:
        return state, _read_code(code)
    # A folder that is not there is one that is not mounted, and tells nothing of the job.
    file = shlex.quote(f"exit-{job}")
    look = f"cd {shlex.quote(folder)} && if [ -e {file} ]; then cat {file}; fi"
    written = over_ssh(connection, look).split()
    if not written:
        return "LOST", -1
    return ("FAILED" if int(written[0]) else "COMPLETED"), int(written[0])


def _read_code(told: str) -> int:
    status, _, signal = told.partition(":")
    return int(status) or (int(signal or 0) and 128 + int(signal))


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
            if state in _ENDED:
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
        # In this order: a job that ends meanwhile is found by the one or the other.
        self.job = self._find_going_on(name)
        if self.job:
            self.log.info("job %s runs already", self.job)
        elif done := self._find_done(name):
            self.log.info("job %s has ended already", done)
            self.resume(context, {"job": done, "state": "COMPLETED", "code": 0})
            return
        else:
            self._start(name)
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
            if state not in _OF_THE_SITE:
                blame(self.site, self.folder)
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

    def _find_going_on(self, name: str) -> str:
        asked = f"squeue --noheader --states=all --format='%i %T' --name={name}"
        for line in over_ssh(self.connection, asked).splitlines():
            job, state = line.split()
            if state not in _ENDED:
                return job
        return ""

    def _find_done(self, name: str) -> str:
        # Nobody heard of its end: the triggerer gave up, or what it wrote could not be fetched.
        asked = f"grep -slxF '0 {name}' {shlex.quote(self.remote)}/exit-* || true"
        return over_ssh(self.connection, asked).rpartition("/exit-")[2]

    def _start(self, name: str) -> None:
        # What a try before has left there is not of this one.
        over_ssh(self.connection, f"rm -rf {shlex.quote(self.remote)}")
        self._transfer(up=True)
        said = over_ssh(self.connection, self._sbatch(name), self._script(name))
        self.job = said.split(";")[0]

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

    def _script(self, name: str) -> str:
        lines = [
            "#!/bin/sh",
            # Slurm starts a job once more whose node has died.
            f"find {OUTPUTS} -mindepth 1 -delete",
            shlex.join(container(self.step, self.site, self.folder, self._engine)),
            "code=$?",
            f'echo "$code {name}" > "exit-$SLURM_JOB_ID"',
            'exit "$code"',
        ]
        return "\n".join([*lines, ""])

    @property
    def _engine(self) -> str:
        return "apptainer"

    def _transfer(self, *, up: bool) -> None:
        here = self.site.work / self.folder
        with SSHHook(ssh_conn_id=self.connection).get_conn() as client, client.open_sftp() as sftp:
            if up:
                clear_outputs(here / OUTPUTS)
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
