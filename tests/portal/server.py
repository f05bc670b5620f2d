"""The portal behind a real server on this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.portal.bureau import Portal


@contextmanager
def serving(portal: Portal) -> Iterator[str]:
    """The address of a server that serves this portal until the block ends."""
    server = uvicorn.Server(uvicorn.Config(portal.app, host="127.0.0.1", port=0, log_level="error"))
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        assert running.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    running.join(10)
