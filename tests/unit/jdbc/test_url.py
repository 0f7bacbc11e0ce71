"""Connection URLs of the JDBC sink."""

import pytest

from cdc.config import Secret
from cdc.errors import ConfigError
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.tls import DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY, Tls
from sinks.jdbc.url import parse


def test_jdbc_urls() -> None:
    target = parse("jdbc:postgresql://db:5433/shop?user=me&password=s3&ssl=true&currentSchema=x&foo=1")
    assert (target.dialect, target.host, target.port, target.database) == ("postgresql", "db", 5433, "shop")
    assert (target.username, target.password and target.password.reveal()) == ("me", "s3")
    assert target.query == {"sslmode": "require", "options": "-c search_path=x"}
    assert target.ignored == ("foo",)
    target = parse("jdbc:mysql://h/db?sslMode=VERIFY_CA&connectTimeout=3000&useUnicode=true")
    assert (target.query, target.tls, target.ignored) == (
        {"connect_timeout": "3"},
        Tls(VERIFY_CA),
        ("useUnicode",),
    )
    assert parse("jdbc:sqlite:/tmp/a%20b.db").database == "/tmp/a b.db"
    assert parse("jdbc:mariadb://[::1]:3307/db").host == "::1"


def test_sqlalchemy_urls() -> None:
    target = parse("postgresql+psycopg://u:p%40ss@host/db?sslmode=disable")
    assert (target.username, target.password and target.password.reveal()) == ("u", "p@ss")
    assert target.query == {"sslmode": "disable"}
    assert parse("sqlite:////abs/x.db").database == "/abs/x.db"
    assert parse("sqlite:///rel.db").database == "rel.db"


@pytest.mark.parametrize(
    ("parameters", "tls"),
    [
        ("", Tls(PREFERRED)),
        ("sslMode=DISABLED", Tls(DISABLED)),
        ("sslMode=REQUIRED&serverSslCert=/ca", Tls(REQUIRED, "/ca")),
        ("sslMode=trust", Tls(REQUIRED)),
        ("sslMode=verify-ca&serverSslCert=/ca", Tls(VERIFY_CA, "/ca")),
        ("sslMode=verify-full", Tls(VERIFY_IDENTITY)),
        ("useSSL=false", Tls(DISABLED)),
        ("useSSL=true&requireSSL=true", Tls(REQUIRED)),
        ("ssl_disabled=true", Tls(DISABLED)),
        ("ssl_verify_cert=false", Tls(REQUIRED)),
        ("ssl_verify_cert=true&ssl_ca=/ca", Tls(VERIFY_CA, "/ca")),
        ("ssl_verify_identity=true&ssl_verify_cert=true", Tls(VERIFY_IDENTITY)),
        ("ssl_ca=/ca", Tls(VERIFY_IDENTITY, "/ca")),
        ("ssl_ca=/ca&ssl_check_hostname=false", Tls(VERIFY_CA, "/ca")),
        ("ssl_cert=/c&ssl_key=/k", Tls(REQUIRED, cert="/c", key="/k")),
    ],
)
def test_modes_of_tls(parameters: str, tls: Tls) -> None:
    for url in (f"jdbc:mysql://h/db?{parameters}", f"mariadb+pymysql://h/db?{parameters}"):
        target = parse(url)
        assert (target.tls, target.query, target.ignored) == (tls, {}, ())


def test_an_unknown_mode_of_tls() -> None:
    for wrong, told in (("sslMode=sometimes", "is unknown"), ("ssl_capath=/x", "cannot be used")):
        with pytest.raises(ConfigError, match=f"{wrong.partition('/')[0].rstrip('=')}.* {told}"):
            JdbcSinkConfig({"connection.url": f"jdbc:mysql://h/db?{wrong}"})


def test_options_win_over_the_url() -> None:
    target = parse("jdbc:postgresql://a:b@h/d", "me", Secret("other"))
    assert target.connect_arguments()["username"] == "me"
    assert target.connect_arguments()["password"] == "other"


@pytest.mark.parametrize(
    "bad", ["jdbc:oracle:thin:@x", "postgres", "jdbc:postgresql:db", "jdbc:mysql://h:port/x"]
)
def test_bad_urls(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"connection\.url"):
        JdbcSinkConfig({"connection.url": bad})


def test_secrets_are_not_shown() -> None:
    for url in ("postgresql://u:hunter2@h/db", "jdbc:mysql://h/db?user=u&password=hunter2"):
        config = JdbcSinkConfig({"connection.url": url, "connection.password": "hunter2"})
        for shown in (
            repr(config),
            str(config.connection_url),
            f"{config.connection_url}",
            repr(config.target),
        ):
            assert "hunter2" not in shown
        assert config.target.password is not None
        assert config.target.password.reveal() == "hunter2"


def test_options_of_both_families() -> None:
    base = {"connection.url": "jdbc:sqlite:/x"}
    confluent = JdbcSinkConfig({**base, "pk.mode": "record_value", "pk.fields": "a,b", "auto.create": "true"})
    assert (confluent.key_mode, confluent.key_fields) == ("record_value", ("a", "b"))
    assert (confluent.may_create, confluent.may_add) == (True, False)
    assert JdbcSinkConfig(base).may_add
    assert not JdbcSinkConfig({**base, "schema.evolution": "none"}).may_create
    for wrong in (
        {"pk.mode": "record_value"},
        {"pk.mode": "none", "insert.mode": "upsert"},
        {"use.time.zone": "Mars/Olympus"},
        {"field.include.list": "a", "field.exclude.list": "b"},
        {"delete.enabled": "true", "pk.mode": "none"},
    ):
        with pytest.raises(ConfigError):
            JdbcSinkConfig({**base, **wrong})
