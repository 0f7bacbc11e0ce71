"""Config files of all three kinds become flat text; references are resolved late."""

from pathlib import Path

import pytest

from cdc.config_file import References, load_config, load_connector
from cdc.errors import ConfigError
from cdc.properties import decode_properties, parse_properties


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("a=b", "a", "b"),
        ("a: b", "a", "b"),
        ("a b c", "a", "b c"),
        ("  a \t= \t b  ", "a", "b  "),
        ("a", "a", ""),
        ("a==b", "a", "=b"),
        (r"a\ b\=\:c = d", "a b=:c", "d"),
        (r"a = \u00e9\t\n\q", "a", "é\t\nq"),
        ("a = one,\\\n    two", "a", "one,two"),
        ("a = one\\\\\nb = 2", "a", "one\\"),
        ("# no\n! no\n\na = # yes", "a", "# yes"),
        ("a = one\\\n# two", "a", "one# two"),
        ("a = 1\ra = 2\r\n", "a", "2"),
        ("a = end\\", "a", "end"),
    ],
)
def test_java_properties(line: str, name: str, value: str) -> None:
    assert parse_properties(line)[name] == value


def test_malformed_unicode_escape() -> None:
    with pytest.raises(ValueError, match="Malformed"):
        parse_properties(r"a = \u12")


def test_properties_in_latin_1() -> None:
    assert decode_properties("a=é".encode("latin-1")) == decode_properties("a=é".encode()) == "a=é"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_yaml_flattens_and_keeps_text_as_written(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "pg.yaml",
        """
connector.class: postgres
database:
  hostname: db
  port: 05432
  password: ${env:PGPASSWORD}
table.include.list: [public.a, public.b]
yes.no: yes
since: 2020-01-01
""",
    )
    assert load_connector(path) == {
        "name": "pg",
        "connector.class": "postgres",
        "database.hostname": "db",
        "database.port": "05432",
        "database.password": "${env:PGPASSWORD}",
        "table.include.list": "public.a,public.b",
        "yes.no": "yes",
        "since": "2020-01-01",
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x", "connector.class": "jdbc", "n": 1.50, "on": true, "gone": null}',
        '{"name": "x", "config": {"connector.class": "jdbc", "n": 1.50, "on": true}}',
    ],
)
def test_json_flat_and_as_connect_posts_it(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "c.json", text)
    assert load_connector(path) == {"name": "x", "connector.class": "jdbc", "n": "1.50", "on": "true"}


def test_properties_file(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "c.properties", "a.b = c\n")) == {"a.b": "c"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("c.properties", "a=b\r\nc=d\r\n"), ("c.yaml", "a: b\r\nc: d"), ("c.json", '{"a":"b","c":"d"}')],
)
def test_files_as_windows_writes_them(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_config(tmp_path / name) == {"a": "b", "c": "d"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "a: [", "is not YAML"),
        ("a.json", "{", "is not JSON"),
        ("a.yaml", "- a", "is not a map"),
        ("a.yaml", "a.b: 1\na: {b: 2}", "a.b is given twice"),
        ("a.yaml", "a: 1\nb: {c: 2, c: 2}", "c is given twice"),
        ("a.json", '{"a": 1, "a": 2}', "a is given twice"),
        ("a.yaml", "? [a]\n: b", "is not YAML"),
        ("a.yaml", "a: [[1]]", "a is a list of lists"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(write(tmp_path, name, text))
    assert name in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "none.yaml")


def test_references_are_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "${env:HOME}")
    secrets = write(tmp_path, "secrets.properties", "db.password=s3cret\n")
    write(tmp_path, "mounted", "from-file\n")
    raw = {
        "a": "x-${env:TOKEN}-y",
        "b": f"${{file:{secrets}:db.password}}",
        "c": f"${{directory:{tmp_path}:mounted}}",
        "d": f"${{vault:{secrets}:db.password}}",
        "plain": "$no {reference}",
    }
    worker = {
        "config.providers": "vault",
        "config.providers.vault.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
    }
    assert References(worker).resolve(raw) == {
        "a": "x-${env:HOME}-y",
        "b": "s3cret",
        "c": "from-file",
        "d": "s3cret",
        "plain": "$no {reference}",
    }
    assert raw["b"].startswith("${file:")


def test_what_cannot_be_resolved_stays_with_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    raw = {"a": "${env:CDC_NOT_SET}", "b": f"${{file:{tmp_path}/no:key}}", "c": "${nobody:x}"}
    assert References(warn=warnings.append).resolve(raw) == raw
    assert [warning.split(":")[0] for warning in warnings] == ["a", "b", "c"]
    assert "is not set" in warnings[0]
    assert "cannot be read" in warnings[1]
    assert "unknown provider (known: directory, env, file)" in warnings[2]
