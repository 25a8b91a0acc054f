from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import template
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.model import Choice
from lisa_scaffold.template import CANONICAL_URL, Source, Template, source

from ..conftest import ROOT, Tree
from ..support.tools import commit_all, git


@pytest.fixture
def own() -> Template:
    return Template("v0.1.0", ROOT)


def values(questions: list[Any]) -> dict[str, Any]:
    return {question.key: question.value for question in questions}


def test_a_checkout_is_its_own_source() -> None:
    assert template.find_default_source().working_copy == ROOT


def test_the_environment_names_another_source(
    monkeypatch: pytest.MonkeyPatch, small_template: Path
) -> None:
    monkeypatch.setenv(template.SOURCE_VARIABLE, str(small_template))
    assert template.find_default_source().location == str(small_template)


def test_an_installation_without_a_template_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(source, "PACKAGE", tmp_path / "site" / "lisa_scaffold")
    monkeypatch.setattr(source, "BUNDLE", tmp_path / "template.bundle")
    with pytest.raises(LisaError, match="the template is missing from this installation"):
        template.find_default_source()


def test_a_working_copy_counts_as_the_version_it_declares(small_template: Path, tree: Tree) -> None:
    tree(small_template, {"pyproject.toml": '[project]\nversion = "0.3.0"\n'})
    source = Source(str(small_template))
    assert source.current() == "v0.3.0"
    assert source.versions() == ["v0.1.0", "v0.2.0", "v0.3.0"]
    with source.open() as opened:
        assert (opened.version, opened.root) == ("v0.3.0", small_template)


def test_an_older_version_of_a_working_copy_comes_from_its_tag(small_template: Path) -> None:
    with Source(str(small_template)).open("v0.1.0") as opened:
        assert (opened.root / "template/version.txt").read_text() == "0.1.0"
        kept = opened.root
    assert not kept.exists()


def test_a_mirror_has_the_versions_of_its_tags(small_template: Path) -> None:
    source = Source(f"file://{small_template}")
    assert source.current() == "v0.2.0"
    with source.open("v0.1.0") as opened:
        assert opened.version == "v0.1.0"


def test_a_version_of_ours_may_be_written_without_its_v(small_template: Path) -> None:
    with Source(f"file://{small_template}").open("0.1.0") as opened:
        assert opened.version == "v0.1.0"


@pytest.mark.parametrize("location", ["", "file://"])
def test_an_unknown_version_is_refused_with_the_known_ones(
    small_template: Path, location: str
) -> None:
    with (
        pytest.raises(LisaError, match=r"v9\.9\.9: no such version") as caught,
        Source(f"{location}{small_template}").open("v9.9.9"),
    ):
        pass
    assert caught.value.hint == "Versions here: v0.1.0, v0.2.0."


def test_a_commit_that_a_template_without_tags_lacks_is_named(tmp_path: Path, tree: Tree) -> None:
    folder = tree(tmp_path / "template", {"copier.yml": "{}\n"})
    git("init", "--quiet", cwd=folder)
    commit_all(folder, "One")
    with (
        pytest.raises(LisaError, match="debabf7: no such version") as caught,
        Source(f"file://{folder}").open("debabf7"),
    ):
        pass
    assert caught.value.hint.startswith("The template has no tags, and no such commit either")


def test_a_source_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LisaError, match="nowhere: no template can be read there"):
        Source(str(tmp_path / "nowhere")).versions()


def test_a_working_copy_without_a_version_is_refused(tmp_path: Path, tree: Tree) -> None:
    tree(tmp_path, {"copier.yml": "", "pyproject.toml": "["})
    with pytest.raises(LisaError, match=r"pyproject\.toml: no \[project\] version there"):
        Source(str(tmp_path)).current()


def test_derived_answers_follow_the_given_ones(own: Template) -> None:
    answers = values(own.questions({"project_name": "LISA Noise"}))
    assert (answers["distribution"], answers["import_name"]) == ("lisa-noise", "lisa_noise")


def test_answers_are_read_as_their_type(own: Template) -> None:
    answers = values(own.questions({"cli": "yes", "docs": False, "copyright_year": 2027}))
    assert (answers["cli"], answers["docs"], answers["copyright_year"]) == (True, False, "2027")


def test_a_suggestion_stands_in_for_a_default_where_it_is_valid(own: Template) -> None:
    suggested = {"author_name": "Ada Example", "author_email": "no address"}
    answers = values(own.questions({}, suggested))
    assert (answers["author_name"], answers["author_email"]) == ("Ada Example", "")


def test_every_wrong_answer_is_named_with_what_is_allowed(own: Template) -> None:
    given = {"licence": "MIT", "license": "X", "cli": "maybe", "namespace": "/lisa", "forge": 3}
    with pytest.raises(AnswersError) as caught:
        own.questions(given)
    assert caught.value.problems == {
        "licence": "no such question; did you mean license?",
        "license": "'X' is none of: BSD-3-Clause, MIT, Apache-2.0, GPL-3.0-or-later, "
        "LGPL-3.0-or-later, MPL-2.0",
        "cli": "'maybe' is not yes or no",
        "namespace": "Write the path of the group without the host and without the project, "
        "in letters from a to z, such as lisa/analysis.",
        "forge": "3 is none of: in2p3, esa, gitlab",
    }


@pytest.mark.parametrize("host", ["gitlab.in2p3.fr", "gitlab.example.org", "www.example.org"])
def test_a_group_is_named_without_its_server(own: Template, host: str) -> None:
    assert values(own.questions({"namespace": "a.b/c"}))["namespace"] == "a.b/c"
    with pytest.raises(AnswersError, match=f"{host} is the name of a server: write the path of"):
        own.questions({"namespace": f"{host}/lisa/noise"})


def test_a_forge_with_a_known_host_takes_no_other(own: Template) -> None:
    assert values(own.questions({"forge": "esa"}))["forge_host"] == "gitlab.esa.int"
    with pytest.raises(AnswersError, match=r'The forge "esa" is gitlab\.esa\.int'):
        own.questions({"forge": "esa", "forge_host": "gitlab.com"})


def asked(own: Template, **given: Any) -> list[str]:
    return [question.key for question in own.questions(given) if question.asked]


def test_few_questions_are_asked_and_all_of_them_on_demand(own: Template) -> None:
    few = asked(own)
    assert few == [
        *("kind", "project_name", "description", "author_name", "author_email"),
        *(
            "copyright_holder",
            "license",
            "forge",
            "namespace",
            "python_min",
            "distribution",
            "import_name",
            "advanced",
        ),
    ]
    more = asked(own, advanced=True, forge="gitlab")
    assert set(more) - set(few) == {
        *("forge_host", "copyright_year", "compiled", "backend", "cli", "docs", "notebooks"),
        *(
            "container",
            "cde_image",
            "sonar",
            "ci_rules",
            "author_orcid",
            "other_authors",
            "keywords",
            "doi",
            "extras",
        ),
    }
    assert set(asked(own, advanced=True, compiled="pybind11")) - set(more) == {"cuda"}
    assert "cuda" not in asked(own, advanced=True, compiled="cython")


def test_a_question_tells_what_a_person_reads(own: Template) -> None:
    question = next(q for q in own.questions({}) if q.key == "backend")
    assert question.help == "Build backend"
    assert [choice.value for choice in question.choices] == ["setuptools", "hatchling"]
    assert question.choices[0] == Choice("setuptools", "setuptools (the usual choice in LISA)")


def test_a_render_records_version_address_and_all_answers(own: Template, tmp_path: Path) -> None:
    import yaml

    answers = values(own.questions({"project_name": "LISA Noise"}))
    own.render(answers, tmp_path / "project")
    recorded = yaml.safe_load((tmp_path / "project/.copier-answers.yml").read_text())
    assert recorded == {"_commit": "v0.1.0", "_src_path": CANONICAL_URL, **answers}


def test_executable_bits_of_the_template_are_kept(
    small_template: Path, tmp_path: Path, tree: Tree
) -> None:
    tree(small_template, {"template/tool.sh": "#!/bin/sh\n"})
    (small_template / "template/tool.sh").chmod(0o755)
    Template("v1.0.0", small_template).render({"name": "x", "size": 1}, tmp_path / "made")
    assert (tmp_path / "made/tool.sh").stat().st_mode & 0o111 == 0o111
    assert (tmp_path / "made/name.txt").stat().st_mode & 0o111 == 0


@pytest.mark.parametrize(
    "files",
    [
        {"copier.yml": "name: [\n"},
        {"copier.yml": "name:\n  type: nonsense\n  default: 1\n"},
        {"copier.yml": "name:\n  type: str\n  default: '{{ nothing.at_all }}'\n"},
        {"copier.yml": "name:\n  type: str\n  default: '{{'\n"},
        {"copier.yaml": "a: 1\n"},
    ],
)
def test_a_broken_questionnaire_is_one_message(
    small_template: Path, tree: Tree, files: dict[str, str]
) -> None:
    tree(small_template, files)
    with pytest.raises(LisaError, match=r"version v1\.0\.0 of the template is broken: "):
        Template("v1.0.0", small_template).questions({})


@pytest.mark.parametrize(
    "files",
    [
        {"template/bad.txt.jinja": "{% if %}"},
        {"template/bad.txt.jinja": "{{ name.x.y }}"},
    ],
)
def test_a_template_that_cannot_be_rendered_is_one_message(
    small_template: Path, tree: Tree, tmp_path: Path, files: dict[str, str]
) -> None:
    tree(small_template, files)
    with pytest.raises(LisaError, match=r"version v1\.0\.0 of the template is broken: "):
        Template("v1.0.0", small_template).render({"name": "x", "size": 1}, tmp_path / "made")


def test_tasks_of_a_template_never_run(small_template: Path, tree: Tree, tmp_path: Path) -> None:
    tasks = "_tasks: ['touch ran']\n_subdirectory: template\nname: x\nsize: 1\n"
    tree(small_template, {"copier.yml": tasks})
    Template("v1.0.0", small_template).render({"name": "x", "size": 1}, tmp_path / "made")
    assert not list(tmp_path.rglob("ran"))


def test_extensions_are_not_loaded_without_trust(
    small_template: Path, tree: Tree, tmp_path: Path
) -> None:
    extended = "_jinja_extensions: [nowhere.at.all]\n_subdirectory: template\nname: x\nsize: 1\n"
    tree(small_template, {"copier.yml": extended})
    with pytest.raises(LisaError, match="loads Jinja extensions, and those are code") as caught:
        Template("v1.0.0", small_template).render({"name": "x", "size": 1}, tmp_path / "made")
    assert "--trust" in caught.value.hint


@pytest.mark.parametrize(
    ("tags", "ours", "versions"),
    [
        (["v0.10.0", "v0.9.1", "v1.0.0rc1", "0.5.0", "nightly"], True, ["v0.9.1", "v0.10.0"]),
        (["1.0", "v0.9", "2.0a1", "nightly", "2024.1"], False, ["v0.9", "1.0", "2024.1"]),
    ],
)
def test_versions_are_tags_in_the_order_of_pep_440(
    tags: list[str], ours: bool, versions: list[str]
) -> None:
    assert template.sort_versions(tags, ours=ours) == versions


@pytest.mark.parametrize(
    "recorded",
    [
        CANONICAL_URL,
        "https://gitlab.in2p3.fr/lisa/lisa-scaffold",
        "git@gitlab.in2p3.fr:LISA/lisa-scaffold.git",
        "git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git/",
        "ssh://git@gitlab.in2p3.fr/LISA/lisa-scaffold.git",
    ],
)
def test_our_template_is_known_in_every_spelling(recorded: str) -> None:
    source = template.find_recorded_source(recorded)
    assert source.ours
    assert (source.recorded, source.working_copy) == (recorded, ROOT)


@pytest.mark.parametrize(
    ("recorded", "location"),
    [
        ("gh:example/tool", "https://github.com/example/tool.git"),
        ("gl:example/tool.git", "https://gitlab.com/example/tool.git"),
        ("git+file:///srv/tool", "file:///srv/tool"),
        ("/srv/tool", "/srv/tool"),
    ],
)
def test_other_templates_are_fetched_from_where_they_are(recorded: str, location: str) -> None:
    source = template.find_recorded_source(recorded)
    assert (source.location, source.ours) == (location, False)


@pytest.mark.parametrize("name", [f"v{'9' * 5000}", f"v1-{'9' * 5000}-gabcdef0", "v1\0", "x"])
def test_what_is_no_version_is_none(name: str) -> None:
    assert template.parse_version(name) is None
    assert template.sort_versions([name, "v1.0.0"], ours=False) == ["v1.0.0"]
