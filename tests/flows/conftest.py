"""One real Prefect server for all tests of this folder, in its own folder, on a free port."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

# Before anything imports Prefect: its home is nobody's home, and it never starts a server of its own.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="duban-prefect-client-")
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
os.environ.pop("PREFECT_API_URL", None)

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from duban.core.settings import load
from duban.ops import up


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server; starting takes about ten seconds, so there is one for the session."""
    home = tmp_path_factory.mktemp("server")
    settings = load(home)
    log = home / "server.log"
    port = up.choose_port(0)
    server = up.start_server(settings, port, log)
    api_url = f"http://127.0.0.1:{port}/api"
    try:
        up.wait_until_healthy(server, api_url, log)
        yield api_url
    finally:
        up.stop(server)


@pytest.fixture
def prefect_api(prefect_server: str) -> Iterator[str]:
    """Flows called in this process run against the session's server."""
    with temporary_settings({PREFECT_API_URL: prefect_server}):
        yield prefect_server
