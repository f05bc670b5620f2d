"""Short Chinese names of spans for lists of occurrences."""

from rules.deadline.parts import (
    AfterEnd,
    Day,
    End,
    Festival,
    Half,
    Inside,
    Month,
    NthWeekday,
    NthWorkday,
    One,
    Quarter,
    Shifted,
    Span,
    TenDays,
    WholeYear,
    Window,
)

_QUARTERS = ("一季度", "二季度", "三季度", "四季度")
_THIRDS = {(1, 1): "上旬", (2, 2): "中旬", (3, 3): "下旬", (1, 2): "上中旬", (2, 3): "中下旬"}


def label_of(item: One) -> str:
    """What an occurrence is called in a list."""
    match item:
        case Window(first=None, last=last):
            return f"至{shown(last)}"
        case Window(first=first, last=last):
            return f"{shown(first)}至{shown(last)}" if first is not None else shown(last)
        case Inside(inner=inner):
            return label_of(inner)
        case _:
            return shown(item.at)


def shown(span: Span) -> str:
    """A span in words, without its year."""
    match span:
        case Day(month=month, day=day):
            return f"{month}月{day}日"
        case Month(month=month) | NthWeekday(month=month) | NthWorkday(month=month):
            return f"{month}月"
        case TenDays(month=month, first=first, last=last):
            return f"{month}月{_THIRDS[first, last]}"
        case Quarter(number=number):
            return _QUARTERS[number - 1]
        case Half(number=number):
            return "上半年" if number == 1 else "下半年"
        case WholeYear():
            return "全年"
        case End(of=of):
            return (
                "年底" if isinstance(of, WholeYear) else shown(of) + ("底" if isinstance(of, Month) else "末")
            )
        case Festival(name=name):
            return name
        case AfterEnd(of=of):
            return shown(of)
        case Shifted(festival=festival, n=n):
            return f"{festival.name}前{n}天"
