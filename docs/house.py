"""Draw which module of the package imports which: ``python docs/house.py`` writes the picture.

The floors are not written down here: a module stands one above the highest that it imports. Of
the imports only those are drawn that no other path of imports implies.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/lisa_scaffold"
PICTURE = ROOT / "docs/_static/house.svg"

BOX_HEIGHT, GAP, MARGIN, FLOOR_HEIGHT, WIDTH = 30, 14, 16, 70, 860
STYLE = """\
  text { font: 14px system-ui, sans-serif; fill: #1b1f24; text-anchor: middle }
  rect.box { fill: #e8eef7; stroke: #4a6fa5 }
  rect.folder { fill: #cfdef3 }
  path { fill: none; stroke: #7a8ca5; stroke-width: 1.2 }
"""


def read_imports() -> dict[str, set[str]]:
    """The modules and folders of the package, each with those that it imports."""
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or _is_folder(path)}
    imports: dict[str, set[str]] = {room: set() for room in rooms - {"__init__"}}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            parts = [name.split(".") for name in names if name.startswith("lisa_scaffold.")]
            if room in imports:
                imports[room] |= {part[1] for part in parts if part[1] in imports} - {room}
    return imports


def _is_folder(path: Path) -> bool:
    return path.is_dir() and (path / "__init__.py").is_file()


def stack(imports: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each module: one above the highest that it imports, the lowest is 0."""
    floors: dict[str, int] = {}

    def floor_of(room: str) -> int:
        if room not in floors:
            floors[room] = 1 + max((floor_of(below) for below in imports[room]), default=-1)
        return floors[room]

    for room in imports:
        floor_of(room)
    return floors


def reduce(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """The imports that no path over other modules implies."""

    def reach(room: str) -> set[str]:
        found: set[str] = set()
        for below in imports[room]:
            found |= {below} | reach(below)
        return found

    return {
        room: {below for below in direct if not any(below in reach(o) for o in direct - {below})}
        for room, direct in imports.items()
    }


def draw() -> str:
    """The picture, as SVG: callers stand above what they import."""
    imports = read_imports()
    floors = stack(imports)
    rows: dict[int, list[str]] = defaultdict(list)
    for room in sorted(imports):
        rows[floors[room]].append(room)
    top = max(rows)
    height = 2 * MARGIN + top * FLOOR_HEIGHT + BOX_HEIGHT
    boxes: dict[str, tuple[float, float, float]] = {}
    for floor, row in rows.items():
        widths = [28 + 8 * len(_label(room)) for room in row]
        free = (WIDTH - sum(widths)) / (len(row) + 1)
        at = free
        for room, width in zip(row, widths, strict=True):
            boxes[room] = at, MARGIN + (top - floor) * FLOOR_HEIGHT, width
            at += width + free
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="Which part of lisa_scaffold imports which">',
        f"<style>\n{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
    ]
    for room, belows in sorted(reduce(imports).items()):
        lines += [_line(boxes[room], boxes[below]) for below in sorted(belows)]
    for room, (left, upper, size) in sorted(boxes.items()):
        form = "box folder" if (PACKAGE / room).is_dir() else "box"
        middle = left + size / 2
        lines.append(
            f'<rect class="{form}" x="{left:.0f}" y="{upper}" width="{size}" height="{BOX_HEIGHT}" '
            f'rx="5"/><text x="{middle:.0f}" y="{upper + 20}">{escape(_label(room))}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


def _label(room: str) -> str:
    return f"{room}/" if (PACKAGE / room).is_dir() else room


def _line(above: tuple[float, float, float], below: tuple[float, float, float]) -> str:
    x, y = above[0] + above[2] / 2, above[1] + BOX_HEIGHT
    to_x, to_y = below[0] + below[2] / 2, below[1]
    bend = (to_y - y) / 2
    curve = f"{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} {to_x:.0f} {to_y}"
    return f'<path d="M{x:.0f} {y}C{curve}"/>'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
