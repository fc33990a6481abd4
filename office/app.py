"""The application of the pages: every route, and what holds for all of them."""

from starlette.applications import Starlette
from starlette.routing import Route

from gateway import health
from office.context import Office


def create_app(office: Office) -> Starlette:
    """Assemble the application."""
    app = Starlette(
        routes=[
            Route("/livez", health.live, methods=["GET"]),
            Route("/readyz", health.ready, methods=["GET"]),
        ]
    )
    app.state.office = office
    app.state.gateway = office.gateway
    return app
