"""The parts of the pages that are made from the code: questions, files, options, and so on.

A page asks for a part by a comment ``<!-- generated: NAME -->``, which a forge's own view of the
page does not show.
"""

from __future__ import annotations

import argparse
import ast
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import jinja2
import pathspec
import yaml
from sphinx.application import Sphinx

from lisa_scaffold import cli, errors, rules
from lisa_scaffold.model import Checked, Question
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.report import explain
from lisa_scaffold.report.check import report as make_report
from lisa_scaffold.rules import judge
from lisa_scaffold.rules.rule import Rule
from lisa_scaffold.template import Template

ROOT = Path(__file__).parents[1]
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
SPECS = {key: spec for key, spec in SETTINGS.items() if not key.startswith("_")}


@cache
def template() -> Template:
    """The template of this checkout, under the version that it declares."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return Template(f"v{pyproject['project']['version']}", ROOT)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: object) -> str:
    """Text as Markdown code that may stand in a table."""
    return f"`{text}`".replace("|", "\\|")


def spoken(value: object) -> str:
    """An answer as it is given on the command line."""
    if isinstance(value, list):
        return code(f"[{', '.join(map(str, value))}]")
    return {True: "`yes`", False: "`no`", "": "empty"}.get(value, code(value))


# --- Questions ------------------------------------------------------------------------------------


def questions() -> str:
    """One section for each question."""
    return "\n\n".join(_question(question) for question in template().questions({}))


def _question(question: Question) -> str:
    facts = [f"Asked: {_asked(question)}", f"Default: {_default(question)}"]
    if question.placeholder:
        facts.append(f"For example: {code(question.placeholder)}")
    if question.type == "bool":
        facts.append("Answers: `yes`, `no`")
    parts = [f"## {code(question.key)}", f"{question.help}", "\n".join(f"- {f}" for f in facts)]
    if question.choices:
        rows = ((code(choice.value), choice.title) for choice in question.choices)
        parts.append(table(("answer", "meaning"), rows))
    return "\n\n".join(parts)


def _asked(question: Question) -> str:
    if len(question.choices) == 1:
        return "no, since there is one choice"
    condition = SPECS[question.key].get("ask")
    if condition is None:
        return "always"
    if condition is False:
        return "never; `lisa-scaffold adopt` answers it"
    inner = re.sub(r"^\{\{\s*|\s*\}\}$", "", condition)
    return "with the advanced questions" if inner == "advanced" else f"where {code(inner)}"


def _default(question: Question) -> str:
    spec = str(SPECS[question.key]["default"])
    sources = [key for key in SPECS if re.search(rf"\b{key}\b", spec) and "{" in spec]
    if not sources:
        return spoken(question.value)
    usual = f"with the default answers {spoken(question.value)}"
    return f"follows {', '.join(map(code, sources))}; {usual}"


# --- Files ----------------------------------------------------------------------------------------


def files() -> str:
    """Every file that a project can get: its ownership, and the answer that it comes with."""
    needs = _needs()
    rows = ((code(path), ownership(path), needs[path] or "always") for path in sorted(needs))
    return table(("path", "ownership", "comes with"), rows)


def patterns() -> str:
    """The ownership table as it stands in copier.yml."""
    return table(
        ("ownership", "paths"),
        [
            *(
                (kind, ", ".join(map(code, paths)))
                for kind, paths in SETTINGS["_lisa_ownership"].items()
            ),
            ("shared", "all others"),
        ],
    )


def ownership(path: str) -> str:
    """The ownership of a path."""
    for kind, lines in SETTINGS["_lisa_ownership"].items():
        if pathspec.PathSpec.from_lines("gitignore", lines).match_file(path):
            return str(kind)
    return "shared"


def _needs() -> dict[str, str]:
    """Each path, with the answers that bring it."""
    everything = {key: "yes" for key, spec in SPECS.items() if spec["type"] == "bool"}
    everything["adopted"] = "no"  # an adopted project has its code already
    kinds = {
        kind: _needs_with({**everything, "kind": kind})
        for kind in SPECS["kind"]["choices"].values()
    }
    return {path: _spoken_needs(path, kinds) for path in {*chain(*kinds.values())}}


def _spoken_needs(path: str, kinds: dict[str, dict[str, str]]) -> str:
    """The answers that bring a path, kind by kind where these differ."""
    found = {kind: needs[path] for kind, needs in kinds.items() if path in needs}
    answers = set(found.values())
    if len(found) == len(kinds) and len(answers) == 1:
        return answers.pop()
    each = ((f"`kind`: `{kind}`", answer) for kind, answer in found.items())
    return "; ".join(", ".join(filter(None, both)) for both in each)


def _needs_with(everything: dict[str, Any]) -> dict[str, str]:
    """The same for one kind: found out by rendering with and without each answer."""
    whole = _paths(everything)
    needs = dict.fromkeys(whole, "")
    for question in template().questions(everything):
        if question.key == "kind":
            continue
        others = [choice.value for choice in question.choices if choice.value != question.value]
        bringing: dict[str, list[str]] = {}
        for other in ["no" if question.value else "yes"] if question.type == "bool" else others:
            given = {**everything, question.key: [other] if question.multiple else other}
            try:
                paths = _paths(given)
            except errors.AnswersError:
                continue  # this kind does not take that answer
            for path in paths - whole:
                bringing.setdefault(path, []).append(spoken(other))
            if question.type == "bool" or (len(others) == 1 and not question.multiple):
                needs |= {
                    path: f"`{question.key}`: {spoken(question.value)}" for path in whole - paths
                }
        for path, values in bringing.items():
            needs[path] = f"`{question.key}`: {' or '.join(values)}"
    return needs


def _paths(given: dict[str, Any]) -> set[str]:
    answers = {question.key: question.value for question in template().questions(given)}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        template().render(answers, project)
        found = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
        package = answers["import_name"].replace(".", "/")
        return {path.as_posix().replace(f"src/{package}/", "src/PACKAGE/") for path in found}


# --- Command line ---------------------------------------------------------------------------------


def options() -> str:
    """The arguments of every command of lisa-scaffold."""
    return "\n\n".join(_command(name, parser) for name, parser in _list_parsers("", cli.parser()))


def _list_parsers(
    above: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that does something, those of commands too."""
    nested = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not nested:
        yield above, parser
    for name, inner in nested[0].choices.items() if nested else ():
        yield from _list_parsers(f"{above} {name}".strip(), inner)


def _command(name: str, parser: argparse.ArgumentParser) -> str:
    title = "`lisa-new`, `lisa-scaffold new`" if name == "new" else f"`lisa-scaffold {name}`"
    rows = (
        (code(_invocation(action)), (action.help or "").replace("|", "\\|"))
        for action in parser._actions
    )
    return f"### {title}\n\n{parser.description}\n\n{table(('argument', 'meaning'), rows)}"


def _invocation(action: argparse.Action) -> str:
    words = ", ".join(action.option_strings)
    return f"{words} {action.metavar or ''}".strip() if words else f"[{action.metavar}]"


def exit_codes() -> str:
    """The exit codes, with the words that stand below each in the code."""
    tree = ast.parse(Path(errors.__file__).read_text(encoding="utf-8"))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "ExitCode"
    )
    rows = []
    for member, words in pairwise(body):
        match member, words:
            case ast.Assign(value=ast.Constant(value=number)), ast.Expr(ast.Constant(value=text)):
                rows.append((code(number), str(text)))
    return table(("code", "meaning"), rows)


# --- Tools ----------------------------------------------------------------------------------------


def tools() -> str:
    """The tools that the template pins."""
    return table(
        ("tool", "version"),
        ((code(name), tool["version"]) for name, tool in _versions().tools.items()),
    )


def pythons() -> str:
    """The Python versions that the template knows."""
    return ", ".join(_versions().python_versions)


def _versions() -> Any:
    source = (ROOT / "includes" / "versions.jinja").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True).from_string(source).module


# --- Reports --------------------------------------------------------------------------------------

SMALL = {
    "pyproject.toml": '[project]\nname = "lisa-noise"\nversion = "1.3.0"\n',
    "CHANGELOG.md": "# Changelog\n\n## 1.3.0 (2026-11-02)\n\n- Faster noise.\n",
    ".gitlab-ci.yml": "test:\n  script: pytest\n  script: make\n",
}
"""The project that the examples of reports are about."""
LANGUAGES = {
    "text": "text",
    "json": "json",
    "gitlab": "json",
    "junit": "xml",
    "markdown": "markdown",
}


def report(form: str) -> str:
    """What a report says of the small project, as far as the families go that it is about."""
    text = make_report(form, [checked()])
    return f"```{LANGUAGES[form]}\n{text}```"


def checked() -> Checked:
    """The small project, checked."""
    facts = Facts.of(SMALL)
    chosen = rules.select_rules(rules.Selection(("CHG", "SYN")))
    found = tuple(judge.list_findings(chosen, facts))
    applied = tuple(rule.code for rule in chosen if rule.applies(facts))
    return Checked(Path("lisa-noise"), "lisa-noise", "package", "", found, applied=applied)


# --- Rules ----------------------------------------------------------------------------------------

RULES = ROOT / "docs/reference/rules"


def rule_table() -> str:
    """All rules, family by family."""
    return "\n\n".join(map(_family, rules.FAMILIES))


def _family(letters: str) -> str:
    head = ("rule", "severity", "what holds", "`--fix`")
    rows = (
        (f"[{each.code}](rules/{each.code}.md)", _severity(each), each.text.title, _fix(each))
        for each in rules.load_family(letters)
    )
    return f"## {rules.FAMILIES[letters][1]}\n\n{table(head, rows)}"


def families() -> str:
    """The families in the navigation."""
    pages = "\n".join(f"rules/{each}" for each in (*rules.FAMILIES, rules.CRASH.code))
    return f"```{{toctree}}\n:hidden:\n\n{pages}\n```"


def family_page(letters: str) -> str:
    """The page of a family, which groups its rules in the navigation."""
    codes = "\n".join(each.code for each in rules.load_family(letters))
    body = _family(letters).replace("](rules/", "](").removeprefix("## ")
    return f"# {letters}: {body}\n\n```{{toctree}}\n:hidden:\n\n{codes}\n```\n"


def _severity(rule: Rule) -> str:
    return f"{rule.severity.value}, strict" if rule.strict else rule.severity.value


def _fix(rule: Rule) -> str:
    return {"--fix": "yes", "--fix=unsafe": "unsafe"}.get(rule.repair, "")


def rule_page(rule: Rule) -> str:
    """The page of one rule, from its docstring."""
    text = rule.text
    facts = [
        f"Severity: {rule.severity_told}",
        f"For: {f'{kinds} projects' if (kinds := ' and '.join(rule.kinds)) else 'every project'}",
        f"Repaired by: {f'`lisa-scaffold check {rule.repair}`' if rule.repair else 'people'}",
    ]
    if rule.strict:
        facts.insert(2, "Asked of projects of the template, and of others with `--strict`")
    waiver = explain.WAIVER.format(code=rule.code)
    parts = [
        f"# {rule.code}: {text.title}",
        "\n".join(f"- {fact}" for fact in facts),
        f"## Why\n\n{text.why}",
        f"## How to comply\n\n{text.how}",
        f"## How to waive it\n\nIn `pyproject.toml`:\n\n```toml\n{waiver}\n```",
        f"## Source\n\n{text.source}",
    ]
    return "\n\n".join(parts) + "\n"


def write_rule_pages(app: Sphinx) -> None:
    """Write a page for each rule, which git ignores; one whose text is the same stays as it is."""
    del app
    RULES.mkdir(exist_ok=True)
    pages = {f"{each.code}.md": rule_page(each) for each in rules.every_rule()}
    pages |= {f"{letters}.md": family_page(letters) for letters in rules.FAMILIES}
    for path in RULES.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, page in pages.items():
        path = RULES / name
        if not path.is_file() or path.read_text(encoding="utf-8") != page:
            path.write_text(page, encoding="utf-8")


PARTS: dict[str, Callable[[], str]] = {
    "exit codes": exit_codes,
    "families": families,
    "files": files,
    "options": options,
    "patterns": patterns,
    "pythons": pythons,
    "questions": questions,
    **{f"report {form}": partial(report, form) for form in LANGUAGES},
    "rules": rule_table,
    "tools": tools,
}
MARK = re.compile(r"<!-- generated: ([a-z ]+) -->")


def fill_in(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the generated parts in their places."""
    if MARK.search(source[0]):
        for path in ("copier.yml", "includes/versions.jinja", "docs/generated.py"):
            app.env.note_dependency(str(ROOT / path), docname=docname)
    source[0] = MARK.sub(lambda mark: PARTS[mark[1]](), source[0])


def drop_source_links(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Link no page to its source that has none in the repository."""
    del app, templatename, doctree
    if pagename.startswith("reference/rules/"):
        context["theme_source_edit_link"] = context["theme_source_view_link"] = None


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx."""
    app.connect("builder-inited", write_rule_pages)
    app.connect("source-read", fill_in)
    app.connect("html-page-context", drop_source_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
