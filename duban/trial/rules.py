"""What a trial clock allows. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
# Beyond it nobody knows lunar dates, and one mistyped digit is not a year to be played.
FARTHEST = timedelta(days=800)
_STEP = re.compile(r"(?P<count>\d{1,4})\s*(?P<unit>d|天|日|w|周|h|小时|时)?", re.IGNORECASE)
_UNITS = {"d": 1, "天": 1, "日": 1, "w": 7, "周": 7}

REAL_HOME = (
    "这里是正式环境，时间以本机时钟为准，不能拨动。想逐日试走，请另建一个试用环境："
    "duban --home 新文件夹 setup --trial --begin 2026-01-05；只想看全年会发什么，用 duban rehearse。"
)


def trial_sign(now: datetime) -> str:
    """What every page, letter and check of a trial home says."""
    return f"试用时钟：{now.astimezone(ZONE):%Y-%m-%d %H:%M}"


def read_step(text: str) -> timedelta | None:
    """A length as people write it: 3, 3d, 3天, 2w, 2周, 4h, 4小时."""
    found = _STEP.fullmatch(text.strip())
    if found is None:
        return None
    count, unit = int(found["count"]), (found["unit"] or "d").lower()
    return timedelta(days=count * _UNITS[unit]) if unit in _UNITS else timedelta(hours=count)


def step_refusals(now: datetime, to: datetime) -> tuple[str, ...]:
    """Why a trial clock that shows `now` cannot be moved to `to`."""
    shown = f"试用时钟现在是 {now.astimezone(ZONE):%Y-%m-%d %H:%M}"
    if to <= now:
        return (
            f"{shown}，只能往前走，不能拨到 {to.astimezone(ZONE):%Y-%m-%d %H:%M}；要从更早的日子走起，请另建试用环境。",
        )
    if to - now > FARTHEST:
        return (f"{shown}，一次最多往前走 {FARTHEST.days} 天，请核对日期。",)
    return ()
