"""Ids, random so that they say nothing, and how pseudonyms are shown.

Rule: an id that was used once, for whatever it was, is never used again, not even after it is erased.
"""

from __future__ import annotations

import base64
import secrets

from sqlalchemy import Connection, insert, select

from hub.registry import tables as t

_LARGEST = 2**31 - 1
_CHUNK = 500
_NYM = 16
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_SAID = 2**60 - 1
"""The bits of a pseudonym that are not among its first four letters."""

_HOW = (
    "amber ample brave breezy bright brisk calm candid clear copper coral cosy crisp curious dapper deep dewy eager "
    "early fabled fair fern fleet fond gentle glad golden grand green happy hazel hearty honest humble indigo ivory "
    "jade jolly keen kind late lilac lively lucky mellow merry mild misty modest neat noble nimble olive open "
    "patient pearl placid plain plum polite proud quick quiet rosy ruby rustic sandy scarlet serene silent silver "
    "sleepy smooth snowy soft spry steady still sunny swift tender tidy tranquil true velvet vivid warm wise witty "
    "woven young"
)
_WHO = (
    "alder ash aspen badger beaver beech birch bison blackbird bream bunting buzzard carp cedar chaffinch cherry "
    "chestnut clover crane cricket cuckoo curlew daisy deer dipper dove dragonfly dunlin elder elm falcon fern "
    "finch firefly fox gentian goldcrest goose grouse hare hawk hazel hedgehog heron hoopoe ibis iris jackdaw jay "
    "juniper kestrel kite lark linden linnet lynx magpie maple marten martin mole newt nightjar nuthatch oak oriole "
    "osprey otter owl partridge perch pike pine pipit plover poplar poppy quail raven redstart robin rook rowan "
    "salmon sandpiper shrew siskin snipe sorrel sparrow spruce squirrel starling stork swallow swan swift tern "
    "thistle thrush trout turtle vole wagtail warbler weasel willow wren yarrow"
)


def new_ids(connection: Connection, count: int) -> list[int]:
    """So many ids in [1, 2**31) that were never used before."""
    fresh: list[int] = []
    while len(fresh) < count:
        drawn = {secrets.randbelow(_LARGEST) + 1 for _ in range(min(_CHUNK, count - len(fresh)))}
        drawn -= set(connection.execute(select(t.used_ids.c.id).where(t.used_ids.c.id.in_(drawn))).scalars())
        if drawn:
            connection.execute(insert(t.used_ids), [{"id": i} for i in drawn])
            fresh.extend(drawn)
    return fresh


def new_id(connection: Connection) -> int:
    """One id that was never used before."""
    return new_ids(connection, 1)[0]


def shown_as(nym: str) -> str:
    """A pseudonym (`hub.core.fragments`) as people can say it: two words made from it, and its first four letters."""
    if len(nym) != _NYM or not set(nym) <= set(_BASE32):
        return nym
    number = int.from_bytes(base64.b32decode(nym.upper())) & _SAID
    how, who = _HOW.split(), _WHO.split()
    return f"{how[number % len(how)]} {who[number // len(how) % len(who)]} {nym[:4]}"
