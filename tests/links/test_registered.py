"""What these tests take away is there again for the next, in its order: the written documents follow it."""

from cases.registry import PROCESSES, ROOMS
from tests.links.conftest import only
from tests.links.processes import ROOMS as SMALL


def test_the_registered_processes_are_back_in_their_order():
    before = list(ROOMS), list(PROCESSES)
    with only({name: SMALL[name] for name in list(SMALL)[:1]}):
        assert list(ROOMS) == list(PROCESSES) == list(SMALL)[:1]
    assert (list(ROOMS), list(PROCESSES)) == before
