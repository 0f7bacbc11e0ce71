"""The data: nine mixed columns, a backlog of changes in small transactions, a table to snapshot."""

from __future__ import annotations

import time

from tests.servers.postgres import Connectable, PostgresServer

CHANGES_IN_TRANSACTION = 10
BACKLOG_SLOT = "backlog"
CHANGES_TABLE, SNAPSHOT_TABLE = "changes", "snap"
PUBLICATION, SNAPSHOT_PUBLICATION = "bench", "bench_snap"

_COLUMNS = """(
    id bigint primary key, acct int not null, name text, amount numeric(12,2) not null,
    created timestamptz not null, active bool not null, score float8 not null, doc jsonb not null,
    status varchar(16) not null)"""
_ROW = """k + g, (k + g) % 1000,
    case when (k + g) % 5 = 0 then null else 'Név "' || (k + g) || '" Kovács' end,
    ((k + g) * 7 % 1000000) / 100.0, timestamptz '2026-01-01 00:00:00Z' + (k + g) * interval '1.000123 s',
    (k + g) % 2 = 0, (k + g) / 3.0, jsonb_build_object('a', k + g, 'b', 'x"y'), 'status-' || (k + g) % 7"""
_LOAD = f"""
create or replace procedure load(transactions int) language plpgsql as $$
declare k bigint;
begin
    for i in 1..transactions loop
        k := i * 5;
        insert into changes select {_ROW} from generate_series(0, 4) g;
        update changes set acct = acct + 1, score = score * 1.5 where id between k and k + 3;
        delete from changes where id = k + 4;
        commit;
    end loop;
end $$"""

SETTINGS = {
    "ssl": "off",  # everybody's default is to use it where it is offered
    "shared_buffers": "256MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
}
"""Of the server: nothing that favours one side, little that disturbs."""


def last_key(rows: int) -> int:
    """Return the highest id that is left when the backlog is applied; it comes with the last transaction."""
    return rows // CHANGES_IN_TRANSACTION * 5 + 3


def make_backlog(server: PostgresServer, rows: int) -> int:
    """Make `rows` changes behind the slot `backlog`; return the LSN of their end."""
    server.execute(f"create table changes {_COLUMNS}")
    server.execute(f"create publication {PUBLICATION} for table changes")
    server.execute(f"select pg_create_logical_replication_slot('{BACKLOG_SLOT}', 'pgoutput')")
    server.execute(_LOAD)
    server.execute("call load(%s)", [rows // CHANGES_IN_TRANSACTION])
    ((end,),) = server.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    return int(end)


def make_snapshot_table(server: PostgresServer, rows: int) -> None:
    """Make the table `snap`."""
    server.execute(f"create table snap {_COLUMNS}")
    server.execute(f"insert into snap select {_ROW} from generate_series(1, {rows:d}) g, (select 0 k) z")
    server.execute(f"create publication {SNAPSHOT_PUBLICATION} for table snap")
    server.execute("vacuum analyze snap")


def copy_slot(server: PostgresServer, name: str) -> None:
    """Make a slot that has the whole backlog before it."""
    server.execute("select pg_copy_logical_replication_slot(%s, %s)", [BACKLOG_SLOT, name])


def drop_slot(server: PostgresServer, name: str) -> None:
    """Drop a slot as soon as its reader is gone."""
    query = "select active from pg_replication_slots where slot_name = %s"
    deadline = time.monotonic() + 30
    while (found := server.execute(query, [name])) and found[0][0] and time.monotonic() < deadline:
        time.sleep(0.05)
    if found:
        server.execute("select pg_drop_replication_slot(%s)", [name])


def target_database(server: PostgresServer, name: str) -> Connectable:
    """Return an empty database; an old one of this name is dropped."""
    server.execute(f"drop database if exists {name} with (force)")
    return server.create_database(name)
