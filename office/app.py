"""The application of the pages: every route, and what holds for all of them."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from gateway import health
from gateway.outermost import Outermost
from gateway.problems import Problem
from office import routes, session_pages, sign_in
from office.bulk import BulkRunner
from office.changes import Marks
from office.context import Office
from office.guard import (
    FormOfAnotherSession,
    Guard,
    answer_other_session,
    answer_sign_in_needed,
    headers_of,
)
from office.problems import answer_http, answer_problem
from office.sessions import SignInNeeded
from office.staff_names import StaffNames
from schemas.kernel.refusals import Refusal


def create_app(office: Office) -> Starlette:
    """Assemble the application."""
    app = Starlette(
        routes=[
            *sign_in.routes(),
            *session_pages.routes(),
            *routes.routes(),
            Route("/livez", health.live, methods=["GET"]),
            Route("/readyz", health.ready, methods=["GET"]),
        ],
        exception_handlers={
            Problem: answer_problem,
            Refusal: answer_problem,
            HTTPException: answer_http,
            SignInNeeded: answer_sign_in_needed,
            FormOfAnotherSession: answer_other_session,
        },
    )
    app.router.redirect_slashes = False
    app.state.office = office
    app.state.gateway = office.gateway
    app.state.marks = Marks()
    app.state.names = StaffNames()
    app.state.bulk = BulkRunner(office)
    app.add_middleware(Guard, office=office)
    app.add_middleware(Outermost, headers=headers_of(office), answer=answer_problem)
    return app
