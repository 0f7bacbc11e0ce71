"""Options of converters."""

from __future__ import annotations

from collections.abc import Iterable

from cdc import config as options
from cdc.config import Config, Importance, Kind, Options
from cdc.errors import ConfigError, Problem
from cdc.sources.mysql.converters import converters

_OWN = (
    r"[\w-]+\.(?:type|selector|selector\.(?:boolean|real|string)|treat\.real\.as\.double"
    r"|length\.checker|target\.types"
    r"|fallback\.(?:date|datetime|timestamp)|column\..+\.fallback)"
)


class ConverterOptions(Config):
    """Which converters there are; their own options are theirs (`cdc.sources.mysql.converters`)."""

    converters = options.names(
        "converters",
        doc="Names for converters of single columns; what each is and does is in options that begin with its "
        "name: `<converter>.type`, `<converter>.selector` …",
        group="Types",
        importance=Importance.LOW,
    )
    converter_options = Options(
        "<converter>.<option>",
        f"({_OWN})",
        Kind.STRING,
        str,
        doc="`type` is the class TinyIntOneToBooleanConverter (`selector`, `length.checker`), "
        "ZeroDateFallbackConverter (`selector`, `target.types`, `fallback.date`, `fallback.datetime`, "
        "`fallback.timestamp`, `column.<column>.fallback`) or JdbcSinkDataTypesConverter "
        "(`selector.boolean`, `selector.real`, `selector.string`, `treat.real.as.double`) of "
        "io.debezium.connector.binlog.converters.",
        group="Types",
        importance=Importance.LOW,
    )

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong with converters."""
        yield from super().check()
        try:
            converters(self, self.converters)
        except ConfigError as error:
            yield from error.problems
