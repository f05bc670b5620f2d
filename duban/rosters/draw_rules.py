"""双随机: subjects and inspectors drawn by lot from a public seed, so that anybody can draw them again. Pure.

Everybody's ticket is SHA-256 of `seed|code` (of an inspector for one visit `seed|code|number`), in hexadecimal; the
smallest tickets are drawn. `printf '%s' 'seed|code' | sha256sum` gives the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

# 社会组织抽查暂行办法（民发〔2017〕45号）: the least share of all registered, by the level of the registry, per cent.
LEGAL_SHARES = {"县级": Decimal(3), "市级": Decimal(4), "省级": Decimal(5), "部级": Decimal(10)}
LEAST_INSPECTORS = 2
SHORTEST_SEED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSubject:
    """One registered subject; `excluded` is why it takes no part in the lot."""

    code: str
    name: str
    excluded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """One inspector; `avoids` are the codes of subjects that he must keep away from (回避)."""

    number: str
    name: str
    excluded: str | None = None
    avoids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawTerms:
    """What is said before the lot: the registry's level (县级 …), the share of all registered in per cent, how many
    inspectors visit one subject, and where the seed will come from.
    """

    level: str
    share: Decimal
    each: int
    seed_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One drawn subject, in the order of the lot, with the numbers of those who visit it."""

    code: str
    inspectors: tuple[str, ...]


def ticket(seed: str, *keys: str) -> str:
    return hashlib.sha256("|".join((seed, *keys)).encode()).hexdigest()


def wanted_count(registered: int, share: Decimal) -> int:
    """So many are drawn: the share of all that are registered, excluded ones too; a fraction counts as one."""
    return int((registered * share / 100).to_integral_value(ROUND_CEILING))


def draw_lots(
    subjects: Iterable[PoolSubject], inspectors: Sequence[Inspector], *, wanted: int, each: int, seed: str
) -> tuple[Drawn, ...]:
    """Who is visited by whom. Excluded ones are not in it; who must keep away from a subject is passed over."""
    codes = sorted(
        (one.code for one in subjects if not one.excluded), key=lambda code: (ticket(seed, code), code)
    )
    return tuple(
        Drawn(code=code, inspectors=_visitors(code, inspectors, each=each, seed=seed))
        for code in codes[:wanted]
    )


def _visitors(code: str, inspectors: Sequence[Inspector], *, each: int, seed: str) -> tuple[str, ...]:
    able = [one.number for one in inspectors if not one.excluded and code not in one.avoids]
    return tuple(sorted(able, key=lambda number: (ticket(seed, code, number), number))[:each])


def preparation_refusals(
    subjects: Sequence[PoolSubject], inspectors: Sequence[Inspector], terms: DrawTerms
) -> Iterator[str]:
    """Why this pool cannot be drawn from."""
    level, share, each = terms.level, terms.share, terms.each
    least = LEGAL_SHARES.get(level)
    if least is None:
        yield f"登记机关的层级“{level}”不认识，请写：{'、'.join(LEGAL_SHARES)}。"
    elif not least <= share <= 100:
        yield f"{level}定期抽查的比例不得低于{least}%，现写的是{share:f}%，请改正。"
    if each < LEAST_INSPECTORS:
        yield f"实地检查每家至少{LEAST_INSPECTORS}人，现写的是{each}人，请改正。"
    if not terms.seed_source:
        yield "请写明种子从哪里来，例如“3月10日福彩双色球开奖号码”，要在抽签之前就公开。"
    taking_part = [one for one in subjects if not one.excluded]
    wanted = wanted_count(len(subjects), share)
    if not taking_part:
        yield "除去排除的以外，没有可抽的对象，请核对名单。"
    elif wanted > len(taking_part):
        yield f"按{share:f}%应抽{wanted}家，除去排除的只剩{len(taking_part)}家，请核对排除的理由。"
    short = [
        one.name
        for one in taking_part
        if sum(not each_one.excluded and one.code not in each_one.avoids for each_one in inspectors) < each
    ]
    if short:
        yield f"{short[0]}等{len(short)}家除去回避的不足{each}名检查人员，请补充检查人员名单。"


def pool_digest(subjects: Iterable[PoolSubject], inspectors: Iterable[Inspector], terms: DrawTerms) -> str:
    """SHA-256 of all that the lot rests on but the seed: published beforehand, nobody can change the pool afterwards."""
    lines = [f"{terms.level}|{terms.share.normalize():f}|{terms.each}|{terms.seed_source}"]
    lines += sorted(f"{one.code}|{one.name}|{one.excluded or ''}" for one in subjects)
    lines += sorted(
        f"{one.number}|{one.name}|{one.excluded or ''}|{','.join(sorted(one.avoids))}" for one in inspectors
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
