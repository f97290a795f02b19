"""The invented streets of `surroundings.py`: a slightly bent grid, closed by a ring road, joined to the real streets.

Rule: every street ends on another one. What the extract cut off is led on to the first invented street; areas that
are too large for a block get a lane through them. Lengths are metres, points are east and north of the middle.
"""
# ruff: noqa: INP001 - scripts beside their data, no package

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from plane import Line, Point, crossing, faces, length, signed_area, to_line, to_segment, within

TURN = math.radians(20)
"""The grid is turned like the older half of the real streets."""

COLUMNS = (-575.0, -405.0, -245.0, -85.0, 90.0, 265.0, 440.0, 620.0)
ROWS = (-610.0, -485.0, -345.0, -205.0, -60.0, 85.0, 225.0, 360.0, 490.0, 570.0)
COLUMN_NAMES = ("", "Vrabčí", "Na Šeřících", "U Zvonkohry", "Kosatcová", "Pod Hruškou", "Mlynářčina", "")
ROW_NAMES = (
    "", "U Tří sousedů", "Ořechová stezka", "Sklenářská", "Za Pekárnou", "Meruňková",
    "Tichá alej", "Potoční", "K Rybízu", "",
)  # fmt: skip
LANE_NAMES = (
    "Kamenická ulička", "Včelařská", "Pod Lípami", "Hrnčířský plácek", "Jeřabinová", "U Staré pumpy", "Košíkářská",
    "Mezi Zahradami", "Lucerničkova", "Drozdí", "Fialková stezka", "Březový kout", "Knoflíkářská", "Na Výsluní",
)  # fmt: skip
LARGEST_BLOCK = 32_000.0
LANE_TO_CORNER = 30.0
ON_STREET = 0.3
RING_NAME = "Dlouhý okruh"
CLEAR_OF_EXTRACT = 40.0
ONWARD_TO_CORNER = 35.0
"""A street led on that would meet another so near to a corner goes to the corner."""
PARK_GIVES_UP = ((1, 6), (2, 6))
"""The grid's nodes (column, row) between which no street runs, so that the park is two blocks long."""


class Street(NamedTuple):
    """A street of the place: its line, its name (empty: unknown) and whether it is invented."""

    line: Line
    name: str
    synthetic: bool


def bent(u: float, v: float) -> Point:
    """A point of the grid on the ground: turned, and bent a little so that no street is ruled."""
    u, v = u + 16 * math.sin(v / 210 + 0.7), v + 13 * math.sin(u / 190 - 0.4) + 7 * math.cos(u / 83)
    return u * math.cos(TURN) - v * math.sin(TURN), u * math.sin(TURN) + v * math.cos(TURN)


Node = tuple[int, int]


def grid_edges(core: Sequence[Point]) -> set[tuple[Node, Node]]:
    """The pieces of the grid that stay clear of the extract's hull `core`; none of them ends in nothing."""
    nodes = {(i, j): bent(u, v) for i, u in enumerate(COLUMNS) for j, v in enumerate(ROWS)}
    edges = {(n, m) for n in nodes for m in ((n[0] + 1, n[1]), (n[0], n[1] + 1)) if m in nodes}
    closed = [*core, core[0]]

    def clear(n: Node, m: Node) -> bool:
        a, b = nodes[n], nodes[m]
        steps = [(a[0] + (b[0] - a[0]) * t / 8, a[1] + (b[1] - a[1]) * t / 8) for t in range(9)]
        return not any(within(p, core) or to_line(p, closed) < CLEAR_OF_EXTRACT for p in steps)

    kept = {e for e in edges if clear(*e) and e != PARK_GIVES_UP}
    while ends := {n for n, count in Counter(n for e in kept for n in e).items() if count == 1}:
        kept = {e for e in kept if not ends & set(e)}
    return kept


def grid_streets(core: Sequence[Point]) -> list[Street]:
    """The grid as named streets: each unbroken piece of a row or column is one, the outermost four are the ring."""
    kept = grid_edges(core)
    lines = [([(i, j) for j in range(len(ROWS))], COLUMN_NAMES[i]) for i in range(len(COLUMNS))]
    lines += [([(i, j) for i in range(len(COLUMNS))], ROW_NAMES[j]) for j in range(len(ROWS))]
    return [
        Street(tuple(bent(COLUMNS[i], ROWS[j]) for i, j in run), name or RING_NAME, synthetic=True)
        for nodes, name in lines
        for run in runs(nodes, kept)
    ]


def runs(nodes: Sequence[Node], kept: set[tuple[Node, Node]]) -> Iterator[list[Node]]:
    """The unbroken pieces of one line of the grid."""
    run = [nodes[0]]
    for edge in pairwise(nodes):
        if edge in kept:
            run.append(edge[1])
            continue
        if len(run) > 1:
            yield run
        run = [edge[1]]
    if len(run) > 1:
        yield run


def led_on(real: Sequence[Street], grid: list[Street]) -> list[Street]:
    """The streets of the grid, joined by the continuations of the real streets that the extract cuts off."""
    count = Counter(p for s in real for p in (s.line[0], s.line[-1]))
    streets = list(grid)
    for street in real:
        for line in (street.line, street.line[::-1]):
            if count[line[-1]] > 1:
                continue
            way = math.atan2(line[-1][1] - line[-2][1], line[-1][0] - line[-2][0])
            far = (line[-1][0] + 900 * math.cos(way), line[-1][1] + 900 * math.sin(way))
            streets = joined(streets, line[-1], far)
    return streets


def joined(streets: list[Street], start: Point, far: Point) -> list[Street]:
    """`streets` and a new one from `start` towards `far`, as far as the first street, which gets a corner there."""
    hits = [
        (length(start, hit), n, k, hit)
        for n, s in enumerate(streets)
        for k, (a, b) in enumerate(pairwise(s.line))
        if (hit := crossing(start, far, a, b))
    ]
    _, n, k, hit = min(hits)
    line = streets[n].line
    near, off = min(((p, length(p, hit)) for p in line), key=lambda pair: pair[1])
    if off < ONWARD_TO_CORNER:
        hit = near
    else:
        streets[n] = streets[n]._replace(line=(*line[: k + 1], hit, *line[k + 1 :]))
    return [*streets, Street((start, hit), "", synthetic=True)]


def divided(
    known: list[Street], invented: list[Street], buildings: Sequence[Line], park_at: Point
) -> tuple[list[Street], list[Street]]:
    """Both lists with lanes through the areas that are too large for a block, widest side to the side across."""
    names = iter(LANE_NAMES)
    while name := next(names, None):
        areas = [
            ring
            for ring in faces([s.line for s in (*known, *invented)])
            if not within(park_at, ring) and not any(within(p, ring) for b in buildings for p in b)
        ]
        widest = max(areas, key=signed_area)
        if signed_area(widest) < LARGEST_BLOCK:
            break
        start, end = across(widest)
        known, invented = (with_corners(streets, (start, end)) for streets in (known, invented))
        invented.append(Street((start, end), name, synthetic=True))
    return known, invented


def across(ring: Sequence[Point]) -> tuple[Point, Point]:
    """A lane from the middle of a ring's longest side, square to it, to the first side that it meets."""
    sides = list(pairwise([*ring, ring[0]]))
    a, b = longest = max(sides, key=lambda side: length(*side))
    start = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    way = ((a[1] - b[1]) / length(a, b), (b[0] - a[0]) / length(a, b))
    far = (start[0] + 900 * way[0], start[1] + 900 * way[1])
    hits = [hit for side in sides if side != longest and (hit := crossing(start, far, *side))]
    end = min(hits, key=lambda p: length(start, p))
    corner = min(ring, key=lambda p: length(p, end))
    return start, corner if length(corner, end) < LANE_TO_CORNER else end


def with_corners(streets: Sequence[Street], points: Sequence[Point]) -> list[Street]:
    """The streets, each with a corner where one of the points lies on it."""
    out = []
    for street in streets:
        line = list(street.line)
        for p in points:
            on = [k for k, (a, b) in enumerate(pairwise(line)) if to_segment(p, a, b) < ON_STREET]
            if on and min(length(p, q) for q in line) > ON_STREET:
                line.insert(on[0] + 1, p)
        out.append(street._replace(line=tuple(line)))
    return out
