import hashlib
from typing import Any

import pytest

from cdc.formats.json.payload import Dumpers
from cdc.relational.column_type import ColumnType, function
from cdc.relational.masks import Hash, Mask, Stars, Truncate
from cdc.sources.postgres.types import Kind, Modes, TypeInfo, resolve

MODES = Modes()
DUMPERS = Dumpers(numeric_decimals=False, defaults_for_null=False)


def masked(mask: Mask, name: str, typmod: int = -1) -> ColumnType:
    found = resolve(TypeInfo(1, name), typmod, MODES)
    assert found is not None
    return mask.apply(found)


def both(column_type: ColumnType, text: str) -> Any:
    """Return the value, once its JSON is seen to say the same."""
    wire = text.encode().decode("latin-1")
    value = function(column_type.codec.value, column_type.codec.scope)(wire)
    assert column_type.codec.json is not None
    written = function(column_type.codec.json, column_type.codec.scope)(wire).encode("latin-1").decode()
    assert written == DUMPERS.of(column_type.schema)(value) or not value.isascii()
    return value


def test_stars() -> None:
    column_type = masked(Stars(5), "text")
    assert both(column_type, "secret") == "*****"
    assert both(masked(Stars(0), "varchar"), "secret") == ""
    assert column_type.schema.parameter("masked") == "true"


# As MaskStrings of Debezium 3.6.3 hashes "héllo" with this salt.
V1 = "24dd32d5ef619cdaa95fa8cb7469b7a8ff7a9eb3725f5c192981611686bad199"
V2 = "220454070f506fdb6a273d9116544231664fa8b5bd506bee8a64694c4bc7f9f7"


@pytest.mark.parametrize(("version", "digest"), [(1, V1), (2, V2)])
def test_hashes_are_debeziums(version: int, digest: str) -> None:
    mask = Hash("SHA-256", "salt", version)
    assert both(masked(mask, "text"), "héllo") == digest
    assert both(masked(mask, "varchar", 24), "héllo") == digest[:20]


def test_version_1_is_modified_utf_8() -> None:
    written = b"\xac\xed\x00\x05t\x00\x06\xed\xa0\xbd\xed\xb8\x80"
    digest = hashlib.md5(b"s" + written).hexdigest()
    assert both(masked(Hash("MD5", "s", 1), "text"), "\U0001f600") == digest


def test_version_1_of_a_long_string() -> None:
    written = b"\xac\xed\x00\x05\x7c" + (70000).to_bytes(8, "big") + b"x" * 70000
    assert both(masked(Hash("SHA-1", "", 1), "text"), "x" * 70000) == hashlib.sha1(written).hexdigest()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-1", "SHA-224", "SHA-512", "SHA-512/256", "SHA3-256"])
def test_javas_names_of_algorithms(algorithm: str) -> None:
    assert both(masked(Hash(algorithm, "s"), "text"), "a")


def test_an_unknown_algorithm() -> None:
    with pytest.raises(ValueError, match="unsupported hash type"):
        Hash("NOPE-1", "s")


@pytest.mark.parametrize(
    ("length", "text", "want"),
    [
        (3, "abcde", "abc"),
        (5, "abc", "abc"),
        (0, "abc", ""),
        (2, "éàü", "éà"),
        (3, "a\U0001f600\U0001f600", "a\U0001f600"),
        (2, "a\U0001f600\U0001f600", "a"),
    ],
)
def test_truncation_counts_as_java_but_keeps_characters_whole(length: int, text: str, want: str) -> None:
    column_type = masked(Truncate(length), "text")
    assert both(column_type, text) == want
    assert column_type.schema.parameter("truncateLength") == str(length)


def test_truncation_of_octets() -> None:
    column_type = masked(Truncate(2), "bytea")
    codec = column_type.codec
    assert function(codec.value, codec.scope)("\\x010203") == b"\1\2"
    assert codec.json is not None
    assert function(codec.json, codec.scope)("\\x010203") == '"AQI="'


def test_the_elements_of_arrays_are_masked() -> None:
    info = TypeInfo(2, "_text", kind=Kind.ARRAY, element=TypeInfo(1, "text"))
    found = resolve(info, -1, MODES)
    assert found is not None
    column_type = Stars(2).apply(found)
    assert function(column_type.codec.value, column_type.codec.scope)("{a,NULL}") == ["**", None]
    assert column_type.schema.parameter("masked") == "true"


@pytest.mark.parametrize("name", ["int4", "jsonb", "uuid", "timestamptz"])
def test_what_is_no_character_column_is_marked_only(name: str) -> None:
    plain = resolve(TypeInfo(1, name), -1, MODES)
    assert plain is not None
    mask = Stars(3)
    assert not mask.covers(plain)
    assert mask.apply(plain).codec == plain.codec
