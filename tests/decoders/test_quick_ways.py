"""What is done the quick way comes to the same as the plain way."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.reading import DecodeError
from hub.decoders.dsmr import _crc
from hub.decoders.ecowitt import _form

_SPAN = 2048


def one_after_the_other(data: bytes) -> int:
    """CRC16 as the P1 companion standard has it, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


@given(st.binary(min_size=1, max_size=300))
def test_the_checksum_of_all_bytes_at_once_is_that_of_one_after_the_other(data: bytes) -> None:
    assert _crc(data) == one_after_the_other(data)


@pytest.mark.parametrize("size", [_SPAN - 1, _SPAN, _SPAN + 1, _SPAN + 2, 2 * _SPAN, 2 * _SPAN + 1, 3 * _SPAN + 7])
def test_a_long_telegram_has_the_same_checksum_in_parts(size: int) -> None:
    data = bytes(at * 37 % 251 for at in range(size))
    assert _crc(data) == one_after_the_other(data)


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), min_size=1, max_size=20))
def test_an_uploaded_form_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    written = urlencode(fields, errors="replace")
    assert _form(written.encode()) == dict(parse_qsl(written))


@pytest.mark.parametrize("payload", [b"", b"&&", b"hello", b"a=&b=", b"\xff=1", b"&".join([b"a=1"] * 1001)])
def test_what_is_no_form_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError, match="a form"):
        _form(payload)
