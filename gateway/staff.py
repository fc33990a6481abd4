"""Who acts: the member of staff that a bearer token names, with the roles that are on record here."""

from collections.abc import Iterable
from typing import Final

import asyncpg
from starlette.requests import Request

from activities.kernel.acting import act_for
from activities.kernel.queries import queries
from cases.finding import case_seen
from cases.registry import ROLES
from cases.sight import roles_that_see_whole
from cases.time_limits import within
from gateway.context import StaffTokens, gateway_of
from gateway.problems import Problem, problem
from gateway.tokens import TokenFault, TokenVerifier
from schemas.kernel.case import Actor
from schemas.kernel.patience import CONNECT_WITHIN
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")
VERIFIER: Final = TokenVerifier()
_SCHEME: Final = "bearer"
_ID_LIMIT: Final = 64


async def staff_of(request: Request) -> Actor:
    """The member of staff whose token the request shows. Nothing of its body says who acts.

    Raises:
        Problem: 401 without a valid token, 403 when it names no active member of staff, 503 when the
            keys to verify it with cannot be fetched.
    """
    shown = request.headers.getlist("authorization")  # two of them: others might look at the other one
    scheme, _, token = (shown[0] if len(shown) == 1 else "").partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        raise _unknown("token-missing", None)
    gateway = gateway_of(request)
    actor, _ = await staff_by_token(gateway.pool, gateway.staff, token.strip())
    act_for(actor.id)
    return actor


async def case_of_path(request: Request, field: Field = Field.CASE) -> tuple[asyncpg.Record, Actor]:
    """The case of a path, of which the member of staff sees a group of fields, and who that is.

    Raises:
        Refusal: none that they see.
        Problem: as `staff_of`; 403, they see it and not these fields.
    """
    actor = await staff_of(request)
    row, seen = await case_seen(gateway_of(request).pool, request.path_params["case_id"], actor)
    if Field.CASE not in seen:
        raise Refusal("no-such-case")
    if field not in seen:
        require_role(actor, roles_that_see_whole(field, row["process"]) - set(actor.roles))
    return row, actor


async def staff_by_token(pool: asyncpg.Pool, trusted: StaffTokens | None, token: str) -> tuple[Actor, float]:
    """The member of staff of a token, and when the token ends (seconds since 1970).

    Raises:
        Problem: as `staff_of`.
    """
    if trusted is None:
        raise _unknown("token-invalid", "invalid_token")
    try:
        claims = await VERIFIER.verify(
            token,
            issuer=trusted.issuer,
            audience=trusted.audience,
            jwks_url=trusted.jwks_url,
            public_key=trusted.public_key,
        )
    except TokenFault:
        raise _unknown("token-invalid", "invalid_token") from None
    return await staff_by_id(pool, claims.get(trusted.claim)), float(claims["exp"])


async def staff_by_id(pool: asyncpg.Pool, staff_id: object) -> Actor:
    """An active member of staff, with the roles that are on record.

    Raises:
        Problem: 403, there is none of that id.
    """
    roles = None
    if isinstance(staff_id, str) and 0 < len(staff_id) <= _ID_LIMIT and "\0" not in staff_id:
        # the first that is asked of the database: a frozen one is told at once
        roles = await within(CONNECT_WITHIN, pool.fetchval(SQL["roles_of_staff"], staff_id))
    if roles is None:
        raise problem("actor-unknown")
    return actor_of(str(staff_id), roles)


def actor_of(staff_id: str, roles: Iterable[str]) -> Actor:
    """A member of staff with those of the roles on record that this release knows."""
    return Actor(id=staff_id, roles=tuple(role for role in roles if role in ROLES))


def require_role(actor: Actor, allowed: frozenset[str]) -> None:
    """Refuse who has none of the roles.

    Raises:
        Problem: 403.
    """
    if allowed.isdisjoint(actor.roles):
        needed, own = sorted(allowed), sorted(actor.roles)
        raise problem(
            "role-missing",
            params={"roles": needed, "held": own},
            needed=", ".join(needed),
            own=", ".join(own) or "-",
        )


def _unknown(code: str, error: str | None) -> Problem:
    challenge = 'Bearer realm="iehe"' + (f', error="{error}"' if error else "")
    return problem(code, words="staff-not-shown", headers={"WWW-Authenticate": challenge})
