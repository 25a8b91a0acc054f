from __future__ import annotations

import re

import pytest
import yaml

from lisa_scaffold.project.facts import Facts, Given, Pristine
from lisa_scaffold.rules import Selection, judge, select_rules
from lisa_scaffold.template.pristine import list_component_addresses

from ..support.checking import changed, clean, edited, findings, fixed, found, messages, text
from ..support.components import KNOWN, TEXTS, VERSION

ANSWERS = ".copier-answers.yml"
GOOD = "_commit: v1.0.0\n_src_path: https://git.example.org/t.git\nname: one\n"
JOBS = ".gitlab/ci/quality.yml"


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ("", None),
        ("# nothing\n", 1),
        ("- a\n", 1),
        (GOOD.replace("_commit: v1.0.0\n", ""), 1),
        (GOOD.replace("https://git.example.org/t.git", ""), 2),
        (GOOD.replace("v1.0.0", "v1.0.0 or so"), 1),
        (GOOD.replace("v1.0.0", '""'), 1),
        (GOOD, None),
        (GOOD.replace("v1.0.0", "1.10"), None),
    ],
)
def test_the_answers_file_tells_template_and_version(answers: str, line: int | None) -> None:
    files = changed(clean(), {ANSWERS: answers or None})
    expected = [] if line is None else [("TPL001", ANSWERS, line)]
    assert found(files, "TPL") == expected


def test_an_answer_that_the_version_does_not_take() -> None:
    wrong = (("name", "'one' is none of: two, three"),)
    files = {**clean(), ANSWERS: GOOD}
    assert found(files, "TPL", wrong_answers=wrong) == [("TPL001", ANSWERS, 3)]
    assert messages(files, "TPL", wrong_answers=wrong) == ["name: 'one' is none of: two, three"]


@pytest.mark.parametrize("kind", ["a" * 60, "[package]", "''", "true", "{}"])
def test_no_kind_that_there_is_none_of_spares_a_project_its_rules(kind: str) -> None:
    files = clean()
    answers = files[ANSWERS]
    assert isinstance(answers, bytes)
    changed_answers = re.sub(rb"(?m)^kind: .*$", f"kind: {kind}".encode(), answers)
    assert changed_answers != answers
    facts = Facts.of({**files, ANSWERS: changed_answers})
    chosen = select_rules(Selection())
    assert judge.list_applied(chosen, facts) == judge.list_applied(chosen, Facts.of(files))
    bare = Facts.of({ANSWERS: changed_answers})
    assert bare.kind == "package"


def test_a_locked_file_is_as_the_template_made_it() -> None:
    files = clean()
    content = files[JOBS]
    assert isinstance(content, bytes)
    pristine = Pristine("v1.0.0", {JOBS: content})
    assert found(files, "TPL", pristine=pristine) == []
    converted = {**files, JOBS: content.replace(b"\n", b"\r\n")}
    assert found(converted, "TPL", pristine=pristine) == []
    edited = {**files, JOBS: content.replace(b"  stage: quality", b"  stage: build", 1)}
    line = content.split(b"\n").index(b"  stage: quality") + 1
    assert found(edited, "TPL", pristine=pristine) == [("TPL002", JOBS, line)]
    assert messages(edited, "TPL", pristine=pristine) == [
        "edited, but the template owns this file: `lisa-scaffold check --fix` restores v1.0.0; "
        "to have the same without that, write in .gitlab-ci.yml: `lint: {stage: build}`"
    ]
    assert fixed(edited, "TPL002", pristine=pristine) == {JOBS: content.decode()}


def test_a_locked_file_that_is_missing_comes_back() -> None:
    files = clean()
    content = files[JOBS]
    assert isinstance(content, bytes)
    gone = changed(files, {JOBS: None})
    pristine = Pristine("v1.0.0", {JOBS: content})
    assert found(gone, "TPL", pristine=pristine) == [("TPL002", JOBS, 1)]
    assert fixed(gone, "TPL002", pristine=pristine) == {JOBS: content.decode()}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (".gitlab/ci/sonar.yml", "sonar"),
        (".gitlab/ci/pysonar.txt", "sonar"),
        (".gitlab/ci/container.yml", "container"),
        (".gitlab/ci/docs.yml", "docs"),
        (".gitlab/ci/build.yml", ""),
    ],
)
def test_what_nothing_includes_can_be_done_without(path: str, answer: str) -> None:
    start = "this file of the template is missing: `lisa-scaffold check --fix` restores it"
    pristine = Pristine("v1.0.0", {path: b"a: b\n"})
    gone = {".gitlab-ci.yml": "stages: [test]\n"}
    more = f"; to go without it: `lisa-scaffold update --data {answer}=no`" if answer else ""
    assert messages(gone, "TPL002", pristine=pristine) == [start + more]
    part = f".gitlab/ci/{answer or 'build'}.yml"
    included = {".gitlab-ci.yml": f"include:\n  - local: /{part}\n"}
    assert messages(included, "TPL002", pristine=pristine) == [start]


def test_what_comes_back_git_takes_whatever_is_ignored() -> None:
    path, files = ".gitlab/ci/uv.txt", clean()
    content = files[path]
    assert isinstance(content, bytes)
    pristine = Pristine("v1.0.0", {path: content})
    gone = changed(files, {path: None, ".gitignore": "*.txt\n"})
    assert fixed(gone, "TPL002", pristine=pristine) == {
        path: content.decode(),
        ".gitignore": "*.txt\n\n# The template's jobs read these, whatever is ignored above\n"
        "!/.gitlab/ci/uv.txt\n",
    }
    # One above the project, or none at all, is not the project's to change.
    without = changed(gone, {".gitignore": None})
    assert fixed(without, "TPL002", pristine=pristine) == {path: content.decode()}


DOCS = ".gitlab/ci/docs.yml"
OWN_FOLDER = """
docs:
  artifacts:
    paths:
      - doc/_build/html/

pages:
  script:
    - rm -rf public
    - cp -r doc/_build/html public
"""


def with_renamed_docs() -> tuple[dict[str, str | bytes], Pristine]:
    """A project that calls ``docs`` ``doc`` everywhere, and what the template made."""
    files = clean()
    pristine = Pristine("v1.0.0", {DOCS: text(files, DOCS).encode()})
    moved = {re.sub("^docs/", "doc/", path): content for path, content in files.items()}
    for path in (DOCS, "noxfile.py"):
        moved[path] = text(files, path).replace("docs/_build", "doc/_build")
    return moved, pristine


def test_a_locked_file_is_not_restored_to_what_finds_nothing_here() -> None:
    files, pristine = with_renamed_docs()
    line = text(files, DOCS).split("\n").index("      - doc/_build/html/") + 1
    rest = (
        "Restored, its job docs would need `docs/`, which is not there: bring that back, or tell "
        "the job otherwise in `.gitlab-ci.yml`; then `lisa-scaffold check --fix` restores"
    )
    (one,) = findings(files, "TPL", pristine=pristine)
    assert (one.code, one.path, one.line, one.fixable) == ("TPL002", DOCS, line, False)
    assert one.message == f"edited, but the template owns this file. {rest} v1.0.0"
    gone = changed(files, {DOCS: None})
    (one,) = findings(gone, "TPL002", pristine=pristine)
    assert (one.line, one.fixable) == (1, False)
    assert one.message == f"this file of the template is missing. {rest} it"
    # Its own pipeline tells the jobs otherwise, or the folder is back.
    told = {**files, PIPELINE: text(files, PIPELINE) + OWN_FOLDER}
    assert fixed(told, "TPL002", pristine=pristine) == {DOCS: pristine.locked[DOCS].decode()}
    back = {**files, "docs/conf.py": ""}
    assert fixed(back, "TPL002", pristine=pristine) == {DOCS: pristine.locked[DOCS].decode()}


@pytest.mark.parametrize("rules", [{}, {"ci_rules": "component"}])
@pytest.mark.parametrize(
    ("part", "gone", "needs"),
    [
        ("container", "Dockerfile", ["the job hadolint needs `Dockerfile`"]),
        ("docs", "docs/", ["the job docs needs `docs/`", "the job pages needs `docs/`"]),
        (
            "sonar",
            "sonar-project.properties",
            ["the job sonar needs `sonar-project.properties`"],
        ),
    ],
)
def test_what_the_template_s_jobs_need_is_there(
    rules: dict[str, str], part: str, gone: str, needs: list[str]
) -> None:
    files = clean(**({"forge": "esa", "sonar": True, **rules} if rules else {}))
    known = {"components": KNOWN} if rules else {}
    assert found(files, "TPL007", **known) == []
    left = {path: content for path, content in files.items() if not path.startswith(gone)}
    rest = (
        ", which is not there: bring it back, or go without: "
        f"`lisa-scaffold update --data {part}=no`"
    )
    assert messages(left, "TPL007", **known) == [f"{each}{rest}" for each in needs]
    # Of a project that goes without, or that another template made, a job of the name is its own.
    answered = edited(left, ANSWERS, f"{part}: true", f"{part}: false")
    assert found(answered, "TPL007", **known) == []
    if not rules:
        _, path, line = found(left, "TPL007")[0]
        assert path == f".gitlab/ci/{part}.yml"
        assert text(files, path).split("\n")[line - 1] in ("  script:", "  artifacts:")


def test_a_job_that_says_otherwise_needs_nothing_of_the_template_s() -> None:
    moved, _ = with_renamed_docs()
    assert found(moved, "TPL007") == []
    kept = {**moved, DOCS: clean()[DOCS]}
    assert [each.split(" needs ")[0] for each in messages(kept, "TPL007")] == [
        "the job docs",
        "the job pages",
    ]
    assert found({**kept, PIPELINE: text(kept, PIPELINE) + OWN_FOLDER}, "TPL007") == []
    without = changed(clean(), {"sonar-project.properties": None})
    toml = text(without, "pyproject.toml") + '\n[tool.sonar]\nprojectKey = "a"\n'
    assert found({**without, "pyproject.toml": toml}, "TPL007") == []


def test_without_a_render_nothing_is_said_of_locked_files() -> None:
    assert found(changed(clean(), {JOBS: "edited\n"}), "TPL") == []


def test_a_record_that_cannot_be_rendered() -> None:
    problem = "v7.7.7: no such version of the template"
    files = {**clean(), ANSWERS: GOOD}
    assert found(files, "TPL", not_rendered=problem) == [("TPL003", ANSWERS, 1)]
    assert messages(files, "TPL", not_rendered=problem) == [problem]


PIPELINE = ".gitlab-ci.yml"
ADDRESS = list_component_addresses("package", VERSION)[-1]
ELSEWHERE = {"forge": "esa", "ci_rules": "component"}
DIGEST = re.compile(r"    integrity: (sha256-\S+)\n")


def test_jobs_from_another_server_have_the_digest_of_their_version() -> None:
    files = clean(**ELSEWHERE)
    assert found(files, components=KNOWN) == []
    assert KNOWN[ADDRESS] == TEXTS["package"]


@pytest.mark.parametrize("wrong", ["sha256-AAAA", "'sha256-'", "1", "[]"])
def test_a_wrong_digest_is_told_and_put_right(wrong: str) -> None:
    good = text(clean(**ELSEWHERE), PIPELINE)
    bad = DIGEST.sub(f"    integrity: {wrong}\n", good)
    files = {**clean(**ELSEWHERE), PIPELINE: bad}
    line = bad.splitlines().index(f"  - remote: {ADDRESS}") + 1
    (right,) = DIGEST.findall(good)
    assert found(files, components=KNOWN) == [("TPL004", PIPELINE, line)]
    assert messages(files, "TPL", components=KNOWN) == [
        f"`integrity` is not that of this version, so GitLab refuses the pipeline: write {right}"
    ]
    assert fixed(files, "TPL004", components=KNOWN) == {PIPELINE: good}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_missing_digest_is_told_and_written(end: str) -> None:
    good = text(clean(**ELSEWHERE), PIPELINE).replace("\n", end)
    bad = re.sub(r"    integrity: \S+\r?\n", "", good)
    files = {**clean(**ELSEWHERE), PIPELINE: bad}
    (said,) = messages(files, "TPL", components=KNOWN)
    right = f"sha256-{said.partition('sha256-')[2]}"
    told = "the jobs have no `integrity`, so whatever this address has is run: write "
    assert said == told + right
    assert right in good
    assert fixed(files, "TPL004", components=KNOWN) == {PIPELINE: good}


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("main", "so that may change at any time"),
        ("0a1b2c3", "so that may change at any time"),
        ("v0.0.9", "so whatever this address has is run"),
    ],
)
def test_projects_without_the_template_have_a_digest_of_any_version(ref: str, said: str) -> None:
    address = ADDRESS.replace(f"/{VERSION}/", f"/{ref}/")
    files = {PIPELINE: f"include:\n  - remote: {address}\n    inputs: {{ version: {ref} }}\n"}
    remedy = "name a version, and write its `integrity`"
    assert messages(files, "TPL") == [f"the jobs have no `integrity`, {said}: {remedy}"]
    # Which digests others have, nobody can tell here.
    given = edited(files, PIPELINE, "    inputs:", "    integrity: sha256-AAAA\n    inputs:")
    assert messages(given, "TPL") == []


BY_NAME = {"ci_rules": "component"}
NAMED = f"$CI_SERVER_FQDN/LISA/lisa-scaffold/package@{VERSION}"
LATER = "v9.0.0"


@pytest.mark.parametrize("version", ["v0.0.9", LATER, "main", "~latest", "1"])
@pytest.mark.parametrize("given", [BY_NAME, ELSEWHERE], ids=["named", "remote"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_jobs_of_another_version_are_told_and_put_right(
    version: str, given: dict[str, str], end: str
) -> None:
    good = text(clean(**given), PIPELINE).replace("\n", end)
    bad = good.replace(f"package@{VERSION}", f"package@{version}")
    bad = bad.replace(f"/{VERSION}/templates", f"/{version}/templates")
    bad = DIGEST.sub("    integrity: sha256-AAAA\n", bad).replace(
        f'version: "{VERSION}"', f'version: "{version}"'
    )
    files = {**clean(**given), PIPELINE: bad}
    address = ADDRESS if given is ELSEWHERE else NAMED
    assert [code for code, *_ in found(files, "TPL", components=KNOWN)] == ["TPL005"]
    assert messages(files, "TPL", components=KNOWN) == [
        f"the jobs are those of {version}, and the project is of {VERSION}: "
        f"include {address} with the input `version: {VERSION}`"
    ]
    assert "SEC004" not in {code for code, *_ in found(files)}
    assert fixed(files, "TPL005", components=KNOWN) == {PIPELINE: good}


@pytest.mark.parametrize("given", [BY_NAME, ELSEWHERE], ids=["named", "remote"])
def test_jobs_of_another_kind_are_told_and_put_right(given: dict[str, str]) -> None:
    good = text(clean(**given), PIPELINE)
    bad = good.replace("/package@", "/compiled@").replace("/package.yml", "/compiled.yml")
    files = {**clean(**given), PIPELINE: bad}
    address = ADDRESS if given is ELSEWHERE else NAMED
    known = {each: KNOWN[each] for each in KNOWN if "/package" in each}
    assert messages(files, "TPL", components=known) == [
        "the jobs of `compiled` are not those of this project, that has `package`: "
        f"include {address} with the input `version: {VERSION}`"
    ]
    assert fixed(files, "TPL005", components=known) == {PIPELINE: good}


UNKNOWN = (
    "is not known to be lisa-scaffold, so nobody judges the jobs: if it is a copy that you trust, "
    "name it in `mirrors` below `[tool.lisa-scaffold]`"
)


@pytest.mark.parametrize(
    "place",
    [
        *("$CI_SERVER_FQDN/mirrors/lisa-scaffold", "gitlab.example.org/LISA/lisa-scaffold"),
        *("$CI_SERVER_FQDN/lisa/lisa-scaffold", "gitlab.in2p3.fr.example.org/LISA/lisa-scaffold"),
    ],
)
def test_a_component_of_this_name_from_elsewhere_is_not_taken_for_ours(place: str) -> None:
    """It may be a copy, or anything else: who says which is the project."""
    good = text(clean(**BY_NAME), PIPELINE)
    bad = good.replace("$CI_SERVER_FQDN/LISA/lisa-scaffold", place)
    files = {**clean(**BY_NAME), PIPELINE: bad}
    line = good.splitlines().index(f"  - component: {NAMED}") + 1
    assert found(files, "TPL", components=KNOWN) == [("TPL005", PIPELINE, line)]
    assert messages(files, "TPL", components=KNOWN) == [f"{place} {UNKNOWN}"]
    assert not Facts.of(files, Given(components=KNOWN)).pipeline.jobs
    # Where no version is known, nobody can tell.
    assert found(files, "TPL") == []


@pytest.mark.parametrize(
    ("server", "mirror", "place"),
    [
        (
            "gitlab.in2p3.fr",
            "gitlab.in2p3.fr/a/b/lisa-scaffold",
            "$CI_SERVER_FQDN/a/b/lisa-scaffold",
        ),
        ("gitlab.in2p3.fr", "gitlab.in2p3.fr/a/lisa-scaffold", "gitlab.in2p3.fr/a/lisa-scaffold"),
        ("git.example.org:8443", "git.example.org:8443/a/b", "$CI_SERVER_HOST/a/b"),
    ],
)
def test_a_mirror_that_the_project_names_has_our_jobs(server: str, mirror: str, place: str) -> None:
    files = edited(clean(**BY_NAME), PIPELINE, "$CI_SERVER_FQDN/LISA/lisa-scaffold", place)
    addresses = list_component_addresses("package", VERSION, server, [mirror])
    known = dict.fromkeys(addresses, TEXTS["package"])
    assert found(files, "TPL", components=known) == []
    pipeline = Facts.of(files, Given(components=known)).pipeline
    assert pipeline.jobs.keys() == Facts.of(clean(), Given()).pipeline.jobs.keys()


def test_the_variable_of_a_server_means_the_pipeline_s_own() -> None:
    named = list_component_addresses("package", VERSION, "gitlab.esa.int", ["gitlab.esa.int/x/y"])
    assert named == [
        f"gitlab.in2p3.fr/LISA/lisa-scaffold/package@{VERSION}",
        *(f"{host}/x/y/package@{VERSION}" for host in ("$CI_SERVER_FQDN", "$CI_SERVER_HOST")),
        f"gitlab.esa.int/x/y/package@{VERSION}",
        f"https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/raw/{VERSION}/templates/package.yml",
    ]


def test_a_remote_file_with_our_digest_is_ours_wherever_it_comes_from() -> None:
    """GitLab takes no other content."""
    other = ADDRESS.replace("gitlab.in2p3.fr/LISA", "git.example.org/mirrors")
    files = edited(clean(**ELSEWHERE), PIPELINE, ADDRESS, other)
    assert found(files, "TPL", components=KNOWN) == []
    jobs = Facts.of(clean(**ELSEWHERE), Given(components=KNOWN)).pipeline.jobs
    assert Facts.of(files, Given(components=KNOWN)).pipeline.jobs.keys() == jobs.keys()
    good = text(files, PIPELINE)
    for digest in ("    integrity: sha256-AAAA\n", ""):
        bad = {**files, PIPELINE: DIGEST.sub(digest, good)}
        assert [code for code, *_ in found(bad, "TPL", components=KNOWN)] == ["TPL004"]
        assert not Facts.of(bad, Given(components=KNOWN)).pipeline.jobs
        assert fixed(bad, "TPL004", components=KNOWN) == {PIPELINE: good}


@pytest.mark.parametrize("said", ["v0.0.9", '"v0.0.9"', "'main'", "1.5", "true"])
def test_the_judge_is_of_the_recorded_version(said: str) -> None:
    good = clean(**BY_NAME)
    files = edited(good, PIPELINE, f'version: "{VERSION}"', f"version: {said}")
    (message,) = messages(files, "TPL", components=KNOWN)
    shown = yaml.safe_load(said)
    assert message.startswith(f"the input `version` is {shown}, and the project is of {VERSION}: ")
    assert fixed(files, "TPL005", components=KNOWN) == {PIPELINE: text(good, PIPELINE)}


def test_a_digest_that_nobody_can_tell_is_left_to_people() -> None:
    files = edited(clean(**ELSEWHERE), PIPELINE, f"/{VERSION}/", f"/{LATER}/")
    assert [code for code, *_ in found(files, "TPL")] == ["TPL005"]
    facts = Facts.of(files)
    own = select_rules(Selection(("TPL005",)))
    assert [each.fix for each in own[0].check(facts)] == [None]


def test_another_template_records_versions_of_its_own() -> None:
    files = edited(clean(**BY_NAME), PIPELINE, f"package@{VERSION}", f"package@{LATER}")
    assert found({**files, ANSWERS: GOOD}, "TPL") == []


def test_a_digest_that_stands_in_one_line_with_its_address_is_left_to_people() -> None:
    files = clean(**ELSEWHERE)
    entry = f"  - {{remote: {ADDRESS}, integrity: sha256-AAAA, inputs: {{version: {VERSION}}}}}\n"
    whole = re.sub(r"(?s)  - remote: .*?\n(?=\n)", entry, text(files, PIPELINE))
    files = {**files, PIPELINE: whole}
    assert [each[0] for each in found(files, "TPL", components=KNOWN)] == ["TPL004"]


def test_one_rule_tells_of_jobs_on_a_branch() -> None:
    good = text(clean(**ELSEWHERE), PIPELINE)
    bad = DIGEST.sub("", good).replace(f"/{VERSION}/templates", "/main/templates")
    files = {**clean(**ELSEWHERE), PIPELINE: bad}
    codes = ("SEC004", "TPL004", "TPL005")
    assert [code for code, *_ in found(files) if code in codes] == ["TPL005"]
    other = {PIPELINE: f"include:\n  - remote: {ADDRESS.replace(VERSION, 'main')}\n"}
    assert [code for code, *_ in found(other) if code in codes] == ["TPL004"]


def test_components_by_name_and_files_of_others_need_no_digest() -> None:
    for given in ({"ci_rules": "component"}, {}):
        assert found(clean(**given), "TPL", components=KNOWN) == []
    other = ADDRESS.replace("/lisa-scaffold/-/", "/lisa-jobs/-/")
    files = edited(clean(**ELSEWHERE), PIPELINE, ADDRESS, other)
    assert found(files, "TPL", components=KNOWN) == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("dokumente: false", "there is no input dokumente"),
        ('docs: "no"', "the input docs is no boolean"),
    ],
)
def test_inputs_that_the_component_has_not(said: str, why: str) -> None:
    files = clean(**BY_NAME)
    good = text(files, PIPELINE)
    files = edited(files, PIPELINE, f'version: "{VERSION}"', f'version: "{VERSION}", {said}')
    line = good.splitlines().index(f"  - component: {NAMED}") + 1
    assert ("CI001", PIPELINE, line) in found(files, components=KNOWN)
    wanted = f"{why}, so GitLab refuses the pipeline: correct `inputs`"
    assert messages(files, "CI001", components=KNOWN) == [wanted]
