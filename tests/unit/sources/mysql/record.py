"""Record the binary logs in `data` from real servers: `python -m tests.unit.sources.mysql.record`.

`mysql97-tagged.bin` came from a MySQL 9.7 by `SMALL` and `TAGGED`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pymysql

from tests.servers.mariadb import MariaDBServer
from tests.servers.mysql import MySQLServer

DATA = Path(__file__).parent / "data"

SMALL = """
drop database if exists small
create database small
use small
create table t (a int primary key, b varchar(10), j json)
insert into t values (1,'x','{"a": 1, "b": [1,2,3]}'),(2,'y',null)
update t set b='z' where a=1
delete from t where a=2
"""

TAGGED = """
create table v (a int primary key, v vector(3))
insert into v values (1, string_to_vector('[1,2,3]'))
set gtid_next='automatic:nightly'
insert into v values (2,null)
insert into v values (4,null)
set gtid_next='automatic'
insert into v values (3,null)
"""

KINDS = """
create database shop character set utf8mb4
use shop
create table kinds (id int unsigned primary key, t tinyint, y year, b bigint unsigned not null, \
m mediumint, f float, d double, n decimal(12,3), v varchar(20) character set latin1, c char(200), \
w varchar(300), x varbinary(9), bl blob, tx text, e enum('a','é') , s set('p','q','r'), bi bit(11), \
da date, dt datetime(3), ti time(1), ts timestamp(6) null, j json, g point, hidden int default 5 MORE)
insert into kinds values (1,-1,2024,18446744073709551615,-5,1.5,2.5,-12.345,'é','ü','w',x'00ff','blob',\
'text','é','p,r',b'10000000001','2024-02-29','2024-02-29 12:30:45.678','-12:00:00.5',\
'2024-02-29 12:30:45.123456','{"a": [1, "x"]}',point(1,2),null VALUES)
insert into kinds (id,b) values (2,0),(3,1)
update kinds set t=7,tx=repeat('long ',100) where id in (1,2)
delete from kinds where id=3
create table pairs (a int, b varchar(10), c int, primary key (a, b(4)))
insert into pairs values (1,'x',1)
begin
insert into pairs values (2,'y',2)
savepoint one
insert into pairs values (3,'z',3)
rollback to one
insert into kinds (id,b) values (4,4)
commit
begin
insert into pairs values (4,'t',4)
create temporary table passing (a int)
savepoint two
insert into pairs values (5,'u',5)
rollback to two
insert into pairs values (6,'v',6)
commit
begin
insert into pairs values (7,'w',7)
create temporary table passing2 (a int)
rollback
xa start 'gone','b',7
insert into pairs values (10,'xa',0)
xa end 'gone','b',7
xa prepare 'gone','b',7
xa rollback 'gone','b',7
xa start 'kept'
insert into pairs values (11,'xa',0)
xa end 'kept'
xa prepare 'kept'
other insert into pairs values (12,'mid',0)
xa commit 'kept'
xa start 'once'
insert into pairs values (13,'xa',0)
xa end 'once'
xa commit 'once' one phase
create table plain (a int) engine=myisam
insert into plain values (1)
create table copy select * from pairs
set names latin1
alter table pairs comment 'café'
set names utf8mb4
set sql_mode='ANSI_QUOTES', time_zone='+02:00'
alter table pairs add column "d ä" int
insert into pairs values (30,'new',1,2)
truncate table pairs
rename table copy to copied, plain to plainer
drop table copied, plainer
"""
_MARIADB_KINDS = KINDS.replace(
    "MORE",
    ", u uuid null, i4 inet4 null, i6 inet6 null, zc text compressed null, zv varchar(100) compressed null",
).replace("VALUES", ",'123e4567-e89b-12d3-a456-426614174000','1.2.3.4','::1','zzz','vvv'")
_MYSQL_KINDS = KINDS.replace(" MORE", "").replace(" VALUES", "")
_MANY = "insert into t with recursive n as (select 10 a union all select a+1 from n where a<400) "


def record(server: MySQLServer, name: str, statements: str, before: Sequence[str] = ()) -> None:
    """Run statements, one a line, and keep the log of them."""
    with server.connect() as connection, connection.cursor() as cursor:
        for setting in [*before, "set timestamp=1700000000", "flush binary logs", "show master status"]:
            cursor.execute(setting)
        row = cursor.fetchone()
        assert row is not None
        for statement in statements.strip().splitlines():
            if statement.startswith("other "):
                server.execute(statement.removeprefix("other "), database="shop")
            else:
                _run(connection, statement)
        cursor.execute("flush binary logs")
    DATA.mkdir(exist_ok=True)
    shutil.copy(server.data / row[0], DATA / name)
    (DATA / name).chmod(0o644)


def _run(connection: pymysql.Connection, statement: str) -> None:
    if statement.startswith("set names"):
        connection.set_character_set(statement.split()[-1])
    else:
        connection.query(statement)


def main() -> None:
    """Record all but MySQL 9.7's."""
    mysql, mariadb = MySQLServer().start(), MariaDBServer().start()
    many = _MANY + "select a,'row',concat('\"',repeat('x',50),'\"') from n"
    record(
        mysql,
        "mysql80-full.bin",
        _MYSQL_KINDS,
        ["set session binlog_rows_query_log_events=on"],
    )
    record(
        mysql,
        "mysql80-payload.bin",
        SMALL + many,
        ["set session binlog_transaction_compression=on"],
    )
    record(
        mysql,
        "mysql80-partial-json.bin",
        SMALL + "update t set j=json_set(j,'$.a',7,'$.b[1]',9) where a=1",
        ["set session binlog_row_value_options='PARTIAL_JSON'"],
    )
    short = ["set global binlog_row_metadata=minimal", "set session binlog_row_image=minimal"]
    record(mysql, "mysql80-minimal.bin", SMALL, short)
    record(mysql, "mysql80-nocrc.bin", SMALL, ["set global binlog_checksum=none"])
    record(mariadb, "mariadb1011-full.bin", _MARIADB_KINDS)
    record(mariadb, "mariadb1011-statement.bin", SMALL, ["set session binlog_format=statement"])
    compress = ["set global log_bin_compress=on", "set global log_bin_compress_min_len=10"]
    record(mariadb, "mariadb1011-compressed.bin", SMALL + many, compress)
    record(mariadb, "mariadb1011-nocrc.bin", SMALL, ["set global binlog_checksum=none"])
    mysql.stop()
    mariadb.stop()
    newer = MariaDBServer("11.4").start()
    record(newer, "mariadb114-full.bin", _MARIADB_KINDS)
    newer.stop()


if __name__ == "__main__":
    main()
