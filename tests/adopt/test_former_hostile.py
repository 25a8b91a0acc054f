"""Former templates that nobody trusts: no code runs, nothing is written or read outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lisa_scaffold import apart, git, legacy
from lisa_scaffold.errors import ExitCode, LisaError

from ..support.adopting import SETUPTOOLS, adopt, make
from ..support.sweeps import examples, sampled
from ..support.tools import commit_all
from ..support.updates import Capture, Files, write

SLUG = "{{ cookiecutter.slug }}"
POPEN = "cycler.__init__.__globals__.os.popen('touch MARK').read()"
Render = Callable[..., Path]


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What a template would leave outside; its path stands for MARK in every text."""
    return tmp_path / "outside" / "mark"


@pytest.fixture
def render(tmp_path: Path, mark: Path) -> Render:
    """Commit a template, and render it as an adoption does."""
    mark.parent.mkdir()
    (mark.parent / "kept").write_text("kept\n")
    (mark.parent / "secret").write_text("secret\n")

    def rendered(
        files: Files,
        config: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        links: Mapping[str, str] | None = None,
        *,
        trust: bool = False,
    ) -> Path:
        template, folder, project = (tmp_path / name for name in ("cookie", "work", "project"))
        for place in (template, folder, project):
            place.mkdir()
        said = {"out": str(mark), **(config or {})}
        settings = json.dumps({**said, "slug": said.pop("slug", "a")})
        usual: Files = {"cookiecutter.json": settings, f"{SLUG}/usual.txt": "usual\n"}
        texts = {**usual, **files}
        write(
            template,
            {
                name: text.replace("MARK", str(mark)) if isinstance(text, str) else text
                for name, text in texts.items()
                if name not in (links or {})
            },
        )
        for name, target in (links or {}).items():
            (template / name).parent.mkdir(parents=True, exist_ok=True)
            (template / name).symlink_to(target.replace("OUTSIDE", str(mark.parent)))
        commit_all(template, "Start")
        former = legacy.Former(str(template), "", context or {}, ".cruft.json")
        return legacy.render(former, project, folder, trust=trust)

    return rendered


def untouched(mark: Path) -> bool:
    return {path.name: path.read_text() for path in mark.parent.iterdir()} == {
        "kept": "kept\n",
        "secret": "secret\n",
    }


EXPRESSIONS = [
    POPEN,
    "''.__class__.__mro__[1].__subclasses__()",
    "self.__init__.__globals__.__builtins__.__import__('os').system('touch MARK')",
    "(cycler | attr('__init__'))('touch MARK')",
    "'{0.__init__.__globals__}'.format(cycler)",
    "random_ascii_string.__globals__.string",
    "uuid4.__globals__.uuid.os.system('touch MARK')",
    "cookiecutter.update.__class__",
    "{}.__class__.__base__",
    "(lipsum.__globals__)['os'].system('touch MARK')",
]


@sampled("expression", EXPRESSIONS, 3)
def test_no_expression_runs_code(expression: str, render: Render, mark: Path) -> None:
    with pytest.raises(LisaError) as caught:
        render({f"{SLUG}/a.txt": f"{{{{ {expression} }}}}"})
    assert "this template does what the sandbox forbids" in caught.value.message
    assert "--trust" in caught.value.hint
    assert untouched(mark)


NAMED = "{{ cycler.__init__.__globals__.os.system(cookiecutter.command) }}"
PLACES: dict[str, tuple[Files, dict[str, Any]]] = {
    "a file's name": ({f"{SLUG}/{NAMED}": ""}, {}),
    "a folder's name": ({f"{SLUG}/{NAMED}/a": ""}, {}),
    "a copied file's name": ({f"{SLUG}/{NAMED}": ""}, {"_copy_without_render": ["*"]}),
    "a default": ({}, {"other": NAMED}),
    "a choice": ({}, {"other": [NAMED]}),
    "a private default": ({}, {"__other": NAMED}),
    "a mapping": ({}, {"other": {"a": {"b": NAMED}}}),
    "a key": ({}, {"other": {NAMED: 1}}),
    "an included file": ({f"{SLUG}/a": "{% include 'b' %}", "templates/b": NAMED}, {}),
    "a macro": ({f"{SLUG}/a": f"{{% macro m() %}}{NAMED}{{% endmacro %}}{{{{ m() }}}}"}, {}),
}


@sampled("place", PLACES, 3)
def test_nor_does_one_in_any_place(place: str, render: Render, mark: Path) -> None:
    files, config = PLACES[place]
    with pytest.raises(LisaError, match="what the sandbox forbids"):
        render(files, {"command": f"touch {mark}", **config})
    assert untouched(mark)


def test_the_expressions_do_run_with_trust(render: Render, mark: Path) -> None:
    render({f"{SLUG}/a.txt": f"{{{{ {POPEN} }}}}"}, trust=True)
    assert mark.exists()


CODE = "import pathlib\npathlib.Path('MARK').touch()\n"


@pytest.mark.parametrize("hook", ["pre_prompt", "pre_gen_project", "post_gen_project"])
def test_hooks_do_not_run(hook: str, render: Render, mark: Path) -> None:
    assert (render({f"hooks/{hook}.py": CODE}) / "usual.txt").read_text() == "usual\n"
    assert untouched(mark)


EXTENSION = f"""\
{CODE}
from jinja2.ext import Extension


class Own(Extension):
    pass
"""


@pytest.mark.parametrize(
    "config",
    [
        {"_extensions": ["local_extensions.Own"]},
        {"_extensions": "x"},
        # The settings change themselves while they are read.
        {"x": "{{ cookiecutter.update({'_extensions': ['local_extensions.Own']}) }}"},
    ],
)
def test_extensions_are_not_loaded(config: dict[str, Any], render: Render, mark: Path) -> None:
    with pytest.raises(LisaError, match="loads Jinja extensions") as caught:
        render({"local_extensions.py": EXTENSION}, config)
    assert "--trust" in caught.value.hint
    assert untouched(mark)


def test_the_template_s_own_extensions_are_loaded_with_trust(render: Render) -> None:
    own = (
        "from jinja2.ext import Extension\n\n\n"
        "class Own(Extension):\n"
        "    def __init__(self, environment):\n"
        "        super().__init__(environment)\n"
        "        environment.filters['own'] = lambda text: text * 2\n"
    )
    config = {"_extensions": ["local_extensions.Own"]}
    files = {"local_extensions.py": own, f"{SLUG}/a": "{{ 'b' | own }}"}
    assert (render(files, config, trust=True) / "a").read_text() == "bb"


def test_modules_of_the_template_are_not_imported_by_chance(
    render: Render, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty entry of the path stands for the current folder, which is the template's then."""
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    for name in [name for name in sys.modules if name.partition(".")[0] == "tzdata"]:
        monkeypatch.delitem(sys.modules, name)
    code = "import os\nos.system('touch MARK')\n"
    with suppress(LisaError):
        render({f"{SLUG}/tzdata/__init__.py": code, f"{SLUG}/a": "{% now 'Lisa/Nowhere' %}"})
    assert untouched(mark)


UP = "../" * 12
OUTSIDE: dict[str, tuple[Files, dict[str, Any]]] = {
    "a file": ({f"{SLUG}/{{{{ cookiecutter.out }}}}": "x"}, {}),
    "a binary file": ({f"{SLUG}/{{{{ cookiecutter.out }}}}": b"\0\1\2"}, {}),
    "a copied file": (
        {f"{SLUG}/{{{{ cookiecutter.out }}}}": "x"},
        {"_copy_without_render": ["*out*"]},
    ),
    "a folder": ({f"{SLUG}/{{{{ cookiecutter.out }}}}/a": "x"}, {}),
    "the project's folder": ({}, {"slug": "{{ cookiecutter.out }}"}),
    "upwards": ({f"{SLUG}/{{{{ cookiecutter.up }}}}": "x"}, {}),
    "the project's folder upwards": ({}, {"slug": "{{ cookiecutter.up }}"}),
    "a folder that would be replaced": (
        {f"{SLUG}/{{{{ cookiecutter.there }}}}/a": "x"},
        {"_copy_without_render": ["*there*"]},
    ),
}


@pytest.mark.uncounted
@pytest.mark.parametrize("trust", [False, True])
@sampled("place", OUTSIDE, 3)
def test_nothing_is_written_outside(place: str, trust: bool, render: Render, mark: Path) -> None:
    files, config = OUTSIDE[place]
    paths = {"out": str(mark), "up": f"{UP}{mark}", "there": f"{UP}{mark.parent}"}
    with pytest.raises(LisaError, match="it writes outside of the project: "):
        render(files, {**paths, **config}, trust=trust)
    assert untouched(mark)


def test_folders_of_git_s_own_are_refused(render: Render) -> None:
    name = {"name": ".git/hooks"}
    with pytest.raises(LisaError, match="it writes into a folder of git's own"):
        render({f"{SLUG}/{{{{ cookiecutter.name }}}}/post-checkout": "x"}, name)


@pytest.mark.uncounted
@pytest.mark.parametrize(
    "link",
    [
        {f"{SLUG}/a": "OUTSIDE/secret"},
        {f"{SLUG}/a": "OUTSIDE"},
        {f"{SLUG}/copied/a": "OUTSIDE/secret"},
        {f"{SLUG}/copied": "OUTSIDE"},
        {"{{ cookiecutter.other }}": "OUTSIDE"},
        {"templates/a": "OUTSIDE/secret"},
        {"templates": "OUTSIDE"},
        {"cookiecutter.json": "OUTSIDE/secret"},
        {f"{SLUG}/a": "b", f"{SLUG}/b": "../../../outside/secret"},
    ],
)
def test_links_are_not_followed_out(link: dict[str, str], render: Render) -> None:
    including = {f"{SLUG}/including.txt": "{% include 'a' %}{% include 'secret' %}"}
    with pytest.raises(LisaError, match="is a link that leads out of the template"):
        render(including, {"other": "b", "_copy_without_render": ["copied*"]}, links=link)


@pytest.mark.parametrize("target", ["/dev/zero", "cookiecutter.json", "nowhere"])
def test_settings_that_are_no_file(target: str, render: Render) -> None:
    with pytest.raises(LisaError, match=r"no cookiecutter\.json there|leads out of the template"):
        render({}, links={"cookiecutter.json": target})


@pytest.mark.parametrize("inner", ["templates", "other/a.txt"])
def test_a_link_beside_the_template_is_not_followed_either(
    tmp_path: Path, mark: Path, inner: str
) -> None:
    """The template's folder may be a link that stays inside, and lead to where others lead out."""
    write(mark.parent, {"secret": "secret\n"})
    cookie, folder, project = (tmp_path / name for name in ("cookie", "work", "project"))
    write(
        cookie,
        {"tmpl/cookiecutter.json": '{"slug": "a"}', "other/b.txt": "{% include 'secret' %}"},
    )
    (cookie / "tmpl" / SLUG).symlink_to("../other")
    (cookie / inner).symlink_to(mark.parent)
    commit_all(cookie, "Start")
    folder.mkdir()
    project.mkdir()
    former = legacy.Former(str(cookie), "", {}, ".cruft.json", "tmpl")
    with pytest.raises(LisaError, match=f"{inner} is a link that leads out of the template"):
        legacy.render(former, project, folder, trust=False)


def test_links_inside_are_followed(render: Render) -> None:
    made = render({"common": "common\n"}, links={f"{SLUG}/a": "../common"})
    assert (made / "a").read_text() == "common\n"


@sampled("name", ["../../outside/secret", "/etc/passwd", "OUTSIDE/secret"], 3)
def test_what_is_included_is_the_template_s(name: str, render: Render, mark: Path) -> None:
    place = name.replace("OUTSIDE", str(mark.parent))
    with pytest.raises(LisaError, match="cannot be rendered"):
        render({f"{SLUG}/a": f"{{% include '{place}' %}}"})


RING = (
    "{% set n = namespace(a=[], b=[]) %}{% for i in range(60) %}"
    "{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}"
)
LONG = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


@sampled("text", [LONG, RING, "{{ 9 ** (9 ** 9) }}", "{{ 'x' * 10 ** 12 }}"], 4)
def test_what_has_no_end_is_ended(
    text: str, render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "SECONDS", 1)
    with pytest.raises(LisaError, match=r"cannot be rendered: it takes more than (1 s|512 MB)"):
        render({f"{SLUG}/a": text})


def test_what_is_written_has_bounds(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_WRITTEN", 10_000)
    files = {f"{SLUG}/{number}": "{{ 'x' * 1000 }}" for number in range(11)}
    with pytest.raises(LisaError, match="it writes more than 10000 bytes"):
        render(files)


def test_what_honest_templates_do(render: Render) -> None:
    """The sandbox lets them change their answers, and tells them where they are."""
    text = (
        "{% set _ = cookiecutter.update({'more': cookiecutter.slug | upper}) %}"
        "{{ cookiecutter.more }} {{ ['b'] | jsonify(0) }} {{ 'A B' | slugify }}"
        " {{ uuid4() | length }}"
        " {{ random_ascii_string(5) | length }} {% now 'utc', '%%' %}"
        " {{ cookiecutter._template }} {{ cookiecutter._checkout }}"
        " {{ cookiecutter._repo_dir.endswith('/former') }}"
        " {{ cookiecutter._output_dir.endswith('/made') }}"
    )
    made = render({f"{SLUG}/a": text}, {"_template": "elsewhere", "_output_dir": "elsewhere"})
    source = made.parents[2] / "cookie"
    assert (made / "a").read_text() == (f'A [\n"b"\n] a-b 36 5 % {source} None True True')


CONFIGS: dict[str, tuple[str, str]] = {
    "a list": ("[]", "cannot be rendered"),
    "a text": ('"a"', "cannot be rendered"),
    "nothing": ("", "JSON decoding error"),
    "no JSON": ("{", "JSON decoding error"),
    "no text": ("\udcff", "can't decode byte"),
    "a long number": ('{"slug": %s}' % ("1" * 500_000), "Exceeds the limit"),
    "deep": ('{"slug": %s}' % ("[" * 100_000 + "]" * 100_000), "recursion"),
    "no choice": ('{"slug": []}', "The list of choices is empty"),
    "a folder without a name": ('{"slug": ""}', "already exists"),
    "odd settings of Jinja": ('{"slug": "a", "_jinja2_env_vars": {"finalize": "x"}}', "callable"),
    "unknown settings": ('{"slug": "a", "_jinja2_env_vars": {"x": 1}}', "unexpected keyword"),
    "settings twice": ('{"slug": "a", "_jinja2_env_vars": {"extensions": ["x"]}}', "multiple"),
    "odd line ends": ('{"slug": "a", "_new_lines": 5}', "newline"),
    "odd patterns": ('{"slug": "a", "_copy_without_render": 5}', "not iterable"),
    "half a character": ('{"slug": "a", "b": "\\ud800{{ 1 / 0 }}"}', "division by zero"),
}


@pytest.mark.uncounted
@sampled("name", CONFIGS, 4)
def test_settings_of_any_kind(name: str, render: Render) -> None:
    text, message = CONFIGS[name]
    with pytest.raises(LisaError, match=message):
        render({"cookiecutter.json": text.encode(errors="surrogateescape")})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    config=st.dictionaries(st.sampled_from(["slug", "b", "__c", "_extensions", ""]), JSON),
    context=st.dictionaries(st.sampled_from(["slug", "b", "_template", "", "self"]), JSON),
)
def test_records_of_any_kind(
    config: dict[str, Any], context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    template = folder / "cookie"
    template.mkdir()
    write(template, {"cookiecutter.json": json.dumps(config), f"{SLUG}/a": "{{ cookiecutter }}"})
    commit_all(template, "Start")
    former = legacy.Former(str(template), "", context, ".cruft.json")
    legacy.map_answers(former)
    with suppress(LisaError):
        legacy.render(former, folder, folder)


CRUFT = {
    "an empty list": ("[]", "template or commit is missing"),
    "null": ("null", ""),
    "no source": ('{"commit": "x"}', "template or commit is missing"),
    "a long number": ('{"a": %s}' % ("1" * 500_000), "no JSON that can be read"),
    "deep": ("[" * 100_000, "no JSON that can be read"),
}


@sampled("name", CRUFT, 3)
def test_records_are_refused_as_what_they_are(name: str, tmp_path: Path, capsys: Capture) -> None:
    text, message = CRUFT[name]
    project = make(tmp_path / "project", {**SETUPTOOLS, ".cruft.json": text})
    code = adopt(project, "--dry-run")
    assert code == (ExitCode.REFUSED if message else ExitCode.DONE)
    assert message in capsys.readouterr().err


def test_an_adoption_is_refused_and_changes_nothing(
    tmp_path: Path, mark: Path, capsys: Capture
) -> None:
    mark.parent.mkdir()
    template = tmp_path / "cookie"
    template.mkdir()
    text = f"{{{{ {POPEN.replace('MARK', str(mark))} }}}}"
    write(template, {"cookiecutter.json": '{"slug": "a"}', f"{SLUG}/a": text})
    commit_all(template, "Start")
    commit_name = git.git("rev-parse", "HEAD", cwd=template).strip()
    record = {"template": str(template), "commit": commit_name, "context": {"cookiecutter": {}}}
    project = make(tmp_path / "project", {**SETUPTOOLS, ".cruft.json": json.dumps(record)})
    before = git.git("for-each-ref", cwd=project)
    assert adopt(project) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert f"{template}@{commit_name}: this template does what the sandbox forbids" in said
    assert "--trust" in said
    assert list(mark.parent.iterdir()) == []
    assert git.git("for-each-ref", cwd=project) == before
    assert git.git("status", "--porcelain", cwd=project) == ""


@pytest.mark.parametrize("odd", ["a\0", "\ud800"], ids=["zero", "half"])
@pytest.mark.parametrize("part", ["source", "commit", "directory"])
def test_what_no_command_can_be_given_is_refused(part: str, odd: str, tmp_path: Path) -> None:
    said = {"source": str(tmp_path), "commit": "", "directory": "", part: odd}
    former = legacy.Former(said["source"], said["commit"], {}, ".cruft.json", said["directory"])
    with pytest.raises(LisaError, match="characters of no name") as refused:
        legacy.render(former, tmp_path, tmp_path / "folder")
    assert refused.value.message.startswith(".cruft.json: ")
