"""Every page there is. Rule: what is not in this table is not answered; the canary test visits all of it."""

from __future__ import annotations

from hub.web.page import Page, each_property, each_thing, only
from hub.web.pages import (
    favicon,
    grades,
    health,
    map_ground,
    map_tiles,
    map_values,
    mine,
    mine_link,
    now,
    now_numbers,
    property_live,
    property_numbers,
    property_page,
    property_values,
    robots,
    thing,
    thing_numbers,
)  # fmt: skip

# Starlette takes the first that fits: `…/{x}.csv` stands before `…/{x}`.
PAGES: tuple[Page, ...] = (
    Page("now", "/", now.answer, now.paths),
    Page("now, numbers", "/now.csv", now_numbers.answer, each_property("/now.csv?property={}")),
    Page("ground", "/map/ground.geojson", map_ground.answer, only("/map/ground.geojson")),
    Page("tiles", "/map/ground.pmtiles", map_tiles.answer, only()),
    Page("map", "/map/{property}.geojson", map_values.answer, each_property("/map/{}.geojson")),
    Page(
        "property, numbers",
        "/property/{property}.csv",
        property_numbers.answer,
        each_property("/property/{}.csv?range=week"),
    ),
    Page(
        "property, values",
        "/property/{property}.json",
        property_values.answer,
        each_property("/property/{}.json?range=hour"),
    ),
    Page("property, live", "/property/{property}/live", property_live.answer, each_property("/property/{}/live")),
    Page("property", "/property/{property}", property_page.answer, property_page.paths),
    Page("thing, numbers", "/thing/{handle}.csv", thing_numbers.answer, each_thing("/thing/{}.csv?range=week")),
    Page("thing", "/thing/{handle}", thing.answer, thing.paths),
    Page("grades", "/grades", grades.answer, only("/grades")),
    Page("mine", "/mine", mine.answer, only("/mine")),
    Page("mine, by link", "/mine/{token}", mine_link.answer, only("/mine/nobody")),
    Page("health", "/healthz", health.answer, only("/healthz")),
    Page("robots", "/robots.txt", robots.answer, only("/robots.txt")),
    Page("favicon", "/favicon.ico", favicon.answer, only("/favicon.ico")),
)
