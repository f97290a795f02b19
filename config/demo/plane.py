"""Plane geometry for `surroundings.py`: points, lines and rings in metres.

Rule: pure functions over tuples; a ring is open (its first point is not repeated).
"""
# ruff: noqa: INP001 - scripts beside their data, no package

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

Point = tuple[float, float]
Line = tuple[Point, ...]

PARALLEL = 1e-9
SHARED_WALL = 0.3
"""Outlines overlap only from here on (m² of the cross product): walls may be shared."""


def length(a: Point, b: Point) -> float:
    """Distance of two points."""
    return math.hypot(b[0] - a[0], b[1] - a[1])


def to_segment(p: Point, a: Point, b: Point) -> float:
    """Distance of a point from a segment."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy or 1.0)
    t = min(1.0, max(0.0, t))
    return length(p, (a[0] + t * dx, a[1] + t * dy))


def to_line(p: Point, line: Sequence[Point]) -> float:
    """Distance of a point from a line."""
    return min(to_segment(p, a, b) for a, b in pairwise(line))


def crossing(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Where the segments a-b and c-d cross, if they do."""
    r, s, q = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1]), (c[0] - a[0], c[1] - a[1])
    turn = r[0] * s[1] - r[1] * s[0]
    if abs(turn) < PARALLEL:
        return None
    t, u = (q[0] * s[1] - q[1] * s[0]) / turn, (q[0] * r[1] - q[1] * r[0]) / turn
    return (a[0] + t * r[0], a[1] + t * r[1]) if 0 <= t <= 1 and 0 <= u <= 1 else None


def within(p: Point, ring: Sequence[Point]) -> bool:
    """Whether a point is inside a ring (open or closed)."""
    inside = False
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (a[1] > p[1]) != (b[1] > p[1]) and p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0]:
            inside = not inside
    return inside


def signed_area(ring: Sequence[Point]) -> float:
    """Area of an open ring; positive when it runs against the clock."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def hull(points: Iterable[Point]) -> list[Point]:
    """The convex hull, against the clock (Andrew's monotone chain)."""
    ordered = sorted(set(points))

    def half(chain: Iterable[Point]) -> list[Point]:
        out: list[Point] = []
        for p in chain:
            while len(out) > 1 and signed_area((out[-2], out[-1], p)) <= 0:
                out.pop()
            out.append(p)
        return out[:-1]

    return half(ordered) + half(reversed(ordered))


def faces(lines: Sequence[Line]) -> list[list[Point]]:
    """The areas between the streets, each an open ring against the clock: always the leftmost way at a corner."""
    key = {p: (round(p[0], 1), round(p[1], 1)) for line in lines for p in line}
    ways: dict[Point, set[Point]] = defaultdict(set)
    for line in lines:
        for a, b in pairwise(line):
            ways[key[a]].add(key[b])
            ways[key[b]].add(key[a])
    around = {p: sorted(to, key=lambda q, p=p: math.atan2(q[1] - p[1], q[0] - p[0])) for p, to in ways.items()}  # type: ignore[misc]
    todo = dict.fromkeys((p, q) for p, to in around.items() for q in to)
    found: list[list[Point]] = []
    while todo:
        edge = start = next(iter(todo))
        ring: list[Point] = []
        while edge in todo:
            del todo[edge]
            ring.append(edge[0])
            onward = around[edge[1]]
            edge = (edge[1], onward[onward.index(edge[0]) - 1])
        if edge == start and signed_area(ring) > 0:
            found.append(ring)
    return found


def rectangle(base: Point, along: Point, width: float, depth: float) -> Line:
    """Four corners, against the clock: `width` along the unit vector from `base`, `depth` to its left."""
    (x, y), (dx, dy) = base, along
    return (
        (x, y),
        (x + dx * width, y + dy * width),
        (x + dx * width - dy * depth, y + dy * width + dx * depth),
        (x - dy * depth, y + dx * depth),
    )


def apart(a: Line, b: Line) -> bool:
    """Whether two convex outlines do not overlap (separating axis; a shared wall is no overlap)."""
    for ring, other in ((a, b), (b, a)):
        for p, q in zip(ring, (*ring[1:], ring[0]), strict=True):
            if all((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]) <= SHARED_WALL for r in other):
                return True
    return False


def shrunk(ring: Sequence[Point], by: float) -> list[Point]:
    """A ring drawn in by `by` (each side moved inward, corners where neighbours meet)."""
    out = []
    for k, p in enumerate(ring):
        a, b = ring[k - 1], ring[(k + 1) % len(ring)]
        (dx, dy), (ex, ey) = ((q[0] - r[0], q[1] - r[1]) for q, r in ((p, a), (b, p)))
        n, m = math.hypot(dx, dy), math.hypot(ex, ey)
        nx, ny = -dy / n - ey / m, dx / n + ex / m
        scale = 2 * by / (nx * nx + ny * ny)
        out.append((p[0] + nx * scale, p[1] + ny * scale))
    return out
