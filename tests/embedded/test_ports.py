"""Ports for servers that live for one test."""

import subprocess
import sys

from embedded import ports
from embedded.ports import free_port


def test_nobody_is_given_a_port_twice():
    """A server's own ports are chosen before it listens on the first of them."""
    ports = [free_port() for _ in range(2000)]
    assert len(set(ports)) == len(ports)


def test_nobody_is_given_a_port_of_another_process(monkeypatch):
    """Several processes of tests choose at the same time, and none listens yet."""
    monkeypatch.setattr(ports, "_LOWEST", 9_000)
    monkeypatch.setattr(ports, "_COUNT", 60)
    ours = {free_port() for _ in range(20)}
    theirs = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _TWENTY], check=True, capture_output=True, text=True, timeout=60
    )
    assert len(set(theirs.stdout.split()) | {str(port) for port in ours}) == 40


_TWENTY = """
from embedded import ports
ports._LOWEST, ports._COUNT = 9_000, 60
for _ in range(20):
    print(ports.free_port())
"""
