"""`cdc plugins`: what there is, by kind, with the names that configs may use."""

from __future__ import annotations

import argparse
import json
from typing import Any

from cdc.plugin import Plugin, PluginKind, available


def add_parser(commands: Any) -> None:
    """Describe the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "plugins",
        help="list sources, sinks, transforms, formats",
        description="List every plugin, those of other packages included, with the Java classes it "
        "answers to. With NAME: the options of that plugin.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a plugin whose options to list")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Print the list, or a plugin's options."""
    found = [plugin for kind in PluginKind for plugin in available(kind)]
    if args.name:
        return _options([plugin for plugin in found if plugin.answers_to(args.name)], args.name)
    for plugin in found:
        if args.json:
            print(json.dumps({"kind": plugin.kind, "name": plugin.name, "classes": plugin.java_classes}))
        else:
            print(f"{plugin.kind:<10} {plugin.name:<16} {', '.join(plugin.java_classes)}".rstrip())
    return 0


def _options(plugins: list[Plugin], name: str) -> int:
    if not plugins:
        print(f"no plugin answers to {name!r}")
        return 1
    for plugin in plugins:
        print(f"{plugin.kind} {plugin.name}: {(plugin.cls.__doc__ or '').strip().splitlines()[0]}")
        for option in plugin.config_class.options:
            default = "required" if option.required else _shown(option.default)
            print(f"  {option.name} ({option.kind.lower()}, {default})\n      {option.doc}")
    return 0


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return ",".join(map(str, value)) or "empty"
    return "none" if value is None or value == {} else str(value) or "empty"
