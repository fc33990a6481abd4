"""Who serves all homes reads and starts each where it lives: the gateway, and the rings joined."""

import pytest
from google.protobuf.json_format import MessageToDict

from encryption.codec import is_sealed
from encryption.ring import JoinedRing, KeyRingError
from encryption.webhook_secrets import Signer, new_secret
from gateway.context import Gateway, StaffTokens
from schemas.outreach import commands
from tests.gateway.test_codec_server import DOOR, PATH, PEM, UI, asked, bearer
from tests.homes.conftest import APART, Homes
from tests.homes.test_living import history_of
from tests.payloads import payloads_in


def gateway_of(homes: Homes) -> Gateway:
    trusted = StaffTokens(issuer="urn:test", audience="iehe", public_key=PEM)
    ring = JoinedRing(homes.near_ring, homes.far_ring)
    return Gateway(*(homes.office, homes.near, ring, trusted, DOOR, UI), elsewhere={APART.name: homes.far})


async def test_the_ui_reads_a_home_for_who_may(homes: Homes) -> None:
    """In its own namespace and for who sees the process; in another namespace it stays as it came."""
    async with homes.relays(), homes.worker(APART):
        request = await homes.schools.ask()
        await request.decide(commands.CheckRequest, "office-1")
    sealed = [
        MessageToDict(payload)
        for event in await history_of(homes, request.handle.id)
        for _, payload in payloads_in(event)
        if is_sealed(payload)
    ]
    await homes.owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) "
        "VALUES ('keeper-1', 'k', 'k@x.jp', '{administrator}')"
    )

    async def read(namespace: str, who: str) -> list:
        headers = {"x-namespace": namespace, **bearer(who)}
        async with asked(gateway_of(homes)) as http:
            answer = await http.post(PATH, json={"payloads": sealed}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["payloads"]

    opened = await read(homes.far.namespace, "office-1")
    assert not [each for each in opened if each in sealed]
    assert await read(homes.near.namespace, "office-1") == sealed
    assert await read(homes.far.namespace, "keeper-1") == sealed
    async with asked(gateway_of(homes)) as http:
        headers = {"x-namespace": "default-other", **bearer("office-1")}
        answer = await http.post(PATH, json={"payloads": sealed}, headers=headers)
    assert answer.json()["code"] == "namespace-not-served"


def test_joined_rings_take_the_key_of_the_home(homes: Homes) -> None:
    """New payloads of a class get the key of its home, whatever is joined; what nobody has is told."""
    joined = JoinedRing(homes.near_ring, homes.far_ring)
    assert joined.current("outreach") == homes.far_ring.current("outreach")
    assert joined.current("admission") == homes.near_ring.current("admission")
    assert joined.current("other") == homes.near_ring.current("other")
    for ring in (homes.near_ring, homes.far_ring):
        for key_id in ring.fingerprints():
            assert joined.key(key_id) == ring.key(key_id)
    assert len(joined.listing()) == len(homes.near_ring.listing()) + len(homes.far_ring.listing())
    assert joined.key("outreach-9.00000000") is None
    with pytest.raises(KeyRingError, match="no key for 'admission'"):
        homes.far_ring.current("admission")


def test_workers_of_each_home_sign_for_webhooks(homes: Homes) -> None:
    """One secret, sealed for each home: the same signature from each ring, none from a stranger's."""
    made = new_secret(JoinedRing(homes.near_ring, homes.far_ring), "pager")
    keys = [(made.key_id, made.sealed)]
    said = [Signer(ring)("pager", keys, "m", 1, b"{}") for ring in (homes.near_ring, homes.far_ring)]
    assert said[0] == said[1] != ""
    assert Signer(homes.far_ring)("pager", [(made.key_id, made.sealed[:1])], "m", 1, b"{}") == ""
