"""Brings a phrase to one spelling, so that each rule is written once.

Widths, dashes, quotes, spaces, list marks and Chinese numerals; it knows nothing of what a phrase means.
"""

import re
import unicodedata

NUMERALS = "〇○零一二两三四五六七八九十廿卅"
_DIGIT = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "○": "0",
    "两": "2",
}
_UNITS = r"(?:年|月|日|号|季度|个|天|周|星期|礼拜|时|点|小时|次|场|轮|旬)"
_JOINT = r"[-至到、和及与]"
_NUMERAL = re.compile(
    rf"(?<![0-9{NUMERALS}])(?:(?<=第)[{NUMERALS}]+"
    rf"|[{NUMERALS}]+(?=(?:{_JOINT}第?[{NUMERALS}0-9]+)*{_UNITS})"
    rf"|(?<=[时点])[{NUMERALS}]+(?=分))"
)
_WEEKDAY_BEFORE = re.compile(r"(?:周|星期|礼拜)$")
_MARKS = re.compile(
    r"^\s*(?:[0-9]{1,2}\s*[.、]\s+|[0-9]{1,2}\s+[.、]\s*|\([0-9一二三四五六七八九十]{1,3}\)\s*|[0-9]{1,2}\)\s*)"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_DASHES = re.compile(r"[-—–―‐‑‒−─~〜∼⁓]+")
_FIGURES = f"0-9{NUMERALS}"
_QUOTE = "[“”\"‘’'「」『』]"
_QUOTES = re.compile(rf"{_QUOTE}(?![{_FIGURES}])|(?<![{_FIGURES}]){_QUOTE}|^{_QUOTE}|{_QUOTE}$")
_NEXT_QUOTE = re.compile(r"[”」』]\s*[、,]?\s*[“「『]")


def normalise(text: str) -> str | None:
    """The one spelling of a phrase, or None where a character could be read in two ways.

    Footnote and circled digits are such: read as plain digits they would turn 3²月 into 32月.
    """
    text = _INVISIBLE.sub("", text).strip()
    text = re.sub(r"^[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]\s*", "", text)
    if any(unicodedata.category(character) == "No" for character in text):
        return None
    key = unicodedata.normalize("NFKC", text)
    key = re.sub("[\u00b7•・‧∙⋅]", "·", key)
    key = _MARKS.sub("", key, count=1)
    # A quotation mark between two figures stays, and makes the phrase unreadable rather than join them.
    key = _QUOTES.sub("", _NEXT_QUOTE.sub("、", key))
    key = _DASHES.sub("-", key)
    key = re.sub(r"^(20[0-9]{2})[./]([0-9]{1,2})-(20[0-9]{2})[./]([0-9]{1,2})$", r"\1年\2月-\3年\4月", key)
    key = re.sub(r"(?<=[0-9])\s+(?=[0-9])", "\0", key)
    key = re.sub(r"\s+", "", key).replace("\0", " ")
    key = re.sub(r"(?<![0-9一二三四五六七八九十])元月", "1月", key)
    key = re.sub(r"首个(?=工作日|星期|周|礼拜|月)", "第一个", key)
    key = re.sub(r"每逢(?=周|星期|双月|单月)", "每", key)
    key = _NUMERAL.sub(_arabic, key)
    key = re.sub(r"(?<=[0-9])号(?!楼|令|文|线|院)", "日", key)
    key = re.sub(r"^[(\[【]([^()\[\]【】]+)[)\]】]$", r"\1", key)
    # One closing mark only: a phrase that ends in dots or in a dash has been cut off.
    return re.sub(r"(?<![.。-])[。;,!:.]$", "", key)


def number(run: str) -> str | None:
    """Digits of a well-formed numeral of 1 to 99, or of a year spelt digit by digit; else None.

    七一 and 十四五 are names, not numerals, and stay as they are.
    """
    if len(run) == 4 and all(character in _DIGIT for character in run) and run[0] in "一二":
        return "".join(_DIGIT[character] for character in run)
    run = run.replace("廿", "二十").replace("卅", "三十")
    match = re.fullmatch(r"(?:([二三四五六七八九一])?(十))?([一二两三四五六七八九])?", run)
    if not run or match is None:
        return None
    tens, ten, ones = match.groups()
    if ten and ones == "两":
        return None
    return str((int(_DIGIT[tens]) if tens else 1 if ten else 0) * 10 + (int(_DIGIT[ones]) if ones else 0))


def _arabic(match: re.Match[str]) -> str:
    run, before, after = match[0], match.string[: match.start()], match.string[match.end() :]
    if _WEEKDAY_BEFORE.search(before) and not re.match(r"[次场轮]|个(?!工)", after):
        # 每周三十点 is Wednesday at ten: the first character names the day.
        return run[0] + (number(run[1:]) or run[1:] if len(run) > 1 else "")
    found = number(run)
    if found is None or (len(run) == 4 and not after.startswith(("年", "-", "至", "到", "、"))):
        return run
    return found
