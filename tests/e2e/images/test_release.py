"""What a pipeline hands over: to Kaniko, to the package registry, to Zenodo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

from ...support.tools import commit_all, git
from ..parts import http, kaniko
from ..parts.gitlab import Event, Outcome, merge_request, tag
from .conftest import PATH, Runner

NEXT = "1.3.0"
OTHER = "1.3.1"
"""What was built is another version than this one."""
CHECKOUT = f"/builds/{PATH}"


def test_a_merge_request_builds_the_image_and_pushes_nothing(runner: Runner) -> None:
    git("checkout", "--quiet", "-b", "image", "main", cwd=runner.root)
    with (runner.root / "Dockerfile").open("a", encoding="utf-8") as file:
        file.write("# Changed\n")
    commit_all(runner.root)
    event = merge_request("image")
    event.variables["LISA_CDE_IMAGE"] = "localhost/lisa-cde:1"
    # A login that can read and nothing else; that of the job, which can push, stays away.
    event.variables["DOCKER_AUTH_CONFIG"] = '{"auths":{}}'
    outcome = runner.run(event, "build", "container-test")
    assert outcome.failed() == set(), outcome.said
    told = kaniko.told(outcome.said)
    assert told.words == [*kaniko.sources(CHECKOUT), "--no-push"]
    assert told.login == '{"auths":{}}'
    version = told.arguments.pop("VERSION")
    assert version.startswith("1.2.4.dev1+")
    commit = git("rev-parse", "image", cwd=runner.root).strip()
    assert told.arguments == {"REVISION": commit, "CDE_IMAGE": "localhost/lisa-cde:1"}


def test_without_a_changelog_section_there_is_no_release(runner: Runner) -> None:
    event = tag("v1.2.9")
    refused = runner.run(Event("main", event.variables, event.unset), "release-notes")
    assert refused.failed() == {"release-notes"}
    assert "CHANGELOG.md says nothing about 1.2.9: write it, then tag anew." in refused.said


@dataclass
class Services:
    """A package registry and a server of deposits, and what they were sent."""

    url: str = ""
    packages: list[http.Request] = field(default_factory=list)
    deposits: list[http.Request] = field(default_factory=list)

    def answer(self, request: http.Request) -> bytes:
        match request.method, request.path:
            case "POST", "/api/v4/projects/7/packages/pypi":
                self.packages.append(request)
                return b""
            case "POST", "/api/deposit/depositions":
                self.deposits.append(request)
                return json.dumps(
                    {"links": {"bucket": f"{self.url}/files", "html": f"{self.url}/draft/3"}}
                ).encode()
            case "PUT", path if path.startswith("/files/"):
                self.deposits.append(request)
                return b"{}"
        raise KeyError(request.path)

    def variables(self) -> dict[str, str]:
        """What leads the jobs here."""
        return {
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_JOB_TOKEN": "of-the-job",
            "CI_PROJECT_ID": "7",
            "LISA_ZENODO": "true",
            "LISA_ZENODO_TOKEN": "of-ada",
        }


@contextmanager
def services() -> Iterator[Services]:
    made = Services()
    with http.serving(made.answer) as made.url:
        yield made


def uploaded(request: http.Request) -> dict[str, str]:
    """The text fields of a form, and the name of the file in it."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n"
    form = message_from_bytes(head.encode() + request.body)
    parts = [part for part in form.walk() if not part.is_multipart()]
    return {str(part.get_param("name", header="content-disposition")): said(part) for part in parts}


def said(part: Message) -> str:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return part.get_filename() or data.decode()


def release(runner: Runner, server: Services, version: str, *jobs: str) -> Outcome:
    """Run jobs for a tag on the branch that the release is made from."""
    event = tag(f"v{version}", **server.variables())
    return runner.run(Event("release", event.variables, event.unset), *jobs)


def test_a_release_hands_over_what_was_built_under_the_version_of_the_tag(runner: Runner) -> None:
    git("checkout", "--quiet", "-b", "release", "main", cwd=runner.root)
    changelog = runner.root / "CHANGELOG.md"
    section = f"## [Unreleased]\n\n## [{NEXT}] - 2026-01-02\n\n- It works.\n"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(text.replace("## [Unreleased]\n", section, 1), encoding="utf-8")
    with services() as server:
        # Its address is no variable.
        jobs_of_release = runner.root / ".gitlab/ci/release.yml"
        zenodo = jobs_of_release.read_text(encoding="utf-8")
        assert '"https://zenodo.org"' in zenodo
        jobs_of_release.write_text(zenodo.replace("https://zenodo.org", server.url))
        commit_all(runner.root)
        git("tag", "--annotate", f"v{NEXT}", "--message=Next", "release", cwd=runner.root)
        jobs = ("release-notes", "build", "publish-package", "container-publish", "zenodo")
        outcome = release(runner, server, NEXT, *jobs)
        assert outcome.failed() == set(), outcome.said
        assert outcome.finished() == set(jobs)

        sent = len(server.packages)
        refused = release(runner, server, OTHER, "publish-package")
        assert refused.failed() == {"publish-package"}, refused.said
        assert f"cannot access 'dist/*-{OTHER}.tar.gz'" in refused.said
        assert "imported artifacts" in refused.said
        assert "was empty" not in refused.said
        assert len(server.packages) == sent

    notes = runner.gitlab.artifacts("release-notes") / "release-notes.md"
    assert notes.read_text(encoding="utf-8").strip().startswith("- It works.")
    told = kaniko.told(outcome.said)
    commit = git("rev-parse", "release", cwd=runner.root).strip()
    assert told.arguments == {"VERSION": NEXT, "REVISION": commit}
    destination = f"{kaniko.REGISTRY}/{PATH.lower()}:{NEXT}"
    assert told.words == [*kaniko.sources(CHECKOUT), "--destination", destination]
    assert told.login == kaniko.login()

    files = {f"lisa_example-{NEXT}.tar.gz", f"lisa_example-{NEXT}-py3-none-any.whl"}
    forms = [uploaded(request) for request in server.packages]
    assert {form["content"] for form in forms} == files
    assert {(form["name"], form["version"]) for form in forms} == {("lisa-example", NEXT)}
    # gitlab-ci-token:of-the-job
    basic = "Basic Z2l0bGFiLWNpLXRva2VuOm9mLXRoZS1qb2I="
    assert {request.headers["Authorization"] for request in server.packages} == {basic}

    assert {request.headers["Authorization"] for request in server.deposits} == {"Bearer of-ada"}
    assert [request.path for request in server.deposits] == [
        "/api/deposit/depositions",
        *sorted(f"/files/{name}" for name in files),
    ]
    built = runner.gitlab.artifacts("build") / "dist"
    for request in server.deposits[1:]:
        assert request.body == (built / request.path.removeprefix("/files/")).read_bytes()
    assert f"Complete and publish the draft: {server.url}/draft/3" in outcome.said
