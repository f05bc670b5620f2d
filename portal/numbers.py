"""Numbers in addresses: what no row can bear is no page, before anything looks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

# Beyond this no browser script counts exactly, and no table has so many rows.
_MOST = 2**53

Number = Annotated[int, Path(ge=1, le=_MOST)]
AskedNumber = Annotated[int | None, Query(ge=1, le=_MOST)]
Year = Annotated[int, Path(ge=1, le=9999)]
AskedYear = Annotated[int | None, Query(ge=1, le=9999)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
