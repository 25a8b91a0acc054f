"""Workflows of Airflow: programs that take what others tell, and start DAGs by it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.rule import SHOULD, Hit, rule

_BESIDE = compile_lazily(
    r"(?:.*/)?(?:_*tests?|testing|testdata|examples?|fixtures|docs?)/.*"
    r"|(?:.*/)?(?:test_[^/]*|[^/]*_test|conftest)\.py|.*[{}].*"
)
_STARTS = compile_lazily(r"/(?:assets|datasets)/events\b|/dag_?runs\b", re.IGNORECASE)
# Any of it may be the question who is there; what is shown to Airflow is none.
_ASKS = compile_lazily(
    r"\b40[13]\b|unauthori[sz]ed|forbidden|permission_?denied|compare_digest|HTTP_AUTHORIZATION"
    r"|\b(?:Depends|Security|HTTPBearer|HTTPBasic|APIKeyHeader|APIKeyQuery)\s*\("
    r"|headers(?:\.get\(|\[)\s*[\"'](?:authorization|x-[\w-]+)[\"']\s*(?!\]\s*=[^=])"
    r"|(?:login|auth|token)_required|requires?_(?:auth|token)|authenticat|is_(?:known|allowed)"
    r"|\bverify_\w|(?:check|validate)_(?:token|auth|secret|signature|key)"
    r"|CERT_REQUIRED|add_middleware|middlewares?\s*=|before_request"
    # Nobody from outside reaches it.
    r"|[\"'](?:127\.0\.0\.1|localhost)[\"']\s*,|host\s*=\s*[\"'](?:127\.0\.0\.1|localhost)[\"']",
    re.IGNORECASE,
)
_FRAMEWORKS = frozenset(["aiohttp", "bottle", "fastapi", "flask", "quart", "sanic", "starlette"])
_MOST_READ = 200


@cached_in_facts
def find_relays(facts: Facts) -> list[tuple[str, int]]:
    """Files that take requests and start DAGs by Airflow's interface, and where they take them."""
    paths = [path for path in facts.paths("**.py") if not _BESIDE.fullmatch(path)]
    found = []
    for path in [each for each in paths if b"irflow" in (facts.content(each) or b"")][:_MOST_READ]:
        tree = facts.python(path) if _STARTS.search(facts.text(path)) else None
        if isinstance(tree, ast.Module):
            found += [(path, line) for line in sorted(_find_entries(tree))[:1]]
    return found


@rule("DAG014", SHOULD, when=find_relays)
def relays_ask_who(facts: Facts) -> Iterator[Hit]:
    """What starts DAGs because others tell it to asks who tells it.

    Why: It speaks to Airflow with a password of its own. Whoever reaches it starts DAGs, with the
    objects that they name, without one.

    How: Have the store show a secret, as a header or as a part of the address, compare it by
    `hmac.compare_digest`, and answer 401 to all else.

    Source: [OWASP on REST](https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html):
    each endpoint has to ask by itself.
    """
    for path, line in find_relays(facts):
        if not _ASKS.search(facts.text(path)):
            message = (
                "anybody who reaches this starts DAGs: read a token, and answer 401 without it"
            )
            yield Hit(path, line, message)


def _find_entries(tree: ast.Module) -> Iterator[int]:
    """The lines of what takes requests that tell something."""
    nodes = list(ast.walk(tree))
    names = {each.name.partition(".")[0] for node in nodes for each in _imported(node)}
    has_framework = bool(names & _FRAMEWORKS)
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="add_post")) if has_framework:
                yield node.lineno
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        arguments = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
        is_marked = has_framework and any(map(_takes_post, node.decorator_list))
        if node.name == "do_POST" or arguments == ["environ", "start_response"] or is_marked:
            yield node.lineno


def _imported(node: ast.AST) -> list[ast.alias]:
    match node:
        case ast.Import(names=names):
            return names
        case ast.ImportFrom(module=str(module)):
            return [ast.alias(module)]
    return []


def _takes_post(mark: ast.expr) -> bool:
    """Whether a decorator lets requests in that tell something: ``app.post``, or by a method."""
    if not isinstance(mark, ast.Call) or not isinstance(mark.func, ast.Attribute):
        return False
    if mark.func.attr == "post":
        return True
    methods = [each.value for each in mark.keywords if each.arg == "methods"]
    words = {getattr(each, "value", None) for told in methods for each in _elements(told)}
    return mark.func.attr in ("route", "api_route") and "POST" in words


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]
