"""The same data for MySQL and MariaDB: a backlog in one table or in many, a table to snapshot."""

from __future__ import annotations

from bench.load import CHANGES_IN_TRANSACTION, CHANGES_TABLE, SNAPSHOT_TABLE
from tests.servers.mysql import MySQLServer

DATABASE = "bench"

SETTINGS = {
    "innodb-buffer-pool-size": "256M",
    "innodb-log-file-size": "512M",
    "innodb-flush-log-at-trx-commit": "0",
    "max-binlog-size": "1G",
    "skip-ssl": "ON",  # everybody's default is to use it where it is offered
}
"""Of the server: nothing that favours one side, little that disturbs."""

BY_POSITION = {"gtid-mode": "OFF", "enforce-gtid-consistency": "OFF"}
"""Of MySQL: Debezium can be put to the beginning of a log by file and position alone."""

_COLUMNS = """(
    id bigint primary key, acct int not null, name text, amount decimal(12,2) not null,
    created datetime(6) not null, active bool not null, score double not null, doc json not null,
    status varchar(16) not null) character set utf8mb4"""
_ROW = """@k + g, (@k + g) % 1000,
    if((@k + g) % 5 = 0, null, concat('Név "', @k + g, '" Kovács')),
    ((@k + g) * 7 % 1000000) / 100.0, timestamp '2026-01-01 00:00:00' + interval (@k + g) * 1.000123 second,
    (@k + g) % 2 = 0, (@k + g) / 3e0, json_object('a', @k + g, 'b', 'x"y'), concat('status-', (@k + g) % 7)"""
_FIVE = "(select 0 g union all select 1 union all select 2 union all select 3 union all select 4) s"

_INSERT = f"insert into %s select {_ROW} from {_FIVE}"
_UPDATE = "update %s set acct = acct + 1, score = score * 1.5 where id between @k and @k + 3"
_DELETE = "delete from %s where id = @k + 4"


def _statement(text: str) -> str:
    """Return what runs a statement on the table whose name is in `target`."""
    quoted = text.replace("'", "''").replace("%s", "', target, '")
    return f"set @sql = concat('{quoted}'); prepare one from @sql; execute one; deallocate prepare one;"


_LOAD = f"""
create procedure load_changes(transactions int, tables int)
begin
    declare i int default 1;
    declare target varchar(20);
    while i <= transactions do
        set @k = i * 5;
        set target = if(tables = 0, '{CHANGES_TABLE}', concat('many', i % tables));
        start transaction;
        {_statement(_INSERT)}
        {_statement(_UPDATE)}
        {_statement(_DELETE)}
        commit;
        set i = i + 1;
    end while;
end"""


def make_backlog(server: MySQLServer, rows: int) -> None:
    """Make `rows` changes of one table, at the beginning of a new log."""
    server.execute("reset master")
    server.execute(f"create database {DATABASE} character set utf8mb4")
    server.execute(f"create table {CHANGES_TABLE} {_COLUMNS}", database=DATABASE)
    server.execute(_LOAD, database=DATABASE)
    _call(server, rows, 0)


def make_many(server: MySQLServer, rows: int, tables: int) -> None:
    """Make as many changes, each transaction's in the next of so many tables, in the next file of the log."""
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("flush binary logs")
        for number in range(tables):
            cursor.execute(f"create table many{number} {_COLUMNS}")
    _call(server, rows, tables)


def _call(server: MySQLServer, rows: int, tables: int) -> None:
    server.execute(f"call load_changes({rows // CHANGES_IN_TRANSACTION}, {tables})", database=DATABASE)


def make_snapshot_table(server: MySQLServer, rows: int) -> None:
    """Make the table `snap`, which is not in the log."""
    digits = "(select 0 d union all select " + " union all select ".join(map(str, range(1, 10))) + ")"
    powers = range(len(str(rows)))
    number = " + ".join(f"d{power}.d * {10**power}" for power in powers)
    source = " cross join ".join(f"{digits} d{power}" for power in powers)
    numbers = f"(select {number} g from {source}) s where g < {rows}"
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("set sql_log_bin = 0")
        cursor.execute("set @k = 1")
        cursor.execute(f"create table {SNAPSHOT_TABLE} {_COLUMNS}")
        cursor.execute(f"insert into {SNAPSHOT_TABLE} select {_ROW} from {numbers}")
        cursor.execute(f"analyze local table {SNAPSHOT_TABLE}")
