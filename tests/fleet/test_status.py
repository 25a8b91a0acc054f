"""How each project of a fleet of local clones stands."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.fleet import records
from lisa_scaffold.fleet import status as looking
from lisa_scaffold.fleet.find import read_shard
from lisa_scaffold.report.fleet import html, report
from lisa_scaffold.template import CANONICAL_URL

from ..support.fleets import Fleet, lose, open_fleet
from ..support.sweeps import sampled
from ..support.updates import Capture, commit, write

pytestmark = pytest.mark.usefixtures("own_cache")

FOUND = records.Found("LIC001", "must", "LICENSE", 1, "no licence")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    fleet = open_fleet(
        tmp_path, monkeypatch, behind={}, current=None, drifted={"locked.txt": "mine\n"}
    )
    plain = fleet.clones / "plain"
    plain.mkdir()
    git.git("init", "--quiet", cwd=plain)
    write(plain, {"pyproject.toml": '[build-system]\n[project]\nname = "plain"\n'})
    commit(plain)
    return fleet


def ask(fleet: Fleet, capsys: Capture, *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = cli.main(["fleet", "status", str(fleet.set_up()), "--format", "json", *options])
    return code, json.loads(capsys.readouterr().out)


def states(told: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["state"] for each in told["projects"]}


@pytest.mark.uncounted
def test_every_project_is_a_row(fleet: Fleet, capsys: Capture) -> None:
    code, told = ask(fleet, capsys)
    assert code == ExitCode.DONE
    assert (told["schema"], told["newest"]) == ("lisa-scaffold/fleet-status/1", "v2.0.0")
    assert states(told) == {
        "behind": "behind",
        "current": "current",
        "drifted": "drifted",
        "plain": "no template",
    }
    rows = {each["name"]: each for each in told["projects"]}
    row = rows["behind"]
    head = git.git("rev-parse", "HEAD", cwd=fleet.clones / "behind").strip()
    assert (row["commit"], row["version"], row["behind"]) == (head, "v1.0.0", 1)
    assert row["place"] == str(fleet.clones / "behind")
    assert len(row["activity"]) == len("2026-01-01")
    assert rows["drifted"]["drift"] == 1
    assert "TPL002" in {each["code"] for each in rows["drifted"]["findings"]}
    found = [each["severity"] for each in rows["plain"]["findings"]]
    counts = (found.count("must"), found.count("should"))
    assert (rows["plain"]["must"], rows["plain"]["should"]) == counts
    assert sum(counts)


def test_what_has_not_moved_is_not_looked_at_again(
    fleet: Fleet, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = ask(fleet, capsys)
    seen: list[str] = []
    look = looking.Looker._look

    def watch(self: Any, row: records.Row, *rest: Any) -> records.Row:
        seen.append(row.name)
        return look(self, row, *rest)

    monkeypatch.setattr(looking.Looker, "_look", watch)
    _, second = ask(fleet, capsys, "--jobs", "1")
    assert (seen, second["projects"]) == ([], first["projects"])
    write(fleet.clones / "drifted", {"locked.txt": "other\n"})
    commit(fleet.clones / "drifted")
    git.git("tag", "v1.2.3", cwd=fleet.clones / "current")
    _, third = ask(fleet, capsys, "--jobs", "1")
    assert sorted(seen) == ["current", "drifted"]
    rows = {each["name"]: each for each in third["projects"]}
    assert rows["current"]["release"] == "v1.2.3"
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})
    assert states(ask(fleet, capsys, "--jobs", "1")[1])["current"] == "behind"


@pytest.mark.uncounted
def test_what_is_not_committed_is_not_looked_at(fleet: Fleet, capsys: Capture) -> None:
    _, first = ask(fleet, capsys)
    write(fleet.clones / "behind", {"locked.txt": "mine\n", "shared.txt": "mine\n"})
    write(fleet.clones / "plain", {"LICENSE": "Mine.\n"})
    before = git.git("status", "--porcelain", cwd=fleet.clones / "behind")
    fleet.release("v3.0.0", {"template/more.txt": "more\n"})  # so that it is looked at again
    _, second = ask(fleet, capsys)
    for told in (first, second):
        rows = {each["name"]: each for each in told["projects"]}
        assert (rows["behind"]["state"], rows["behind"]["drift"]) == ("behind", 0)
        assert "LIC001" in {each["code"] for each in rows["plain"]["findings"]}
    assert git.git("status", "--porcelain", cwd=fleet.clones / "behind") == before


def test_a_branch_without_a_commit_hides_no_project(fleet: Fleet, capsys: Capture) -> None:
    place = fleet.clones / "behind"
    git.git("update-ref", "refs/remotes/origin/main", "main", cwd=place)
    git.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", cwd=place)
    git.git("switch", "--quiet", "--orphan", "scratch", cwd=place)
    _, told = ask(fleet, capsys)
    assert states(told)["behind"] == "behind"
    assert told["left_out"] == {}


def test_one_that_cannot_be_read_is_a_row_that_says_why(fleet: Fleet, capsys: Capture) -> None:
    broken = fleet.clones / "broken"
    (broken / ".git").mkdir(parents=True)
    odd = fleet.add("odd")
    (odd / ".git/objects").rename(odd / ".git/gone")
    (fleet.clones / "empty").mkdir()
    git.git("init", "--quiet", cwd=fleet.clones / "empty")
    (fleet.clones / "no-clone").mkdir()
    code, told = ask(fleet, capsys)
    assert code == ExitCode.FINDINGS
    assert {name for name, state in states(told).items() if state == "unreadable"} == {
        "broken",
        "odd",
    }
    assert len(told["projects"]) == 6
    assert told["left_out"] == {"no repository": 1, "empty": 1}
    assert told["names_left_out"] == {"no repository": ["no-clone"], "empty": ["empty"]}
    assert told["notes"] == []
    assert all(each["problem"] for each in told["projects"] if each["state"] == "unreadable")


@sampled("verb", ["status", "update"], 2)
def test_a_name_forges_no_message(verb: str, fleet: Fleet, capsys: Capture) -> None:
    (fleet.clones / "current").rename(fleet.clones / "x\nlisa-scaffold: all is well")
    cli.main(["fleet", verb, str(fleet.set_up())])
    said = capsys.readouterr()
    assert "x\\nlisa-scaffold: all is well: current\n" in said.err
    assert "\nlisa-scaffold: all is well" not in said.err + said.out


def test_a_defect_in_one_project_is_a_row_too(
    fleet: Fleet, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("impossible")

    monkeypatch.setattr(looking.Looker, "_look", fail)
    code, told = ask(fleet, capsys)
    assert code == ExitCode.FINDINGS
    problem = "a defect of lisa-scaffold: RuntimeError: impossible"
    assert {each["problem"] for each in told["projects"]} == {problem}


@pytest.mark.sweep
def test_patterns_settings_and_parts(fleet: Fleet, capsys: Capture) -> None:
    text = 'folders = ["clones"]\nexclude = ["dri*"]\n'
    fleet.add("apart", {"pyproject.toml": "[tool.lisa-scaffold]\nfleet = false\n"})
    settings = fleet.set_up(text)
    capsys.readouterr()
    cli.main(["fleet", "status", str(settings), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert list(states(told)) == ["apart", "behind", "current", "plain"]
    assert told["left_out"] == {"excluded": 1}
    assert told["names_left_out"] == {"excluded": ["drifted"]}
    assert [each["updates"] for each in told["projects"]] == [False, True, True, True]
    parts = []
    for number in (1, 2, 3):
        words = ["fleet", "status", str(settings), "--shard", f"{number}/3", "--format", "json"]
        cli.main(words)
        path = fleet.folder / f"{number}.json"
        path.write_text(capsys.readouterr().out)
        parts.append(records.read_status(path))
    joined = records.join(parts)
    assert [records.row_as_data(row) for row in joined.rows] == told["projects"]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/", "a/b", "1/2/3", "1/99999"])
def test_no_part(text: str) -> None:
    with pytest.raises(LisaError, match="no part of a fleet"):
        read_shard(text)


def test_text_csv_and_markdown(fleet: Fleet, capsys: Capture, tmp_path: Path) -> None:
    evil = "=cmd|'|x' `a` <b>"
    (fleet.clones / "plain").rename(fleet.clones / evil)
    files = {form: tmp_path / form for form in ("csv", "markdown", "html")}
    options = [w for form, path in files.items() for w in ("--format", form, "--output", str(path))]
    assert cli.main(["fleet", "status", str(fleet.set_up()), *options, "--format", "text"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(
        "4 projects, template v2.0.0: 25 % up to date, 25 % follow the practice\n\n"
        "Without the template (1)\n"
    )
    assert "Drifted: locked files, which belong to the template, are otherwise (1)\n" in said.out
    assert sorted(said.err.splitlines()) == sorted(
        ["behind: behind", "current: current", "drifted: drifted", f"{evil}: no template"]
    )
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert [each["name"] for each in rows] == [f"'{evil}", "behind", "current", "drifted"]
    table = files["markdown"].read_text()
    assert "1 no template, 1 drifted, 1 behind, 1 current." in table
    row = next(line for line in table.splitlines() if "cmd" in line)
    assert row.startswith("| `` =cmd\\|'\\|x' `a` <b> `` | no template |")
    assert "<b>" not in files["html"].read_text()


def test_a_status_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    when = "2026-11-28T04:00:00+00:00"
    good = {"schema": records.SCHEMA, "when": when, "newest": "", "left_out": {}, "projects": []}
    part = {"code": "A", "severity": "must", "path": "a", "line": 1, "message": "a"}
    waiver = {"code": "A", "severity": "must", "reason": "a", "number": 1}
    row: dict[str, Any] = {"name": "a", "findings": [], "request": None}
    faults: list[dict[str, Any]] = [
        *({"name": 3}, {"must": "1"}, {"findings": 3}, {"findings": [{}]}, {"request": []}),
        *({"findings": [{name: [] for name in records.Found._fields}]}, {"behind": "1"}),
        *({"superseded": "a"}, {"superseded": [1]}, {"waivers": 3}, {"waivers": [{}]}),
        *({"waivers": [{**waiver, name: []}]} for name in waiver),
        *({"updates": 1}, {"request": {"url": 3, "state": "opened"}}),
        *({"findings": [{**part, name: 3.0}]} for name in part),
        *({"findings": [{**part, "code": 3}]}, {"findings": [{**part, "line": "1"}]}),
    ]
    wrong: list[Any] = [
        *([], {}, {**good, "schema": "other/1"}, {**good, "projects": 3}),
        *({**good, "left_out": {"a": "b"}}, {**good, "when": 3}),
        # A file of the history is named after it.
        *({**good, "when": each} for each in ("", "/a", "../../a", "2026-11-28T04:00:00")),
        {**good, "projects": [row] * (records.MOST_PROJECTS + 1)},
        {**good, "notes": [""] * (records.MOST_PROJECTS + 1)},
        {**good, "names_left_out": "a"},
        *({**good, "notes": "a"}, {**good, "notes": [1]}, {**good, "names_left_out": []}),
        *({**good, "beyond": "a"}, {**good, "beyond": [1]}, {**good, "part": 1}),
        {**good, "names_left_out": {"a": "b"}},
        *({**good, "projects": [{**row, **fault}]} for fault in faults),
    ]
    path.write_text(json.dumps({**good, "projects": [row]}))
    assert records.read_status(path).rows == (records.Row("a"),)
    assert records.name_in_history(records.read_status(path)) == "2026-11-28T040000+0000.json"
    for each in wrong:
        path.write_text(json.dumps(each))
        with pytest.raises(LisaError, match="no status of a fleet"):
            records.read_status(path)


@pytest.mark.sweep
def test_what_fits_no_project_is_told(fleet: Fleet, capsys: Capture, tmp_path: Path) -> None:
    text = (
        'folders = ["clones"]\ninclude = ["*", "!gone*"]\nexclude = ["dri*", "old/*"]\n'
        '[update]\ncanaries = ["plain", "cannary"]\n'
        '[[update.assign]]\nprojects = "nobody/*"\nto = "ada"\n'
    )
    files = {form: tmp_path / form for form in ("json", "markdown", "html")}
    options = [w for form, path in files.items() for w in ("--format", form, "--output", str(path))]
    words = ["fleet", "status", str(fleet.set_up(text)), *options, "--format", "text"]
    assert cli.main(words) == ExitCode.DONE
    told = json.loads(files["json"].read_text())
    assert told["notes"] == [
        "fleet.toml: `include`: !gone* fits no project.",
        "fleet.toml: `exclude`: old/* fits no project.",
        "fleet.toml: `canaries`: cannary fits no project.",
        "fleet.toml: `assign`: nobody/* fits no project.",
    ]
    said = capsys.readouterr().out
    assert "Left out: 1 excluded\n  excluded: drifted\n" in said
    for text in (said, files["markdown"].read_text(), files["html"].read_text()):
        assert "old/" in text
        assert "drifted" in text


def test_of_a_long_problem_the_remedy_is_told_too() -> None:
    problem = f"git fetch: {'x' * 3000} could not resolve host. Check the server's name."
    status = records.Status(
        "2026-11-28T04:00:00+00:00", "v2.0.0", (records.Row("a", problem=problem),)
    )
    for form in ("text", "markdown"):
        told = report(form, status).replace("\\", "")
        assert "git fetch: xxx" in told
        assert "Check the server" in told
        assert len(told) < 1200


def test_every_form_tells_of_the_branch_that_waits() -> None:
    row = records.Row("a", "/a", "c0ffee", version="v1.0.0", behind=1, checkout="dev", newer=True)
    row = replace(row, branch="lisa-scaffold/v2.0.0")
    status = records.Status("2026-11-28T04:00:00+00:00", "v2.0.0", (row,))
    (told,) = csv.DictReader(io.StringIO(report("csv", status)))
    names = ("commit", "branch", "checkout", "newer")
    assert [told[name] for name in names] == ["c0ffee", row.branch, "dev", "yes"]
    for form in ("markdown", "html", "text"):
        assert "v2.0.0" in report(form, status).replace("\\", "")
    columns = re.findall(r'data-sort="([^"]+)"', report("html", status))
    assert columns == [
        *("project", "state", "version", "drift", "must", "should", "updates", "branch"),
    ]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("=1+1", "'=1+1"),
        (" @a", "' @a"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("a;=1+1;b;-1", "a;'=1+1;b;'-1"),
        ("a; b = c-d", "a; b = c-d"),
    ],
)
def test_no_spreadsheet_takes_a_cell_for_a_formula(said: str, written: str) -> None:
    """Where numbers have commas, a semicolon ends a cell."""
    status = records.Status("2026-11-28T04:00:00+00:00", "v2.0.0", (records.Row("a", kind=said),))
    (told,) = csv.DictReader(io.StringIO(report("csv", status)))
    assert told["kind"] == written


def test_why_one_is_unreadable_stands_in_its_row() -> None:
    row = records.Row("a", problem="No rights. Give yourself some.")
    page = report("html", records.Status("2026-11-28T04:00:00+00:00", "v2.0.0", (row,)))
    body = page.partition("<tbody>\n<tr data-state")[2].partition("</tr>")[0]
    assert '<span class="why">No rights. Give yourself some.</span>' in body


def test_a_bare_repository_is_told_from_a_folder(fleet: Fleet, capsys: Capture) -> None:
    git.git("init", "--quiet", "--bare", "bare.git", cwd=fleet.clones)
    (fleet.clones / "notes").mkdir()
    _, told = ask(fleet, capsys)
    assert told["names_left_out"] == {"bare repository": ["bare.git"], "no repository": ["notes"]}


def test_tables_tell_drift_and_who_takes_no_updates(fleet: Fleet, capsys: Capture) -> None:
    fleet.add("apart", {"pyproject.toml": "[tool.lisa-scaffold]\nfleet = false\n"})
    assert cli.main(["fleet", "status", str(fleet.set_up()), "--format", "markdown"]) == 0
    table = capsys.readouterr().out.partition("\n\nRules that fail most:")[0]
    rows = [line.split(" | ") for line in table.splitlines() if " | " in line]
    head = rows[0]
    drift, updates = head.index("drift"), head.index("updates")
    told = {row[0].strip("| `"): (row[drift], row[updates]) for row in rows[2:]}
    assert told["drifted"] == ("1", "yes")
    assert told["apart"] == ("0", "no")
    # There is nothing to update where no template is recorded.
    assert told["plain"] == ("0", "")


def test_a_record_that_cannot_be_read_is_no_missing_one(fleet: Fleet, capsys: Capture) -> None:
    write(fleet.clones / "behind", {".copier-answers.yml": "a: [\n"})
    commit(fleet.clones / "behind")
    code, told = ask(fleet, capsys)
    row = next(each for each in told["projects"] if each["name"] == "behind")
    assert (code, row["state"]) == (ExitCode.FINDINGS, "unreadable")
    assert row["problem"].startswith(".copier-answers.yml:2: no YAML that can be read")


def test_findings_are_those_of_a_check(fleet: Fleet, capsys: Capture) -> None:
    _, told = ask(fleet, capsys)
    row = next(each for each in told["projects"] if each["name"] == "plain")
    cli.main(["check", str(fleet.clones / "plain"), "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [each["code"] for each in row["findings"]] == [each["code"] for each in found]


def test_another_template_counts_in_no_figure_of_ours(fleet: Fleet, tmp_path: Path) -> None:
    """Nor does a version of ours that nobody can follow pass for another template."""
    address = "https://templates.example.org/other.git"
    for name, answers in (
        ("current", f"_commit: v2.0.0\n_src_path: {address}\n"),
        ("drifted", f"_commit: v1.5.0\n_src_path: {CANONICAL_URL}\n"),
    ):
        write(fleet.clones / name, {".copier-answers.yml": answers})
        commit(fleet.clones / name)
    status, page = tmp_path / "s.json", tmp_path / "page.html"
    words = ["fleet", "status", str(fleet.set_up()), "--format", "json", "--output", str(status)]
    assert cli.main(words) == ExitCode.DONE
    told = {each["name"]: each for each in json.loads(status.read_text())["projects"]}
    names = ("state", "version", "other")
    assert {name: tuple(row[each] for each in names) for name, row in told.items()} == {
        "behind": ("behind", "v1.0.0", ""),
        "current": ("another template", "", address),
        "drifted": ("unclear", "v1.5.0", ""),
        "plain": ("no template", "", ""),
    }
    assert "TPL003" in {each["code"] for each in told["drifted"]["findings"]}
    words = ["fleet", "page", str(status), str(status), "--output", str(page)]
    assert cli.main([*words, "--badges", str(tmp_path / "badges")]) == ExitCode.DONE
    text = page.read_text()
    # Of another template, it is in no figure: neither what it records nor what is found in it.
    assert "<h1>3 projects, 0&nbsp;% up to date, 0&nbsp;% follow the practice</h1>" in text
    assert "Beside them 1 project of another template, in none of these figures." in text
    assert "<dt>projects</dt><dd>3</dd>" in text
    assert "with the template: 67 %" in text
    rows = [each for each in told.values() if each["name"] != "current"]
    for sort in ("must", "should"):
        counts = [each[sort] for each in rows]
        said = (
            rf"that {sort} be fixed, in {sum(map(bool, counts))} of 3 projects</dt>"
            rf"<dd>{sum(counts)}<"
        )
        assert re.search(said, text)
    failing = text.partition('id="rules"')[2].partition("</section>")[0]
    assert 'href="#p:plain"' in failing
    assert 'href="#p:current"' not in failing
    versions = text.partition("<caption>Versions in use</caption>")[2].partition("</table>")[0]
    assert re.findall(r'row">(.*?)</th><td class="number">(\d+)<', versions) == [
        *(("v1.5.0", "1"), ("v1.0.0", "1")),
    ]
    badge = (tmp_path / "badges/current.svg").read_text()
    found = told["current"]["must"]
    assert f"LISA practice: {f'{found} to fix' if found else 'another template'}<" in badge
    assert html.badge(replace(records.Row("x"), other=address)).count("another template") == 3
    said = report("text", records.read_status(status))
    assert said.startswith("3 projects and 1 of another template, template v2.0.0: ")
    assert f"Of another template (1)\n  current: of {address}" in said
    assert "Of a version that cannot be followed (1)\n  drifted: v1.5.0" in said


def test_a_report_does_not_land_in_the_file_of_another(
    fleet: Fleet, capsys: Capture, tmp_path: Path
) -> None:
    named = ["--format", "json", "--output", str(tmp_path / "a.json"), "--format", "text"]
    named += ["--format", "html", "--output", str(tmp_path / "a.html")]
    assert cli.main(["fleet", "status", str(fleet.set_up()), *named]) == ExitCode.REFUSED
    assert "would get the report in the form text" in capsys.readouterr().err


@pytest.mark.sweep
def test_a_clone_that_has_lost_a_part_is_unreadable_although_its_files_are_there(
    fleet: Fleet, capsys: Capture
) -> None:
    _, first = ask(fleet, capsys)
    place = fleet.clones / "plain"
    lost = lose(place, "pyproject.toml")
    for _ in range(2):
        code, told = ask(fleet, capsys)
        row = next(each for each in told["projects"] if each["name"] == "plain")
        assert (code, row["state"]) == (ExitCode.FINDINGS, "unreadable")
        assert row["problem"] == (
            f"{place}: a part of the repository is missing or broken (git ls-tree: "
            f"missing blob object '{lost}'). Clone it again."
        )
        (place / "pyproject.toml").unlink(missing_ok=True)
    assert states(told) == {**states(first), "plain": "unreadable"}


def test_a_partial_clone_without_its_files_is_told_as_one(fleet: Fleet, capsys: Capture) -> None:
    whole, place = fleet.clones / "current", fleet.clones / "partial"
    git.git("config", "uploadpack.allowFilter", "true", cwd=whole)
    options = ("--quiet", "--filter=blob:none", "--no-checkout")
    git.git(
        "clone",
        *options,
        whole.as_uri(),
        place,
        cwd=fleet.clones,
        env={"GIT_ALLOW_PROTOCOL": "file"},
    )
    _, told = ask(fleet, capsys)
    row = next(each for each in told["projects"] if each["name"] == "partial")
    assert row["problem"] == (
        "git fetch: a partial clone, whose files are not all here. `git checkout` there brings "
        "those of its branch; or clone it whole."
    )


@pytest.mark.sweep
def test_branches_of_adoptions_and_repairs_wait_too(fleet: Fleet, capsys: Capture) -> None:
    write(fleet.clones / "plain", {"src/plain/__init__.py": "\n", "setup.cfg": ""})
    commit(fleet.clones / "plain")
    for name, branch in (("plain", "adopt"), ("current", "fix"), ("behind", "fix")):
        git.git("branch", f"lisa-scaffold/{branch}", cwd=fleet.clones / name)
    told = ask(fleet, capsys)[1]["projects"]
    assert [each["branch"] for each in told] == [""] * 4  # they bring nothing
    for name, branch in (("plain", "adopt"), ("current", "fix"), ("behind", "fix")):
        place = fleet.clones / name
        git.git("switch", "--quiet", f"lisa-scaffold/{branch}", cwd=place)
        write(place, {"more.txt": "more\n"})
        commit(place)
        git.git("switch", "--quiet", "-", cwd=place)
    told = ask(fleet, capsys)[1]["projects"]
    assert {each["name"]: each["branch"] for each in told} == {
        "behind": "lisa-scaffold/fix",
        "current": "lisa-scaffold/fix",
        "drifted": "",
        "plain": "lisa-scaffold/adopt",
    }
    capsys.readouterr()
    cli.main(["fleet", "status", str(fleet.set_up())])
    said = capsys.readouterr().out
    for branch in ("adopt", "fix"):
        assert f"the branch lisa-scaffold/{branch} waits to be merged" in said


def test_what_is_left_out_on_purpose_is_named_with_its_reason(
    fleet: Fleet, capsys: Capture
) -> None:
    text = """\
folders = ["clones"]

[[ignore]]
projects = "dri*"
reason = "frozen with\\nthe paper"
expires = 2999-12-31

[[ignore]]
projects = "plain"
reason = "no package"

[[ignore]]
projects = "current"
reason = "not yet"
expires = 2020-01-31

[[ignore]]
projects = "gone"
reason = "no such project"
"""
    settings = fleet.set_up(text)
    capsys.readouterr()
    cli.main(["fleet", "status", str(settings), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert list(states(told)) == ["behind", "current"]
    assert told["names_left_out"] == {
        "frozen with\\nthe paper (until 2999-12-31)": ["drifted"],
        "no package": ["plain"],
    }
    assert told["notes"] == [
        "fleet.toml: `ignore`: gone fits no project.",
        "fleet.toml:12: `ignore`: current expired on 2020-01-31, so it is looked at again: renew "
        "that, or delete the entry.",
    ]
    cli.main(["fleet", "update", str(settings), "--dry-run", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["projects"]] == ["behind", "current"]


def test_the_text_names_what_must_be_done_and_how_to_go_on(fleet: Fleet, capsys: Capture) -> None:
    _, told = ask(fleet, capsys)
    plain = next(each for each in told["projects"] if each["name"] == "plain")
    codes = [each["code"] for each in plain["findings"] if each["severity"] == "must"]
    assert codes
    cli.main(["fleet", "status", str(fleet.set_up()), "--format", "text"])
    text = " ".join(capsys.readouterr().out.split())
    assert f"{plain['must']} must ({', '.join(dict.fromkeys(codes))})" in text
    steps = text.partition("Next")[2]
    # Wherever it is pasted.
    command = f"lisa-scaffold fleet update {fleet.folder}"
    assert f" What an update would do {command} --dry-run " in steps
    said = "What an adoption would do, for those without the template"
    assert f" {said} {command} --adopt --dry-run " in steps
    assert "--fix" not in steps  # what has drifted is behind, and gets the update
    assert " lisa-scaffold explain " in steps


@pytest.mark.parametrize(
    ("settings", "ignored", "must"),
    [
        # Whatever is ignored, the locked file that was edited is told.
        ('ignore = ["LIC", "CHG", "TPL"]', {"LIC", "CHG", "TPL"}, True),
        ('select = ["SYN"]', {"LIC", "CHG", "TPL", "MET"}, True),
        ('ignore = ["HLM"]', set(), False),  # there is no Helm chart
        ("strict = true", set(), False),
    ],
)
def test_what_a_project_ignores_is_said_and_hides_no_drift(
    settings: str, ignored: set[str], must: bool, fleet: Fleet, capsys: Capture
) -> None:
    text = f'[project]\nname = "drifted"\nversion = "1"\n[tool.lisa-scaffold]\n{settings}\n'
    for name in ("drifted", "current"):
        write(fleet.clones / name, {"pyproject.toml": text})
        commit(fleet.clones / name)
    _, told = ask(fleet, capsys)
    rows = {each["name"]: each for each in told["projects"]}
    assert (rows["drifted"]["state"], rows["drifted"]["drift"]) == ("drifted", 1)
    for row in (rows["drifted"], rows["current"]):
        families = {code.rstrip("0123456789") for code in row["ignored"]}
        assert families >= ignored
        assert bool(families) == bool(ignored)
        assert (row["ignored_must"] > 0) == must
        assert {each["code"] for each in row["findings"]}.isdisjoint(row["ignored"])
    assert not must or not rows["current"]["follows"]
    first = {each["code"] for each in told["failing"]}
    assert first == {each["code"] for row in told["projects"] for each in row["findings"]}


def test_every_form_says_what_is_ignored_and_what_must_be_mended() -> None:
    rows = (
        records.Row("deaf", version="v2.0.0", behind=0, ignored=("CHG001", "LIC001", "LIC002")),
        records.Row("open", version="v2.0.0", behind=0, must=1, findings=(FOUND, FOUND)),
        records.Row("good", version="v2.0.0", behind=0),
    )
    rows = (replace(rows[0], ignored_must=2), *rows[1:])
    status = records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", rows)
    assert [row.standing for row in rows] == [
        *("current, ignores 3 rules (2 must)", "current, 1 must", "current"),
    ]
    assert [row.follows for row in rows] == [False, False, True]
    said = report("text", status)
    heading = "Up to date (3, 1 of them follows the practice)"
    assert f"{heading}\n  deaf: v2.0.0, ignores 3 rules (2 must): CHG001, LIC (2)" in said
    assert "Rules that fail most\n  LIC001: 1 project, must\n" in said
    table = report("markdown", status)
    assert table.startswith(
        "## 3 projects, template v2.0.0: 100 % up to date, 33 % follow the practice\n\n"
        "State: 3 current.\nPractice: follows (1), does not follow (2).\n"
    )
    assert "| `deaf` | current, ignores 3 rules (2 must) |" in table
    assert "| code | severity | projects |\n| --- | --- | ---: |\n| LIC001 | must | 1 |" in table
    cells = list(csv.DictReader(io.StringIO(report("csv", status))))
    assert [(each["codes"], each["ignored"], each["ignored must"]) for each in cells] == [
        *(("", "CHG001 LIC001 LIC002", "2"), ("LIC001", "", "0"), ("", "", "0")),
    ]
    page = report("html", status)
    assert "<h1>3 projects, 100&nbsp;% up to date, 33&nbsp;% follow the practice</h1>" in page
    assert page.count('data-practice="does not follow" data-must ') == 2
    assert "<span>ignores 3 rules (2 must): CHG001, LIC (2)</span>" in page
    badges = [re.findall("<title>LISA practice: (.*?)</title>", html.badge(row)) for row in rows]
    assert badges == [
        *(["v2.0.0 current, ignores 3 rules (2 must)"], ["1 to fix"], ["v2.0.0 current"]),
    ]
    assert "#17683a" not in html.badge(rows[0])
    assert records.row_from(records.row_as_data(rows[0])) == rows[0]


def test_waivers_do_not_make_a_project_follow_the_practice(fleet: Fleet, capsys: Capture) -> None:
    waivers = "".join(
        f'[[tool.lisa-scaffold.waivers]]\ncode = "{family}"\nreason = "-"\n'
        for family in ("LIC", "MET", "PKG", "TPL", "CHG", "CI", "FIL", "QTY", "CIT", "DOC")
    )
    text = f'[build-system]\n[project]\nname = "current"\n{waivers}'
    write(fleet.clones / "current", {"pyproject.toml": text})
    commit(fleet.clones / "current")
    _, told = ask(fleet, capsys)
    row = next(each for each in told["projects"] if each["name"] == "current")
    assert (row["state"], row["must"], row["follows"]) == ("current", 0, False)
    assert row["practice"] == "follows but for what is waived"
    musts = [each for each in row["waivers"] if each["severity"] == "must"]
    assert {each["reason"] for each in row["waivers"]} == {"-"}
    assert {each["code"] for each in musts} >= {"MET001"}
    assert row["waived_must"] == sum(each["number"] for each in musts)
    assert row["waived"] == sum(each["number"] for each in row["waivers"])
    figures = told["figures"]
    assert figures["practice"]["follows"] == 0
    assert figures["practice"]["follows but for what is waived"] == 1
    assert (figures["waived_must"], figures["with_waived_must"]) == (row["waived_must"], 1)


def test_every_form_tells_what_must_be_and_is_waived() -> None:
    waivers = (
        records.Waived("LIC001", "must", "a <b> reason", 2),
        records.Waived("LIC002", "should", "-", 1),
    )
    row = records.Row("a", version="v2.0.0", behind=0, waived=3, waived_must=2, waivers=waivers)
    status = records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", (row,))
    assert (row.standing, row.follows, row.has_must) == ("current, 2 must waived", False, True)
    text = " ".join(report("text", status).split())
    assert "Up to date (1, none of them follow the practice) a: v2.0.0, 3 waived (2 must: " in text
    assert "Practice: follows but for what is waived (1)." in text
    assert "2 more that must be, and are waived, in 1 of 1 project." in text
    (told,) = csv.DictReader(io.StringIO(report("csv", status)))
    assert (told["waived"], told["waived must"]) == ("3", "2")
    assert (told["waived codes"], told["practice"]) == ("LIC001 LIC002", row.practice)
    table = report("markdown", status).splitlines()
    stands = "current, 2 must waived | follows but for what is waived"
    assert f"| `a` | {stands} | v2.0.0 | 0 | 0 | 2 | 0 | yes |  |  |" in table
    page = report("html", status)
    assert "1 project, 100&nbsp;% up to date, 0&nbsp;% follow the practice</h1>" in page
    assert re.findall(r'class="number">(\d+)<', page.partition("<tr data-state")[2]) == [
        *("0", "0", "2", "0"),
    ]
    section = page.partition('id="p:a"')[2].partition("</section>")[0]
    assert "<span>3 waived (2 must)</span>" in section
    assert '<span class="code">LIC001</span> 2 findings: a &lt;b&gt; reason</li>' in section
    assert "Nothing is found beside what is waived." in section
    badge = html.badge(row)
    assert "<title>LISA practice: v2.0.0 current, 2 must waived</title>" in badge
    assert "#17683a" not in badge
    assert records.row_from(records.row_as_data(row)) == row


@pytest.mark.parametrize(
    ("include", "named"),
    [
        ("remote: https://x.org/own.yml", "remote https://x.org/own.yml"),
        ("{project: me/ci, file: [a.yml, b.yml]}", "project me/ci: a.yml, b.yml"),
        ("component: x.org/me/ci/own@1", "component x.org/me/ci/own@1"),
        ("template: Jobs/SAST.gitlab-ci.yml", ""),
        ("local: own.yml", ""),
    ],
)
def test_a_pipeline_of_which_a_part_is_elsewhere_cannot_be_judged(
    include: str, named: str, fleet: Fleet, capsys: Capture
) -> None:
    files = {".gitlab-ci.yml": f"include:\n  - {include}\n", "own.yml": "a:\n  script: [b]\n"}
    write(fleet.clones / "current", dict(files))
    commit(fleet.clones / "current")
    _, told = ask(fleet, capsys)
    row = next(each for each in told["projects"] if each["name"] == "current")
    assert row["elsewhere"] == ([named] if named else [])
    note = "what the jobs do cannot be judged wholly: the pipeline includes "
    assert row["note"].startswith(f"{note}{named}, which may" if named else "")
    assert bool(row["note"]) == bool(named)
    clean = records.Row("a", version="v2.0.0", behind=0, elsewhere=tuple(row["elsewhere"]))
    practice = "cannot be judged" if named else "follows"
    assert (clean.practice, clean.follows) == (practice, not named)
    assert clean.standing == ("current, cannot be judged" if named else "current")


def test_one_whose_pipeline_failed_does_not_follow() -> None:
    """Where nobody tells how it ended, every form says that the figures are without it."""
    row = records.Row("a", version="v2.0.0", behind=0, pipeline="failed")
    rows = (row, replace(row, name="b", pipeline="success"), replace(row, name="c", pipeline=""))
    assert [each.follows for each in rows] == [False, True, True]
    assert row.standing == "current, its pipeline failed"
    assert "#b4231b" in html.badge(row)
    status = records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", rows)
    said = "How the last pipeline of 1 project ended is not known: the figures are without it."
    for form in ("text", "markdown", "html"):
        assert said in report(form, status)
        assert "is not known" not in report(form, replace(status, rows=rows[:2]))


def test_figures_are_of_what_could_be_read() -> None:
    row = records.Row("a", version="v2.0.0", behind=0, must=2)
    rows = (row, replace(row, name="b", must=0), records.Row("c", problem="gone"))
    status = records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", rows)
    said = "in 1 of 2 projects that could be read"
    assert f"2 findings that must be fixed, {said}." in report("text", status)
    page = report("html", status)
    assert f"<dt>findings that must be fixed, {said}</dt><dd>2</dd>" in page
    assert "<dt>projects, of which 2 could be read</dt><dd>3</dd>" in page


@pytest.mark.parametrize(("follow", "share"), [(0, 0), (1, 1), (150, 50), (299, 99), (300, 100)])
def test_a_part_is_neither_none_nor_all(follow: int, share: int) -> None:
    row = records.Row("a", version="v2.0.0", behind=0)
    rows = [*[row] * follow, *[replace(row, must=1)] * (300 - follow)]
    figures = records.count_figures(rows)
    assert figures.share(figures.follow) == share


def test_what_is_not_well_is_not_green() -> None:
    row = records.Row("a", version="v2.0.0", behind=0)
    rows = (row, replace(row, name="b", must=2), replace(row, name="c", waived_must=1))
    page = report("html", records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", rows))
    assert re.findall(r'<span class="state ([a-z]*)">', page) == ["fix", "must", "should"]
    page = report("html", records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", rows[1:2]))
    assert '<div class="tile none"><dt>follow the practice: ' in page


def test_the_page_counts_branches_that_wait() -> None:
    request = records.Request("https://x.org/1", "draft")
    rows = (
        records.Row("a", branch="lisa-scaffold/v2.0.0", branch_state="ready"),
        records.Row("b", request=request),
        records.Row("c", request=request._replace(state="merged")),
        records.Row("d", branch="lisa-scaffold/v2.0.0", branch_state="conflict"),
    )
    page = report("html", records.Status("2026-11-29T10:00:00+00:00", "v2.0.0", rows))
    assert (
        "<dt>merge requests and branches of the template that wait to be merged; 2 more wait for "
        "somebody before, with conflicts or as a draft</dt><dd>1<"
    ) in page
