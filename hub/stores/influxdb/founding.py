"""Making an InfluxDB ready for the hub: buckets, how long they keep, and tokens that may do the least.

Rule: done again it changes only what is not as it should be. A token is written to a file that only its user can read,
and to nothing else.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.authorization import Authorization
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.onboarding_request import OnboardingRequest
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource
from influxdb_client.service.setup_service import SetupService

from hub.core.store import StoreUnavailable
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.served import SECONDS, telling

_WEEK = 7 * 24 * 3600
_FIRST_USER = "barrio"


class Wanted(NamedTuple):
    """A bucket, and for how many seconds it keeps what it is given (0: for ever)."""

    bucket: str
    seconds: int


class Pass(NamedTuple):
    """A token for one bucket, with what it may do (`read`, `write`), and the file that it belongs in."""

    bucket: str
    may: tuple[str, ...]
    file: Path

    @property
    def title(self) -> str:
        """How the server lists it."""
        return f"barrio: {' and '.join(self.may)} {self.bucket}"


def found(access: Access, admin: Path, wanted: list[Wanted], passes: list[Pass]) -> Iterator[str]:
    """Make what is missing; a line about each thing that was looked at.

    In: `access` with the organisation's name; `admin` is a file with a token that may make buckets and tokens, or is
    where that of the server's first user is written if the server is new.

    Raises:
        StoreUnavailable: the server is away or refuses.
    """
    with telling(access):
        yield from _first_user(access, admin)
        client = InfluxDBClient(access.url, token=_read(admin), org=access.org, timeout=round(SECONDS * 1000))
        try:
            org = _org(client, access)
            ids = {}
            for w in wanted:
                ids[w.bucket], told = _bucket(client, org, w)
                yield told
            for p in passes:
                yield _pass(client, org, ids[p.bucket], p)
        finally:
            client.close()


def write_secret(file: Path, secret: str) -> None:
    """Put a secret into a file that only its user can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(secret + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnavailable(
            f"{file} cannot be read: put a token there that may make buckets and tokens (in InfluxDB: Load Data, "
            "API Tokens, All Access), and run this again"
        ) from error


def _first_user(access: Access, admin: Path) -> Iterator[str]:
    """A server that nobody has set up yet gets its first user; his token goes into `admin`."""
    client = InfluxDBClient(access.url, token="")
    try:
        service = SetupService(client.api_client)
        if not service.get_setup().allowed:
            return
        token = secrets.token_urlsafe(48)
        write_secret(admin, token)
        request = OnboardingRequest(
            username=_FIRST_USER, password=secrets.token_urlsafe(24), org=access.org, bucket=access.bucket, token=token
        )
        service.post_setup(onboarding_request=request)
    finally:
        client.close()
    yield f"the server was new: its first user is {_FIRST_USER}, the token that may do everything is in {admin}"


def _org(client: InfluxDBClient, access: Access) -> str:
    for org in client.organizations_api().find_organizations():
        if org.name == access.org:
            return str(org.id)
    raise StoreUnavailable(
        f"{access.url} has no organisation {access.org}: correct store.influxdb.org, or make it there"
    )


def _bucket(client: InfluxDBClient, org: str, wanted: Wanted) -> tuple[str, str]:
    """Its id, and what is told of it."""
    api = client.buckets_api()
    kept = "for ever" if not wanted.seconds else f"for {wanted.seconds // 86400} days"
    rules = [BucketRetentionRules(every_seconds=wanted.seconds, shard_group_duration_seconds=_WEEK)]
    there: Any = api.find_bucket_by_name(wanted.bucket)
    if there is None:
        made: Any = api.create_bucket(bucket_name=wanted.bucket, org=org, retention_rules=rules)
        return str(made.id), f"bucket {wanted.bucket}: made; keeps {kept}"
    keeps = next((int(r.every_seconds or 0) for r in there.retention_rules or []), 0)
    if keeps == wanted.seconds:
        return str(there.id), f"bucket {wanted.bucket}: is there; keeps {kept}"
    there.retention_rules = rules
    api.update_bucket(there)
    return str(there.id), f"bucket {wanted.bucket}: was there; now keeps {kept}"


def _pass(client: InfluxDBClient, org: str, bucket: str, wanted: Pass) -> str:
    api = client.authorizations_api()
    mine = [a for a in api.find_authorizations(org_id=org) or [] if a.description == wanted.title]
    held = wanted.file.read_text(encoding="ascii").strip() if wanted.file.exists() else None
    if any(a.token == held and a.status == "active" and _fits(a, bucket, wanted.may) for a in mine):
        wanted.file.chmod(0o600)
        return f"{wanted.file}: holds a token that may {' and '.join(wanted.may)} {wanted.bucket}"
    rights = [Permission(may, PermissionResource("buckets", id=bucket, org_id=org)) for may in wanted.may]
    made: Any = api.create_authorization(
        authorization=Authorization(org_id=org, permissions=rights, description=wanted.title)
    )
    write_secret(wanted.file, str(made.token))
    for old in mine:
        api.delete_authorization(old)
    return f"{wanted.file}: a new token that may {' and '.join(wanted.may)} {wanted.bucket}, nothing else"


def _fits(authorization: Any, bucket: str, may: tuple[str, ...]) -> bool:  # noqa: ANN401 - the client says no types
    rights = {(p.action, p.resource.id) for p in authorization.permissions}
    return rights == {(m, bucket) for m in may}
