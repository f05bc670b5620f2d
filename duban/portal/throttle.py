"""How often somebody may fail: guesses at passwords and links are slowed down by address and by account.

Only failures count, because a whole bureau may come from one address at half past eight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from duban.core import clock
from duban.core.errors import DubanError

_MINUTES = 5
_BY_ADDRESS = RateLimitItemPerMinute(30, _MINUTES, namespace="address")
_BY_ACCOUNT = RateLimitItemPerMinute(10, _MINUTES, namespace="account")


class TooOften(DubanError):
    """Refused without looking; `wait_seconds` until it may be tried again."""

    def __init__(self, wait_seconds: int) -> None:
        minutes = -(-wait_seconds // 60)
        super().__init__(f"尝试过于频繁，请约 {minutes} 分钟后再试；若不是您在操作，请告知安全管理员。")
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class Throttle:
    """The failures of the last minutes, in this process."""

    limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    def ask(self, request: Request, account: str = "") -> None:
        """Refuse whoever has failed too often lately."""
        for limit, key in _keys(request, account):
            if not self.limiter.test(limit, *key):
                until = self.limiter.get_window_stats(limit, *key).reset_time
                # The library counts in real time, however a test travels.
                raise TooOften(max(1, round(until - clock.now().timestamp())))

    def failed(self, request: Request, account: str = "") -> None:
        for limit, key in _keys(request, account):
            self.limiter.hit(limit, *key)


def throttle(request: Request) -> Throttle:
    """The application's own; made with its first failure."""
    state = request.app.state
    if not hasattr(state, "throttle"):
        state.throttle = Throttle()
    found: Throttle = state.throttle
    return found


def _keys(request: Request, account: str) -> list[tuple[RateLimitItemPerMinute, tuple[str, ...]]]:
    address = request.client.host if request.client else "unknown"
    keys: list[tuple[RateLimitItemPerMinute, tuple[str, ...]]] = [(_BY_ADDRESS, (address,))]
    return [*keys, (_BY_ACCOUNT, (account.casefold(),))] if account else keys
