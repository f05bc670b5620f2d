"""The portal put together: one application over one opened office."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import import_module

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Response
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from duban.bureau import Bureau
from duban.core.errors import Fault
from duban.core.secrets import derived
from duban.portal.api import reference
from duban.portal.api.application import create_api
from duban.portal.context import AppState
from duban.portal.errors import add_handlers
from duban.portal.middleware import BodyLimit, SecurityHeaders
from duban.portal.pages.account import FLOW_COOKIE, FLOW_PATH, FLOW_SECONDS
from duban.portal.rendering import STATIC, Renderer

# Each module has `router`. A new page needs its line here and its row in the access matrix of the tests.
ROUTES = (
    "account",
    "accounts",
    "audit",
    "feed",
    "people",
    "support",
    "my",
    "evidence",
    "rosters",
    "draws",
    "sheet_imports",
    "problems",
    "year",
    "editions",
    "board",
    "ranking",
    "runs",
    "queues",
    "reviews",
    "decisions",
    "letters",
    "obligations",
    "cases",
    "units",
    "figures",
)
# One submission may carry several files; each is held to its own limit besides.
FILES_AT_ONCE = 6
# The longest draft is far below; a form without files is held in memory.
FORM_BYTES = 4 * 1024 * 1024
GZIP_FROM_BYTES = 1000
THREADS = 8


def create_app(bureau: Bureau, *, now: Callable[[], datetime] | None = None) -> FastAPI:
    """The application. `now` is the clock of every request, by default the bureau's; the office stays open as long
    as the application.
    """
    now = now or bureau.now
    key = bureau.settings.portal_key
    if key is None:
        raise Fault("门户的密钥还没有，请先运行 duban setup。")
    https = bureau.settings.portal_https
    app = FastAPI(
        title="督办",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=_middleware(bureau),
        lifespan=_few_threads,
    )
    app.state.house = AppState(
        bureau=bureau, now=now, looks=Renderer(key.get_secret_value(), https=https), workdays_read_at=now()
    )
    for name in ROUTES:
        app.include_router(import_module(f"duban.portal.pages.{name}").router, include_in_schema=False)
    app.include_router(reference.router, include_in_schema=False)
    app.state.api = create_api(app.state.house)
    app.mount("/api/v1", app.state.api)
    app.mount("/static", _Static(directory=STATIC), name="static")
    add_handlers(app)
    return app


@asynccontextmanager
async def _few_threads(_app: FastAPI) -> AsyncIterator[None]:
    """Pages are made by Python, one at a time whatever the number of threads; more only tread on each other's feet."""
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _middleware(bureau: Bureau) -> list[Middleware]:
    settings = bureau.settings
    return [
        Middleware(SecurityHeaders, https=settings.portal_https),
        Middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES),
        Middleware(
            BodyLimit, most_bytes=FILES_AT_ONCE * settings.evidence_max_bytes, most_text_bytes=FORM_BYTES
        ),
        Middleware(
            SessionMiddleware,
            secret_key=derived(settings, "oidc", "flow"),
            session_cookie=FLOW_COOKIE,
            path=FLOW_PATH,
            max_age=FLOW_SECONDS,
            https_only=settings.portal_https,
        ),
    ]


class _Static(StaticFiles):
    """Our own style and scripts; their address changes with their content, so that they may be kept."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        answer = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # handed on as it came
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer
