"""Whether collections keep the images that the capture mode asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cdc.sources.mongodb.client import translated
from cdc.sources.mongodb.collection import Collections
from cdc.sources.mongodb.config import MongoConfig

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient


def image_warnings(
    client: MongoClient[RawBSONDocument], config: MongoConfig, collections: Collections
) -> Iterator[str]:
    """Yield the captured collections that keep no images although the options ask for them.

    Their events then have null in place of the document; and what images cost is said.
    """
    stored = config.wants_full_updates and config.full_update_type == "post_image"
    if not (config.wants_pre_images or stored):
        return
    option = "capture.mode" if config.wants_pre_images else "capture.mode.full.update.type"
    for name, found in _options(client, config, collections):
        if not (found.get("changeStreamPreAndPostImages") or {}).get("enabled"):
            database, _, collection = name.partition(".")
            yield (
                f"{name} keeps no pre- and post-images, {option} asks for them: run "
                f"db.getSiblingDB('{database}').runCommand({{collMod: '{collection}', "
                f"changeStreamPreAndPostImages: {{enabled: true}}}}); events then hold documents twice, "
                f"and may have 16 MB"
            )


def _options(
    client: MongoClient[RawBSONDocument], config: MongoConfig, collections: Collections
) -> Iterator[tuple[str, dict[str, Any]]]:
    with translated(config):
        for database in client.list_database_names():
            if collections.wants_database(database):
                for entry in client[database].list_collections(filter={"type": "collection"}):
                    if collections.find(database, entry["name"]) is not None:
                        yield f"{database}.{entry['name']}", dict(entry.get("options") or {})
