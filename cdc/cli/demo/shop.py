"""The demo's shop: its tables, what is in it at first, and what its customers do."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

TABLES = ("customers", "products", "orders", "order_items", "visits")

SCHEMA = """
create type order_status as enum ('new', 'paid', 'shipped', 'returned');
create table customers (
    id bigint generated always as identity primary key,
    name text not null,
    email varchar(200) not null unique,
    vip boolean not null default false,
    born date,
    preferences jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create table products (
    sku text primary key,
    name text not null,
    description text,
    price numeric(10,2) not null,
    weight double precision,
    stock integer not null,
    ean bytea,
    changed_at timestamp not null default localtimestamp
);
create table orders (
    id uuid primary key,
    customer_id bigint not null references customers,
    status order_status not null default 'new',
    total numeric(12,2),
    deliver_on date,
    deliver_at time,
    placed_at timestamptz not null default now()
);
create table order_items (
    order_id uuid references orders on delete cascade,
    line smallint,
    sku text not null references products on update cascade,
    quantity integer not null,
    price numeric not null,
    primary key (order_id, line)
);
create table visits (id bigint generated always as identity primary key, seen_at timestamptz default now());
"""
# Descriptions are long and do not compress, so that PostgreSQL keeps them apart from their rows
# (TOAST) and does not log them again with every new price.
SEED = """
insert into customers (name, email, vip, born, preferences)
    select 'Customer ' || n, 'c' || n || '@example.com', n % 10 = 0,
           case when n % 3 > 0 then date '1950-01-01' + n * 37 end,
           jsonb_build_object('news', n % 2 = 0, 'sizes', jsonb_build_array(n % 5, 'L'), 'näme', '"' || n)
    from generate_series(1, 500) n;
insert into products (sku, name, description, price, weight, stock, ean)
    select 'P-' || n, 'Thing № ' || n,
           case when n % 2 = 0 then
               (select string_agg(md5(n || '.' || part), '') from generate_series(1, 120) part) end,
           (n * 7 % 9000) / 100.0, case when n % 4 > 0 then n / 7.0 end, 1000, decode(md5(n::text), 'hex')
    from generate_series(1, 200) n;
insert into orders (id, customer_id, status, total, deliver_on, deliver_at)
    select gen_random_uuid(), 1 + n % 500, 'paid', n / 10.0, date '2026-01-01' + n % 30,
           time '08:30' + n * interval '1 s'
    from generate_series(1, 1000) n;
insert into order_items
    select id, line, 'P-' || 1 + (line * 31 + customer_id) % 200, line, line * 1.10
    from orders, generate_series(1, 3) line;
"""


class Shopper:
    """One connection to the shop that does what customers do, a transaction at a time.

    Shoppers share products and customers, but not orders: each changes and deletes its own.
    """

    def __init__(self, connection: Connection, seed: int) -> None:
        self.rows: Counter[str] = Counter()
        self.transactions = 0
        self._connection, self._random = connection, random.Random(seed)
        self._orders: list[str] = []
        self._serial = seed * 1_000_000
        self._acts: list[Callable[[], None]] = [
            *[self._order] * 5,
            *[self._pay] * 3,
            self._cancel,
            self._reprice,
            self._join,
            self._edit,
            self._rename,
        ]

    def act(self) -> None:
        """Do one thing, in one transaction of a few rows; on a deadlock, do nothing."""
        import psycopg

        try:
            with self._connection.transaction():
                self._random.choice(self._acts)()
            self.transactions += 1
        except psycopg.errors.DeadlockDetected:
            pass

    def _run(self, kind: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement, values)
        self.rows[kind] += cursor.rowcount
        return cursor.fetchall() if cursor.description else []

    def _order(self) -> None:
        insert = (
            "insert into orders (id, customer_id, deliver_on, deliver_at)"
            " values (gen_random_uuid(), %s, current_date + 3, localtime) returning id::text"
        )
        [(order,)] = self._run("insert", insert, self._random.randint(1, 500))
        lines = self._random.randint(1, 4)
        for line in range(1, lines + 1):
            price = Decimal(self._random.randint(1, 10**6)).scaleb(-self._random.randint(0, 6))
            item = (
                "insert into order_items select %s, %s, sku, %s, %s"
                " from products order by md5(sku || %s) limit 1"
            )
            self._run(
                "insert", item, order, line, self._random.randint(1, 9), price, str(self._random.random())
            )
        self._orders.append(order)

    def _pay(self) -> None:
        update = (
            "update orders set status = (array['paid', 'shipped', 'returned'])[%s]::order_status,"
            " total = (select sum(quantity * price)::numeric(12,2) from order_items where order_id = id)"
            " where id = any(%s::uuid[])"
        )
        self._run("update", update, self._random.randint(1, 3), self._some(3))

    def _cancel(self) -> None:
        for order in self._some(1):
            self._orders.remove(order)
            self._run("delete", "delete from order_items where order_id = %s", order)
            self._run("delete", "delete from orders where id = %s", order)

    def _reprice(self) -> None:
        update = (
            "update products set price = price + 0.01, stock = stock - 1, changed_at = localtimestamp"
            " where sku = any(select sku from products order by md5(sku || %s) limit 3)"
        )
        self._run("update", update, str(self._random.random()))

    def _join(self) -> None:
        self._serial += 1
        insert = "insert into customers (name, email, preferences) values (%s, %s, '{\"new\": [true, null]}')"
        self._run("insert", insert, "Zoë \\ O'Neil\n", f"z{self._serial}@example.com")

    def _edit(self) -> None:
        update = "update customers set vip = not vip, preferences = preferences || %s where id = %s"
        self._run("update", update, f'{{"visits": {self._serial}}}', self._random.randint(1, 500))

    def _rename(self) -> None:
        """Change a primary key: the row's events are a delete and a create."""
        self._serial += 1
        insert = "insert into products values (%s, 'Limited', null, 9.99, null, 5, null)"
        self._run("insert", insert, f"L-{self._serial}")
        update = "update products set sku = 'X' || sku where sku = %s"
        self._run("update", update, f"L-{self._serial}")

    def _some(self, most: int) -> list[str]:
        return self._random.sample(self._orders, min(most, len(self._orders)))


def open_shop(connection: Connection) -> None:
    """Make the tables and fill them."""
    connection.execute(SCHEMA)
    connection.execute(SEED)
