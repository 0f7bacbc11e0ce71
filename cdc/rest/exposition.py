"""`GET /metrics`: everything measurable, as Prometheus reads it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cdc.rest.answers import herder


async def metrics(request: Request) -> Response:
    """Return the metrics of all tasks and of the worker in Prometheus' text format."""
    # Imported at the first scrape: a worker that nobody scrapes does not pay for it.
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

    from cdc.rest.collector import HerderCollector

    text = generate_latest(HerderCollector(herder(request)))
    return Response(text, headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


ROUTES = [Route("/metrics", metrics)]
