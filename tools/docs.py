"""Write docs/reference: a page for every plugin, from its docstring and option model; and docs/metrics.md.

``python -m tools.docs`` writes; ``--check`` writes nothing, and fails when a page is
missing, stale or left over.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from cdc.config import Option
from cdc.plugin import PACKAGES, Plugin, PluginKind, available
from tools import metrics

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
MARK = "<!-- Generated from the option models: edit those, then run `make docs`. -->"

# Kind → its folder and title, and the option that names such a plugin in a config.
SECTIONS: dict[PluginKind, tuple[str, str]] = {
    PluginKind.SOURCE: ("sources", "connector.class"),
    PluginKind.SINK: ("sinks", "connector.class"),
    PluginKind.TRANSFORM: ("transforms", "transforms.NAME.type"),
    PluginKind.PREDICATE: ("predicates", "predicates.NAME.type"),
    PluginKind.FORMAT: ("formats", "key.converter, value.converter"),
    PluginKind.LOG: ("transports", ""),
}


def code(text: str) -> str:
    """Return text as a code span."""
    return f"`{text}`"


def cell(text: str) -> str:
    """Return prose as one table cell: one line, nothing in it that a table or HTML would take for its own."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    prose = (part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)
    return "".join(prose).replace("|", "\\|")


def default(option: Option[Any]) -> str:
    """Return how the docs show the default of an option."""
    value = option.default
    if option.required:
        return "**required**"
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    if value is None or value == "" or value == {} or option.secret:
        return ""
    return code(str(value))


def meaning(option: Option[Any]) -> str:
    """Return what an option does, the values it offers and the names it once had."""
    text = option.doc
    if option.recommended:
        text += f" Values: {', '.join(map(code, option.recommended))}."
    if option.aliases:
        text += f" Old name: {', '.join(map(code, option.aliases))}."
    return text


def table(options: Iterable[Option[Any]]) -> list[str]:
    """Return the options as the lines of a Markdown table."""
    rows = [("option", "type", "default", "importance", "meaning"), ("---",) * 5]
    for option in options:
        kind, importance = option.kind.value.lower(), option.importance.value.lower()
        rows.append((code(option.name), kind, default(option), importance, meaning(option)))
    return [f"| {' | '.join(map(cell, row))} |" for row in rows]


def page(plugin: Plugin) -> str:
    """Return the page of a plugin: what it is, how a config names it, its options by group."""
    _, named_by = SECTIONS[plugin.kind]
    lines = [MARK, f"# {plugin.name}", "", inspect.getdoc(plugin.cls) or ""]
    if named_by:
        names = ", ".join(map(code, (plugin.name, *plugin.java_classes)))
        lines += ["", f"Named by {', '.join(map(code, named_by.split(', ')))}: {names}."]
    groups: dict[str, list[Option[Any]]] = {}
    for option in plugin.config_class.options:
        groups.setdefault(option.group, []).append(option)
    for group, options in groups.items():
        lines += ["", f"## {group}", "", *table(options)]
    if not groups:
        lines += ["", "It has no options."]
    return "\n".join(lines) + "\n"


def summary(plugin: Plugin) -> str:
    """Return the first line of a plugin's docstring."""
    return (inspect.getdoc(plugin.cls) or "").partition("\n")[0]


def index(plugins: Iterable[Plugin]) -> str:
    """Return the page that lists all pages."""
    lines = [MARK, "# Reference", "", "Every plugin with all its options; `cdc plugins` lists them too."]
    for kind, members in groupby(plugins, key=lambda plugin: plugin.kind):
        folder, _ = SECTIONS[kind]
        lines += ["", f"## {folder.capitalize()}", ""]
        lines += [f"- [{one.name}]({folder}/{one.name}.md): {summary(one)}" for one in members]
    return "\n".join(lines) + "\n"


def own_plugins() -> list[Plugin]:
    """Return the plugins that come with the product, by kind and name."""
    return [
        plugin
        for kind in SECTIONS
        for plugin in available(kind)
        if plugin.cls.__module__.startswith(PACKAGES[kind] + ".")
    ]


def pages() -> dict[str, str]:
    """Return what docs/reference must hold: path in it → text."""
    plugins = own_plugins()
    found = {f"{SECTIONS[plugin.kind][0]}/{plugin.name}.md": page(plugin) for plugin in plugins}
    return {"README.md": index(plugins), **found}


def present(folder: Path) -> dict[str, str]:
    """Return what a folder holds: path in it → text."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.md")}


def write(folder: Path, wanted: dict[str, str]) -> None:
    """Make a folder hold the wanted pages and no others."""
    for name in present(folder).keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the pages of a folder that are missing, differ or are left over."""
    there = present(folder)
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` tell which are stale; exit 1 if any is."""
    if arguments != ["--check"]:
        write(REFERENCE, pages())
        metrics.PATH.write_text(metrics.page())
        return 0
    names = [f"reference/{name}" for name in stale(REFERENCE, pages())]
    if not metrics.PATH.exists() or metrics.PATH.read_text() != metrics.page():
        names.append(metrics.PATH.name)
    print("\n".join(f"docs/{name} is stale: run `make docs`" for name in names) or "docs: ok")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
