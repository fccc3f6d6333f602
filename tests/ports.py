"""A port that nobody listens at, for the servers and the absent peers of tests."""

import random
import socket

__all__ = ["free_port"]

# Below what Linux gives to connections by itself (32768 on): one that is asked for there may be
# taken, before it is used, by a connection of another test.
_PORTS = range(10000, 30000)
_TRIES = 100


def free_port() -> int:
    """Give a port of this machine that could be bound a moment ago."""
    for port in random.SystemRandom().sample(_PORTS, _TRIES):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    msg = f"none of {_TRIES} ports from {_PORTS.start} to {_PORTS.stop - 1} is free"
    raise OSError(msg)
