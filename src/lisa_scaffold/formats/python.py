"""Python source: the names that it binds and uses, and its statements as units."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Sequence

from lisa_scaffold.bounds import explain_crowded_python, is_deep_python
from lisa_scaffold.formats import diff
from lisa_scaffold.formats.stretches import Unit, strip_number
from lisa_scaffold.pattern import compile_lazily

NAMELESS = "statement"
_IDENTIFIER = compile_lazily(r"[A-Za-z_]\w*")
_LONGEST_ANNOTATION = 200


def parse(source: str) -> ast.Module | None:
    """The syntax tree, or ``None`` for source that is not valid Python, or too much of it."""
    if explain_crowded_python(source):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return None if is_deep_python(tree) else tree


def find_problem(_base: str, ours: str, theirs: str, merged: str) -> str | None:
    """Describe what is wrong with a merged module that is right on both sides."""
    our_tree, their_tree = parse(ours), parse(theirs)
    if our_tree is None or their_tree is None:
        return None
    after = parse(merged)
    if after is None:
        return "it is no valid Python any more"
    missing = find_missing(our_tree, their_tree, after)
    if missing:
        return f"it uses {', '.join(sorted(missing))} without defining or importing it"
    sides = [_count_definitions(tree) for tree in (our_tree, their_tree)]
    for name, times in _count_definitions(after).items():
        if times > max(1, *(side[name] for side in sides)):
            return f"it defines {name} twice"
    if twice := _find_repeated_arguments(after) - _find_repeated_arguments(our_tree):
        return f"it gives {min(twice)} twice to one call"
    rivals = find_rivals(our_tree, their_tree, after)
    return f"it imports {min(rivals)} from more than one place" if rivals else None


def find_rivals(ours: ast.Module, theirs: ast.Module, merged: ast.Module) -> set[str]:
    """Names that the merged module imports from more places than a side does."""
    sides = _find_origins(ours), _find_origins(theirs)
    return {
        name
        for name, found in _find_origins(merged).items()
        if len(found) > max(1, *(len(side.get(name, ())) for side in sides))
    }


def _find_origins(tree: ast.Module) -> dict[str, set[str]]:
    """Where each name comes from that the top level of a module imports."""
    found: dict[str, set[str]] = {}
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                for alias in names:
                    origin = f"{'.' * level}{module or ''}.{alias.name}"
                    found.setdefault(alias.asname or alias.name, set()).add(origin)
            case ast.Import(names=names):
                # `import a.b` and `import a.c` bind the same `a`.
                for alias in names:
                    top = alias.name.partition(".")[0]
                    origin = alias.name if alias.asname else top
                    found.setdefault(alias.asname or top, set()).add(origin)
    return found


def find_missing(ours: ast.Module, theirs: ast.Module, merged: ast.Module) -> set[str]:
    """Names that the merged module uses and no longer binds, although a side did."""
    bound = find_bindings(merged)
    if "*" in bound:
        return set()
    unbound = find_uses(merged) - bound
    sides = [(find_bindings(tree), find_uses(tree)) for tree in (ours, theirs)]
    known = {name for names, _ in sides for name in names}
    always = {name for names, used in sides for name in used - names}
    return (unbound & known) - always


def find_uses(tree: ast.AST) -> set[str]:
    """Names that are read, those in quoted annotations and ``__all__`` included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        annotation: ast.expr | None = None
        match node:
            case ast.Name(id=name, ctx=ast.Load() | ast.Del()):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                found |= {text for text in _find_strings(value) if text.isidentifier()}
            case ast.arg() | ast.AnnAssign():
                annotation = node.annotation
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                annotation = node.returns
        if annotation:
            texts = (t for t in _find_strings(annotation) if len(t) <= _LONGEST_ANNOTATION)
            found |= {name for text in texts for name in _IDENTIFIER.findall(text)}
    return found


def find_bindings(tree: ast.AST) -> set[str]:
    """Names that are bound anywhere: by import, definition, assignment, as arguments and so on."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                found.add(name)
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found |= set(names)
    return found


def _find_strings(tree: ast.AST) -> set[str]:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def _count_definitions(tree: ast.Module) -> Counter[str]:
    """How often each function and class is defined, at the top level and inside classes."""
    found: Counter[str] = Counter()
    todo: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    while todo:
        prefix, body = todo.pop()
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[prefix + node.name] += 1
            if isinstance(node, ast.ClassDef):
                todo.append((f"{prefix}{node.name}.", node.body))
    return found


def _find_repeated_arguments(tree: ast.Module) -> set[str]:
    """The names of arguments that one call has more than once, which parses all the same."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    counts = (Counter(keyword.arg for keyword in call.keywords if keyword.arg) for call in calls)
    return {name for names in counts for name, times in names.items() if times > 1}


def statement_type(unit: Unit) -> str:
    """The type of statement that a unit is."""
    return str(strip_number(unit)[0])


def split_module(text: str) -> list[Unit] | None:
    """The statements of a module; ``None`` where it is no Python, or two share a line."""
    tree = parse(text)
    return None if tree is None else _split_body(diff.to_lines(text), tree.body, 0)


def split_members(lines: Sequence[str]) -> list[Unit] | None:
    """The parts of a class, or of a list, set or dictionary with one element a line."""
    tree = parse("\n".join(lines))
    if tree is None or len(tree.body) != 1:
        return None
    match tree.body[0]:
        case ast.ClassDef(body=body):
            at = _find_start(body[0]) - 1
            while at > 0 and lines[at - 1].lstrip().startswith("#"):
                at -= 1
            head = Unit(("head", ""), 0, tuple(lines[:at]))
            units = _split_body(lines, body, at)
            return None if units is None else [head, *units]
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return _split_elements(lines, value)
        case ast.Expr(value=value) | ast.Return(value=ast.expr() as value):
            return _split_elements(lines, value)
    return None


def _split_body(lines: Sequence[str], body: list[ast.stmt], at: int) -> list[Unit] | None:
    """Statements as units, a run of imports as one; ``None`` where two share a line."""
    units: list[Unit] = []
    for node in body:
        end = node.end_lineno or 0
        if _find_start(node) <= at:
            return None
        key = _make_key(node)
        if key[0] == "doc" and units:
            # A text that is not the first statement documents nothing.
            key = NAMELESS, "\n".join(lines[node.lineno - 1 : end])
        gap = next(i for i in range(at, end) if lines[i].strip()) - at
        own = tuple(lines[at + gap : end])
        last = units[-1] if units else None
        if last and key[0] == "imports" == statement_type(last):
            units[-1] = last._replace(lines=(*last.lines, *[""] * gap, *own))
        else:
            units.append(Unit(key, gap, own))
        at = end
    rest = lines[at:]
    gap = next((i for i, line in enumerate(rest) if line.strip()), len(rest))
    if gap < len(rest):
        units.append(Unit(("tail", ""), gap, tuple(rest[gap:])))
    return units


def _find_start(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _make_key(node: ast.stmt) -> tuple[str, str]:
    match node:
        case ast.Import() | ast.ImportFrom():
            return "imports", ""
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return "def", name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return "=", name
        case ast.Expr(value=ast.Constant(value=str())):
            return "doc", ""
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return "main", ""
    return NAMELESS, ast.unparse(node)


def _split_elements(lines: Sequence[str], value: ast.expr) -> list[Unit] | None:
    """Elements of a literal or arguments of a call, where each has lines of its own."""
    pairs: list[tuple[str, ast.expr, ast.expr]] = []
    match value:
        case ast.List(elts=elements) | ast.Set(elts=elements) | ast.Tuple(elts=elements):
            pairs = [(ast.unparse(item), item, item) for item in elements]
        case ast.Dict(keys=keys, values=values):
            pairs = [
                (ast.unparse(key) if key else f"**{ast.unparse(item)}", key or item, item)
                for key, item in zip(keys, values, strict=True)
            ]
        case ast.Call(args=[], keywords=keywords):
            pairs = [(word.arg or "**", word.value, word.value) for word in keywords]
    if not pairs:
        return None
    at = pairs[0][1].lineno - 1
    while at > 0 and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    units = [Unit(("head", ""), 0, tuple(lines[:at]))]
    for name, first, last in pairs:
        end = last.end_lineno or 0
        # Columns are counted in bytes.
        behind = lines[end - 1].encode()[last.end_col_offset :].lstrip(b" )")
        if first.lineno <= at or behind[:1] != b",":
            return None
        gap = next(i for i in range(at, end) if lines[i].strip()) - at
        units.append(Unit(("def", name), gap, tuple(lines[at + gap : end])))
        at = end
    return [*units, Unit(("end", ""), 0, tuple(lines[at:]))] if at < len(lines) else None
