"""Whether the doctor finds the portal alive: where `duban up` noted its address, or where a public address is set."""

from __future__ import annotations

import urllib.request

from duban.core.settings import Settings
from duban.ops.checks import Finding, Level

_SECONDS = 3.0


def portal(settings: Settings) -> Finding:
    """D15: the portal answers, and its key is there."""
    if settings.portal_key is None:
        return _finding(Level.WARNING, "门户的密钥还没有，请运行 duban setup。")
    note = settings.home / "portal_url"
    if not note.exists():
        return _finding(Level.WARNING, "门户没有启动，单位打不开消息里的链接；请运行 duban up。")
    url = note.read_text(encoding="utf-8").strip()
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=_SECONDS):
            return _finding(Level.OK, f"{settings.link_base or url} 应答正常。")
    except (urllib.error.URLError, OSError, ValueError) as error:
        return _finding(
            Level.FAULT, f"{url} 没有应答（{error}），请查看 logs/portal.log 并重新运行 duban up。"
        )


def _finding(level: Level, sentence: str) -> Finding:
    return Finding(code="D15", about="门户", level=level, sentence=sentence)
