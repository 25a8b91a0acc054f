"""A newer version for the projects of a fleet of local clones: one branch each."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.fleet import records, seal
from lisa_scaffold.fleet.outcomes import Outcome
from lisa_scaffold.fleet.seal import Conflict, Mark
from lisa_scaffold.process import run
from lisa_scaffold.report.fleet import update as report
from lisa_scaffold.template import CANONICAL_URL

from ..support.fleets import Fleet, lose, open_fleet
from ..support.sweeps import sampled
from ..support.tools import passes
from ..support.updates import TEN, Capture, commit, write

BRANCH = "lisa-scaffold/v2.0.0"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return open_fleet(
        *(tmp_path, monkeypatch),
        plain={},
        merged={"shared.txt": f"merged\n{TEN}more of ours\n"},
        torn={"shared.txt": f"torn\n{TEN}".replace("line 5", "line V")},
        current=None,
        apart={"pyproject.toml": "[tool.lisa-scaffold]\nfleet = false\n"},
    )


def update(fleet: Fleet, capsys: Capture, *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    words = ["fleet", "update", str(fleet.set_up()), "--format", "json", *options]
    code = cli.main(words)
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "lisa-scaffold/fleet-update/1"
    return code, {each["name"]: each for each in told["projects"]}


def actions(told: dict[str, Any]) -> dict[str, str]:
    return {name: each["action"] for name, each in told.items()}


def tips(fleet: Fleet) -> dict[str, str]:
    return {
        each.name: git.find_tip(git.find_repository(each), BRANCH)
        for each in sorted(fleet.clones.iterdir())
    }


def read(fleet: Fleet, name: str) -> git.Commit:
    repository = git.find_repository(fleet.clones / name)
    return git.read_commit(repository, git.find_tip(repository, BRANCH))


@pytest.mark.uncounted
def test_one_branch_a_project_and_nothing_the_second_time(fleet: Fleet, capsys: Capture) -> None:
    code, told = update(fleet, capsys)
    assert code == ExitCode.FINDINGS  # there is a conflict
    expected = {
        "plain": "updated",
        "merged": "updated",
        "torn": "updated",
        "current": "current",
        "apart": "opted out",
    }
    assert actions(told) == expected
    assert {name: each["conflicts"] for name, each in told.items() if each["conflicts"]} == {
        "torn": ["shared.txt"]
    }
    left = git.git("rev-parse", f"{BRANCH}:shared.txt", cwd=fleet.clones / "torn").strip()
    marks = {name: seal.read_mark(read(fleet, name)) for name in ("plain", "merged", "torn")}
    heads = {name: read(fleet, name).parents[0] for name in marks}
    assert marks == {
        "plain": Mark("v2.0.0", "plain", heads["plain"]),
        "merged": Mark("v2.0.0", "merged", heads["merged"]),
        "torn": Mark("v2.0.0", "conflict", heads["torn"], (Conflict("shared.txt", left),)),
    }
    place = fleet.clones / "torn"
    assert git.git("rev-parse", "HEAD", cwd=place).strip() == heads["torn"]
    assert git.git("status", "--porcelain", cwd=place) == ""
    assert "<<<<<<<" not in git.git("grep", "-c", "", BRANCH, cwd=place)
    assert "line V" in git.git("show", f"{BRANCH}:shared.txt", cwd=place)
    before = tips(fleet)
    code, told = update(fleet, capsys)
    assert code == ExitCode.FINDINGS  # it is still there
    right = {**expected, "plain": "right", "merged": "right", "torn": "open"}
    assert (actions(told), tips(fleet)) == (right, before)


@pytest.mark.sweep
def test_a_conflict_that_was_committed_holds_no_project_up(fleet: Fleet, capsys: Capture) -> None:
    """What the template changes there stands in the message, and markers stand around no others."""
    old = "<<<<<<< before updating\nmine\n=======\ntheirs\n>>>>>>> after updating\n"
    place = fleet.clones / "plain"
    marked = (place / "shared.txt").read_text().replace("line 5\n", old)
    write(place, {"shared.txt": marked})
    commit(place)
    _, told = update(fleet, capsys)
    assert (told["plain"]["action"], told["plain"]["conflicts"]) == ("updated", [])
    assert git.git("show", f"{BRANCH}:shared.txt", cwd=place) == marked
    message = git.git("log", "-1", "--format=%B", BRANCH, cwd=place)
    assert "1 conflict of an earlier merge, committed with its markers" in message
    assert "+line five\n" in message


def test_a_note_that_only_informs_makes_no_merge_of_it(fleet: Fleet, capsys: Capture) -> None:
    """A new question that has its default, say; and a file that stays away as before."""
    shutil.rmtree(fleet.clones / "torn")
    place = fleet.clones / "plain"
    write(place, {"shared.txt": None})
    commit(place)
    answers = place / ".copier-answers.yml"
    write(place, {answers.name: answers.read_text() + "# since\n"})
    commit(place)
    copier = (fleet.work / "copier.yml").read_text()
    more = "more:\n  type: str\n  help: More\n  default: none\n"
    fleet.release("v3.0.0", {"copier.yml": copier + more})
    code, told = update(fleet, capsys)
    assert code == ExitCode.DONE
    for name, result in (("plain", "plain"), ("merged", "merged")):
        repository = git.find_repository(fleet.clones / name)
        tip = git.find_tip(repository, "lisa-scaffold/v3.0.0")
        mark = seal.read_mark(git.read_commit(repository, tip))
        assert mark
        assert (mark.result, told[name]["notes"], told[name]["tasks"]) == (result, 1, [])


def test_what_somebody_has_to_do_stands_under_the_project(fleet: Fleet, capsys: Capture) -> None:
    lines = {"locked.txt": f"locked\n{TEN}".replace("locked\n", "mine\n")}
    write(fleet.clones / "plain", dict(lines))
    commit(fleet.clones / "plain")
    task = "locked.txt: locked: the template's lines win, yours are not taken."
    place = fleet.clones / "plain"
    log = f"git -C {place} log -1 {BRANCH}"
    for options in (("--dry-run",), (), ()):
        _, told = update(fleet, capsys, *options)
        said = task if told["plain"]["action"] != "right" else f"its commit tells what: {log}"
        assert told["plain"]["tasks"] == [said]
        assert told["merged"]["tasks"] == []
        lists = ("tasks", "files", "conflicts", "superseded")
        tuples = [{key: tuple(each[key]) for key in lists} for each in told.values()]
        pairs = zip(told.values(), tuples, strict=True)
        text = report.write_text([Outcome(**{**each, **made}) for each, made in pairs])
        assert text.startswith("5 projects, 1 thing to do\n")
        assert f"\n    to do: {said}\n" in text
    mark = seal.read_mark(read(fleet, "plain"))
    assert mark
    assert mark.result == "tasks"
    cli.main(["fleet", "status", str(fleet.set_up())])
    text = capsys.readouterr().out
    said = f"the branch {BRANCH} waits to be merged, with something to do that its commit tells"
    assert said in text
    steps = text.partition("\nNext\n")[2]
    assert f"See what there is to do before what waits is merged\n    {log}\n" in steps
    assert f"git -C {fleet.clones / 'merged'} merge {BRANCH}\n" in steps
    assert f"git -C {place} merge" not in steps


def test_what_waits_is_told_with_what_stands_in_the_way(fleet: Fleet, capsys: Capture) -> None:
    """A change that was made since counts too; what is not the default gets nothing merged."""
    update(fleet, capsys)
    place, other = fleet.clones / "merged", fleet.clones / "plain"
    run(["git", "switch", "--quiet", "--create", "try-out"], cwd=other)
    rows: dict[str, Any] = {}
    for change in (None, "mine\n"):
        if change:
            write(place, {"locked.txt": change})
        cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json"])
        told = json.loads(capsys.readouterr().out)["projects"]
        rows = {each["name"]: each for each in told}
        dirty = ("there are changes that are not committed", f"git -C {place} status")
        found = (rows["merged"]["obstacle"], rows["merged"]["remedy"])
        assert found == (dirty if change else ("", ""))
    names = ("target", "checkout", "obstacle", "remedy")
    unknown = "it has no origin, and nothing says which branch is the default: switch to that one"
    assert [rows["plain"][each] for each in names] == [
        *("", "try-out", unknown, f"git -C {other} branch"),
    ]
    cli.main(["fleet", "status", str(fleet.set_up())])
    said = capsys.readouterr().out
    assert "plain: try-out is checked out, and nothing says which branch is the default, " in said
    assert "there are changes that are not committed\n" in said
    steps = said.partition("\nNext\n")[2]
    assert " merge lisa-scaffold/" not in steps
    first = "Before what waits in merged is merged: the first of 2: there are changes that are not"
    assert f"{first} committed\n    git -C {place} status\n" in steps
    _, told = update(fleet, capsys)
    assert (told["merged"]["obstacle"], told["plain"]["target"]) == (dirty[0], "")


def test_a_branch_in_the_way_is_told_before(fleet: Fleet, capsys: Capture) -> None:
    place = fleet.clones / "plain"
    git.git("branch", "lisa-scaffold", cwd=place)
    for options in (("--dry-run",), ()):
        _, told = update(fleet, capsys, *options)
        assert (told["plain"]["action"], told["plain"]["said"]) == (
            "failed",
            f"the branch lisa-scaffold stands in the way of {BRANCH}: give it another name: "
            f"git -C {place} branch -m lisa-scaffold NAME",
        )


def test_an_image_alone_is_not_adopted_and_fails_no_run(fleet: Fleet, capsys: Capture) -> None:
    shutil.rmtree(fleet.clones / "torn")
    place = fleet.clones / "image"
    place.mkdir()
    git.git("init", "--quiet", cwd=place)
    write(place, {"Dockerfile": "FROM debian:13\n"})
    commit(place)
    code, told = update(fleet, capsys, "--adopt", "--dry-run")
    assert code == ExitCode.DONE
    said = "nothing to adopt: no Python package: no pyproject.toml, setup.cfg or setup.py"
    assert (told["image"]["action"], told["image"]["said"]) == ("no template", said)


@pytest.mark.uncounted
def test_a_dry_run_tells_and_changes_nothing(fleet: Fleet, capsys: Capture) -> None:
    before = tips(fleet)
    code, told = update(fleet, capsys, "--dry-run")
    assert (code, tips(fleet)) == (ExitCode.FINDINGS, before)
    assert [name for name, action in actions(told).items() if action == "due"] == [
        *("merged", "plain", "torn")
    ]
    assert told["plain"]["changes"] == 3
    assert told["plain"]["files"] == [".copier-answers.yml", "locked.txt", "shared.txt"]


@pytest.mark.sweep
def test_the_branch_follows_the_project(fleet: Fleet, capsys: Capture) -> None:
    update(fleet, capsys)
    first = read(fleet, "plain")
    write(fleet.clones / "plain", {"own.txt": "ours\n"})
    commit(fleet.clones / "plain")
    _, told = update(fleet, capsys)
    assert actions(told)["plain"] == "updated"
    second = read(fleet, "plain")
    assert second.parents != first.parents
    mark = seal.read_mark(second)
    assert mark
    assert mark.base == git.git("rev-parse", "HEAD", cwd=fleet.clones / "plain").strip()


CHANGES = {
    "a commit on top": [["commit", "--quiet", "--allow-empty", "-m", "Mine"]],
    "another message": [["commit", "--quiet", "--amend", "-m", "Mine"]],
    "more in the commit": [
        ["rm", "--quiet", "locked.txt"],
        ["commit", "-q", "--amend", "--no-edit"],
    ],
    "moved onto the default branch": [["rebase", "--quiet", "main"]],
}


@sampled("how", CHANGES, 4)
def test_what_people_commit_there_is_never_overwritten(
    how: str, fleet: Fleet, capsys: Capture
) -> None:
    update(fleet, capsys)
    place = fleet.clones / "plain"
    write(place, {"own.txt": "ours\n"})
    commit(place)
    for words in (["switch", "--quiet", BRANCH], *CHANGES[how], ["switch", "--quiet", "main"]):
        run(["git", *words], cwd=place)
    before = tips(fleet)
    assert seal.read_mark(read(fleet, "plain")) is None
    _, told = update(fleet, capsys)
    assert (actions(told)["plain"], tips(fleet)) == ("touched", before)
    assert told["plain"]["said"] == "people have committed to its branch"


def test_a_limit_and_waves(fleet: Fleet, capsys: Capture) -> None:
    _, told = update(fleet, capsys, "--limit", "1")
    assert actions(told) == {
        "merged": "updated",
        "plain": "waiting",
        "torn": "waiting",
        "current": "current",
        "apart": "opted out",
    }
    assert told["plain"]["said"] == "--limit is reached"
    _, told = update(fleet, capsys, "--wave", "30%")
    assert (actions(told)["plain"], actions(told)["torn"]) == ("updated", "waiting")
    assert told["torn"]["said"] == "it is in a later wave"
    assert actions(update(fleet, capsys, "--wave", "30%")[1])["torn"] == "updated"


def break_objects(place: Path) -> None:
    """Take a tree out of a repository: what git is asked for first does not show it."""
    tree = git.git("rev-parse", "HEAD^{tree}", cwd=place).strip()
    (place / ".git/objects" / tree[:2] / tree[2:]).unlink()


@sampled("dry", [True, False], 2)
def test_what_fails_uses_up_no_limit(dry: bool, fleet: Fleet, capsys: Capture) -> None:
    break_objects(fleet.clones / "merged")
    options = ("--limit", "1", *(["--dry-run"] if dry else []))
    _, told = update(fleet, capsys, *options)
    assert actions(told) == {
        "merged": "failed",
        "plain": "due" if dry else "updated",
        "torn": "waiting",
        "current": "current",
        "apart": "opted out",
    }
    assert told["torn"]["said"] == "--limit is reached"
    said = told["merged"]["said"]
    assert said.startswith(f"{fleet.clones / 'merged'}: a part of the repository is missing or bro")
    assert said.endswith("). Clone it again.")
    if not dry:
        assert actions(update(fleet, capsys, *options)[1])["torn"] == "updated"


@pytest.mark.sweep
def test_what_fails_uses_up_no_wave(fleet: Fleet, capsys: Capture) -> None:
    break_objects(fleet.clones / "merged")
    for last in ("waiting", "updated"):
        _, told = update(fleet, capsys, "--wave", "30%")
        assert (actions(told)["merged"], actions(told)["torn"]) == ("failed", last)
    assert actions(told)["plain"] == "right"


@pytest.mark.sweep
def test_a_canary_that_fails_is_not_waited_for(fleet: Fleet, capsys: Capture) -> None:
    settings = 'folders = ["clones"]\n[update]\ncanaries = ["merged", "plain"]\n'
    break_objects(fleet.clones / "merged")
    words = ["fleet", "update", str(fleet.set_up(settings)), "--format", "json"]
    for plain, torn, why in (
        ("updated", "waiting", "the canaries come first"),
        ("right", "updated", "resolve it at your desk, and commit"),
    ):
        capsys.readouterr()
        assert cli.main(words) == ExitCode.FINDINGS
        told = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
        found = actions(told)
        assert (found["merged"], found["plain"], found["torn"]) == ("failed", plain, torn)
        assert told["torn"]["said"].partition(":")[0] == why


@pytest.mark.uncounted
@sampled("jobs", ["1", "3"], 2)
def test_an_interruption_names_all_that_is_done(
    jobs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where this machine lets the test wait, the fleet may be done before it is interrupted.
    for attempt in range(3):
        fleet = open_fleet(
            tmp_path / f"{attempt}", monkeypatch, **{f"p{n:02}": {} for n in range(12)}
        )
        code, said = interrupt(fleet, jobs)
        done = sorted(name for name, tip in tips(fleet).items() if tip)
        if code != ExitCode.DONE or len(done) < 12:
            break
    assert done
    assert code == ExitCode.INTERRUPTED, said
    last = said.splitlines()[-1]
    assert last.startswith("  This is done, and stays: "), said
    assert sorted(re.findall(r"(p\d\d) is updated", last)) == done
    assert "nothing was changed" not in said
    # What was at work is there as a whole, or not at all.
    for name in done:
        mark = seal.read_mark(read(fleet, name))
        assert mark is not None


def interrupt(fleet: Fleet, jobs: str) -> tuple[int, str]:
    """Update a fleet, and interrupt that when the first branch is there; how it ended."""
    words = [sys.executable, "-m", "lisa_scaffold", "fleet", "update", str(fleet.set_up())]
    started = subprocess.Popen(
        [*words, "--jobs", jobs], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not any(fleet.clones.glob(f"*/.git/refs/heads/{BRANCH}")):
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    return started.returncode, said


@pytest.mark.uncounted
def test_one_that_fails_does_not_stop_the_others(fleet: Fleet, capsys: Capture) -> None:
    answers = fleet.clones / "plain/.copier-answers.yml"
    answers.write_text("_commit: v1.0.0\n_src_path: [\n")
    commit(fleet.clones / "plain")
    unknown = f"_commit: v0.7.0\n_src_path: {CANONICAL_URL}\n"
    write(fleet.clones / "merged", {".copier-answers.yml": unknown})
    commit(fleet.clones / "merged")
    code, told = update(fleet, capsys)
    assert code == ExitCode.FINDINGS
    assert actions(told)["plain"] == actions(told)["merged"] == "failed"
    assert ".copier-answers.yml:" in told["plain"]["said"]
    assert actions(told)["torn"] == "updated"


@pytest.mark.sweep
def test_the_address_of_another_template_is_not_asked(fleet: Fleet, capsys: Capture) -> None:
    other = "_commit: v1.0.0\n_src_path: https://127.0.0.1:9/x.git\n"
    write(fleet.clones / "plain", {".copier-answers.yml": other})
    commit(fleet.clones / "plain")
    _, told = update(fleet, capsys, "--dry-run", "--adopt")
    assert (told["plain"]["action"], told["plain"]["said"]) == (
        "another template",
        "",
    )
    assert told["plain"]["version"] == ""


@pytest.mark.sweep
def test_a_project_that_is_newer_has_not_failed(fleet: Fleet, capsys: Capture) -> None:
    answers = fleet.clones / "current/.copier-answers.yml"
    answers.write_text(answers.read_text().replace("v2.0.0", "v9.0.0"))
    commit(fleet.clones / "current")
    for name in ("plain", "torn"):  # one that stands alone would be its own mistake
        write(fleet.clones / name, {".copier-answers.yml": answers.read_text()})
        commit(fleet.clones / name)
    _, told = update(fleet, capsys, "--dry-run")
    assert told["current"]["action"] == "newer"
    assert told["current"]["said"].startswith("to upgrade this one: ")
    _, told = update(fleet, capsys, "--dry-run", "--to", "v2.0.0")
    assert (told["current"]["action"], told["current"]["said"]) == (
        "current",
        "it has a newer version",
    )
    words = ["fleet", "status", str(fleet.set_up()), "--format", "json"]
    capsys.readouterr()
    assert cli.main(words) == ExitCode.DONE
    rows = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
    assert rows["current"]["state"] == "newer"
    assert (rows["merged"]["state"], rows["merged"]["behind"]) == ("behind", 2)


def test_a_version_that_there_is_not_is_the_matter_of_that_project(
    fleet: Fleet, capsys: Capture
) -> None:
    """And not the fleet's, where it stands alone."""
    answers = fleet.clones / "current/.copier-answers.yml"
    answers.write_text(answers.read_text().replace("v2.0.0", "v9.9.9"))
    commit(fleet.clones / "current")
    said = f"v9.9.9: there is no such version of the template in {fleet.bare}: write the version "
    said += "that it was last updated to into .copier-answers.yml, or bring what "
    said += "LISA_SCAFFOLD_TEMPLATE names up to date, or unset that variable"
    code, told = update(fleet, capsys, "--dry-run")
    assert (code, told["current"]["action"]) == (ExitCode.FINDINGS, "failed")
    assert told["current"]["said"] == said
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json"])
    status = json.loads(capsys.readouterr().out)
    rows = {each["name"]: each for each in status["projects"]}
    assert (rows["current"]["state"], rows["current"]["note"]) == ("unclear", said)
    assert (status["beyond"], rows["plain"]["behind"]) == ([], 1)
    for form in ("markdown", "html"):
        cli.main(["fleet", "status", str(fleet.set_up()), "--format", form])
        shown = capsys.readouterr().out.replace("\\", "")
        assert "v9.9.9: there is no such version of the template in " in shown


def test_what_waits_to_be_merged_is_named(fleet: Fleet, capsys: Capture) -> None:
    update(fleet, capsys)
    settings = str(fleet.set_up())
    cli.main(["fleet", "update", settings])
    said = capsys.readouterr().out
    place = fleet.clones / "torn"
    assert "Done before, and wait to be merged (2)\n" in said
    assert f"  plain: v1.0.0 to v2.0.0, on the branch {BRANCH}\n" in said
    command = f"lisa-scaffold update --to v2.0.0 {place}"
    there = f"git -C {place} switch main && {command}"
    assert f"shared.txt in conflict, on the branch {BRANCH}, resolve it at" in " ".join(
        said.split()
    )
    assert f"resolve it at your desk, and commit: {there}" in " ".join(said.split())
    cli.main(["fleet", "status", settings])
    said = capsys.readouterr().out
    assert f"the branch {BRANCH} waits to be merged" in said
    git.git("merge", "--quiet", BRANCH, cwd=fleet.clones / "plain")
    # What is said there is what does it.
    assert cli.main(command.split()[1:]) == ExitCode.FINDINGS
    run(["git", "checkout", "--quiet", "--theirs", "shared.txt"], cwd=place)
    commit(place)
    capsys.readouterr()
    cli.main(["fleet", "status", settings, "--format", "json"])
    rows = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
    assert {name: (row["state"], row["branch"]) for name, row in rows.items()} == {
        "apart": ("behind", ""),
        "current": ("current", ""),
        "merged": ("behind", BRANCH),
        "plain": ("current", ""),
        "torn": ("current", ""),
    }
    assert actions(update(fleet, capsys)[1])["torn"] == "current"


@pytest.mark.sweep
def test_an_unfinished_merge_is_in_nobodys_way(fleet: Fleet, capsys: Capture) -> None:
    """A branch is made, and the work tree is not touched."""
    head = git.git("rev-parse", "HEAD", cwd=fleet.clones / "plain")
    (fleet.clones / "plain/.git/MERGE_HEAD").write_text(head)
    _, told = update(fleet, capsys)
    assert told["plain"]["action"] == "updated"
    assert (fleet.clones / "plain/.git/MERGE_HEAD").read_text() == head


@pytest.mark.uncounted
@sampled("known", [True, False], 2)
def test_it_is_made_on_the_default_branch(known: bool, fleet: Fleet, capsys: Capture) -> None:
    place = fleet.clones / "plain"
    head = git.git("rev-parse", "HEAD", cwd=place).strip()
    if known:
        for ref in (
            ("update-ref", "refs/remotes/origin/main", head),
            (*("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"),),
        ):
            git.git(*ref, cwd=place)
    run(["git", "switch", "--quiet", "--create", "try-out"], cwd=place)
    write(
        place, {"own.txt": "ours\n", ".copier-answers.yml": "a: [\n"} if known else {"own.txt": ""}
    )
    commit(place)
    _, told = update(fleet, capsys)
    assert told["plain"]["action"] == "updated"
    made = read(fleet, "plain")
    if known:
        assert told["plain"]["said"] == "made on main, while try-out is checked out"
        assert made.parents == (head,)
        files = git.git("ls-tree", "--name-only", BRANCH, cwd=place).split()
        assert files == [".copier-answers.yml", "locked.txt", "shared.txt"]
    else:
        assert told["plain"]["said"].startswith("made on try-out, which is checked out: the clone")
        assert made.parents == (git.git("rev-parse", "HEAD", cwd=place).strip(),)
    assert git.git("status", "--porcelain", cwd=place) == ""
    assert actions(update(fleet, capsys)[1])["plain"] == "right"
    capsys.readouterr()
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json"])
    rows = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
    names = ("checkout", "target")
    assert [rows["plain"][each] for each in names] == ["try-out", "main" if known else ""]


@sampled("options", [(), ("--dry-run",)], 2)
def test_who_commits_is_asked_first_and_once(
    options: tuple[str, ...], fleet: Fleet, capsys: Capture, home: Path
) -> None:
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    words = ["fleet", "update", str(fleet.set_up()), *options]
    assert cli.main(words) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert said.count("git does not know who commits") == 1
    assert "git config --global user.name" in said
    # One that says it for itself is enough to begin, and the others say it each.
    for key, value in (("name", "Ada"), ("email", "ada@example.org")):
        git.git("config", f"user.{key}", value, cwd=fleet.clones / "plain")
    code, told = update(fleet, capsys, *options)
    assert code == ExitCode.FINDINGS
    assert actions(told) == {
        "plain": "due" if options else "updated",
        "merged": "failed",
        "torn": "failed",
        "current": "current",
        "apart": "opted out",
    }
    assert told["torn"]["said"].startswith(f"{fleet.clones / 'torn'}: git does not know who")


@pytest.mark.sweep
def test_to_a_version(fleet: Fleet, capsys: Capture) -> None:
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})
    _, told = update(fleet, capsys, "--to", "2.0.0")
    assert (told["plain"]["to"], told["current"]["action"]) == ("v2.0.0", "current")
    _, told = update(fleet, capsys)
    assert (told["plain"]["to"], told["plain"]["branch"]) == ("v3.0.0", "lisa-scaffold/v3.0.0")
    assert told["current"]["action"] == "updated"


FILES = "    .copier-answers.yml, locked.txt, shared.txt\n"
SAME = "    the same files as merged\n"


def test_text_and_markdown(fleet: Fleet, capsys: Capture) -> None:
    words = ["fleet", "update", str(fleet.set_up()), "--dry-run"]
    assert cli.main(words) == ExitCode.FINDINGS
    said = capsys.readouterr()
    assert said.out.startswith(
        "5 projects\n\nWould be updated (3)\n"
        f"  merged: v1.0.0 to v2.0.0, 3 files, on the branch {BRANCH}\n{FILES}"
        f"  plain: v1.0.0 to v2.0.0, 3 files, on the branch {BRANCH}\n{SAME}"
        f"  torn: v1.0.0 to v2.0.0, 3 files, shared.txt in conflict, on the branch {BRANCH}\n"
        f"{SAME}"
    )
    assert said.out.endswith(f"\nNext\n  Do it\n    lisa-scaffold fleet update {fleet.folder}\n")
    first, *rest = said.err.splitlines()
    assert first == "Looking at 5 projects first"
    assert sorted(rest)[:2] == ["apart: opted out", "current: current"]
    assert cli.main([*words, "--format", "markdown"]) == ExitCode.FINDINGS
    assert "### Would be updated (3)\n\n- `merged`: v1" in capsys.readouterr().out


def test_notes_are_counted_where_they_stand() -> None:
    """Some ask for something, such as a lock to be renewed, and nobody else tells of them."""
    made = Outcome("one", "updated", "v1.0.0", "v2.0.0", branch="b", changes=2, notes=1)
    told = "1 project\n\nUpdated (1)\n  one: v1.0.0 to v2.0.0, 2 files, "
    assert report.write_text([made]) == f"{told}on the branch b, 1 note in its commit's message"
    asked = replace(made, url="https://git.example.org/1", notes=3)
    said = "3 notes in the merge request, https://git.example.org/1"
    assert report.write_text([asked]) == f"{told}{said}"


def test_a_project_that_has_no_version_gets_one() -> None:
    said = report.write_text([Outcome("bare", "due", to="v2.0.0", changes=1)])
    assert said == "1 project\n\nWould be updated (1)\n  bare: template v2.0.0, 1 file"


_NO_NUMBERS = [
    *(["--wave", "5"], ["--wave", "0%"], ["--wave", "0.0 %"]),
    *(["--limit", "x"], ["--limit", "0"], ["--jobs", "0"]),
]


@pytest.mark.parametrize("words", _NO_NUMBERS)
def test_numbers_that_are_none(words: list[str], fleet: Fleet, capsys: Capture) -> None:
    try:
        code = cli.main(["fleet", "update", str(fleet.set_up()), *words])
    except SystemExit as error:
        code = int(str(error.code))
    assert code == ExitCode.REFUSED
    assert words[1] in capsys.readouterr().err


def test_projects_that_never_had_the_template_get_it_where_that_is_asked_for(
    tmp_path: Path, capsys: Capture
) -> None:
    """With the template of this checkout."""
    bare = tmp_path / "clones/lisa-bare"
    files = {
        "pyproject.toml": '[project]\nname = "lisa-bare"\nversion = "1"\nlicense = "MIT"\n',
        "src/lisa_bare/__init__.py": '"""Bare."""\n',
    }
    write(bare, files)
    git.git("init", "--quiet", cwd=bare)
    commit(bare)
    remote = "https://gitlab.in2p3.fr/lisa/analysis/lisa-bare.git"
    git.git("remote", "add", "origin", remote, cwd=bare)
    (tmp_path / "fleet.toml").write_text('folders = ["clones"]\n')
    # Whatever is checked out, it is made on the default branch.
    git.git("update-ref", "refs/remotes/origin/main", "main", cwd=bare)
    git.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", cwd=bare)
    git.git("switch", "--quiet", "--detach", cwd=bare)
    write(bare, {"own.txt": "Not on main.\n"})
    commit(bare)
    # What is not committed stays as it is, and the branch has none of it.
    write(bare, {"src/lisa_bare/__init__.py": '"""Mine."""\n', "LICENSE": "Mine.\n"})
    words = ["fleet", "update", str(tmp_path), "--format", "json"]
    for options, action in (
        ([], "no template"),
        (["--adopt", "--dry-run"], "due"),
        (["--adopt"], "updated"),
        (["--adopt"], "right"),
    ):
        capsys.readouterr()
        assert cli.main([*words, *options]) == ExitCode.DONE
        (told,) = json.loads(capsys.readouterr().out)["projects"]
        assert told["action"] == action
        if action in {"due", "updated"}:
            assert "of the kind package" in told["said"]
            # A guess is for somebody to confirm.
            assert any(" is a guess (" in each for each in told["tasks"])
    states = " M src/lisa_bare/__init__.py\n?? LICENSE\n"
    assert git.git("status", "--porcelain", cwd=bare) == states
    assert "Mine." not in git.git("show", "lisa-scaffold/adopt:LICENSE", cwd=bare)
    changed = git.git("diff", "--name-only", "main", "lisa-scaffold/adopt", cwd=bare)
    assert "own.txt\n" not in changed
    assert git.git("log", "--format=%s", "lisa-scaffold/adopt", cwd=bare).splitlines()[1:] == [
        "Change"
    ]
    assert "src/lisa_bare/__init__.py\n" not in changed
    answers = git.git("show", "lisa-scaffold/adopt:.copier-answers.yml", cwd=bare)
    assert "namespace: lisa/analysis\n" in answers  # of the clone's own remote
    repository = git.find_repository(bare)
    made = git.read_commit(repository, git.find_tip(repository, "lisa-scaffold/adopt"))
    mark = seal.read_mark(made)
    assert mark
    assert (mark.version, mark.result) == (told["to"], "tasks")
    assert made.message.startswith(f"Adopt the template of lisa-scaffold {told['to']}\n")
    assert "_commit: " in git.git("show", "lisa-scaffold/adopt:.copier-answers.yml", cwd=bare)


@pytest.mark.uncounted
def test_safe_repairs_where_a_project_is_not_behind(fleet: Fleet, capsys: Capture) -> None:
    broken = '[project]\nname = "current"\nversion = "1"\nlicence = "MIT"\n'
    write(fleet.clones / "current", {"locked.txt": "mine\n", "pyproject.toml": broken})
    commit(fleet.clones / "current")
    unfinished = {"locked.txt": "mine too\n", "pyproject.toml": "[project]\n", "setup.cfg": "a=\n"}
    write(fleet.clones / "current", unfinished)
    _, told = update(fleet, capsys, "--fix")
    assert (told["current"]["action"], told["current"]["branch"]) == (
        "updated",
        "lisa-scaffold/fix",
    )
    repository = git.find_repository(fleet.clones / "current")
    made = git.read_commit(repository, git.find_tip(repository, "lisa-scaffold/fix"))
    mark = seal.read_mark(made)
    assert mark
    assert (mark.version, mark.result) == ("fix", "merged")
    assert "TPL002" in made.message
    place = fleet.clones / "current"
    assert git.git("show", "lisa-scaffold/fix:locked.txt", cwd=place) == f"locked again\n{TEN}"
    changed = git.git("diff", "--name-only", "HEAD", "lisa-scaffold/fix", cwd=place).split()
    assert changed == ["locked.txt"]
    assert {path: (place / path).read_text() for path in unfinished} == unfinished
    _, told = update(fleet, capsys, "--fix")
    assert (told["current"]["action"], told["plain"]["action"]) == ("right", "right")


@pytest.mark.sweep
def test_repairs_without_the_template_are_asked_for_and_are_of_what_the_status_counts(
    fleet: Fleet, capsys: Capture
) -> None:
    text = (
        '[build-system]\nbuild-backend = "hatchling.build"\nrequires = ["hatchling"]\n'
        '[project]\nname = "bare"\nversion = "1"\nlicense = "BSD 3-Clause"\n'
        "[tool.mypy]\nshow_error_codes = true\n"
    )
    place = fleet.clones / "bare"
    write(place, {"pyproject.toml": text})
    git.git("init", "--quiet", cwd=place)
    commit(place)
    _, told = update(fleet, capsys, "--fix")
    assert told["bare"]["action"] == "no template"
    _, told = update(fleet, capsys, "--fix-all")
    assert (told["bare"]["action"], told["bare"]["files"]) == ("updated", ["pyproject.toml"])
    made = git.git("show", "lisa-scaffold/fix:pyproject.toml", cwd=place)
    assert made == text.replace("BSD 3-Clause", "BSD-3-Clause")


@pytest.mark.uncounted
def test_a_run_begins_with_what_it_looks_at_and_what_fits_nothing(
    fleet: Fleet, capsys: Capture
) -> None:
    text = 'folders = ["clones"]\n[update]\ncanaries = ["cannary"]\n'
    capsys.readouterr()
    cli.main(["fleet", "update", str(fleet.set_up(text)), "--dry-run"])
    said = capsys.readouterr()
    assert said.err.splitlines()[:2] == [
        "fleet.toml: `canaries`: cannary fits no project.",
        "Looking at 5 projects first",
    ]
    assert "  plain: v1.0.0 to v2.0.0, " in said.out


def test_what_another_command_can_be_told_is_said_with_that_command(
    tmp_path: Path, capsys: Capture
) -> None:
    place = tmp_path / "clones/bare"
    write(place, {"pyproject.toml": '[project]\nname = "bare"\nversion = "1"\n'})
    git.git("init", "--quiet", cwd=place)
    commit(place)
    (tmp_path / "fleet.toml").write_text('folders = ["clones"]\n')
    for changed in ({}, {"README": "Not committed.\n"}):
        write(place, changed)
        words = ["fleet", "update", str(tmp_path), "--format", "json", "--adopt", "--dry-run"]
        assert cli.main(words) == ExitCode.FINDINGS
        (told,) = json.loads(capsys.readouterr().out)["projects"]
        assert told["said"] == (
            f"{place}: no Python package is seen here. Do this one by itself: lisa-scaffold adopt "
            f"{place} --data import_name=NAME --data code_path=FOLDER."
        )


@pytest.mark.sweep
def test_what_it_is_made_on_is_said_where_no_branch_is_checked_out(
    fleet: Fleet, capsys: Capture
) -> None:
    place = fleet.clones / "plain"
    head = git.git("rev-parse", "HEAD", cwd=place).strip()
    git.git("switch", "--quiet", "--detach", cwd=place)
    _, told = update(fleet, capsys)
    assert told["plain"]["said"] == (
        f"made on the commit {head[:8]}, which is checked out: the clone does not say which branch "
        "is the default"
    )


@pytest.mark.uncounted
@sampled("line", ['fleet = "no"', "fleets = false"], 2)
def test_an_opt_out_that_is_mistyped_leaves_the_project_alone(
    fleet: Fleet, capsys: Capture, line: str
) -> None:
    write(fleet.clones / "apart", {"pyproject.toml": f"[tool.lisa-scaffold]\n{line}\n"})
    commit(fleet.clones / "apart")
    code, told = update(fleet, capsys)
    assert code == ExitCode.FINDINGS
    assert told["apart"]["action"] == "failed"
    assert told["apart"]["said"].startswith("pyproject.toml:2: ")
    assert tips(fleet)["apart"] == ""


@pytest.mark.sweep
def test_a_clone_that_has_lost_a_part_is_said_to_be_cloned_again(
    fleet: Fleet, capsys: Capture
) -> None:
    place = fleet.clones / "merged"
    lost = lose(place, "shared.txt")
    code, told = update(fleet, capsys, "--dry-run")
    assert (code, told["merged"]["action"]) == (ExitCode.FINDINGS, "failed")
    assert told["merged"]["said"].startswith(f"{place}: a part of the repository is missing")
    assert lost in told["merged"]["said"]
    assert told["merged"]["said"].endswith("Clone it again.")


def test_many_files_of_a_folder_are_one_in_the_text() -> None:
    files = ("README.md", "ci/a", "ci/b", "ci/c", "ci/d", "ci/sub/e", "docs/a", "docs/b", "docs/c")
    said = report.write_text([Outcome("bare", "due", to="v2.0.0", changes=9, files=files)])
    folded = "README.md, ci/ (4 files), ci/sub/e, docs/a, docs/b, docs/c"
    assert said.split("\n")[-1].strip() == folded
    assert json.loads(report.as_json([Outcome("bare", "due", files=files)]))["projects"][0][
        "files"
    ] == [*files]


@pytest.mark.sweep
def test_no_adoption_into_an_unfinished_merge(fleet: Fleet, capsys: Capture) -> None:
    place = fleet.clones / "bare"
    place.mkdir()
    git.git("init", "--quiet", cwd=place)
    write(place, {"pyproject.toml": '[project]\nname = "bare"\n', "src/bare/__init__.py": ""})
    commit(place)
    head = git.git("rev-parse", "HEAD", cwd=place)
    (place / ".git/MERGE_HEAD").write_text(head)
    for options in (("--dry-run",), ()):
        code, told = update(fleet, capsys, "--adopt", *options)
        assert (code, told["bare"]["action"]) == (ExitCode.FINDINGS, "failed")
        assert told["bare"]["said"] == (
            f"{place}: an unfinished merge. Finish it first: git merge --continue, or git merge "
            "--abort."
        )
    assert git.git("rev-parse", "HEAD", cwd=place) == head


def look(fleet: Fleet, capsys: Capture) -> dict[str, tuple[str, str]]:
    """The branch that the status names of each project, and what it says of it."""
    capsys.readouterr()
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json"])
    told = json.loads(capsys.readouterr().out)["projects"]
    return {each["name"]: (each["branch"], each["branch_state"]) for each in told}


def test_the_status_tells_conflicts_and_what_people_have_touched(
    fleet: Fleet, capsys: Capture
) -> None:
    """An older branch of people's is not forgotten when there is a newer version."""
    update(fleet, capsys)
    place = fleet.clones / "plain"
    git.git("switch", "--quiet", BRANCH, cwd=place)
    write(place, {"own.txt": "ours\n"})
    commit(place)
    git.git("switch", "--quiet", "-", cwd=place)
    none = ("", "")
    expected = {"apart": none, "current": none, "merged": (BRANCH, "ready")}
    expected |= {"plain": (BRANCH, "touched"), "torn": (BRANCH, "conflict")}
    assert look(fleet, capsys) == expected
    assert cli.main(["fleet", "status", str(fleet.set_up())]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert f"the branch {BRANCH} waits for somebody: there are conflicts in shared.txt\n" in said
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})
    assert look(fleet, capsys) == {**expected, "merged": none, "torn": none}
    _, told = update(fleet, capsys)
    why = f"people have committed to the branch {BRANCH}: merge it first, or drop it"
    assert (told["plain"]["action"], told["plain"]["said"]) == ("touched", why)
    assert git.find_tip(git.find_repository(place), "lisa-scaffold/v3.0.0") == ""
    newer = "lisa-scaffold/v3.0.0"
    expected |= {"current": (newer, "ready"), "merged": (newer, "ready")}
    assert look(fleet, capsys) == {**expected, "torn": (newer, "conflict")}


def find_superseded(fleet: Fleet, capsys: Capture) -> dict[str, list[str]]:
    """The branches that the status says another one took the place of, where there are any."""
    capsys.readouterr()
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json"])
    told = json.loads(capsys.readouterr().out)["projects"]
    return {each["name"]: each["superseded"] for each in told if each["superseded"]}


def test_a_branch_that_a_newer_one_supersedes_is_named_with_what_deletes_it(
    fleet: Fleet, capsys: Capture
) -> None:
    update(fleet, capsys)
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})
    assert find_superseded(fleet, capsys) == {}  # it may still be merged
    names = ("merged", "plain", "torn")
    cli.main(["fleet", "status", str(fleet.set_up())])
    waits = f"{BRANCH} waits to be merged, and a newer version is due"
    assert capsys.readouterr().out.count(waits) == 3
    expected = {name: [BRANCH] for name in names}
    for options in (("--dry-run",), (), ()):
        told = update(fleet, capsys, *options)[1]
        assert {name: each["superseded"] for name, each in told.items() if each["superseded"]} == (
            expected
        )
    assert find_superseded(fleet, capsys) == expected
    commands = [f"git -C {fleet.clones / name} branch -D {BRANCH}" for name in names]
    said = "Delete what is superseded, and nobody has committed to"
    step = f"\n  {said}: the first of 3\n    {commands[0]}\n"
    for verb, fact in (("update", f"which supersedes {BRANCH}"), ("status", f"{BRANCH} is supers")):
        cli.main(["fleet", verb, str(fleet.set_up())])
        told_so = capsys.readouterr().out
        assert (told_so.count(fact), told_so.count(step)) == (3, 1)
    passes(*shlex.split(commands[0]), cwd=fleet.folder)
    # Whatever way a project came to its version, what is before that is superseded too.
    git.git("merge", "--quiet", "lisa-scaffold/v3.0.0", cwd=fleet.clones / "plain")
    git.git("branch", "-D", "lisa-scaffold/v3.0.0", cwd=fleet.clones / "plain")
    assert find_superseded(fleet, capsys) == {name: [BRANCH] for name in names[1:]}
    for command in commands[1:]:
        passes(*shlex.split(command), cwd=fleet.folder)
    assert find_superseded(fleet, capsys) == {}
    status = fleet.folder / "status.json"
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json", "--output", str(status)])
    assert records.read_status(status).rows[0].superseded == ()


@pytest.mark.parametrize("how", ["on top", "amended"])
def test_a_conflict_that_people_leave_is_named_until_it_is_resolved(
    how: str, fleet: Fleet, capsys: Capture
) -> None:
    update(fleet, capsys)
    place = fleet.clones / "torn"
    git.git("switch", "--quiet", BRANCH, cwd=place)
    write(place, {"own.txt": "ours\n"})
    if how == "on top":
        commit(place)
    else:
        git.git("add", "own.txt", cwd=place)
        git.git("commit", "--quiet", "--amend", "--no-edit", cwd=place)
    git.git("switch", "--quiet", "main", cwd=place)
    assert look(fleet, capsys)["torn"] == (BRANCH, "unresolved")
    cli.main(["fleet", "status", str(fleet.set_up())])
    said = " ".join(capsys.readouterr().out.split())
    state = "waits for somebody: people have committed to it, and there are conflicts in shared.txt"
    assert f"the branch {BRANCH} {state}" in said
    assert f"{place} merge" not in said
    code, told = update(fleet, capsys)
    assert (code, told["torn"]["action"]) == (ExitCode.FINDINGS, "touched")
    assert told["torn"]["conflicts"] == ["shared.txt"]
    why = "people have committed to its branch, and it is in conflict still"
    assert told["torn"]["said"] == why
    # What the step names shows the template's side; whoever has decided is asked no more.
    step = f"git -C {place} switch {BRANCH} && git -C {place} log -1 --grep='^Template-Update: '"
    assert step in said
    done = run(["sh", "-c", step])
    assert b"+line five" in done.stdout
    write(place, {"shared.txt": f"torn\n{TEN}".replace("line 5", "line five")})
    commit(place)
    git.git("switch", "--quiet", "main", cwd=place)
    assert look(fleet, capsys)["torn"] == (BRANCH, "touched")
    _, told = update(fleet, capsys)
    assert (told["torn"]["said"], told["torn"]["conflicts"]) == (
        "people have committed to its branch",
        [],
    )


def test_what_waits_is_merged_into_the_default_branch_whatever_is_checked_out(
    fleet: Fleet, capsys: Capture
) -> None:
    """By the command that both verbs print, which is right in the end too."""
    place = fleet.clones / "plain"
    git.git("update-ref", "refs/remotes/origin/main", "main", cwd=place)
    git.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", cwd=place)
    git.git("switch", "--quiet", "--create", "feature", cwd=place)
    write(place, {"own.txt": "ours\n"})
    commit(place)
    settings = str(fleet.set_up('folders = ["clones"]\ninclude = ["plain"]\n'))
    step = f"git -C {place} switch main && git -C {place} merge {BRANCH}"
    for verb in ("update", "status"):
        capsys.readouterr()
        assert cli.main(["fleet", verb, settings]) == ExitCode.DONE
        assert f"    {step}\n" in capsys.readouterr().out
    # Where it was merged into another branch, it waits all the same.
    git.git("merge", "--quiet", "--no-edit", BRANCH, cwd=place)
    git.git("switch", "--quiet", "--detach", cwd=place)
    cli.main(["fleet", "status", settings])
    said = " ".join(capsys.readouterr().out.split())
    head = git.git("rev-parse", "--short=8", "HEAD", cwd=place).strip()
    assert f"the commit {head} is checked out, and main is looked at, v1.0.0, 1 version" in said
    assert f"the branch {BRANCH} waits to be merged" in said
    run(["sh", "-c", step])
    assert git.git("branch", "--show-current", cwd=place).strip() == "main"
    assert git.git("rev-parse", "main", BRANCH, cwd=place).split()[0] == git.find_tip(
        git.find_repository(place), BRANCH
    )
    cli.main(["fleet", "status", settings, "--format", "json"])
    (row,) = json.loads(capsys.readouterr().out)["projects"]
    assert (row["state"], row["branch"], row["target"], row["checkout"]) == (
        *("current", "", "main", ""),
    )


def test_a_version_that_there_is_not_is_refused_once(fleet: Fleet, capsys: Capture) -> None:
    words = ["fleet", "update", str(fleet.set_up()), "--to", "9.0.0"]
    assert cli.main(words) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert "v9.0.0: there is no such version of the template\n" in said.err
    assert "The newest that there are: v2.0.0, v1.0.0." in said.err
    assert said.out == ""
    pipeline = ["fleet", "pipeline", str(fleet.set_up()), "--update=--to v9.0.0"]
    assert cli.main(pipeline) == ExitCode.REFUSED
    assert "v9.0.0: there is no such version of the template" in capsys.readouterr().err


def test_a_dry_run_shows_what_waits_for_canaries_too(fleet: Fleet, capsys: Capture) -> None:
    settings = fleet.set_up('folders = ["clones"]\n[update]\ncanaries = ["plain"]\n')
    words = ["fleet", "update", str(settings), "--dry-run"]
    assert cli.main(words) == ExitCode.FINDINGS
    said = capsys.readouterr().out
    waits = said.partition("Waiting (2)\n")[2]
    assert waits.startswith(
        f"  merged: v1.0.0 to v2.0.0, 3 files, the canaries come first\n{FILES}"
        f"  torn: v1.0.0 to v2.0.0, 3 files, shared.txt in conflict, the canaries come first\n"
        f"{SAME}"
    )
    assert cli.main([*words, "--format", "json"]) == ExitCode.FINDINGS
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
    assert (told["torn"]["action"], told["torn"]["conflicts"]) == ("waiting", ["shared.txt"])
    # Whoever sets a limit wants no more to be worked out.
    cli.main([*words, "--limit", "1", "--format", "json"])
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)["projects"]}
    assert (told["torn"]["action"], told["torn"]["files"]) == ("waiting", [])


def test_an_update_names_the_repairs_that_wait(fleet: Fleet, capsys: Capture) -> None:
    write(fleet.clones / "current", {"locked.txt": "mine\n"})
    commit(fleet.clones / "current")
    update(fleet, capsys, "--fix")
    _, told = update(fleet, capsys)
    assert (told["current"]["action"], told["current"]["said"]) == (
        "current",
        "the branch lisa-scaffold/fix waits to be merged",
    )


def test_a_branch_never_moves_to_a_commit_that_is_no_later_one(
    fleet: Fleet, capsys: Capture
) -> None:
    place = fleet.clones / "plain"
    first = git.git("symbolic-ref", "--short", "HEAD", cwd=place).strip()
    git.git("switch", "--quiet", "--create", "try-out", cwd=place)
    write(place, {"own.txt": "ours\n"})
    commit(place)
    update(fleet, capsys)
    before = tips(fleet)
    for branch in (first, "another"):
        git.git("switch", "--quiet", *(["-c"] if branch == "another" else []), branch, cwd=place)
        write(place, {f"{branch}.txt": "ours\n"})
        commit(place)
        _, told = update(fleet, capsys)
        assert told["plain"]["action"] == "touched"
        made = git.git("rev-parse", "--short=8", "try-out", cwd=place).strip()
        why = f"its branch has what was made on another commit, {made}: merge it, or drop it: "
        assert told["plain"]["said"] == f"{why}git -C {place} branch -D {BRANCH}"
    assert tips(fleet) == before
    # On what is no default branch none moves forward either.
    git.git("branch", "--quiet", "-D", BRANCH, cwd=place)
    assert actions(update(fleet, capsys)[1])["plain"] == "updated"
    write(place, {"more.txt": "ours\n"})
    commit(place)
    assert actions(update(fleet, capsys)[1])["plain"] == "touched"


def test_every_verb_says_that_a_clone_has_lost_a_part(fleet: Fleet, capsys: Capture) -> None:
    """Also where the update by itself would not have read it."""
    place = fleet.clones / "plain"
    write(place, {"more/own.txt": "ours\n"})
    commit(place)
    lost = lose(place, "more/own.txt")
    for options in (("--dry-run",), ()):
        _, told = update(fleet, capsys, *options)
        assert told["plain"]["action"] == "failed"
        assert told["plain"]["said"] == (
            f"{place}: a part of the repository is missing or broken (git ls-tree: "
            f"missing blob object '{lost}'). Clone it again."
        )
    assert tips(fleet)["plain"] == ""


def test_a_repository_that_is_there_twice_is_updated_once(fleet: Fleet, capsys: Capture) -> None:
    clone, beside = fleet.clones / "plain", fleet.clones / "a-beside"
    git.git("worktree", "add", "--quiet", "-b", "try-out", beside, cwd=clone)
    (fleet.clones / "z-link").symlink_to(clone)
    (fleet.clones / "gone").symlink_to(fleet.clones / "nowhere")
    (fleet.clones / "file").symlink_to(clone / "locked.txt")
    _, told = update(fleet, capsys)
    assert sorted(told) == ["apart", "current", "merged", "plain", "torn"]
    made = read(fleet, "plain")
    assert made.parents[0] == git.git("rev-parse", "HEAD", cwd=clone).strip()
    capsys.readouterr()
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["names_left_out"] == {
        "another work tree of plain": ["a-beside"],
        "symbolic link": ["gone", "z-link"],
    }
    # Where it is all that there is of it, it is a project as any other.
    settings = fleet.set_up('folders = ["clones"]\nexclude = ["plain"]\n')
    cli.main(["fleet", "status", str(settings), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["projects"][0]["name"] == "a-beside"
    assert told["names_left_out"]["excluded"] == ["plain"]


def test_a_branch_without_a_commit_of_its_own_is_nobodys_work(
    fleet: Fleet, capsys: Capture
) -> None:
    place = fleet.clones / "plain"
    git.git("branch", BRANCH, cwd=place)
    git.git("switch", "--quiet", "--create", BRANCH, cwd=fleet.clones / "merged")
    write(place, {"own.txt": "ours\n"})
    commit(place)  # main has moved on meanwhile
    _, told = update(fleet, capsys, "--limit", "1")
    assert [name for name, each in told.items() if each["action"] == "updated"] == ["plain"]
    said = "its branch is checked out, and has no commit of its own: git -C "
    said += f"{fleet.clones / 'merged'} switch "
    assert (told["merged"]["action"], told["merged"]["said"]) == ("touched", f"{said}-")
    assert "Template-Update" in git.git("log", "-1", "--format=%B", BRANCH, cwd=place)
    git.git("remote", "add", "origin", "gone", cwd=fleet.clones / "merged")
    branch = "refs/remotes/origin/main"
    git.git("update-ref", branch, "main", cwd=fleet.clones / "merged")
    git.git("symbolic-ref", "refs/remotes/origin/HEAD", branch, cwd=fleet.clones / "merged")
    _, told = update(fleet, capsys)
    assert (told["merged"]["action"], told["merged"]["said"]) == ("touched", f"{said}main")


def test_what_is_left_out_is_named(fleet: Fleet, capsys: Capture) -> None:
    settings = str(fleet.set_up('folders = ["clones"]\nexclude = ["torn", "merged"]\n'))
    capsys.readouterr()
    assert cli.main(["fleet", "update", settings, "--dry-run"]) == ExitCode.DONE
    assert "\nLeft out: 2 excluded\n  excluded: merged, torn\n" in capsys.readouterr().out
    cli.main(["fleet", "update", settings, "--dry-run", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["names_left_out"] == {"excluded": ["merged", "torn"]}


def test_a_conflict_that_was_resolved_elsewhere_leaves_a_branch_that_is_superseded(
    fleet: Fleet, capsys: Capture
) -> None:
    update(fleet, capsys)
    assert find_superseded(fleet, capsys) == {}
    place = fleet.clones / "torn"
    # As somebody does at the desk, on the default branch.
    cli.main(["update", "--to", "v2.0.0", str(place)])
    write(place, {"shared.txt": f"torn\n{TEN}".replace("line 5", "line V of five")})
    commit(place)
    assert find_superseded(fleet, capsys) == {"torn": [BRANCH]}
    cli.main(["fleet", "status", str(fleet.set_up())])
    assert f"git -C {place} branch -D {BRANCH}\n" in capsys.readouterr().out
    # One that was merged is not: git deletes it as such.
    git.git("merge", "--quiet", BRANCH, cwd=fleet.clones / "plain")
    assert find_superseded(fleet, capsys) == {"torn": [BRANCH]}
