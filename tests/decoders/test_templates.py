"""Value templates: what they mean, and what is not guessed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.decoders.templates import NoValue, Payload, compiled

BODY = b'{"t":21.46,"text":"7,5","on":true,"deep":{"list":[1,{"x":"8"}]},"none":null,"huge":1e308,"word":"open"}'


def rendered(template: str, payload: bytes = BODY) -> object:
    made = compiled(template)
    assert made is not None, "unreadable"
    return made(Payload(payload))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ value_json.t }}", 21.46), ("{{value_json['deep'].list[1]['x']|float}}", 8.0),
        ("{{ value_json.t|round(1) }}", 21.5),
        ("{{ value_json.t | float * 9 / 5 + 32 }}", 70.628), ("{{ (value_json.t - 1.46) | int }}", 20),
        ("{{ value_json.get('t') }}", 21.46), ("{{ float(value_json.text) }}", 7.5), ("{{ -value_json.t }}", -21.46),
        ("{{ value_json.t | multiply(2) | add(0.08) }}", 43.0), ("{{ value_json.t | is_defined }}", 21.46),
        ("{{ 'ON' if value_json.word == 'open' else 'OFF' }}", "ON"), ("{{ value_json.on | iif('a', 'b') }}", "a"),
        ("{% if value_json.none is defined %} {{ value_json.t }} {% else %}{{ 0 }}{% endif %}", 21.46),
        ("{{ value_json.t if value_json.t is defined else states('sensor.t') }}", 21.46),
        ("  {{ value_json.t }}\n", 21.46), ("{{ value_json.word | upper }}", "OPEN"),
        ("{{ value_json.word | replace('open', '1') | float }}", 1.0), ("{{ value_json.t }}5", "21.465"),
        ("{{ '%.1f' | format(value_json.t) }}", "21.5"), ("{{ '5;6'.split(';')[1] | int }}", 6),
        ("{{ value_json.t | float(default=0) | round(precision=1) }}", 21.5),
        ("{{ value_json.t > 20 and not value_json.on }}", False),
    ],
)  # fmt: skip
def test_these_are_followed(template: str, value: object) -> None:
    assert rendered(template) == pytest.approx(value)


def test_the_payload_itself_is_a_value() -> None:
    assert rendered("{{ value | float / 1000 }}", b"2500") == 2.5


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.gone }}", "{{ value_json.gone | default(0) }}", "{{ value_json.gone | float(0) }}",
        "{{ value_json.deep.list[9] }}", "{{ value_json.t / 0 }}", "{{ value_json.huge * 10 }}",
        "{{ value_json.word + 1 }}", "{{ value_json.word | float }}", "{{ value_json.t.x }}",
        "{{ value_json.word < 3 }}", "{{ value_json.t | round(99) }}", "{{ value_json.deep | string }}",
    ],
)  # fmt: skip
def test_what_is_missing_or_of_another_kind_is_no_value(template: str) -> None:
    with pytest.raises(NoValue):
        rendered(template)


@pytest.mark.parametrize("payload", [b"", b"plain", b"\xff", b"null"])
def test_a_payload_that_is_no_json_has_no_members(payload: bytes) -> None:
    with pytest.raises(NoValue):
        rendered("{{ value_json.t }}", payload)


@pytest.mark.parametrize(
    "template",
    [
        "{{ states('sensor.x') }}", "{{ value_json.t | regex_replace('a', 'b') }}", "{{ value_json[value_json.word] }}",
        "{% for x in value_json.deep.list %}{{ x }}{% endfor %}", "{{ value_json.t ** 99 }}", "{{ 'a' * 10 }",
        "{{ now() }}", "{{ value.__class__ }}" * 60, "{{ " + "(" * 400 + "1" + ")" * 400 + " }}",
        "{{ value_json.t | round(value_json.t) }}", "{% set a = 1 %}{{ a }}", "{{ range(10) }}",
    ],
)  # fmt: skip
def test_what_is_not_known_is_unreadable(template: str) -> None:
    assert compiled(template) is None


def test_nothing_of_python_can_be_reached() -> None:
    with pytest.raises(NoValue):
        rendered("{{ value.__class__ }}", b"1")


@given(st.text(alphabet="{}%value_json.()|[]'0123456789 +-*/ifelsdr", max_size=60), st.binary(max_size=40))
def test_any_template_is_unreadable_or_ends_in_a_value_or_none(template: str, payload: bytes) -> None:
    made = compiled(template)
    if made is not None:
        try:
            made(Payload(payload))
        except NoValue:
            return
