"""Forms that were posted: only from our own pages, small, and in one encoding.

Rule: a page of somebody else can make a browser post here; so whatever does not say that it comes from here is not
done. No page of ours needs a script for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

ENCODING = "application/x-www-form-urlencoded"
_LARGEST = 16_384
_MOST_FIELDS = 20


class FormRefused(Exception):
    """The form cannot be read; the text says what to do."""


def from_here(request: Request, address: str | None) -> bool:
    """Whether a request comes from a page of this site.

    Browsers say so in `Sec-Fetch-Site` (W3C Fetch Metadata) where the connection is trusted, else in `Origin` (RFC
    6454), which has to name the host and port that was asked, or those of `address`, by which the site is reached.
    Another port of the same host is not this site.
    """
    said = request.headers.get("sec-fetch-site")
    if said is not None:
        return said == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    if origin.scheme not in ("http", "https") or not origin.netloc:
        return False
    return origin.netloc in (request.headers.get("host"), urlsplit(address or "").netloc)


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a posted form; of several with one name the last.

    Raises:
        FormRefused: it is too large, or nothing that a form of ours would send.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != ENCODING:
        raise FormRefused("Only a form of these pages can be sent here. Go back, and send it from there.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise FormRefused("That is too long. Go back, and say it shorter.")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise FormRefused("That could not be read. Go back, and send it again.") from error
