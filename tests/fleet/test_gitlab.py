"""A fleet on a GitLab server: real HTTP, real git, python-gitlab, and the server's bad habits."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import stat
import time
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.fleet import forge, seal
from lisa_scaffold.fleet.clones import hold_clone
from lisa_scaffold.fleet.seal import Mark
from lisa_scaffold.fleet.settings import Server
from lisa_scaffold.process import run
from lisa_scaffold.template import cache

from ..support.fleets import Fleet, open_fleet
from ..support.gitlab import TOKEN, Answer, GitLab, Project, serve
from ..support.sweeps import sampled
from ..support.updates import TEN, Capture, commit, write

pytestmark = pytest.mark.usefixtures("own_cache")

BRANCH = "lisa-scaffold/v2.0.0"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("LISA_FLEET_TOKEN", TOKEN)
    return open_fleet(
        *(tmp_path, monkeypatch),
        plain={},
        torn={"shared.txt": f"torn\n{TEN}".replace("line 5", "line V")},
        current=None,
    )


@pytest.fixture
def gitlab(tmp_path: Path, fleet: Fleet) -> Iterator[GitLab]:
    with serve(tmp_path / "gitlab") as server:
        for name in ("plain", "torn", "current"):
            server.add(f"lisa/{name}", fleet.clones / name)
        yield server
        assert server.faults == []


def settings(fleet: Fleet, gitlab: GitLab, more: str = "") -> str:
    text = f'[gitlab]\nurl = "{gitlab.url}"\ngroups = ["lisa"]\n{more}'
    return str(fleet.set_up(text))


def ask(
    verb: str, fleet: Fleet, gitlab: GitLab, capsys: Capture, *options: str, more: str = ""
) -> tuple[int, dict[str, Any]]:
    """Run a verb, and return what it tells of each project; no token may be told."""
    capsys.readouterr()
    code = cli.main(
        ["fleet", verb, settings(fleet, gitlab, more), "--format", "json", "--jobs", "2", *options]
    )
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    return code, {
        each["name"].removeprefix("lisa/"): each for each in json.loads(said.out)["projects"]
    }


def actions(told: dict[str, Any]) -> dict[str, str]:
    return {name: each["action"] for name, each in told.items()}


def find(gitlab: GitLab, name: str) -> Project:
    return next(each for each in gitlab.projects.values() if each.path == f"lisa/{name}")


def request(gitlab: GitLab, name: str) -> dict[str, Any]:
    (one,) = find(gitlab, name).requests
    return one


# --- Status ---------------------------------------------------------------------------------------


def test_the_status_of_every_project(fleet: Fleet, gitlab: GitLab, capsys: Capture) -> None:
    gitlab.page = 2  # so that there are pages
    flags: dict[str, dict[str, Any]] = {
        "old": {"archived": True},
        "nothing": {"empty_repo": True, "default_branch": None},
        "copy": {"mirror": True},
        "doomed": {"marked_for_deletion_on": "2026-12-01"},
        "off": {"merge_requests_access_level": "disabled"},
    }
    for name, told_there in flags.items():
        gitlab.add(f"lisa/sub/{name}", None, **told_there)
    find(gitlab, "current").pipeline = ""
    code, told = ask("status", fleet, gitlab, capsys)
    assert code == ExitCode.FINDINGS
    assert {name: each["state"] for name, each in told.items()} == {
        "plain": "behind",
        "torn": "behind",
        "current": "current",
        "sub/off": "unreadable",
    }
    row = told["plain"]
    assert (row["place"], row["pipeline"]) == (f"{gitlab.url}/lisa/plain", "success")
    assert (row["activity"], row["request"]) == ("2026-11-20", None)
    assert told["current"]["pipeline"] == ""
    assert gitlab.count("GET /groups/lisa/projects") > 3


class _Elsewhere(BaseHTTPRequestHandler):
    """Another server, which keeps what it is asked."""

    asked: ClassVar[list[str]] = []

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        """Answer with an empty list."""
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")


@pytest.mark.parametrize("way", ["the next page", "a redirection"])
def test_no_answer_leads_to_another_server(
    way: str, fleet: Fleet, gitlab: GitLab, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    other = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    Thread(target=other.serve_forever, daemon=True).start()
    there = f"http://127.0.0.1:{other.server_port}/steal"

    def lead_away(*_: Any) -> Answer:
        if way == "a redirection":
            return 302, {}, {"Location": there}
        return 200, [], {"Link": f'<{there}>; rel="next"'}

    monkeypatch.setattr(gitlab, "_list_projects", lead_away)
    capsys.readouterr()
    code = cli.main(["fleet", "status", settings(fleet, gitlab)])
    said = capsys.readouterr().err
    other.shutdown()
    other.server_close()
    assert _Elsewhere.asked == []
    assert code == ExitCode.REFUSED
    assert f"an answer leads to {there}" in said


@pytest.mark.parametrize("told", [[{"id": "x"}], [{}], {"id": 1}, [None], [3]])
def test_what_is_no_list_of_projects_is_told(
    told: Any, fleet: Fleet, gitlab: GitLab, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(gitlab, "_list_projects", lambda *_: (200, told, {}))
    capsys.readouterr()
    assert cli.main(["fleet", "status", settings(fleet, gitlab)]) == ExitCode.REFUSED
    gitlab.faults.clear()  # its answers are as they should not be
    assert f"{gitlab.url} answers something else than GitLab" in capsys.readouterr().err


@pytest.mark.uncounted
@sampled(
    "odd",
    [
        {"iid": "x"},
        {"iid": None},
        {"head_pipeline": "x"},
        {"labels": 5},
        {"assignees": [1]},
    ],
    5,
)
def test_what_is_no_merge_request_is_told(
    odd: dict[str, Any],
    fleet: Fleet,
    gitlab: GitLab,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    ask("update", fleet, gitlab, capsys)
    show = gitlab._show_request
    monkeypatch.setattr(
        gitlab, "_show_request", lambda *words, **options: {**show(*words, **options), **odd}
    )
    _, told = ask("status", fleet, gitlab, capsys)
    gitlab.faults.clear()  # its answers are as they should not be
    assert f"{gitlab.url} answers something else than GitLab" in told["plain"]["problem"]


@pytest.mark.sweep
def test_what_is_left_out_is_counted(fleet: Fleet, gitlab: GitLab, capsys: Capture) -> None:
    gitlab.add("lisa/old", None, archived=True)
    gitlab.add("lisa/nothing", None, empty_repo=True)
    capsys.readouterr()
    cli.main(["fleet", "status", settings(fleet, gitlab), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["left_out"] == {"archived": 1, "empty": 1}


@pytest.mark.sweep
def test_clones_are_kept_and_fetched_again_where_the_project_moved(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    ask("status", fleet, gitlab, capsys)
    clones = Path(os.environ["XDG_CACHE_HOME"], "lisa-scaffold/clones")
    before = {each.name: each.stat().st_mtime_ns for each in clones.rglob("HEAD")}
    kept = [each for each in clones.iterdir() if each.is_dir()]  # beside them lie their locks
    assert len(kept) == 3
    assert (kept[0] / ".git/shallow").exists()
    ask("status", fleet, gitlab, capsys)
    assert {each.name: each.stat().st_mtime_ns for each in clones.rglob("HEAD")} == before
    place = fleet.clones / "plain"
    write(place, {"locked.txt": "mine\n"})
    commit(place)
    run(
        ["git", "push", "--quiet", gitlab.repository(find(gitlab, "plain")), "HEAD:main"], cwd=place
    )
    _, told = ask("status", fleet, gitlab, capsys)
    assert (told["plain"]["state"], told["plain"]["drift"]) == ("drifted", 1)


@pytest.mark.sweep
@pytest.mark.parametrize("verb", ["status", "update"])
def test_a_clone_is_for_one_command_at_a_time(verb: str, fleet: Fleet, gitlab: GitLab) -> None:
    """Another one would see half of its files, while they are brought to another commit."""
    clones = cache.folder("clones")
    assert clones
    words = ["fleet", verb, settings(fleet, gitlab)]
    other = multiprocessing.get_context("fork").Process(target=cli.main, args=(words,))
    with hold_clone(clones, f"{gitlab.url}/lisa/torn.git") as place:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the server has threads
            other.start()
        other.join(5)
        assert (other.is_alive(), place.exists()) == (True, False)
    other.join()
    assert place.exists()


@pytest.mark.sweep
def test_projects_that_are_gone_closed_or_renamed(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    gitlab.moved["lisa/former"] = find(gitlab, "plain").number
    find(gitlab, "torn").status = 403
    text = f'[gitlab]\nurl = "{gitlab.url}"\nprojects = ["lisa/former", "lisa/torn", "lisa/gone"]\n'
    capsys.readouterr()
    code = cli.main(["fleet", "status", str(fleet.set_up(text)), "--format", "json"])
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
    assert code == ExitCode.FINDINGS
    assert told["lisa/plain"]["state"] == "behind"
    assert (
        "GitLab answers 403 (403 said the server). The token lacks" in told["lisa/torn"]["problem"]
    )
    assert "GitLab answers 404" in told["lisa/gone"]["problem"]


@pytest.mark.sweep
def test_a_busy_and_failing_server_is_asked_again(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    gitlab.busy, gitlab.failing = 3, 0.1
    code, told = ask("status", fleet, gitlab, capsys)
    assert (code, len(told)) == (ExitCode.DONE, 3)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("abc", "3 characters, and one has 8 to 500"),
        ("two words here", "more than one word"),
        ("glpat-äöü12345", "a word with characters that are in none"),
        ("x" * 501, "501 characters, and one has 8 to 500"),
    ],
)
def test_what_is_wrong_with_a_token_is_told(  # noqa: PLR0913, PLR0917 - fixtures
    token: str,
    why: str,
    fleet: Fleet,
    gitlab: GitLab,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LISA_FLEET_TOKEN", token)
    assert cli.main(["fleet", "status", settings(fleet, gitlab)]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert f"the variable LISA_FLEET_TOKEN: no token, but {why}\n" in said


def test_a_file_that_others_may_read_the_token_in_is_told(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    place = fleet.folder / "token"
    place.write_text(f"{TOKEN}\n")
    for name in "plain", "torn":
        del gitlab.projects[find(gitlab, name).number]
    named = settings(fleet, gitlab, 'token-file = "token"\n')
    for mode, is_told in ((0o644, True), (0o640, True), (0o600, False)):
        place.chmod(mode)
        capsys.readouterr()
        assert cli.main(["fleet", "status", named]) == ExitCode.DONE
        said = capsys.readouterr().err
        assert (f"{place}: others may read the token there: chmod 600 {place}" in said) == is_told


def test_a_server_that_nobody_finds_is_told_soon_and_with_its_reason(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISA_FLEET_TOKEN", TOKEN)
    text = '[gitlab]\nurl = "https://gitlab.example.invalid"\ngroups = ["lisa"]\n'
    (tmp_path / "fleet.toml").write_text(text)
    began = time.monotonic()
    assert cli.main(["fleet", "status", str(tmp_path)]) == ExitCode.REFUSED
    assert time.monotonic() - began < 20
    said = " ".join(capsys.readouterr().err.split())
    assert "https://gitlab.example.invalid does not answer (Failed to resolve" in said
    assert said.endswith("Check the server's name, and whether there is a network.")


@pytest.mark.parametrize("token", ["", "wrong-token-12345", "two words here"])
def test_a_token_that_is_none(
    token: str, fleet: Fleet, gitlab: GitLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISA_FLEET_TOKEN", token)
    assert cli.main(["fleet", "status", settings(fleet, gitlab)]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert not token or token not in said
    assert "LISA_FLEET_TOKEN" in said or "The token is not valid any more" in said


# --- Update ---------------------------------------------------------------------------------------


def test_one_merge_request_a_project_and_nothing_the_second_time(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    more = (
        '[update]\nlabels = ["practice", "bot"]\nassign = [{ projects = "lisa/*", to = "@ada" }]\n'
    )
    code, told = ask("update", fleet, gitlab, capsys, more=more)
    assert code == ExitCode.FINDINGS
    assert actions(told) == {"plain": "updated", "torn": "updated", "current": "current"}
    one, torn = request(gitlab, "plain"), request(gitlab, "torn")
    assert one["title"] == "Update the template from v1.0.0 to v2.0.0"
    assert torn["title"] == "Draft: Update the template from v1.0.0 to v2.0.0"
    assert (one["source_branch"], one["target_branch"]) == (BRANCH, "main")
    assert (one["labels"], one["assignee_id"]) == (["practice", "bot"], 7)
    assert told["plain"]["url"] == f"{gitlab.url}/lisa/plain/-/merge_requests/1"
    assert "- `shared.txt`" in torn["description"]
    assert "lisa-scaffold update --to v2.0.0" in torn["description"]
    bare = gitlab.repository(find(gitlab, "torn"))
    assert "<<<<<<<" not in git.git("show", f"{BRANCH}:shared.txt", env={"GIT_DIR": str(bare)})
    tips = [gitlab.tip(each, BRANCH) for each in gitlab.projects.values()]
    gitlab.asked.clear()
    code, told = ask("update", fleet, gitlab, capsys, more=more)
    assert code == ExitCode.FINDINGS
    assert actions(told) == {"plain": "right", "torn": "open", "current": "current"}
    assert told["torn"]["said"] == f"its conflicts are to be resolved on the branch {BRANCH}"
    assert gitlab.count("^(POST|PUT|DELETE)") == 0
    assert [gitlab.tip(each, BRANCH) for each in gitlab.projects.values()] == tips
    _, status = ask("status", fleet, gitlab, capsys, more=more)
    states = {name: each["request"] and each["request"]["state"] for name, each in status.items()}
    assert states == {"plain": "opened", "torn": "draft", "current": None}


@pytest.mark.sweep
def test_a_dry_run_asks_and_says_nothing_to_anybody(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    _, told = ask("update", fleet, gitlab, capsys, "--dry-run")
    assert actions(told) == {"plain": "due", "torn": "due", "current": "current"}
    assert gitlab.count("^(POST|PUT|DELETE)") == 0
    assert gitlab.tip(find(gitlab, "plain"), BRANCH) is None


def push(fleet: Fleet, gitlab: GitLab, name: str, branch: str, files: dict[str, str]) -> None:
    """Commit in a project, as people do."""
    place = fleet.clones / name
    bare = gitlab.repository(find(gitlab, name))
    run(["git", "fetch", "--quiet", bare, branch], cwd=place)
    run(["git", "checkout", "--quiet", "--detach", "FETCH_HEAD"], cwd=place)
    write(place, files)
    commit(place)
    run(["git", "push", "--quiet", bare, f"HEAD:refs/heads/{branch}"], cwd=place)


@pytest.mark.sweep
def test_it_follows_the_default_branch(fleet: Fleet, gitlab: GitLab, capsys: Capture) -> None:
    ask("update", fleet, gitlab, capsys)
    first = request(gitlab, "torn")["description"]
    push(fleet, gitlab, "torn", "main", {"shared.txt": f"torn\n{TEN}"})  # no conflict any more
    _, told = ask("update", fleet, gitlab, capsys)
    assert (told["torn"]["action"], told["plain"]["action"]) == ("updated", "right")
    one = request(gitlab, "torn")
    assert one["title"] == "Update the template from v1.0.0 to v2.0.0"
    assert one["description"] != first
    assert gitlab.tip(find(gitlab, "torn"), BRANCH) in one["description"]


@pytest.mark.sweep
def test_commits_of_people_stay_and_they_are_told_once(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    ask("update", fleet, gitlab, capsys)
    push(fleet, gitlab, "torn", BRANCH, {"shared.txt": "resolved\n"})
    push(fleet, gitlab, "torn", "main", {"own.txt": "ours\n"})
    tip = gitlab.tip(find(gitlab, "torn"), BRANCH)
    for _ in range(2):
        _, told = ask("update", fleet, gitlab, capsys)
        assert actions(told)["torn"] == "touched"
        assert gitlab.tip(find(gitlab, "torn"), BRANCH) == tip
    (note,) = find(gitlab, "torn").notes[1]
    assert "has commits of people, so lisa-scaffold leaves it as it is" in note["body"]


@pytest.mark.sweep
def test_a_branch_without_a_commit_of_its_own_is_nobodys_work(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    push(fleet, gitlab, "plain", "main", {"own.txt": "ours\n"})
    bare = gitlab.repository(find(gitlab, "plain"))
    run(["git", "push", "--quiet", bare, f"HEAD:refs/heads/{BRANCH}"], cwd=fleet.clones / "plain")
    tip = gitlab.tip(find(gitlab, "plain"), BRANCH)
    assert actions(ask("update", fleet, gitlab, capsys)[1])["plain"] == "updated"
    assert gitlab.tip(find(gitlab, "plain"), BRANCH) not in {tip, None}
    assert request(gitlab, "plain")["state"] == "opened"


@pytest.mark.sweep
def test_what_people_wrote_into_the_merge_request_stays(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    ask("update", fleet, gitlab, capsys)
    one = request(gitlab, "plain")
    one["title"], one["description"] = (
        "Practice of December",
        one["description"] + "\nLook at it!\n",
    )
    before = dict(one)
    push(fleet, gitlab, "plain", "main", {"own.txt": "ours\n"})
    assert actions(ask("update", fleet, gitlab, capsys)[1])["plain"] == "updated"
    assert request(gitlab, "plain") == before
    gitlab.asked.clear()
    assert actions(ask("update", fleet, gitlab, capsys)[1])["plain"] == "right"
    assert gitlab.count("^(POST|PUT)") == 0


@pytest.mark.sweep
@pytest.mark.parametrize("state", ["closed", "merged"])
def test_a_merge_request_that_was_declined_is_not_opened_again(
    state: str, fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    ask("update", fleet, gitlab, capsys)
    request(gitlab, "plain")["state"] = state
    _, told = ask("update", fleet, gitlab, capsys)
    assert (told["plain"]["action"], len(find(gitlab, "plain").requests)) == ("declined", 1)
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})
    _, told = ask("update", fleet, gitlab, capsys)
    assert [each["state"] for each in find(gitlab, "plain").requests] == [state, "opened"]


@pytest.mark.sweep
def test_a_newer_version_takes_the_place_of_an_older_one(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    ask("update", fleet, gitlab, capsys)
    push(fleet, gitlab, "torn", BRANCH, {"shared.txt": "resolved\n"})
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})
    for _ in range(2):
        _, told = ask("update", fleet, gitlab, capsys)
    assert actions(told) == {"plain": "right", "torn": "touched", "current": "right"}
    old, new = find(gitlab, "plain").requests
    assert (old["state"], new["state"]) == ("closed", "opened")
    (note,) = find(gitlab, "plain").notes[1]
    assert f"{gitlab.url}/lisa/plain/-/merge_requests/2 brings v3.0.0" in note["body"]
    assert request(gitlab, "torn")["state"] == "opened"
    assert len(find(gitlab, "torn").notes[1]) == 1


@pytest.mark.sweep
def test_a_fork_can_neither_stand_in_nor_stop_it(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    foreign = {
        "iid": 1,
        "title": "Update the template from x",
        "source_branch": BRANCH,
        "state": "closed",
        "labels": ["lisa-scaffold"],
        "source_project_id": 999,
    }
    find(gitlab, "plain").requests.append(foreign)
    before = dict(foreign)
    assert actions(ask("update", fleet, gitlab, capsys)[1])["plain"] == "updated"
    assert (foreign, len(find(gitlab, "plain").requests)) == (before, 2)


@pytest.mark.sweep
def test_pushes_that_are_refused_are_told(fleet: Fleet, gitlab: GitLab, capsys: Capture) -> None:
    said = "GitLab: You are not allowed to push code to protected branches on this project."
    gitlab.refuse_pushes(find(gitlab, "plain"), said)
    code, told = ask("update", fleet, gitlab, capsys)
    assert (code, told["plain"]["action"]) == (ExitCode.FINDINGS, "failed")
    assert "You are not allowed to push code to protected branches" in told["plain"]["said"]
    assert (told["torn"]["action"], find(gitlab, "plain").requests) == ("updated", [])


@pytest.mark.sweep
def test_what_a_killed_run_left_is_found_again(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    """The branch was pushed, and the merge request not opened; or it was, and says the old."""
    ask("update", fleet, gitlab, capsys)
    tip = gitlab.tip(find(gitlab, "plain"), BRANCH)
    find(gitlab, "plain").requests.clear()
    stale = request(gitlab, "torn")
    right = stale["description"]
    push(fleet, gitlab, "torn", "main", {"own.txt": "ours\n"})
    ask("update", fleet, gitlab, capsys)
    stale["description"] = right
    _, told = ask("update", fleet, gitlab, capsys)
    assert (gitlab.tip(find(gitlab, "plain"), BRANCH), len(find(gitlab, "plain").requests)) == (
        tip,
        1,
    )
    assert (told["torn"]["action"], stale["description"] == right) == ("updated", False)


def test_merging_what_is_the_templates_own_change_once_it_is_green(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    plain = find(gitlab, "plain")
    plain.stale = True
    _, told = ask("update", fleet, gitlab, capsys, "--merge-when-green")
    assert told["plain"]["said"] == "not merged yet: no pipeline has seen this commit"
    plain.stale, plain.pipeline = False, "failed"
    _, told = ask("update", fleet, gitlab, capsys, "--merge-when-green")
    assert told["plain"]["said"] == "not merged: its pipeline is failed"
    plain.pipeline = "running"
    _, told = ask("update", fleet, gitlab, capsys, "--merge-when-green")
    assert request(gitlab, "plain")["auto"] is True
    plain.pipeline = "success"
    _, told = ask("update", fleet, gitlab, capsys, "--merge-when-green")
    assert (told["plain"]["action"], request(gitlab, "plain")["state"]) == ("merged", "merged")
    assert told["torn"]["said"] == "not merged by itself: it is more than the template's change"
    assert request(gitlab, "torn")["state"] == "opened"
    assert actions(ask("update", fleet, gitlab, capsys)[1])["plain"] == "current"


def forge_update(fleet: Fleet, gitlab: GitLab, name: str, files: dict[str, str]) -> None:
    """Put a commit in the place of the fleet's, with all that such a commit says of itself."""
    bare = gitlab.repository(find(gitlab, name))
    push(fleet, gitlab, name, "forged", files)
    found = run(["git", "rev-parse", "main", "forged^{tree}"], cwd=bare).stdout
    base, tree = found.decode().split()
    message = "Update the template from v1.0.0 to v2.0.0\n"
    message += seal.make_trailer(message, Mark("v2.0.0", "plain", base), tree)
    who = "A <a@example.org> 0 +0000"
    content = f"tree {tree}\nparent {base}\nauthor {who}\ncommitter {who}\n\n{message}"
    words = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    made = run(words, cwd=bare, stdin=content.encode()).stdout.decode().strip()
    run(["git", "update-ref", f"refs/heads/{BRANCH}", made], cwd=bare)


@pytest.mark.sweep
def test_nothing_is_merged_that_only_says_that_it_is_the_template_s_own_change(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    """Whoever may push a branch can write its commit; what merges it may more than they."""
    ask("update", fleet, gitlab, capsys)
    forge_update(fleet, gitlab, "plain", {"locked.txt": f"locked again\n{TEN}", "evil.py": "boo"})
    tip = gitlab.tip(find(gitlab, "plain"), BRANCH)
    _, told = ask("update", fleet, gitlab, capsys, "--merge-when-green")
    assert told["plain"]["said"] == (
        "not merged: its commit is something else than what the template brings"
    )
    assert request(gitlab, "plain")["state"] == "opened"
    assert gitlab.tip(find(gitlab, "plain"), BRANCH) == tip


@pytest.mark.sweep
def test_nothing_is_merged_into_another_branch(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    ask("update", fleet, gitlab, capsys)
    request(gitlab, "plain")["target_branch"] = "stable"
    _, told = ask("update", fleet, gitlab, capsys, "--merge-when-green")
    assert told["plain"]["said"] == "not merged: it does not go into the default branch"
    assert request(gitlab, "plain")["state"] == "opened"


@pytest.mark.sweep
def test_waves_by_the_pipelines_of_merge_requests(
    fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    more = '[update]\ncanaries = ["lisa/torn"]\nwave = "10%"\n'
    _, told = ask("update", fleet, gitlab, capsys, more=more)
    assert (told["torn"]["action"], told["plain"]["said"]) == ("updated", "the canaries come first")
    find(gitlab, "torn").pipeline = "running"
    _, told = ask("update", fleet, gitlab, capsys, more=more)
    assert told["plain"]["said"] == "pipelines of the wave before are still running"
    find(gitlab, "torn").pipeline = "failed"
    code, told = ask("update", fleet, gitlab, capsys, more=more)
    assert (code, told["plain"]["stopped"]) == (ExitCode.FINDINGS, True)
    find(gitlab, "torn").pipeline = "success"
    assert actions(ask("update", fleet, gitlab, capsys, more=more)[1])["plain"] == "updated"


@pytest.mark.sweep
def test_hostile_words_are_shown_harmlessly(fleet: Fleet, gitlab: GitLab, capsys: Capture) -> None:
    place = fleet.clones / "evil"
    evil = "\x1b[31m<script>$(touch x)`|**@all** /close"
    fleet.add("evil", {"shared.txt": f"{evil}\n{TEN}".replace("line 5", evil)})
    gitlab.add("lisa/evil", place)
    find(gitlab, "plain").status = 403
    ask("update", fleet, gitlab, capsys)
    text = request(gitlab, "evil")["description"]
    assert not re.search(r"(?m)^\s*/close|^@all|\x1b", text)
    assert find(gitlab, "evil").requests


@pytest.mark.sweep
@pytest.mark.parametrize("lost", ["undone", "done"])
def test_a_merge_request_whose_making_got_no_answer_is_there_once(
    lost: str, fleet: Fleet, gitlab: GitLab, capsys: Capture
) -> None:
    gitlab.lost = lost
    _, told = ask("update", fleet, gitlab, capsys)
    assert actions(told) == {"plain": "updated", "torn": "updated", "current": "current"}
    assert [len(find(gitlab, name).requests) for name in ("plain", "torn")] == [1, 1]
    assert gitlab.count("POST .*/merge_requests$") == (3 if lost == "undone" else 2)


# --- The token ------------------------------------------------------------------------------------


def files_below(*folders: Path) -> Iterator[bytes]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path.read_bytes()


@pytest.mark.uncounted
def test_the_token_is_written_nowhere(
    fleet: Fleet, gitlab: GitLab, capsys: Capture, home: Path, tmp_path: Path
) -> None:
    """Not even by the user's own credential helper, which git would tell."""
    config = home / ".gitconfig"
    config.write_text(config.read_text() + "[credential]\n\thelper = store\n")
    ask("status", fleet, gitlab, capsys, "--verbose")
    ask("update", fleet, gitlab, capsys, "--verbose")
    ask("update", fleet, gitlab, capsys, "--merge-when-green", "--verbose")
    cache = Path(os.environ["XDG_CACHE_HOME"])
    assert any(b"remote" in each for each in files_below(cache))
    assert [each for each in files_below(cache, home, tmp_path) if TOKEN.encode() in each] == []


@pytest.mark.sweep
def test_a_token_in_a_file(
    fleet: Fleet, gitlab: GitLab, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LISA_FLEET_TOKEN")
    (fleet.folder / "it's a token").write_text(f"{TOKEN}\n")
    more = 'token-file = "it\'s a token"\n'
    _, told = ask("update", fleet, gitlab, capsys, more=more)
    assert actions(told)["plain"] == "updated"


def test_a_token_that_is_missing_is_told_with_a_page_and_a_way_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NONE_HERE", raising=False)
    with pytest.raises(LisaError) as raised:
        forge.read_token(Server("https://gitlab.example.org", token_variable="NONE_HERE"))  # noqa: S106
    assert raised.value.message == (
        "the variable NONE_HERE: no token for https://gitlab.example.org there"
    )
    assert raised.value.hint == (
        "Put one there: https://lisa.pages.in2p3.fr/lisa-scaffold/howto/fleet.html"
        "#what-the-token-may-do tells which rights it needs. Without one, take [gitlab] out of "
        "fleet.toml and name `folders` of clones."
    )


def test_git_is_told_for_that_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", TOKEN)
    server = Server("https://gitlab.example.org:8443/base", token_variable="SECRET")  # noqa: S106
    with forge.lend_token(server):
        program = os.environ["GIT_ASKPASS"]
        assert stat.S_IMODE(Path(program).stat().st_mode) == 0o700
        assert TOKEN not in Path(program).read_text()

        def say(asked: str) -> tuple[int, str]:
            done = run([program, asked])
            return done.returncode, done.stdout.decode().strip()

        host = "https://oauth2@gitlab.example.org:8443"
        assert say(f"Password for '{host}': ") == (0, TOKEN)
        assert say("Username for 'https://gitlab.example.org:8443': ") == (0, "oauth2")
        for other in (
            "Password for 'https://oauth2@evil.example.org': ",
            "Password for 'https://oauth2@gitlab.example.org': ",
            "Password for 'http://oauth2@gitlab.example.org:8443': ",
            f"Password for '{host}.evil.org': ",
            f"x Password for '{host}': ",
        ):
            assert say(other) == (1, "")
    assert "GIT_ASKPASS" not in os.environ
    assert "GIT_CONFIG_COUNT" not in os.environ


def test_errors_cross_from_one_process_to_another() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(forge.ForgeError("it", 404)))  # noqa: S301 - ours
    assert (error.message, error.code, error.hint) == (
        "it",
        404,
        "It is gone, or the token may not see it.",
    )
    assert isinstance(error, LisaError)
