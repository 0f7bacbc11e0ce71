"""Random values of many types, without those that docs/differences.md is about."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

Make = Callable[[random.Random], str]
"""Returns a literal without its cast, as text."""

_LETTERS = "abcXYZ 019_'\"\\\n\t{}[](),:;%$é☃𝄞"


def text(chance: random.Random, longest: int = 30) -> str:
    """Return any text."""
    return "".join(chance.choices(_LETTERS, k=chance.randrange(longest + 1)))


def _integer(bits: int) -> Make:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    return lambda chance: str(chance.choice((low, high, 0, -1, chance.randint(low, high))))


def _number(digits: int, scale: int) -> Make:
    def make(chance: random.Random) -> str:
        whole = chance.randrange(10 ** (digits - scale))
        return f"{chance.choice(('', '-'))}{whole}.{chance.randrange(10**scale):0{scale}}"

    return make


def _eighths(chance: random.Random) -> str:
    return str(chance.randrange(-(10**6), 10**6) / 8)


def _moment(chance: random.Random) -> datetime:
    return datetime(1700, 1, 1) + timedelta(microseconds=chance.randrange(15 * 10**15))


def _array(make: Make) -> Make:
    def quoted(chance: random.Random) -> str:
        escaped = make(chance).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    return lambda chance: "{" + ",".join(quoted(chance) for _ in range(chance.randrange(4))) + "}"


def _document(chance: random.Random) -> str:
    value: dict[str, object] = {
        text(chance, 5) or "k": chance.choice((1, -2, None, True, "é☃", [1, {}], {"a": []}))
    }
    return json.dumps(value, ensure_ascii=chance.random() < 0.5)


def _bits(length: int) -> Make:
    return lambda chance: "".join(chance.choices("01", k=length))


def _clock(chance: random.Random) -> str:
    return _moment(chance).strftime("%H:%M:%S.%f")


def _interval(chance: random.Random) -> str:
    parts = (chance.randrange(-90, 90), chance.randrange(-11, 11), chance.randrange(-28, 28))
    return "{} years {} mons {} days {} seconds".format(*parts, chance.randrange(-86000, 86000))


def _range(chance: random.Random) -> str:
    low = chance.randrange(-100, 100)
    return f"[{low},{low + chance.randrange(1, 50)})"


TYPES: Mapping[str, Make] = {
    "smallint": _integer(16),
    "integer": _integer(32),
    "bigint": _integer(64),
    "real": _eighths,
    "double precision": _eighths,
    "numeric(12,4)": _number(12, 4),
    "numeric(38,10)": _number(38, 10),
    "numeric(9,0)": lambda chance: str(chance.randrange(-(10**9) + 1, 10**9)),
    "numeric": _number(20, 6),
    "money": lambda chance: f"{chance.randrange(-(10**6), 10**6)}.{chance.randrange(100):02}",
    "boolean": lambda chance: chance.choice(("t", "f")),
    "text": text,
    "varchar(40)": text,
    "char(8)": lambda chance: "".join(chance.choices("abé ", k=chance.randrange(9))),
    "citext": text,
    "bytea": lambda chance: "\\x" + chance.randbytes(chance.randrange(20)).hex(),
    "date": lambda chance: _moment(chance).strftime("%Y-%m-%d"),
    "time": _clock,
    "time(3)": _clock,
    "timetz": lambda chance: _clock(chance) + chance.choice(("+00", "+05:30", "-08")),
    "timestamp": lambda chance: _moment(chance).isoformat(),
    "timestamp(0)": lambda chance: _moment(chance).isoformat(),
    "timestamp(3)": lambda chance: _moment(chance).isoformat(),
    "timestamptz": lambda chance: _moment(chance).isoformat() + chance.choice(("+00", "+02", "-11:30")),
    "interval": _interval,
    "uuid": lambda chance: str(uuid.UUID(int=chance.getrandbits(128))),
    "json": _document,
    "jsonb": _document,
    "xml": lambda chance: f"<a b='{chance.randrange(9)}'>é☃</a>",
    "inet": lambda chance: f"10.{chance.randrange(256)}.0.1/{chance.randrange(8, 33)}",
    "cidr": lambda chance: f"10.{chance.randrange(256)}.0.0/16",
    "macaddr": lambda chance: ":".join(f"{b:02x}" for b in chance.randbytes(6)),
    "bit(1)": _bits(1),
    "bit(12)": _bits(12),
    "varbit(20)": lambda chance: "1" + _bits(chance.randrange(19))(chance),
    "point": lambda chance: f"({_eighths(chance)},{_eighths(chance)})",
    "int4range": _range,
    "mood": lambda chance: chance.choice(("sad", "so so", "é☃", "{}")),
    "ltree": lambda chance: f"a.b{chance.randrange(9)}",
    "hstore": lambda chance: f'"k{chance.randrange(9)}"=>"v\'é", "n"=>NULL',
    "integer[]": _array(_integer(32)),
    "bigint[]": _array(_integer(64)),
    "text[]": _array(text),
    "boolean[]": _array(lambda chance: chance.choice(("t", "f"))),
    "uuid[]": _array(lambda chance: str(uuid.UUID(int=chance.getrandbits(128)))),
    "numeric(10,2)[]": _array(_number(10, 2)),
    "timestamptz[]": _array(lambda chance: _moment(chance).isoformat() + "+00"),
    "date[]": _array(lambda chance: _moment(chance).strftime("%Y-%m-%d")),
}
