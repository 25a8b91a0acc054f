"""Templates that other people maintain: what each update brings, beside plain Copier's.

Each test sees what Copier does with the same project, and then what our update does.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lisa_scaffold.errors import ExitCode

from ..support.beside import copier, ours, twin_of
from ..support.files import contents
from ..support.tools import git, passes
from ..support.updates import ANSWERS, QUESTIONS, TEN, Workshop, commit, open_workshop, write

EXCLUDES = {
    "always": "_exclude: [src]\n",
    "in an update": "_exclude: ['{% if _copier_operation == \"update\" %}src{% endif %}']\n",
    "where another question says so": "_exclude: ['{% if not fresh %}src{% endif %}']\n",
}


@pytest.mark.parametrize("excludes", EXCLUDES.values(), ids=EXCLUDES)
def test_what_is_newly_excluded_is_not_deleted(tmp_path: Path, excludes: str) -> None:
    """As Copier: what is not rendered any more is the project's."""
    workshop = open_workshop(tmp_path, {"template/src/a.dat": "a\n", "template/b.dat": "b\n"})
    workshop.release("v2.0.0", {"copier.yml": QUESTIONS + excludes, "template/c.dat": "c\n"})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert (twin / "src/a.dat").exists()
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)


def test_an_excluded_file_that_comes_back_by_an_answer_is_merged_with_its_base(
    tmp_path: Path,
) -> None:
    """Copier knows no base for it, and has a conflict."""
    workshop = open_workshop(tmp_path, {"template/src/a.dat": TEN, "template/b.dat": "b\n"})
    workshop.edit({"src/a.dat": TEN.replace("line 2\n", "mine\n")})
    fresh = QUESTIONS + "fresh:\n  type: bool\n  default: false\n"
    excludes = EXCLUDES["where another question says so"]
    theirs = {"template/src/a.dat": TEN.replace("line 9\n", "theirs\n")}
    workshop.release("v2.0.0", {"copier.yml": fresh + excludes, **theirs})
    twin = twin_of(workshop)
    copier(twin, "--data", "fresh=true")
    assert "<<<<<<<" in (twin / "src/a.dat").read_text()
    assert ours(workshop.project, "--data", "fresh=yes").returncode == ExitCode.DONE
    expected = TEN.replace("line 2\n", "mine\n").replace("line 9\n", "theirs\n")
    assert workshop.read("src/a.dat") == expected


def made_by_copier(workshop: Workshop, *data: str) -> None:
    """Make the project anew as Copier does, which knows where it lies."""
    shutil.rmtree(workshop.project)
    answers = [word for each in data for word in ("--data", each)]
    source, place = str(workshop.template), str(workshop.project)
    done = copier(workshop.template.parent, *answers, source, place, verb="copy")
    assert done.returncode == 0, done.stderr
    passes("git", "init", "--quiet", cwd=workshop.project)
    commit(workshop.project)


NAMES = "{{ _folder_name }}\n{{ _copier_conf.dst_path }}\n"


def test_a_render_knows_the_project_s_own_places(tmp_path: Path) -> None:
    """Copier renders the names of temporary folders into the project."""
    workshop = open_workshop(tmp_path, {"template/a.dat.jinja": f"{NAMES}{TEN}"})
    made_by_copier(workshop)
    theirs = f"{NAMES}{TEN}{{{{ _copier_conf.src_path }}}} {{{{ _copier_conf.vcs_ref_hash }}}}\n"
    workshop.release("v2.0.0", {"template/a.dat.jinja": theirs})
    twin = twin_of(workshop)
    copier(twin)
    assert "copier._main.new_copy" in (twin / "a.dat").read_text()
    assert ours(workshop.project).returncode == ExitCode.DONE
    newest = git("rev-parse", "v2.0.0", cwd=workshop.template).strip()
    last = f"{workshop.template} {newest}\n"
    assert workshop.read("a.dat") == f"project\n{workshop.project}\n{TEN}{last}"


def test_the_hash_of_a_version_may_be_part_of_a_default(tmp_path: Path) -> None:
    """As Copier; where there was none, an expression such as `[:7]` failed."""
    more = "short:\n  type: str\n  default: '{{ _copier_conf.vcs_ref_hash[:7] }}'\n  when: false\n"
    files = {"copier.yml": QUESTIONS + more, "template/a.dat.jinja": "{{ short }}\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.release("v2.0.0", {"template/b.dat": "b\n"})
    twin = twin_of(workshop)
    copier(twin)
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)


EXTERNAL = (
    QUESTIONS + "_external_data:\n  other: other.yml\n"
    "unit:\n  type: str\n  default: '{{ _external_data.other.unit }}'\n"
)


def test_external_data_is_read_from_the_project(tmp_path: Path) -> None:
    """As Copier."""
    workshop = open_workshop(tmp_path, {"template/b.dat": "b\n"})
    workshop.edit({"other.yml": "unit: metre\n"})
    files = {"copier.yml": EXTERNAL, "template/c.dat.jinja": "{{ unit }}\n"}
    workshop.release("v2.0.0", files)
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert (twin / "c.dat").read_text() == "metre\n"
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)


def test_external_data_outside_is_read_with_trust_alone(tmp_path: Path) -> None:
    """As Copier; with ``--data`` too, which once asked for trust that was given."""
    workshop = open_workshop(tmp_path, {"template/b.dat": "b\n"})
    (tmp_path / "outside.yml").write_text("unit: secret\n")
    (workshop.project / "other.yml").symlink_to(tmp_path / "outside.yml")
    commit(workshop.project)
    files = {"copier.yml": EXTERNAL, "template/c.dat.jinja": "{{ unit }}\n"}
    workshop.release("v2.0.0", files)
    assert copier(twin_of(workshop)).returncode != 0
    done = ours(workshop.project)
    assert done.returncode == ExitCode.REFUSED
    assert "reads a file outside the project: other.yml" in done.stderr
    trusted = ours(workshop.project, "--trust", "--data", "name=other")
    assert trusted.returncode == ExitCode.DONE
    assert workshop.read("c.dat") == "secret\n"


def test_data_and_trust_go_together_where_only_the_new_version_has_extensions(
    tmp_path: Path,
) -> None:
    """As Copier."""
    workshop = open_workshop(tmp_path, {"template/a.dat.jinja": "{{ name }}\n"})
    extensions = "_jinja_extensions: [jinja2.ext.do]\n"
    text = "{% do [].append(1) %}{{ name }}\n"
    files = {"copier.yml": QUESTIONS + extensions, "template/a.dat.jinja": text}
    workshop.release("v2.0.0", files)
    twin = twin_of(workshop)
    assert copier(twin, "--trust", "--data", "name=two").returncode == 0
    assert ours(workshop.project, "--trust", "--data", "name=two").returncode == ExitCode.DONE
    assert workshop.read("a.dat") == "two\n"
    assert contents(workshop.project) == contents(twin)


YIELDED = "template/{% yield part from parts %}{{ part }}{% endyield %}"


def test_a_name_yields_several_files(tmp_path: Path) -> None:
    """As Copier."""
    questions = QUESTIONS + "parts:\n  type: yaml\n  default: [one, two]\n"
    nested = f"{YIELDED}/{{% yield n from [1, 2] %}}{{{{ n }}}}{{% endyield %}}.dat.jinja"
    files = {
        "copier.yml": questions,
        f"{YIELDED}.dat.jinja": "{{ part }} {{ name }}\n",
        nested: "{{ part }}{{ n }}\n",
    }
    workshop = open_workshop(tmp_path, files)
    assert workshop.read("two/2.dat") == "two2\n"
    workshop.release("v2.0.0", {"template/c.dat": "c\n"})
    twin = twin_of(workshop)
    more = "parts=[one, two, three]"
    assert copier(twin, "--data", more).returncode == 0
    assert ours(workshop.project, "--data", more).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)
    assert workshop.read("three.dat") == "three demo\n"


def test_recorded_answers_are_cast_by_the_question(tmp_path: Path) -> None:
    """As Copier, which says nothing of it."""
    old = QUESTIONS + "width:\n  type: int\n  default: 80\nold:\n  type: float\n  default: 3.11\n"
    new = QUESTIONS + "width:\n  type: str\n  default: '80'\nold:\n  type: str\n  default: '3.11'\n"
    files = {"copier.yml": old, "template/a.dat.jinja": "{{ width }} {{ old }}\n"}
    workshop = open_workshop(tmp_path, files, width=100, old=3.12)
    text = "{{ width ~ '!' }} {{ old.split('.')[1] }}\n"
    workshop.release("v2.0.0", {"copier.yml": new, "template/a.dat.jinja": text})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert "The answer width=100 is recorded as '100' now." in done.stdout
    assert workshop.read("a.dat") == "100! 12\n"
    assert contents(workshop.project) == contents(twin)


def test_an_answer_that_was_recorded_as_null(tmp_path: Path) -> None:
    """Copier ends in a traceback; another answer may be given here."""
    questions = QUESTIONS + "unit:\n  type: str\n"
    files = {"copier.yml": questions, "template/a.dat.jinja": "{{ unit }}\n"}
    workshop = open_workshop(tmp_path, files, unit="m")
    recorded = workshop.read(".copier-answers.yml").replace("unit: m", "unit: null")
    workshop.edit({".copier-answers.yml": recorded, "a.dat": "None\n"})
    workshop.release("v2.0.0", {"template/b.dat": "b\n"})
    assert "Traceback" in copier(twin_of(workshop), "--data", "unit=s").stderr
    refused = ours(workshop.project)
    assert (refused.returncode, "unit: " in refused.stderr) == (ExitCode.REFUSED, True)
    assert ours(workshop.project, "--data", "unit=s").returncode == ExitCode.DONE
    assert workshop.read("b.dat") == "b\n"
    assert "unit: s\n" in workshop.read(".copier-answers.yml")


ANYWHERE = {
    "template/.copier-answers.yml.jinja": "",
    "template/{{ _copier_conf.answers_file }}.jinja": ANSWERS,
}


def test_an_answers_file_that_the_template_renames(tmp_path: Path) -> None:
    """As Copier: the old one goes."""
    name = "template/{{ _copier_conf.answers_file }}.jinja"
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    files = {"copier.yml": QUESTIONS + "_answers_file: .tool-answers.yml\n", name: ANSWERS}
    workshop.release("v2.0.0", {"template/.copier-answers.yml.jinja": None, **files})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)
    assert ".tool-answers.yml" in contents(twin)
    commit(workshop.project)
    assert ours(workshop.project).stdout == "Nothing to do: the project has v2.0.0.\n"


@pytest.mark.parametrize("place", [".answers/tool.yml", ".copier-answers.tool.yml"])
def test_an_answers_file_elsewhere_is_found(tmp_path: Path, place: str) -> None:
    """Copier has to be told."""
    settings = QUESTIONS + f"_answers_file: {place}\n"
    files = {"copier.yml": settings, **ANYWHERE, "template/a.dat": "a\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({".copier-answers.yml": None})
    workshop.release("v2.0.0", {"template/b.dat": "b\n"})
    twin, other = twin_of(workshop), twin_of(workshop, "other")
    assert "Traceback" in copier(twin).stderr
    assert copier(twin, "--answers-file", place).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert ours(other, "--answers-file", place).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin) == contents(other)


def test_an_answers_file_that_somebody_chose_stays(tmp_path: Path) -> None:
    """As Copier, where it is told; the template's own name is another."""
    files = {**ANYWHERE, "template/a.dat": "a\n"}
    workshop = open_workshop(tmp_path, files)
    recorded = workshop.read(".copier-answers.yml") or ""
    recorded = recorded or f"_commit: v1.0.0\n_src_path: {workshop.template}\nname: demo\n"
    workshop.edit({".copier-answers.yml": None, ".mine.yml": recorded})
    workshop.release("v2.0.0", {"template/b.dat": "b\n"})
    twin = twin_of(workshop)
    assert copier(twin, "--answers-file", ".mine.yml").returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert "_commit: v2.0.0\n" in workshop.read(".mine.yml")
    left = {path: data for path, data in contents(twin).items() if path != ".copier-answers.yml"}
    now = contents(workshop.project)
    assert {path: data for path, data in now.items() if path != ".copier-answers.yml"} == left


def test_an_answers_file_that_the_template_drops(tmp_path: Path) -> None:
    """Copier removes it, and with it the way to any later update; here it is kept up to date."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    theirs = {"template/.copier-answers.yml.jinja": None, "template/b.dat": "b\n"}
    workshop.release("v2.0.0", theirs)
    twin = twin_of(workshop)
    copier(twin)
    assert not (twin / ".copier-answers.yml").exists()
    done = ours(workshop.project)
    assert "the template writes no answers file any more" in done.stdout
    commit(workshop.project)
    assert ours(workshop.project).stdout == "Nothing to do: the project has v2.0.0.\n"


@pytest.fixture
def two_templates(tmp_path: Path) -> tuple[Workshop, Workshop]:
    """A project from two templates: the second records it in a file of its own."""
    first = open_workshop(tmp_path / "first", {"template/a.dat": "a\n"})
    settings = QUESTIONS + "_answers_file: .copier-answers.second.yml\n"
    files = {"copier.yml": settings, **ANYWHERE, "template/z.dat": "z\n"}
    second = open_workshop(tmp_path / "second", files)
    made = {
        path: data for path, data in contents(second.project).items() if "answers.yml" not in path
    }
    write(first.project, made)
    commit(first.project)
    first.release("v2.0.0", {"template/a.dat": "a2\n"})
    second.release("v3.0.0", {"template/z.dat": "z3\n"})
    return first, second


def test_two_templates_one_by_one(two_templates: tuple[Workshop, Workshop]) -> None:
    """As Copier, where it is told."""
    workshop, _ = two_templates
    twin = twin_of(workshop)
    for options in ([], ["--answers-file", ".copier-answers.second.yml"]):
        assert copier(twin, *options).returncode == 0
        commit(twin)
        assert ours(workshop.project, *options).returncode == ExitCode.DONE
        commit(workshop.project)
        assert contents(workshop.project) == contents(twin)


def test_two_templates_at_once(two_templates: tuple[Workshop, Workshop]) -> None:
    workshop, _ = two_templates
    alone = ours(workshop.project, "--dry-run")
    assert (
        ".copier-answers.second.yml. Name one with --answers-file." in alone.stdout + alone.stderr
    )
    assert ours(workshop.project, "--all").returncode == ExitCode.DONE
    assert (workshop.read("a.dat"), workshop.read("z.dat")) == ("a2\n", "z3\n")
    assert "_commit: v3.0.0\n" in workshop.read(".copier-answers.second.yml")
    commit(workshop.project)
    again = ours(workshop.project, "--all").stdout
    assert again.count("Nothing to do") == 2


def test_two_templates_that_change_one_file_are_refused_together(
    two_templates: tuple[Workshop, Workshop],
) -> None:
    workshop, second = two_templates
    second.release("v4.0.0", {"template/new.dat": "second\n"})
    workshop.release("v4.0.0", {"template/new.dat": "first\n"})
    done = ours(workshop.project, "--all")
    assert done.returncode == ExitCode.REFUSED
    assert "new.dat: two templates change this file" in done.stderr
    assert workshop.status() == []


def test_a_new_file_below_a_folder_that_is_a_link(tmp_path: Path) -> None:
    """Copier writes through the link; here a note and a patch leave the choice."""
    workshop = open_workshop(tmp_path, {"template/docs/a.dat": TEN})
    (workshop.project / "docs").rename(workshop.project / "real")
    (workshop.project / "docs").symlink_to("real")
    commit(workshop.project)
    theirs = {"template/docs/a.dat": f"{TEN}more\n", "template/docs/b.dat": "b\n"}
    workshop.release("v2.0.0", theirs)
    twin = twin_of(workshop)
    copier(twin)
    assert (twin / "real/b.dat").exists()
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    note = "docs/b.dat: the template has a folder where the project has a link."
    assert note in done.stdout
    assert "+++ b/docs/b.dat\n" in done.stdout
    assert workshop.read("real/a.dat") == f"{TEN}more\n"
    assert (workshop.project / "docs").readlink() == Path("real")


VERSIONS = {
    "pyproject.toml": '[project]\nname = "demo"\nversion = "{}"\n\n[tool.x]\nversion = "7"\n',
    "package.json": '{{\n  "name": "demo",\n  "version": "{}",\n  "a": {{"version": "7"}}\n}}\n',
    "Cargo.toml": '[package]\nname = "demo"\nversion = "{}"\n',
    "setup.cfg": "[metadata]\nname = demo\nversion = {}\n",
    "CITATION.cff": "cff-version: 1.2.0\nversion: {}\n",
    "demo/__init__.py": '"""Demo."""\n\n__version__ = "{}"\n',
}


@pytest.mark.parametrize("name", VERSIONS)
def test_the_version_of_a_project_is_its_own(tmp_path: Path, name: str) -> None:
    """Copier has a conflict."""
    text = VERSIONS[name]
    workshop = open_workshop(tmp_path, {f"template/{name}": text.format("0.1.0")})
    workshop.edit({name: text.format("0.5.0")})
    workshop.release("v2.0.0", {f"template/{name}": text.format("1.0.0")})
    twin = twin_of(workshop)
    copier(twin)
    assert "<<<<<<<" in (twin / name).read_text()
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert f"{name}: The version is the project's own: 0.5.0 stays, 1.0.0 is not" in done.stdout
    assert workshop.read(name) == text.format("0.5.0")


def test_a_hash_of_digits_is_no_version(tmp_path: Path) -> None:
    """As Copier: nobody can tell which hash is newer."""
    text = "repos:\n  - repo: https://example.org/x\n    rev: {}\n    hooks:\n      - id: x\n"
    name = ".pre-commit-config.yaml"
    workshop = open_workshop(tmp_path, {f"template/{name}": text.format("1111111")})
    workshop.edit({name: text.format("2222222")})
    workshop.release("v2.0.0", {f"template/{name}": text.format("9999999")})
    twin = twin_of(workshop)
    copier(twin)
    assert "<<<<<<<" in (twin / name).read_text()
    assert ours(workshop.project).returncode == ExitCode.FINDINGS
    assert "<<<<<<<" in workshop.read(name)


ATTRIBUTES = {
    "-merge": ("line 2\n", ["UU a.dat"]),
    "binary": ("line 9\n", ["UU a.dat"]),
    "merge=union": ("line 2\n", ["M  a.dat"]),
    "merge=ours": ("line 9\n", []),
}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_say_how_a_file_is_merged(tmp_path: Path, attribute: str) -> None:
    """Copier looks at none of them, where the edits meet and where they do not."""
    touched, states = ATTRIBUTES[attribute]
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN})
    mine = TEN.replace("line 2\n", "mine\n")
    workshop.edit({".gitattributes": f"a.dat {attribute}\n", "a.dat": mine})
    workshop.release("v2.0.0", {"template/a.dat": TEN.replace(touched, "theirs\n")})
    twin = twin_of(workshop)
    copier(twin)
    copiers = (twin / "a.dat").read_text()
    assert ("<<<<<<<" in copiers) == (touched == "line 2\n")
    assert "theirs\n" in copiers
    done = ours(workshop.project)
    assert [state for state in workshop.status() if "a.dat" in state] == states
    united = mine.replace("mine\n", "mine\ntheirs\n")
    assert workshop.read("a.dat") == (united if attribute == "merge=union" else mine)
    assert ("+theirs\n" in done.stdout) == (attribute == "merge=ours")


def without_tags(workshop: Workshop, recorded: str) -> str:
    """Let the template have no versions; returns the first commit's hash."""
    git("tag", "--delete", "v1.0.0", cwd=workshop.template)
    first = git("rev-parse", "HEAD", cwd=workshop.template).strip()
    answers = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": answers.replace("v1.0.0", recorded or first)})
    return first


def test_a_branch_is_followed_where_there_are_no_versions(tmp_path: Path) -> None:
    """As Copier, which records a short hash."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    without_tags(workshop, "")
    git("checkout", "--quiet", "-b", "next", cwd=workshop.template)
    write(workshop.template, {"template/b.dat": "b\n"})
    commit(workshop.template)
    twin = twin_of(workshop)
    assert copier(twin, "--vcs-ref", "next").returncode == 0
    assert ours(workshop.project, "--to", "next").returncode == ExitCode.DONE
    newest = git("rev-parse", "next", cwd=workshop.template).strip()
    assert f"_commit: {newest}\n" in workshop.read(".copier-answers.yml").replace("'", "")
    names = contents(twin).keys()
    assert contents(workshop.project).keys() == names
    assert "b.dat" in names


def test_a_branch_is_no_version_of_a_template_that_has_some(tmp_path: Path) -> None:
    """Copier takes it, and records what ``git describe`` says."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    assert copier(twin_of(workshop), "--vcs-ref", "main").returncode == 0
    done = ours(workshop.project, "--to", "main")
    assert done.returncode == ExitCode.REFUSED
    assert "a branch where a template has no tags" in done.stderr


def test_a_recorded_branch_is_taken_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copier compares the branch with itself, and brings nothing."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    without_tags(workshop, "main")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2099-01-01T00:00:00+00:00")
    write(workshop.template, {"template/b.dat": "b\n"})
    commit(workshop.template)
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert not (twin / "b.dat").exists()
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert "_commit: main: a branch, which says no version" in done.stdout
    assert workshop.read("b.dat") == "b\n"


def test_a_commit_is_newer_than_a_version_in_its_history(tmp_path: Path) -> None:
    """Copier goes by the numbers alone and refuses: the nearest tag is not the newest one."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    answers = workshop.read(".copier-answers.yml")
    workshop.release("v5.3.3", {"template/b.dat": "b\n"})
    workshop.release("v5.3.2", {"template/c.dat": "c\n"})
    workshop.edit({".copier-answers.yml": answers.replace("v1.0.0", "v5.3.3"), "b.dat": "b\n"})
    write(workshop.template, {"template/d.dat": "d\n"})
    commit(workshop.template)
    described = git("describe", "--tags", cwd=workshop.template).strip()
    assert described.startswith("v5.3.2-1-g")
    assert "downgrading" in copier(twin_of(workshop), "--vcs-ref", described).stderr
    assert ours(workshop.project, "--to", described).returncode == ExitCode.DONE
    assert workshop.read("d.dat") == "d\n"
    commit(workshop.project)
    # And back to the version in its history it goes neither by itself nor when told.
    assert ours(workshop.project).stdout == f"Nothing to do: the project has {described}.\n"
    assert ours(workshop.project, "--to", "v5.3.3").returncode == ExitCode.REFUSED


def test_a_rejected_patch_that_was_left_is_told(tmp_path: Path) -> None:
    """Copier goes on without a word, unless git sees the file and does not know it."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    workshop.edit({"a.dat.rej": "old\n"})
    workshop.release("v2.0.0", {"template/a.dat": "a2\n"})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    done = ours(workshop.project)
    assert "a.dat: a file beside it (.rej) has what an earlier" in " ".join(done.stdout.split())
    assert contents(workshop.project) == contents(twin)
    git("reset", "--quiet", "--hard", cwd=workshop.project)
    git("rm", "--quiet", "--cached", "a.dat.rej", cwd=workshop.project)
    git("commit", "--quiet", "--message=Untrack", cwd=workshop.project)
    assert ours(workshop.project).returncode == ExitCode.DONE


def test_a_template_in_the_project_s_own_checkout_needs_trust(tmp_path: Path) -> None:
    """Copier takes it unasked."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    shutil.move(workshop.template, workshop.project / "vendored")
    inside = Workshop(workshop.project / "vendored", workshop.project)
    answers = workshop.read(".copier-answers.yml")
    recorded = answers.replace(str(workshop.template), "./vendored")
    workshop.edit({".gitignore": "vendored\n", ".copier-answers.yml": recorded})
    inside.release("v2.0.0", {"template/b.dat": "b\n"})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.REFUSED
    assert ours(workshop.project, "--trust").returncode == ExitCode.DONE
    assert workshop.read("b.dat") == (twin / "b.dat").read_text()


def test_a_template_that_is_no_repository_is_told_as_such(tmp_path: Path) -> None:
    """Copier, too, updates from git alone."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    shutil.rmtree(workshop.template / ".git")
    assert "git-tracked templates" in copier(twin_of(workshop)).stderr
    assert "That folder is no git repository" in ours(workshop.project).stderr


def test_a_question_that_is_hidden_now_is_told_as_such(tmp_path: Path) -> None:
    """Copier says nothing."""
    questions = QUESTIONS + "size:\n  type: int\n  default: 3\n"
    files = {"copier.yml": questions, "template/a.dat.jinja": "{{ size }}\n"}
    workshop = open_workshop(tmp_path, files, size=5)
    workshop.release("v2.0.0", {"copier.yml": questions + "  when: false\n"})
    twin = twin_of(workshop)
    assert "size" not in "".join([copier(twin).stdout, copier(twin).stderr])
    done = ours(workshop.project)
    assert "The question size is not asked now: its answer is dropped." in done.stdout
    assert contents(workshop.project) == contents(twin)


def test_a_link_in_place_of_a_dropped_file_is_told_as_such(tmp_path: Path) -> None:
    """As Copier: it stays."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n", "template/b.dat": TEN})
    (workshop.project / "a.dat").unlink()
    (workshop.project / "a.dat").symlink_to("b.dat")
    commit(workshop.project)
    workshop.release("v2.0.0", {"template/a.dat": None})
    twin = twin_of(workshop)
    copier(twin)
    note = "a.dat: the template no longer has it; the project has made a link of it."
    assert note in ours(workshop.project).stdout
    assert (workshop.project / "a.dat").readlink() == (twin / "a.dat").readlink()


def add_submodule(workshop: Workshop, path: str, files: dict[str, str], home: Path) -> None:
    """Give the template a submodule at an address of the network, which git finds here."""
    place = workshop.template.with_name("part")
    place.mkdir()
    passes("git", "init", "--quiet", cwd=place)
    write(place, files)
    commit(place)
    address = "https://example.org/part.git"
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[url "{place.as_uri()}"]\n\tinsteadOf = {address}\n')
        config.write('[protocol "file"]\n\tallow = always\n')
    passes("git", "submodule", "--quiet", "add", address, path, cwd=workshop.template)


def test_a_folder_becomes_a_submodule(tmp_path: Path, home: Path) -> None:
    """As Copier, which writes the submodule's link to git as well."""
    workshop = open_workshop(tmp_path, {"template/part/a.dat": "a\n", "template/b.dat": "b\n"})
    git("rm", "-r", "--quiet", "template/part", cwd=workshop.template)
    add_submodule(workshop, "template/part", {"a.dat": "a\n", "c.dat": "c\n"}, home)
    workshop.release("v2.0.0", {"template/d.dat": "d\n"})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    (twin / "part/.git").unlink()
    assert contents(workshop.project) == contents(twin)
    assert workshop.read("part/c.dat") == "c\n"


def test_questions_come_from_a_submodule(tmp_path: Path, home: Path) -> None:
    """As Copier; without it, answers would be dropped."""
    workshop = open_workshop(tmp_path, {"template/b.dat": "b\n"})
    add_submodule(workshop, "shared", {"size.yml": "size:\n  type: int\n  default: 3\n"}, home)
    questions = f"!include shared/size.yml\n---\n{QUESTIONS}"
    files = {"copier.yml": questions, "template/c.dat.jinja": "{{ size }}\n"}
    workshop.release("v2.0.0", files)
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("c.dat") == "3\n"
    assert contents(workshop.project) == contents(twin)


def test_a_submodule_on_this_machine_is_refused_by_name(tmp_path: Path) -> None:
    """As git by default, and so Copier: a template is not to copy the user's repositories."""
    workshop = open_workshop(tmp_path, {"template/b.dat": "b\n"})
    private = tmp_path / "private"
    private.mkdir()
    passes("git", "init", "--quiet", cwd=private)
    write(private, {"secret.dat": "secret\n"})
    commit(private)
    allowed = ("-c", "protocol.file.allow=always")
    add = ("submodule", "--quiet", "add", str(private), "template/part")
    passes("git", *allowed, *add, cwd=workshop.template)
    workshop.release("v2.0.0", {"template/c.dat": "c\n"})
    assert copier(twin_of(workshop)).returncode != 0
    done = ours(workshop.project)
    assert done.returncode == ExitCode.REFUSED
    assert f"template/part is a submodule of the template ({private})" in done.stderr


def test_a_filter_of_the_user_s_runs_in_the_template(tmp_path: Path, home: Path) -> None:
    """As Copier; one that fails is named."""
    workshop = open_workshop(tmp_path, {"template/b.dat": "b\n"})
    attributes = {".gitattributes": "*.up filter=up\n"}
    workshop.release("v2.0.0", {"template/a.up": "hello\n", **attributes})
    with (home / ".gitconfig").open("a") as config:
        config.write('[filter "up"]\n\tsmudge = tr a-z A-Z\n\trequired = true\n\tclean = cat\n')
    twin, other = twin_of(workshop), twin_of(workshop, "other")
    assert copier(twin).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("a.up") == (twin / "a.up").read_text() == "HELLO\n"
    settings = home / ".gitconfig"
    settings.write_text(settings.read_text().replace("tr a-z A-Z", "false"))
    failed = ours(other)
    assert failed.returncode == ExitCode.REFUSED
    assert "goes through a filter of yours, and that failed" in failed.stderr


def test_a_pointer_of_git_lfs_is_no_content(tmp_path: Path) -> None:
    """Copier writes the pointer into the project where Git LFS is not set up."""
    workshop = open_workshop(tmp_path, {"template/b.dat": "b\n"})
    first = "version https://git-lfs.github.com/spec/v1\n"
    pointer = f"{first}oid sha256:{'a' * 64}\nsize 12345\n"
    attributes = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}
    workshop.release("v2.0.0", {"template/a.bin": pointer, **attributes})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert (twin / "a.bin").read_text() == pointer
    done = ours(workshop.project)
    assert done.returncode == ExitCode.REFUSED
    assert "a.bin: version v2.0.0 of the template stores it with Git LFS" in done.stderr


MODULES = "FROM a\n\nCOPY support/pvxs pvxs\nRUN pvxs/install.sh 1.3\n\nCMD a\n"
PVXS = "COPY support/pvxs pvxs\nRUN pvxs/install.sh 1.3\n\n"
MOTOR = "COPY support/motor motor\nRUN motor/install.sh R7\n\n"
CALC = "COPY support/calc calc\nRUN calc/install.sh R3\n\n"


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [("", MOTOR), (CALC, CALC + MOTOR)],
    ids=["dropped by the template", "replaced by both"],
)
def test_modules_of_an_image_are_added_and_dropped_by_both(
    tmp_path: Path, theirs: str, expected: str
) -> None:
    """Copier knows the lines alone, and has a conflict."""
    workshop = open_workshop(tmp_path, {"template/Dockerfile": MODULES})
    workshop.edit({"Dockerfile": MODULES.replace(PVXS, MOTOR)})
    workshop.release("v2.0.0", {"template/Dockerfile": MODULES.replace(PVXS, theirs)})
    twin = twin_of(workshop)
    copier(twin)
    assert "<<<<<<<" in (twin / "Dockerfile").read_text()
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("Dockerfile") == MODULES.replace(PVXS, expected)


def test_a_key_that_a_project_dropped_from_a_table_that_the_template_renames(
    tmp_path: Path,
) -> None:
    """As Copier: the table has its new name, and the key stays dropped."""
    base = '{\n  "env": {\n    "a": 1,\n    "b": 2,\n    "c": 3\n  },\n  "z": 1\n}\n'
    workshop = open_workshop(tmp_path, {"template/a.json": base})
    workshop.edit({"a.json": base.replace('    "b": 2,\n', "")})
    workshop.release("v2.0.0", {"template/a.json": base.replace("env", "containerEnv")})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)
