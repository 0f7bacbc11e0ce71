"""Hold the layers: imports go down only.

Reads every import statement of the four packages, lazy and typing-only ones too, and fails for one that
goes up, or sideways between siblings. ``docs/architecture.md`` draws the same picture.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Top to bottom. Members of one layer may not import each other; a name that ends in ".*" makes every child
# of that package a member.
LAYERS = (
    ("cdc.cli",),
    ("cdc.rest",),
    ("cdc.runtime",),
    (
        "cdc.transport.*",
        "cdc.formats.*",
        "cdc.transforms.*",
        "cdc.predicates.*",
        "cdc.converters.*",
        "cdc.sources.*",
        "sinks.*",
    ),
    ("cdc.relational",),
    ("cdc.capture",),
    ("snapshot", "cdc.offset_file", "cdc.journals"),
    ("cdc.plugin",),
    ("cdc.dead_letters", "cdc.envelopes", "cdc.filters", "cdc.topics", "cdc.metrics", "cdc.offsets"),
    ("cdc.config_file",),
    ("cdc.batch", "cdc.config"),
    ("cdc.columns",),
    ("schemas",),
    ("cdc.errors", "cdc.generated", "cdc.properties", "cdc.java_hash", "cdc.java_map"),
)

# Names that say nothing gather everything: a module is called by what it does for the domain.
NAMELESS = {"base", "common", "helpers", "misc", "utils"}

# Drivers that only one layer may touch: everybody else would couple to a product instead of a contract.
DRIVERS = {
    "confluent_kafka": ("cdc.transport.kafka",),
    "psycopg": ("cdc.sources.postgres", "cdc.cli.demo", "sinks.jdbc"),
    "bson": ("cdc.sources.mongodb",),
    "pymongo": ("cdc.sources.mongodb",),
    "pymysql": ("cdc.sources.mysql", "sinks.jdbc"),
    "sqlalchemy": ("sinks.jdbc",),
    "starlette": ("cdc.rest",),
    "uvicorn": ("cdc.rest",),
}


def within(module: str, package: str) -> bool:
    """Tell whether `module` is `package` or lies in it."""
    return module == package or module.startswith(package + ".")


def place(module: str) -> tuple[int, str] | None:
    """Return the number of a module's layer and its member there; None for what is outside the layers."""
    for depth, names in enumerate(LAYERS):
        for name in names:
            package = name.removesuffix(".*")
            if within(module, package):
                if name == package or module == package:
                    return depth, package
                child = module.removeprefix(package + ".").partition(".")[0]
                return depth, f"{package}.{child}"
    return None


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that is imported; ``from a import b`` is ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def violation(importer: str, imported: str) -> str | None:
    """Say what is wrong with an import, if anything is."""
    for driver, homes in DRIVERS.items():
        if within(imported, driver) and not any(within(importer, home) for home in homes):
            return f"only {', '.join(homes)} may import {driver}"
    here, there = place(importer), place(imported)
    if there is None or here == there:
        return None
    if here is None:
        return "`import cdc` stays light"
    if there[0] < here[0]:
        return f"{here[1]} lies below {there[1]}"
    if there[0] == here[0]:
        return f"{here[1]} and {there[1]} are siblings"
    return None


def check(root: Path) -> list[str]:
    """Return one line for each import that breaks a layer."""
    found = []
    for package in ("cdc", "schemas", "sinks", "snapshot"):
        for path in sorted((root / package).rglob("*.py")):
            relative = path.relative_to(root)
            module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            if place(module) is None and module != "cdc":
                found.append(f"{relative}:1: {module} is in no layer: give it one in tools/layers.py")
            if path.stem in NAMELESS:
                found.append(f"{relative}:1: a module called {path.stem} is no module: name what it does")
            for line, imported in imports(ast.parse(path.read_text(), str(path))):
                if reason := violation(module, imported):
                    found.append(f"{relative}:{line}: {module} imports {imported}: {reason}")
    return found


def main() -> int:
    """Print what breaks a layer; exit 1 if anything does."""
    found = check(ROOT)
    print("\n".join(found) or "layers: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
