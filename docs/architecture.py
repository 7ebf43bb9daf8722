"""Draws docs/architecture.svg: the rooms of mfjax, each above those that it imports.

Run it after rooms changed: python docs/architecture.py
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "mfjax"
SVG = Path(__file__).with_suffix(".svg")
# Rooms that most others import, whose arrows are left out.
EVERYWHERE = ("errors", "atomic", "regular", "representation", "size")
ROW, COLUMN, WIDTH, HEIGHT, MARGIN = 84, 150, 118, 36, 20  # pixels

Graph = dict[str, set[str]]


def rooms() -> Graph:
    """Returns the rooms (modules and packages right below mfjax) that each room imports, by parsing all files."""
    found: Graph = {}
    for file in sorted(ROOT.rglob("*.py")):
        room = file.relative_to(ROOT).with_suffix("").parts[0]
        if room.startswith("__"):
            continue
        imported = found.setdefault(room, set())
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "mfjax":
                names = [f"mfjax.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            imported |= {name.split(".")[1] for name in names if name.startswith("mfjax.")} - {room, "__version__"}
    return found


def levels(graph: Graph) -> dict[str, int]:
    """Returns how many rooms are below each, at most, one below the other.

    Raises:
        ValueError: rooms import one another in a circle.
    """
    known: dict[str, int] = {}

    def level(room: str, above: tuple[str, ...]) -> int:
        if room in above:
            raise ValueError(f"imports run in a circle: {' → '.join((*above[above.index(room) :], room))}")
        if room not in known:
            known[room] = max((level(other, (*above, room)) + 1 for other in graph[room]), default=0)
        return known[room]

    for room in graph:
        level(room, ())
    return known


def direct(graph: Graph) -> Graph:
    """Returns the graph without imports of rooms that another imported room reaches, too."""

    def reached(room: str) -> set[str]:
        return graph[room].union(*(reached(other) for other in graph[room]))

    return {room: others - set().union(*(reached(other) for other in others)) for room, others in graph.items()}


def draw(graph: Graph) -> str:
    """Returns the picture as SVG, the lowest rooms at the bottom."""
    graph = {room: others - set(EVERYWHERE) for room, others in graph.items() if room not in EVERYWHERE}
    height_of = levels(graph)
    rows = [sorted(room for room in graph if height_of[room] == n) for n in range(max(height_of.values()) + 1)]
    width = max(len(row) for row in rows) * COLUMN + 2 * MARGIN
    place = {
        room: (width / 2 + (i - (len(row) - 1) / 2) * COLUMN, MARGIN + (len(rows) - 1 - n) * ROW + HEIGHT / 2)
        for n, row in enumerate(rows)
        for i, room in enumerate(row)
    }
    height = len(rows) * ROW - ROW + HEIGHT + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="15" text-anchor="middle">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for room, others in direct(graph).items():
        x, y = place[room]
        for other in sorted(others):
            u, v = place[other]
            middle = (y + v) / 2
            lines.append(
                f'<path d="M{x:.0f},{y + HEIGHT / 2:.0f} C{x:.0f},{middle:.0f} {u:.0f},{middle:.0f} '
                f'{u:.0f},{v - HEIGHT / 2:.0f}" fill="none" stroke="#888"/>'
            )
    for room, (x, y) in place.items():
        lines.append(
            f'<rect x="{x - WIDTH / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
            'fill="#eef3fa" stroke="#446"/>'
        )
        lines.append(f'<text x="{x:.0f}" y="{y + 5:.0f}">{room}</text>')
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    SVG.write_text(draw(rooms()), encoding="utf-8")
