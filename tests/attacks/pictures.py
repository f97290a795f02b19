"""Small pictures for the report: bars and lines, as SVG that follows the reader's light or dark. Pure.

Rule: what is drawn is what was measured; each picture says in words what it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from tests.attacks.told import Figure

WIDTH, LEFT, RIGHT, BAR = 640, 250, 100, 30
TALL = 240
_STYLE = """<style>
text { font: 14px system-ui, sans-serif; fill: #222 } .soft { fill: #666; font-size: 12px }
.head { font-weight: 600; font-size: 15px }
.rest { fill: #ddd } .hit { fill: #b3341f } .line { fill: none; stroke-width: 2.5 } .axis { stroke: #999 }
.a { stroke: #1f5fb3; fill: #1f5fb3 } .b { stroke: #b3341f; fill: #b3341f } .c { stroke: #2b7a3d; fill: #2b7a3d }
.d { stroke: #8a5a00; fill: #8a5a00 }
@media (prefers-color-scheme: dark) { text { fill: #eee } .soft { fill: #aaa } .head { fill: #fff }
.rest { fill: #444 } }
</style>"""
_KINDS = "acbd"


def bars(title: str, rows: Sequence[tuple[str, Figure]]) -> str:
    """One bar a row: how many of how many, the share that fell in colour."""
    parts = []
    for n, (label, figure) in enumerate(rows):
        y, room = 40 + n * (BAR + 14), WIDTH - LEFT - RIGHT
        share = figure.value / figure.of if figure.of else 0.0
        parts += [
            _text(LEFT - 10, y + 20, label, "end"),
            f'<rect class="rest" x="{LEFT}" y="{y}" width="{room}" height="{BAR}" rx="3"/>',
            f'<rect class="hit" x="{LEFT}" y="{y}" width="{room * share:.1f}" height="{BAR}" rx="3"/>',
            _text(WIDTH - RIGHT + 10, y + 20, str(figure), "start"),
        ]
    said = "; ".join(f"{label}: {figure}" for label, figure in rows)
    return _svg(title, said, 50 + len(rows) * (BAR + 14), parts)


def lines(title: str, across: str, up: str, curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """A line a series, from 0 to 1 upward; the first point of each is labelled by its name below."""
    xs = sorted({x for points in curves.values() for x, _ in points})
    place = {x: 60 + i * (WIDTH - 120) / max(1, len(xs) - 1) for i, x in enumerate(xs)}
    height = {y: 60 + (1 - y) * TALL for y in (0.0, 0.5, 1.0)}
    parts = [f'<line class="axis" x1="55" x2="{WIDTH - 50}" y1="{y}" y2="{y}"/>' for y in height.values()]
    parts += [_text(48, y + 5, f"{value:g}", "end") for value, y in height.items()]
    parts += [_text(x, TALL + 82, f"{value:g}", "middle") for value, x in place.items()]
    parts += [_text(WIDTH - 55, TALL + 102, across, "end", "soft"), _text(55, 48, up, "start", "soft")]
    for n, (name, points) in enumerate(curves.items()):
        drawn = [(place[x], 60 + (1 - min(1.05, y)) * TALL) for x, y in points]
        kind = _KINDS[n % len(_KINDS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        parts.append(f'<polyline class="line {kind}" style="fill: none" points="{path}"/>')
        parts += [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in drawn]
        y = TALL + 126 + n * 22
        parts += [f'<circle class="{kind}" cx="64" cy="{y - 5}" r="5"/>', _text(78, y, name, "start")]
    said = "; ".join(f"{name}: " + ", ".join(f"{x:g} → {y:.2f}" for x, y in points) for name, points in curves.items())
    return _svg(title, said, TALL + 126 + len(curves) * 22, parts)


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    of = f' class="{kind}"' if kind else ""
    return f'<text{of} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(title: str, said: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" role="img">\n'
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>\n{_STYLE}\n"
        + "\n".join([_text(20, 22, title, "start", "head"), *parts])
        + "\n</svg>\n"
    )
