"""Config files: YAML, JSON or .properties become a flat mapping of dotted names to text.

Values stay text exactly as written (`yes`, `0755`, `1_000`): options know their types. References
such as `${env:NAME}` stay as they are here; `References` resolves them where a task starts.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cdc.errors import ConfigError, Problem
from cdc.properties import decode_properties, parse_properties

REFERENCE = re.compile(r"\$\{([^}]*?):(([^}]*?):)?([^}]*?)\}")
"""`${provider:key}` or `${provider:path:key}` (Kafka's ConfigTransformer)."""

PROVIDERS = ("env", "file", "directory")
_JAVA_PROVIDERS = {
    "EnvVarConfigProvider": "env",
    "FileConfigProvider": "file",
    "DirectoryConfigProvider": "directory",
}

Warn = Callable[[str], None]


def load_config(path: str | Path) -> dict[str, str]:
    """Return the flat options of a file; raises ConfigError that names file and place.

    A file that ends in .json may be flat or Connect's `{"name": …, "config": {…}}`.
    """
    file = Path(path)
    try:
        return dict(flatten(_parse(file, file.read_bytes())))
    except OSError as error:
        raise _unusable(file, f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _unusable(file, str(error)) from None


def load_connector(path: str | Path) -> dict[str, str]:
    """Return a connector's options; its name is the file's stem where none is given."""
    options = load_config(path)
    options.setdefault("name", Path(path).stem)
    return options


def flatten(tree: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted names and text; lists are joined with commas, null is left out.

    Raises ValueError for a name that is given twice: nested, and dotted.
    """
    seen: set[str] = set()
    for name, text in _walk(tree, prefix):
        if name in seen:
            raise ValueError(f"{name} is given twice")
        seen.add(name)
        yield name, text


def _walk(tree: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _walk(value, f"{name}.")
        elif value is not None:
            yield name, _text(name, value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if any(isinstance(item, (list, Mapping)) for item in value):
            raise ValueError(f"{name} is a list of lists or maps: only plain values can be joined")
        return ",".join(_text(name, item) for item in value)
    return str(value)


def _parse(file: Path, data: bytes) -> Mapping[Any, Any]:
    suffix = file.suffix.lower()
    if suffix == ".properties":
        return parse_properties(decode_properties(data))
    tree = _json(data) if suffix == ".json" else _yaml(data)
    if not isinstance(tree, Mapping):
        raise ValueError("is not a map of options")
    config = tree.get("config")
    if isinstance(config, Mapping) and tree.keys() <= {"name", "config", "initial_state"}:
        return {**({"name": tree["name"]} if "name" in tree else {}), **config}
    return tree


def _json(data: bytes) -> Any:
    try:
        return json.loads(data, parse_int=str, parse_float=str, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from None


def _once(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name} is given twice")
        found[name] = value
    return found


def _yaml(data: bytes) -> Any:
    import yaml

    base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

    # The base loader makes no types: what is written is what the option gets to read.
    class Loader(base):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            _once((key.value, None) for key, _ in node.value if isinstance(key, yaml.ScalarNode))
            return super().construct_mapping(node, deep)

    try:
        tree = yaml.load(data, Loader=Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {error}") from None
    return {} if tree is None else tree


def _unusable(file: Path, why: str) -> ConfigError:
    return ConfigError([Problem("", f"{file} {why}")], subject=str(file))


class References:
    """Resolve `${…}` in option values; an unknown provider, file or key leaves the text as it is.

    worker: the worker's options; `config.providers` may add names for the three providers.
    warn: told about everything that could not be resolved.
    """

    def __init__(self, worker: Mapping[str, str] | None = None, warn: Warn = lambda message: None) -> None:
        self._warn = warn
        self._kinds = {name: name for name in PROVIDERS} | _declared(worker or {})
        self._files: dict[str, dict[str, str]] = {}

    def resolve(self, options: Mapping[str, str]) -> dict[str, str]:
        """Return the options with every reference replaced, once: what comes out is not looked at again."""
        return {
            name: REFERENCE.sub(lambda match: self._value(name, match), value) if "${" in value else value  # noqa: B023
            for name, value in options.items()
        }

    def _value(self, option: str, match: re.Match[str]) -> str:
        kind = self._kinds.get(match[1])
        path, key = match[3] or "", match[4]
        try:
            if kind == "env":
                return os.environ[key]
            if kind == "file":
                return self._file(path)[key]
            if kind == "directory":
                return Path(path, key).read_text().removesuffix("\n")
        except KeyError:
            self._warn(f"{option}: {match[0]} is not set, the text stays as it is")
        except (OSError, ValueError) as error:
            self._warn(f"{option}: {match[0]} cannot be read ({error}), the text stays as it is")
        else:
            known = ", ".join(sorted(self._kinds))
            self._warn(f"{option}: {match[0]} names an unknown provider (known: {known})")
        return match[0]

    def _file(self, path: str) -> dict[str, str]:
        if path not in self._files:
            self._files[path] = parse_properties(decode_properties(Path(path).read_bytes()))
        return self._files[path]


def _declared(worker: Mapping[str, str]) -> dict[str, str]:
    names = [name.strip() for name in worker.get("config.providers", "").split(",") if name.strip()]
    found = {}
    for name in names:
        java = worker.get(f"config.providers.{name}.class", "").rpartition(".")[2]
        if java in _JAVA_PROVIDERS:
            found[name] = _JAVA_PROVIDERS[java]
    return found
