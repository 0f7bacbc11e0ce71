"""Java client properties as librdkafka's: names, units and words that differ.

A property that is in no table here passes as it is: most names are the same in both clients, and
librdkafka's own names are welcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cdc.config import Warned
from cdc.errors import Problem
from cdc.transport.kafka import jaas, stores


@dataclass(slots=True)
class Translation:
    """librdkafka's settings, what is unusable, and what is ignored."""

    settings: dict[str, str] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)


def _kilobytes(text: str) -> str:
    return str(max(1, int(text) // 1024))


def _not_negative(text: str) -> str:
    return str(max(0, int(text)))


def _reset(text: str) -> str:
    return "error" if text.strip().lower() == "none" else text


def _assignors(text: str) -> str:
    names = {"Range": "range", "RoundRobin": "roundrobin", "CooperativeSticky": "cooperative-sticky"}
    simple = [name.strip().rsplit(".", 1)[-1].removesuffix("Assignor") for name in text.split(",")]
    # StickyAssignor has no twin; range keeps the contract of eager rebalancing.
    return ",".join(dict.fromkeys(names.get(name, "range" if name == "Sticky" else name) for name in simple))


def _identification(text: str) -> str:
    return text.strip().lower() or "none"


def _same(text: str) -> str:
    return text


RENAMED: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "buffer.memory": ("queue.buffering.max.kbytes", _kilobytes),
    "max.request.size": ("message.max.bytes", _same),
    "send.buffer.bytes": ("socket.send.buffer.bytes", _not_negative),
    "receive.buffer.bytes": ("socket.receive.buffer.bytes", _not_negative),
    "compression.gzip.level": ("compression.level", _same),
    "compression.lz4.level": ("compression.level", _same),
    "compression.zstd.level": ("compression.level", _same),
    "fetch.max.wait.ms": ("fetch.wait.max.ms", _same),
    "auto.offset.reset": ("auto.offset.reset", _reset),
    "partition.assignment.strategy": ("partition.assignment.strategy", _assignors),
    "ssl.endpoint.identification.algorithm": ("ssl.endpoint.identification.algorithm", _identification),
    "sasl.kerberos.min.time.before.relogin": ("sasl.kerberos.min.time.before.relogin", _same),
}
"""Java name → librdkafka's name, and how the value changes."""

_IGNORED = frozenset(
    (
        "auto.include.jmx.reporter",
        "batch.max.bytes",
        "default.api.timeout.ms",
        "exclude.internal.topics",
        "interceptor.classes",
        "internal.leave.group.on.close",
        "key.deserializer",
        "key.serializer",
        "max.block.ms",
        "max.poll.records",
        "metadata.max.idle.ms",
        "metadata.recovery.strategy",
        "metric.reporters",
        "metrics.num.samples",
        "metrics.recording.level",
        "metrics.sample.window.ms",
        "partitioner.adaptive.partitioning.enable",
        "partitioner.availability.timeout.ms",
        "sasl.kerberos.kinit.cmd.jaas",
        "sasl.login.refresh.buffer.seconds",
        "sasl.login.refresh.min.period.seconds",
        "sasl.login.refresh.window.factor",
        "sasl.login.refresh.window.jitter",
        "security.providers",
        "ssl.enabled.protocols",
        "ssl.keymanager.algorithm",
        "ssl.protocol",
        "ssl.provider",
        "ssl.secure.random.implementation",
        "ssl.trustmanager.algorithm",
        "value.deserializer",
        "value.serializer",
    )
)
"""They tune the Java client's inside; leaving them out changes nothing that is promised."""

_SILENT = frozenset(
    ("key.serializer", "value.serializer", "key.deserializer", "value.deserializer", "max.poll.records")
)

_JAVA_ONLY: Mapping[str, str] = {
    "ssl.engine.factory.class": "give the certificates as PEM files (ssl.truststore.location …)",
    "sasl.client.callback.handler.class": "use PLAIN, SCRAM or OAUTHBEARER",
    "sasl.oauthbearer.jwks.endpoint.url": "it belongs to the broker",
}

_DEFAULT_PARTITIONERS = ("DefaultPartitioner", "UniformStickyPartitioner")
_OAUTH_HANDLER = "OAuthBearerLoginCallbackHandler"


def translate(properties: Mapping[str, str], role: str) -> Translation:
    """Return the librdkafka settings of a client (`producer`, `consumer` or `admin`).

    Problems never quote a value: it may be a secret.
    """
    result = Translation()
    stores.translate(properties, result.settings, result.problems, result.warnings)
    for name, text in properties.items():
        if name in stores.NAMES:
            continue
        if name in _IGNORED:
            if name not in _SILENT:
                result.warnings.append(Warned(name, f"{name} has no meaning here and is ignored"))
        elif name in _JAVA_ONLY:
            result.problems.append(Problem(name, f"{name} works in Java only: {_JAVA_ONLY[name]}"))
        elif name in _WORDS:
            _WORDS[name](text, result)
        else:
            _rename(name, text, result)
    return result


def _rename(name: str, text: str, result: Translation) -> None:
    ours, change = RENAMED.get(name, (name, _same))
    try:
        result.settings[ours] = change(text.strip())
    except ValueError:
        result.problems.append(Problem(name, f"{name} must be a whole number"))


def _login(text: str, result: Translation) -> None:
    if not text.strip():
        return
    try:
        result.settings.update(jaas.settings(jaas.parse(text)))
    except ValueError as error:
        result.problems.append(Problem("sasl.jaas.config", f"sasl.jaas.config cannot be used: {error}"))


def _login_handler(text: str, result: Translation) -> None:
    if text.strip().rsplit(".", 1)[-1] == _OAUTH_HANDLER:
        result.settings["sasl.oauthbearer.method"] = "oidc"
        return
    name = "sasl.login.callback.handler.class"
    result.problems.append(
        Problem(name, f"{name} {text.strip()} exists in Java only: use PLAIN, SCRAM or OIDC")
    )


def _token_endpoint(text: str, result: Translation) -> None:
    result.settings |= {"sasl.oauthbearer.token.endpoint.url": text, "sasl.oauthbearer.method": "oidc"}


def _partitioner(text: str, result: Translation) -> None:
    if text.strip().rsplit(".", 1)[-1] not in _DEFAULT_PARTITIONERS:
        message = f"partitioner.class {text.strip()} exists in Java only: use librdkafka's 'partitioner'"
        result.problems.append(Problem("partitioner.class", message))


_WORDS: Mapping[str, Callable[[str, Translation], None]] = {
    "sasl.jaas.config": _login,
    "sasl.login.callback.handler.class": _login_handler,
    "sasl.oauthbearer.token.endpoint.url": _token_endpoint,
    "partitioner.class": _partitioner,
}
