"""What the expressions of a template can reach: plain values, and nothing that runs code."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from lisa_scaffold.errors import LisaError
from lisa_scaffold.template import Template
from lisa_scaffold.template.light import import_copier
from lisa_scaffold.template.sandbox import confine

from ..conftest import Tree

import_copier()

from lisa_scaffold.template.copier_api import (  # noqa: E402
    LazyDict,
    Phase,
    SandboxedEnvironment,
    SettingsModel,
)
from lisa_scaffold.template.worker import load_files, make_answered_worker  # noqa: E402

PYDANTIC = (
    "{%- set fields = SETTINGS.model_fields -%}"
    "{%- set made = fields.defaults.from_annotation(\"__import__('os').mkdir('TRAP')\") -%}"
    "{%- set _ = fields.update(x=made) -%}"
    "{{ SETTINGS.model_rebuild(force=true, raise_errors=false) }}"
)
FORMAT = "{{ PHASE.use(PHASE).args[0].format('{0.__globals__[os].environ}', lipsum) }}"
ATTACKS = {
    "an annotation that is evaluated": PYDANTIC,
    "a class with a format of its own": FORMAT,
    "the same by a filter": "{{ ([PHASE]|map(attribute='use')|first)(PHASE) }}",
    "and by another": "{{ (PHASE|attr('use'))(PHASE) }}",
    "and by an index": "{{ PHASE['use'](PHASE) }}",
    "a loader": "{{ SETTINGS.from_file('/etc/passwd') }}",
}


def told(text: str, trap: Path) -> str:
    """An attack on what Copier hands to a template."""
    named = text.replace("SETTINGS", "_copier_conf.settings").replace("PHASE", "_copier_phase")
    return named.replace("TRAP", str(trap))


def try_out(template: Template, destination: Path) -> None:
    template.questions({})
    template.render({"name": "x", "size": 1}, destination)


@pytest.mark.uncounted
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("place", ["question", "file", "name"])
def test_no_expression_runs_code(
    attack: str, place: str, small_template: Path, tree: Tree, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    text = told(attack, trap)
    if place == "question":
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        (small_template / "copier.yml").write_text(f'other:\n  type: str\n  default: "{quoted}"\n')
    elif place == "file":
        tree(small_template, {"template/evil.jinja": text})
    else:
        tree(small_template, {"template/evil.txt": ""})
        with (small_template / "copier.yml").open("a") as file:
            file.write(f"_exclude: [{text!r}]\n".replace("\\'", "''"))
    template = Template("v0.1.0", small_template, "https://example.org/other.git")
    with pytest.raises(LisaError, match="template is broken"):
        try_out(template, tmp_path / "made")
    assert not trap.exists()
    assert not (tmp_path / "made" / "evil").exists()


@pytest.mark.filterwarnings("ignore:Accessing the 'model_fields' attribute on the instance")
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_not_even_with_live_objects_at_hand(attack: str, tmp_path: Path) -> None:
    """What Copier may hand over in another version; without us, its sandbox lets them through."""
    environment = SandboxedEnvironment()
    confine(environment, LazyDict)
    template = environment.from_string(told(attack, tmp_path / "trap"))
    conf = LazyDict({"settings": SettingsModel})
    with pytest.raises((SecurityError, UndefinedError)):
        template.render(_copier_conf=conf, _copier_phase=Phase.RENDER)
    assert [*tmp_path.iterdir()] == []


HONEST = {
    "{{ 'a-b'.upper().split('-')|join('+') }}": "A+B",
    "{{ {'a': 1}.items()|list }} {{ [1, 2].index(2) }}": "[('a', 1)] 1",
    "{% for x in 'ab' %}{{ loop.index }}{{ x }}{{ '' if loop.last else ' ' }}{% endfor %}": "1a 2b",
    "{% set n = namespace(x=1) %}{% set n.x = 2 %}{{ n.x }}": "2",
    "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(1) }}{{ m.name }}": "<1>m",
    "{% set c = cycler(1, 2) %}{{ c.next() }}{{ c.next() }}{% set j = joiner() %}{{ j() }}": "12",
    "{{ dict(a=1).a }}{{ range(3)|sum }}": "13",
    "{{ '{:>3}'.format('a') }}{{ '%s'|format('b') }}": "  ab",
    "{{ _copier_conf.dst_path.name }} {{ _copier_conf.answers_file }}": "made .copier-answers.yml",
    "{{ _copier_phase }} {{ _copier_phase.upper() }}": "render RENDER",
    "{{ _copier_conf.settings.trust|list }} {{ _copier_conf.settings.defaults }}": "[] {}",
    "{{ nothing is defined }} {{ nothing }}": "False ",
    "{% import 'words.jinja' as w %}{{ w.m(w.n) }}": "<2>",
    "{% for g in [{'a': 3}]|groupby('a') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}": "31",
    "{% for k in [[1, [2]]] recursive %}{{ k[0] if k is sequence else k }}{% endfor %}": "1",
    "{% macro m() %}{{ caller(2) }}{% endmacro %}{% call(x) m() %}<{{ x }}>{% endcall %}": "<2>",
    "{{ {'b': 1, 'a': 2}|dictsort|first|last }}{{ [3, 1]|sort|join }}": "213",
    "{% from 'words.jinja' import m with context %}{{ m(1) }}": "<1>",
}


@pytest.mark.uncounted
@pytest.mark.parametrize("text", HONEST)
def test_what_templates_do_still_works(text: str, small_template: Path, tmp_path: Path) -> None:
    words = "{% set n = 2 %}{% macro m(x) %}<{{ x }}>{% endmacro %}"
    (small_template / "words.jinja").write_text(words)
    worker = make_answered_worker(
        load_files("x", "v0.1.0", small_template), {"name": "x", "size": 1}, tmp_path / "made"
    )
    environment = worker.prepare(trust=False)
    with Phase.use(Phase.RENDER):
        context = worker._render_context()
        assert environment.from_string(text).render(context) == HONEST[text]
