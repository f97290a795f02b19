"""What an owner's things have sealed, as a file to open at home (`barrio unseal`): JSON lines.

Rule: who may have it is asked again all along the way, so that a long file ends with the link; its last line says that
it is whole.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.web.context import PRIVATE, Context
from hub.web.pages.mine_link import COOKIE, expired


def answer(context: Context, request: Request) -> Response:
    """The file of whoever holds the link in the cookie."""
    token = request.cookies.get(COOKIE)
    if not token or context.gate.audience_of_link(token) is None:
        return expired(context, request)
    headers = {"Cache-Control": PRIVATE, "Content-Disposition": 'attachment; filename="sealed.jsonl"'}
    return StreamingResponse(_lines(context, token), media_type="application/jsonl", headers=headers)


def _lines(context: Context, token: str) -> Iterator[str]:
    """Some hundreds of envelopes at a time; the file is cut short where the link no longer holds."""
    yield _line({"barrio": "sealed", "version": 1})
    count = after = 0
    while True:
        audience = context.gate.audience_of_link(token)
        if audience is None:
            return
        some = context.gate.sealed(audience, after)
        if not some:
            break
        for s in some:
            signer = None if s.signing_key is None else _text(s.signing_key)
            yield _line({"thing": s.thing, "received": s.received, "signer": signer, "envelope": _text(s.body)})
        count, after = count + len(some), some[-1].number
    yield _line({"envelopes": count})


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
