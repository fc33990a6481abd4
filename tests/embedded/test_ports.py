"""Ports for servers that live for one test."""

from embedded.ports import free_port


def test_nobody_is_given_a_port_twice():
    """A server's own ports are chosen before it listens on the first of them."""
    ports = [free_port() for _ in range(2000)]
    assert len(set(ports)) == len(ports)
