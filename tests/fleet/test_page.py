"""The page of a fleet, and its badges, as text; tests/e2e shows them to a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.fleet import records
from lisa_scaffold.fleet.outcomes import Outcome
from lisa_scaffold.fleet.records import (
    Found,
    Request,
    Row,
    Status,
    count_newer,
    join,
    read_status,
)
from lisa_scaffold.report.fleet import machine, report
from lisa_scaffold.report.fleet import update as changes
from lisa_scaffold.report.fleet.steps import list_steps
from lisa_scaffold.template import advise_newer

from ..support.results import EVIL
from ..support.updates import Capture

FOUND = Found("LIC002", "must", "pyproject.toml", 3, "no `license` there")
ROWS = (
    Row(
        "lisa/a",
        "https://x.org/lisa/a",
        "c" * 40,
        "package",
        "v1.0.0",
        1,
        must=1,
        findings=(FOUND,),
    ),
    Row(
        "lisa/b",
        "/clones/b",
        version="v2.0.0",
        behind=0,
        request=Request("https://x.org/1", "draft"),
    ),
    Row("lisa/c", problem="it is gone"),
)
STATUS = Status("2026-11-29T10:00:00+00:00", "v2.0.0", ROWS, {"archived": 2})


def write(folder: Path, name: str, status: Status) -> str:
    path = folder / name
    path.write_text(machine.as_json(status))
    return str(path)


def test_the_page_says_what_the_status_says(tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    words = ["fleet", "page", write(tmp_path, "s.json", STATUS), "--output", str(output)]
    assert cli.main(words) == ExitCode.DONE
    text = output.read_text()
    assert "<h1>3 projects, 33&nbsp;% up to date, 33&nbsp;% follow the practice</h1>" in text
    assert " · left out: 2 archived</p>" in text
    rows = re.findall(
        r'<tr data-state="(.*?)" data-practice="[a-z ]+"(?: data-must)? data-kind="(.*?)" '
        r'data-codes="(.*?)">',
        text,
    )
    assert rows == [
        *(("behind", "package", "LIC002 "), ("current", "", ""), ("unreadable", "", "")),
    ]
    assert [*re.findall(r'<section class="project" id="([^"]*)"', text)] == [
        *("p:lisa/a", "p:lisa/b", "p:lisa/c"),
    ]
    assert (
        "<dt>finding that must be fixed, in 1 of 2 projects that could be read</dt><dd>1</dd>"
        in text
    )
    assert '<a href="https://x.org/lisa/a">' in text
    assert 'href="/clones' not in text
    assert "<polyline" not in text


def test_of_what_cannot_be_read_nothing_is_counted(tmp_path: Path, capsys: Capture) -> None:
    """Neither what is known of it from elsewhere, nor a nought that nobody has counted."""
    odd = Row("lisa/d", version="v2.0.0", behind=0, must=7, drift=3, problem="its record is broken")
    odd = replace(odd, findings=(FOUND,))
    moments = ("2026-11-28T10:00:00+00:00", STATUS.when)
    paths = [
        write(tmp_path, f"{moment[8:10]}.json", Status(moment, "v2.0.0", (ROWS[1], ROWS[2], odd)))
        for moment in moments
    ]
    told = json.loads(Path(paths[0]).read_text())["projects"]
    unknown = ("behind", "drift", "must", "should", "waived", "updates")
    assert [{each[key] for key in unknown} for each in told[1:]] == [{None}, {None}]
    assert cli.main(["fleet", "page", *paths]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert "<h1>3 projects, 33&nbsp;% up to date, 33&nbsp;% follow the practice</h1>" in text
    assert "with the template: 33 %" in text
    assert "must be fixed, in 0 of 1 project that could be read</dt><dd>0</dd>" in text
    assert "LIC002" not in text
    cells = [
        re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"(?s)<tr data.*?</tr>", text)
    ]
    # Columns that no project fills are left out.
    assert [row[1:] for row in cells[1:]] == [[""] * 6, [""] * 6]
    section = re.findall(r'(?s)<section class="project" id="p:lisa/c".*?</section>', text)[0]
    assert "without the template" not in section
    assert "unknown kind" not in section
    status = read_status(Path(paths[0]))
    table = report("markdown", status).splitlines()
    assert [each.split(" | ")[3:9] for each in table if "lisa/c" in each or "lisa/d" in each] == [
        *([""] * 6, ["v2.0.0", *[""] * 5]),
    ]


def test_nothing_of_a_project_is_markup(tmp_path: Path, capsys: Capture) -> None:
    evil = f"</script></style>{EVIL}"
    found = Found(evil, evil, evil, 1, evil)
    fields = dict.fromkeys(("kind", "version", "release", "pipeline", "activity", "problem"), evil)
    row = Row(evil, f"javascript:{EVIL}", findings=(found,), request=Request(evil, evil, evil))
    status = Status(STATUS.when, evil, (replace(row, **fields), row), {evil: 1})  # type: ignore[arg-type]
    path = write(tmp_path, "s.json", status)
    assert cli.main(["fleet", "page", path]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert text.count("</script>") == text.count("</style>") == 1
    assert "javascript:" not in re.sub(r">[^<]*<", "><", text)
    assert re.findall(r'href="(?![#"])([^"]*)"', text) == []


def test_history_is_kept_and_drawn(tmp_path: Path) -> None:
    folder, output = tmp_path / "history", tmp_path / "page.html"
    for day, behind in (("01", 2), ("02", 1), ("03", 0)):
        rows = tuple(replace(row, behind=behind) for row in ROWS[:2])
        path = write(tmp_path, "s.json", Status(f"2026-11-{day}T00:00:00+00:00", "v2.0.0", rows))
        words = ["--history", str(folder), "--output", str(output)]
        assert cli.main(["fleet", "page", path, *words]) == ExitCode.DONE
    assert [each.name for each in sorted(folder.iterdir())] == [
        f"2026-11-{day}T000000+0000.json" for day in ("01", "02", "03")
    ]
    lines = re.findall(r'<polyline class="l\d" points="([^"]*)"', output.read_text())
    assert lines == [
        "0.0,0.0 300.0,0.0 600.0,0.0",
        "0.0,120.0 300.0,120.0 600.0,0.0",
        "0.0,120.0 300.0,120.0 600.0,60.0",
    ]
    # What the headline says is what the lines end in.
    text = output.read_text()
    assert "100&nbsp;% up to date, 50&nbsp;% follow the practice</h1>" in text
    assert re.findall(r"</svg> ([a-z ]+: \d+ %)</li>", text) == [
        *("with the template: 100 %", "up to date: 100 %", "follow the practice: 50 %"),
    ]
    assert "<li>100 %</li><li>50 %</li><li>0 %</li>" in text
    assert "<span>2026-11-01</span><span>2026-11-03</span>" in text


def test_time_is_drawn_as_it_went(tmp_path: Path) -> None:
    """A pause is wide; where no time passes, all is drawn evenly."""
    for moments, places in (
        (
            tuple(f"2026-11-{day}T00:00:00+00:00" for day in ("01", "02", "11")),
            ["0.0", "60.0", "600.0"],
        ),
        (("2026-11-01T00:00:00+00:00",) * 3, ["0.0", "300.0", "600.0"]),
    ):
        paths = [
            write(tmp_path, f"{number}.json", Status(moment, "v2.0.0", ROWS[:2]))
            for number, moment in enumerate(moments)
        ]
        output = tmp_path / "page.html"
        assert cli.main(["fleet", "page", *paths, "--output", str(output)]) == ExitCode.DONE
        line = re.findall(r'<polyline class="l0" points="([^"]*)"', output.read_text())[0]
        found = [point.partition(",")[0] for point in line.split()]
        assert found == places


def test_of_the_time_before_the_numbers_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    for day in ("01", "02"):
        path = write(tmp_path, "s.json", replace(STATUS, when=f"2026-11-{day}T00:00:00+00:00"))
        words = ["fleet", "page", path, "--history", str(folder)]
        assert cli.main([*words, "--output", str(tmp_path / "page.html")]) == ExitCode.DONE
    before, after = map(read_status, sorted(folder.iterdir()))
    assert after.rows == STATUS.rows
    assert before.rows == tuple(replace(row, findings=()) for row in STATUS.rows)
    assert before.rows[0].must == 1


def test_parts_are_joined(tmp_path: Path) -> None:
    parts = [
        write(tmp_path, f"{n}.json", replace(STATUS, rows=(row,))) for n, row in enumerate(ROWS)
    ]
    output = tmp_path / "page.html"
    assert cli.main(["fleet", "page", *parts, "--join", "--output", str(output)]) == ExitCode.DONE
    assert (
        "<h1>3 projects, 33&nbsp;% up to date, 33&nbsp;% follow the practice</h1>"
        in output.read_text()
    )


def test_a_badge_for_each_project(tmp_path: Path) -> None:
    rows = (*ROWS, Row("lisa/<b>&", version="<v1>", behind=0))
    path = write(tmp_path, "s.json", replace(STATUS, rows=rows))
    words = ["--badges", str(tmp_path / "badges"), "--output", str(tmp_path / "page.html")]
    assert cli.main(["fleet", "page", path, *words]) == ExitCode.DONE
    said = {
        each.stem: ET.parse(each).getroot().get("aria-label")  # noqa: S314 - ours
        for each in (tmp_path / "badges/lisa").iterdir()
    }
    assert said == {
        "a": "LISA practice: 1 to fix",
        "b": "LISA practice: v2.0.0 current",
        "c": "LISA practice: unknown",
        "<b>&": "LISA practice: <v1> current",
    }


@pytest.mark.parametrize("name", ["../up", "/abs", "a//b", "a/../../b", ".", "", "a\ud800"])
def test_a_badge_is_written_below_its_folder(name: str, tmp_path: Path, capsys: Capture) -> None:
    path = write(tmp_path, "s.json", replace(STATUS, rows=(Row(name),)))
    words = ["fleet", "page", path, "--badges", str(tmp_path / "in/badges")]
    assert cli.main(words) == ExitCode.REFUSED
    assert "no name of a project" in capsys.readouterr().err
    assert list(tmp_path.rglob("*.svg")) == []


def test_part_of_a_fleet_does_not_pass_for_all_of_it(tmp_path: Path, capsys: Capture) -> None:
    parts = [
        write(tmp_path, f"{number}.json", replace(STATUS, part=f"{number}/2")) for number in (1, 2)
    ]
    assert cli.main(["fleet", "page", parts[0]]) == ExitCode.DONE
    said = capsys.readouterr()
    assert "This is part 1/2 of a fleet alone: all parts, with --join, are it" in said.err
    assert "This is part 1/2 of a fleet, and not all of it." in said.out
    assert cli.main(["fleet", "page", *parts, "--join"]) == ExitCode.DONE
    said = capsys.readouterr()
    assert "part" not in said.err + said.out.partition("</header>")[0].partition("<header>")[2]


@pytest.mark.parametrize(
    ("parts", "together"),
    [
        (["1/3", "3/3"], "1+3/3"),
        (["1+3/4", "4/4"], "1+3+4/4"),
        (["1+3/4", "2/4", "4/4"], ""),
        (["2/2", "1/2"], ""),
        (["1/2", "1/2"], "1/2"),
        (["1/2", "2/3"], "1+2/3"),
        (["", "1/2"], ""),
        (["x", "1/2"], "x"),
    ],
)
def test_parts_that_are_joined_without_another_are_not_the_fleet(
    parts: list[str], together: str
) -> None:
    assert records.join([replace(STATUS, part=part) for part in parts]).part == together


def test_nothing_is_up_to_date_where_a_project_is_newer(tmp_path: Path) -> None:
    """Neither in the part that it is in, nor in the others once they are joined."""
    newer = Row("lisa/e", version="v3.0.0", newer=True)
    old, ours = (replace(row, findings=()) for row in ROWS[:2])
    parts = [
        count_newer(replace(STATUS, rows=rows)) for rows in ((old, newer), (ours, Row("lisa/f")))
    ]
    assert [each.beyond for each in parts] == [("v3.0.0",), ()]
    joined = join(parts)
    assert count_newer(joined) == joined
    told = {row.name: (row.state, row.behind) for row in joined.rows}
    assert told == {
        "lisa/a": ("behind", 2),
        "lisa/b": ("behind", 1),
        "lisa/e": ("newer", None),
        "lisa/f": ("no template", None),
    }
    said = "It knows v2.0.0, and projects have v3.0.0: which version is the newest is not known"
    for form in ("text", "markdown", "html"):
        text = report(form, joined).replace("\\", "")
        assert said in text
        assert "Up to date (" not in text
    assert "0&nbsp;% up to date, 0&nbsp;% follow the practice</h1>" in report("html", joined)
    assert read_status(Path(write(tmp_path, "s.json", joined))) == joined
    # What nobody could bring is not offered.
    commands = [command for _, command in list_steps(joined, None)]
    assert commands[0].startswith("pip install --upgrade ")
    assert commands[1] == "lisa-scaffold fleet update --dry-run"
    settled = [*list_steps(replace(joined, rows=joined.rows[1:3]), None)]
    assert [said for said, _ in settled] == ["Upgrade lisa-scaffold first"]


def test_next_fits_what_there_is() -> None:
    place = "/clones/it's"
    row = Row("a", place, version="v1.0.0", behind=1, target="it's")
    waits = replace(row, branch="lisa-scaffold/v2.0.0", branch_state="ready")
    drifted = replace(row, behind=0, drift=2)
    broken = replace(row, problem="gone", findings=(FOUND,), drift=2)
    quoted = "'/clones/it'\"'\"'s'"
    there = f"git -C {quoted} switch 'it'\"'\"'s' && "
    update = "lisa-scaffold fleet update '/my fleet'"
    asked = Request("https://x.org/1", "opened")
    for rows, commands in (
        ((row, broken), [f"{update} --dry-run"]),
        # Whatever is checked out: it is never merged into another branch, nor into none.
        ((waits, waits), [f"{there}git -C {quoted} merge lisa-scaffold/v2.0.0"]),
        # What cannot be done as it is does not come first, nor is it passed over.
        (
            (replace(waits, obstacle="there are changes", remedy="git status"), waits),
            [f"{there}git -C {quoted} merge lisa-scaffold/v2.0.0", "git status"],
        ),
        (
            (replace(waits, branch_state="conflict", obstacle="a", remedy="git status"),),
            ["git status"],
        ),
        ((replace(row, behind=0, lacks=3, obstacle="a", remedy="git status"),), []),
        (
            (replace(waits, branch_state="conflict"),),
            [f"{there}lisa-scaffold update --to v2.0.0 {quoted}"],
        ),
        (
            (replace(waits, branch_state="unresolved", conflicts=("a",)),),
            [
                f"git -C {quoted} switch lisa-scaffold/v2.0.0 && "
                f"git -C {quoted} log -1 --grep='^Template-Update: '"
            ],
        ),
        ((replace(row, request=asked), replace(row, updates=False)), []),
        ((drifted,), [f"{update} --fix --dry-run"]),
        ((replace(drifted, branch="lisa-scaffold/fix", branch_state="lost"),), []),
        ((Row("b"), Row("c", kind="image")), [f"{update} --adopt --dry-run"]),
        ((Row("c", kind="image"),), []),
        ((replace(row, behind=0, lacks=3),), [f"{there}git -C {quoted} pull"]),
        (
            (replace(row, behind=0, superseded=("lisa-scaffold/v1.0.0", "lisa-scaffold/v2.0.0")),),
            [f"git -C {quoted} branch -D lisa-scaffold/v1.0.0 lisa-scaffold/v2.0.0"],
        ),
        ((replace(row, behind=0, findings=(FOUND, FOUND)),), ["lisa-scaffold explain LIC002"]),
        # Where that rule is ignored, a repair does nothing.
        ((Row("i", version="v2.0.0", behind=0, drift=1, ignored=("TPL002",)),), []),
        # What another template asks for is not ours to mend.
        ((Row("o", other="https://x.org/t.git", findings=(FOUND,)),), []),
    ):
        steps = [*list_steps(replace(STATUS, rows=rows), Path("/my fleet"))]
        assert [command for _, command in steps] == commands
    assert [said for said, _ in list_steps(replace(STATUS, rows=(waits, waits)), None)] == [
        "Merge what waits, after a look at it: the first of 2 (all of them at once: "
        "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/release-to-fleet.html"
        "#a-fleet-of-local-clones)"
    ]


def test_what_must_be_mended_is_named_with_how_many_must() -> None:
    row = Row("a", version="v2.0.0", behind=0, findings=(FOUND,))
    for rows, said in (
        ((row,), "What must be mended in a project"),
        ((row, replace(row, name="b")), "What most projects must mend, 2 projects"),
    ):
        steps = [*list_steps(replace(STATUS, rows=rows), None)]
        assert steps == [(said, "lisa-scaffold explain LIC002")]


def test_of_rules_that_as_many_fail_a_must_comes_first() -> None:
    found = [Found(code, "should", "a", 1, "a") for code in ("CHG001", "CIT001")]
    row = Row("a", version="v2.0.0", behind=0, must=1, findings=(*found, FOUND))
    other = replace(row, name="b", must=0, findings=(found[1],))
    page = report("html", replace(STATUS, rows=(row, other)))
    listed = page.partition('id="rules"')[2].partition("</section>")[0]
    assert re.findall(r'class="code">([A-Z]+\d+)<', listed) == ["CIT001", "LIC002", "CHG001"]


def test_how_many_rules_judged_a_project_stands_in_every_form() -> None:
    note = "no Python project here, and most rules judge nothing else: run.py stand alone."
    bare = Row("bare", should=1, rules=25, note=note)
    status = replace(STATUS, rows=(bare, replace(bare, name="whole", rules=1, note="")))
    text = " ".join(report("text", status).split())
    assert f"bare: 1 should, 25 rules applied, {note}" in text
    assert "whole: 1 should, 1 rule applied" in text
    page = report("html", status)
    row = page.partition("<tbody>\n<tr data-state")[2].partition("</tr>")[0]
    assert re.findall(r'class="number">(\d+)<', row) == ["0", "0", "1", "25"]
    section = page.partition('id="p:bare"')[2].partition("</section>")[0]
    assert "<span>25 rules applied</span>" in section
    assert f'<p class="about">{note}</p>' in section


def test_what_is_checked_out_and_what_waits_stand_on_the_page() -> None:
    row = Row("a", "/a", version="v1.0.0", behind=1, checkout="feature", target="main", lacks=1)
    row = replace(row, branch="lisa-scaffold/v2.0.0", branch_state="unresolved", conflicts=("b",))
    status = replace(STATUS, rows=(row,))
    section = report("html", status).partition('<section class="project"')[2]
    assert "<span>feature is checked out, and main is looked at</span>" in section
    state = "waits for somebody: people have committed to it, and there are conflicts in b"
    assert f"<p>The branch lisa-scaffold/v2.0.0 {state}.</p>" in section
    text = " ".join(report("text", status).split())
    assert (
        "a: feature is checked out, and main is looked at, v1.0.0, 1 version behind, the branch "
        f"lisa-scaffold/v2.0.0 {state}, lacks 1 commit that was fetched from origin"
    ) in text


def test_the_commands_of_an_update_can_be_copied() -> None:
    said = "resolve it at your desk, and commit: lisa-scaffold update --to v2.0.0 '/a `b`_c'"
    torn = Outcome("torn", "open", "v1.0.0", "v2.0.0", "lisa-scaffold/v2.0.0", said=said)
    advice = 'to upgrade this one: pip install --upgrade "x @ git+https://x.org/a_b.git@v1"'
    done = replace(torn, name="done", action="updated", said="", place="/a b", target="main")
    newer = Outcome("newer", "newer", "v3.0.0", said=advice)
    waits = Outcome("later", "waiting", said="--limit is reached")
    same = Outcome("same", "current", "v2.0.0")
    two = Outcome("two", "failed", said="x: unfinished. First: git merge --abort, or git stash.")
    run = changes.Run(Path("/f"), ("--limit", "1"))
    text = changes.write_markdown([torn, done, newer, waits, same, two], run)
    blocks = re.findall(r"(?m)^  ```\n(.*?)\n  ```$", text)
    assert [each.strip() for each in blocks] == [
        "lisa-scaffold update --to v2.0.0 '/a `b`_c'",
        'pip install --upgrade "x @ git+https://x.org/a_b.git@v1"',
        advise_newer(),
        "git -C '/a b' switch main && git -C '/a b' merge lisa-scaffold/v2.0.0",
        "lisa-scaffold fleet update /f --limit 1",
    ]
    assert "### Nothing newer is known to this lisa-scaffold (1)" in text
    assert "Up to date" not in text
    due = replace(done, action="due")
    dry = changes.write_text([due], run=changes.Run(Path("/f"), ("--adopt",), dry_run=True))
    assert dry.endswith("\n\nNext\n  Do it\n    lisa-scaffold fleet update /f --adopt")
