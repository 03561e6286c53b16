from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from escalade.errors import StoreError
from store import Store
from store.database import Database
from store.migrate import REVISION, VERSION_TABLE
from store.tables import metadata
from tests.store.making import batch, entry, whats


def test_the_migrations_make_exactly_the_tables_the_code_uses(store: Store) -> None:
    with store.database.engine.connect() as connection:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_comparison_would_see_a_difference(url: str) -> None:
    with Store.open(url) as store, store.database.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_deliveries_provider"))
        connection.execute(text("ALTER TABLE proofs DROP COLUMN detail"))
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert len(compare_metadata(context, metadata)) == 2


def test_the_known_revision_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(files("store") / "migrations")).get_heads() == [REVISION]


def test_opening_again_keeps_what_is_there(url: str) -> None:
    with Store.open(url) as store:
        store.write(batch(entry(1)))
    with Store.open(url) as store:
        assert whats(store) == ["note 1"]
    with Store.open(url, migrate=False) as store:
        store.ping()
        assert whats(store) == ["note 1"]


def test_an_up_to_date_store_opens_without_alembic(url: str) -> None:
    Store.open(url).close()
    program = f"import sys; from store import Store; Store.open({url!r}).close(); assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_many_may_open_a_new_store_at_once(url: str) -> None:
    at_once = threading.Barrier(6)

    def start(number: int) -> None:
        at_once.wait()
        with Store.open(url) as store:
            store.write(batch(entry(number)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    with Store.open(url, migrate=False) as store:
        assert sorted(whats(store)) == [f"note {number}" for number in range(6)]


def test_a_store_without_tables_is_refused_when_it_may_not_be_migrated(url: str) -> None:
    with pytest.raises(StoreError, match="escalade up"):
        Store.open(url, migrate=False)
    with Store.open(url) as store:
        assert store.streams() == []


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(url: str) -> None:
    with Store.open(url) as store, store.database.engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    for migrate in (True, False):
        with pytest.raises(StoreError, match=r"was made by a newer version of Escalade \(revision 9999\)"):
            Store.open(url, migrate=migrate)


def test_a_migration_that_fails_leaves_nothing_half_done(url: str) -> None:
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE proofs (stands_in_the_way INTEGER)"))
    with pytest.raises(StoreError, match="already exists"):
        Store.open(url)
    assert inspect(database.engine).get_table_names() == ["proofs"]
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE proofs"))
    database.close()
    with Store.open(url) as store:
        assert store.verify() == []
