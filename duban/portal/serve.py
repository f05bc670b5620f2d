"""`python -m duban.portal.serve`: the portal as a process of its own, beside Prefect's server and the flow runner."""

from __future__ import annotations

import argparse
import os
import sys
import threading

import uvicorn

from duban.core.errors import DubanError
from duban.core.settings import load
from duban.portal.app import create_app
from duban.wiring import open_bureau

KEEP_ALIVE_SECONDS = 30
GRACE_SECONDS = 15
ORPHAN_SECONDS = 1.0


def main() -> None:
    """Serve until told to stop: exit status 0 stopped, 3 fault."""
    parser = argparse.ArgumentParser(prog="duban.portal.serve")
    parser.add_argument("--port", type=int)
    chosen = parser.parse_args()
    settings = load()
    try:
        with open_bureau(settings) as bureau:
            config = uvicorn.Config(
                create_app(bureau),
                host=settings.portal_host,
                port=settings.portal_port if chosen.port is None else chosen.port,
                log_level="warning",
                proxy_headers=True,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
            server = uvicorn.Server(config)
            _stop_when_orphaned(server)
            server.run()
    except DubanError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)


def _stop_when_orphaned(server: uvicorn.Server) -> None:
    """Stop when `duban up` was killed: the next one brings its own portal, and two would share a port."""
    parent = os.getppid()
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(ORPHAN_SECONDS):
            if os.getppid() != parent:
                server.should_exit = True
                return

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    main()
