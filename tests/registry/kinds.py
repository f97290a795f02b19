"""Which database the registries of a module's tests are in: every test of it runs on each.

Rule: a module runs on SQLite, and on PostgreSQL as `slow`; a test of SQLite's own file says `SQLITE_ONLY`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from tests.registry import migrated
from tests.servers.postgresql import Server, postgresql

SQLITE_ONLY = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL for all tests of one process."""
    with postgresql() as one:
        yield one


@pytest.fixture
def url(server: Server) -> Iterator[URL]:
    """A database of the test's own."""
    made = server.database()
    yield made
    server.sql(f"DROP DATABASE {made.database} WITH (FORCE)")


@pytest.fixture(autouse=True, scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database's kind, while the tests of a module run."""
    name = str(request.param)
    if name == "sqlite":
        yield name
        return
    with migrated.in_databases_of(request.getfixturevalue("server")):
        yield name
