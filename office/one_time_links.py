"""`/sign-in/link`: on the embedded stack, a link of `iehe office login` says who somebody is."""

import ipaddress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from activities.kernel.outgoing import is_this_machine
from office.bindings import sign_in_by_link
from office.context import office_of
from office.problems import problem
from office.sessions import end_former, keep_cookie

_OWN_DOING: Final = frozenset({"none", "same-origin"})


async def by_link(request: Request) -> Response:
    """Sign in with a link of `iehe office login`, on the same machine and once.

    Raises:
        Problem: 403, not here; 404, it holds no more.
    """
    office = office_of(request)
    # of another site's making it could sign somebody in as somebody else
    sites = request.headers.getlist("sec-fetch-site")
    if not (office.links and _is_near(request) and set(sites) <= _OWN_DOING):
        raise problem("links-refused")
    if request.method == "HEAD":  # whoever looks whether it is there does not use it up
        return Response()
    async with office.gateway.pool.acquire() as connection:
        begun = await sign_in_by_link(connection, request.path_params["key"], datetime.now(UTC))
        await end_former(request, connection)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    keep_cookie(answer, office, begun)
    return answer


def _is_near(request: Request) -> bool:
    """Whether both the reader and the address that they know are on this machine."""
    host = urlsplit(office_of(request).url).hostname or ""
    try:
        near = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return near and is_this_machine(host)
