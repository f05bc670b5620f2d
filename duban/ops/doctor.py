"""What the doctor looks at: each check answers with one finding and changes nothing; and the watchdog's alarm, which
needs neither Prefect nor the outbox.
"""

from __future__ import annotations

import json
import shutil
import smtplib
import socket
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import ValidationError

from calendars.workdays import YearState, YearUnknown
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import DubanError
from duban.core.settings import Settings, load
from duban.editions.rules import years_to_schedule
from duban.editions.unscheduled import unscheduled_years
from duban.letters.office import unreachable
from duban.rounds.queries import round_on
from duban.schema.migrate import current_revision, head_revision
from duban.trial.rules import trial_sign
from duban.units.queries import find_actor
from duban.upkeep.service import latest, verify
from duban.wiring import open_bureau, outbox_folder


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One numbered finding; the sentence says what to do next unless all is well."""

    code: str
    about: str
    level: Level
    sentence: str


# Versions outside these have been seen to break scheduling or sending without a word; see docs/operations.md.
PINNED = {
    "prefect": ((3, 8, 8), (3, 9)),
    "sqlalchemy": ((2, 0, 58), (2, 1)),
    "fastapi": ((0, 139), (0, 151)),
    "apprise": ((1, 13), (2,)),
}
GIGABYTE = 1024**3
EVIDENCE_SAMPLE = 200
PORTAL_SECONDS = 3.0
ALARM = "ALARM.txt"
NAMED_OFFICERS = 5
ROUND_GRACE = timedelta(minutes=30)


def examine(now: datetime | None = None) -> Iterator[Finding]:
    """Every finding in order of its number, as of the present unless told; what cannot be looked at is a finding itself."""
    try:
        settings = load()
    except ValidationError as error:
        names = "、".join(f"DUBAN_{str(one['loc'][0]).upper()}" for one in error.errors() if one["loc"])
        yield _fault(
            "D01", "设置", f"设置有误：{names}；请对照 docs/operations.md 改正环境变量或 duban.env。"
        )
        yield versions()
        return
    yield _ok("D01", "设置", "设置可读。")
    yield folder(settings)
    yield disk(settings)
    yield from _of_the_bureau(settings, now)
    for look in (prefect_server, schedules, allow_list, mail_server):
        yield look(settings)
    yield versions()
    yield backups(settings, clock.now())
    yield portal(settings)
    yield links(settings)


def _of_the_bureau(settings: Settings, now: datetime | None) -> Iterator[Finding]:
    try:
        with open_bureau(settings) as bureau:
            moment = now or bureau.now()
            yield from [
                database(bureau),
                workday_years(bureau, clock.civil(moment)),
                todays_round(bureau, moment),
                records(bureau),
                actor(bureau),
                editions_of_the_year(bureau, clock.civil(moment)),
                which_clock(bureau),
                morning_digest(bureau),
            ]
    except DubanError as error:
        yield _fault("D04", "台账数据库", str(error))


def watch(now: datetime | None, after: time | None) -> Finding:
    """Only whether today's round was held."""
    try:
        with open_bureau() as bureau:
            return todays_round(bureau, now or bureau.now(), after)
    except (DubanError, ValidationError) as error:
        return _fault("D06", "今日轮次", f"台账打不开，无法核对今日轮次：{error}")


def raise_alarm(faults: list[Finding], mail_to: str | None) -> Iterator[tuple[bool, str]]:
    """Leave a notice in the folder and send a letter; take the notice away when all is well.

    Yields what there is to tell, and whether it is a complaint.
    """
    settings = load()
    notice = settings.home / ALARM
    if not faults:
        notice.unlink(missing_ok=True)
        return
    text = "\n".join(f"{one.code} {one.sentence}" for one in faults)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        notice.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        yield True, f"{notice} 写不进去（{error.strerror}）。"
    if mail_to:
        yield _mail(settings, mail_to, text)


def _mail(settings: Settings, to: str, text: str) -> tuple[bool, str]:
    message = EmailMessage()
    message["Subject"] = "督办系统告警"
    message["From"] = settings.mail_from
    message["To"] = to
    message.set_content(text)
    secure = settings.smtp_security == "tls"
    opened = smtplib.SMTP_SSL if secure else smtplib.SMTP
    try:
        with opened(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_seconds) as server:
            if settings.smtp_security == "starttls":
                server.starttls()
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        return True, f"告警邮件没有发出（{type(error).__name__}），请直接处理上述问题。"
    return False, f"告警已发往 {to}。"


def folder(settings: Settings) -> Finding:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _fault(
            "D02", "数据文件夹", f"{settings.home} 不能写入（{reason}），请修正权限或改设 DUBAN_HOME。"
        )
    return _ok("D02", "数据文件夹", f"{settings.home.resolve()} 可写。")


def disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(
        settings.home if settings.home.exists() else settings.home.absolute().parent
    ).free
    said = f"剩余 {free / GIGABYTE:.1f} GB"
    if free < GIGABYTE // 5:
        return _fault("D03", "磁盘空间", f"{said}，已不足以安全写入，请立即清理或扩容。")
    if free < 2 * GIGABYTE:
        return _warning("D03", "磁盘空间", f"{said}，请尽快清理旧备份或扩容。")
    return _ok("D03", "磁盘空间", f"{said}。")


def database(bureau: Bureau) -> Finding:
    kind = "SQLite" if bureau.store.is_sqlite else "PostgreSQL"
    stands, wanted = current_revision(bureau.store), head_revision()
    if stands != wanted:
        return _fault(
            "D04", "台账数据库", f"{kind} 的结构是 {stands or '空'}，程序需要 {wanted}，请运行 duban setup。"
        )
    return _ok("D04", "台账数据库", f"{kind} 可用，结构版本 {wanted}。")


def workday_years(bureau: Bureau, today: date) -> Finding:
    """From 1 November on, next year's notice may be out and everything of January rests on it."""
    years = [today.year] + ([today.year + 1] if today.month >= 11 else [])
    try:
        waiting = [year for year in years if bureau.workdays.state(year) is YearState.PROVISIONAL]
    except YearUnknown as error:
        return _fault("D05", "放假安排", str(error))
    if waiting:
        listed = "、".join(f"{year} 年" for year in waiting)
        return _warning(
            "D05",
            "放假安排",
            f"{listed}的放假通知尚未导入，相关日期均为暂定；通知发布后请用 duban import-notice 导入。",
        )
    return _ok("D05", "放假安排", f"{'、'.join(map(str, years))} 年的放假通知已导入。")


def editions_of_the_year(bureau: Bureau, today: date) -> Finding:
    """Whether every campaign of every year has an edition for this year, from November on for the next one too."""
    with bureau.store.reading() as connection:
        missing = unscheduled_years(connection, today, by=SYSTEM)
    if missing:
        return _warning("D17", "年度安排", "".join(one.sentence for one in missing))
    years = "、".join(f"{year} 年" for year in years_to_schedule(today))
    return _ok("D17", "年度安排", f"每年都办的专项行动，{years}没有缺的。")


def todays_round(bureau: Bureau, now: datetime, after: time | None = None) -> Finding:
    """The watchdog's question. Before its hour (half an hour after the round's) nothing is missing yet."""
    today = clock.civil(now)
    expected = clock.at(today, after) if after else clock.at(today) + ROUND_GRACE
    with bureau.store.reading() as connection:
        held = round_on(connection, today)
    if held is not None and held.status != "failed":
        return _ok("D06", "今日轮次", f"{today:%Y-%m-%d} 的晨间一轮已办。")
    if held is not None:
        return _fault(
            "D06",
            "今日轮次",
            f"{today:%Y-%m-%d} 的晨间一轮有专项行动没有办成，请用 duban round missing 查看后运行 duban round run。",
        )
    if now < expected:
        return _ok("D06", "今日轮次", f"{today:%Y-%m-%d} 的晨间一轮还没到时间。")
    return _fault(
        "D06",
        "今日轮次",
        f"{today:%Y-%m-%d} 的晨间一轮没有办，请运行 duban round run，并检查 duban up 是否在运行。",
    )


def prefect_server(settings: Settings) -> Finding:
    api_url = prefect_address(settings)
    if api_url is None:
        return _warning("D07", "Prefect 服务", "没有启动，定时不会触发；请运行 duban up。")
    if _ask(api_url, "health") is None:
        return _fault(
            "D07", "Prefect 服务", f"{api_url} 没有应答，请运行 duban up，或检查 DUBAN_PREFECT_API_URL。"
        )
    return _ok("D07", "Prefect 服务", f"{api_url} 应答正常。")


def schedules(settings: Settings) -> Finding:
    """A server can answer and yet schedule nothing: only runs that are really there count."""
    api_url = prefect_address(settings)
    ours = (
        _ask(api_url, "deployments/filter", {"deployments": {"tags": {"all_": ["督办"]}}})
        if api_url
        else None
    )
    if not ours:
        return _warning("D08", "定时计划", "查不到已登记的定时计划，请运行 duban up。")
    paused = [
        one["name"] for one in ours if one["paused"] or not all(plan["active"] for plan in one["schedules"])
    ]
    waiting = {
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}, "tags": {"all_": ["督办"]}},
        "limit": 1,
    }
    if not _ask(str(api_url), "flow_runs/filter", waiting):
        return _fault(
            "D08", "定时计划", "Prefect 没有排出任何计划运行，请核对版本（D12）并重新运行 duban up。"
        )
    if paused:
        return _warning(
            "D08", "定时计划", f"处于暂停：{'、'.join(paused)}；如非有意，请在 Prefect 页面恢复。"
        )
    return _ok("D08", "定时计划", f"{len(ours)} 个部署均在按时间表运行。")


def allow_list(settings: Settings) -> Finding:
    if settings.mail == "eml":
        return _ok("D09", "外发许可", "邮件写成文件，不外发；正式启用请设 DUBAN_MAIL=smtp。")
    if settings.allow_all:
        return _ok("D09", "外发许可", "许可名单已撤去，消息发往所有联系人。")
    if not settings.allow_addresses:
        return _fault(
            "D09",
            "外发许可",
            "已设 SMTP 但许可名单为空，一封也不会外发；请填 DUBAN_ALLOW_ADDRESSES 或设 DUBAN_ALLOW_ALL=true。",
        )
    return _warning(
        "D09", "外发许可", f"只发往名单内的 {len(settings.allow_addresses)} 项，名单外的一律不发。"
    )


def mail_server(settings: Settings) -> Finding:
    if settings.mail == "eml":
        return _ok("D10", "邮件服务器", f"不使用；邮件在 {outbox_folder(settings).resolve()}。")
    place = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with socket.create_connection(
            (settings.smtp_host, settings.smtp_port), settings.smtp_timeout_seconds
        ):
            return _ok("D10", "邮件服务器", f"{place} 可以连接。")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _fault("D10", "邮件服务器", f"{place} 连接不上（{reason}），请检查地址、端口与防火墙。")


def records(bureau: Bureau) -> Finding:
    report = verify(bureau, newest=EVIDENCE_SAMPLE)
    if not report.sound:
        faults = "；".join(filter(None, (report.history_fault, *report.evidence_faults)))
        return _fault("D11", "留痕与佐证", faults)
    if report.out_of_order:
        return _warning(
            "D11",
            "留痕与佐证",
            f"留痕内容完好，但有 {report.out_of_order} 条的时间对不上，请用 duban history verify 逐条查看。",
        )
    return _ok(
        "D11", "留痕与佐证", f"留痕 {report.entries} 条、抽查佐证 {report.evidence_checked} 件，均完好。"
    )


def versions() -> Finding:
    wrong = [said for name, span in PINNED.items() if (said := _version_fault(name, *span))]
    if wrong:
        return _fault("D12", "版本", f"{'；'.join(wrong)}；请按 requirements.lock 重新安装。")
    return _ok("D12", "版本", "、".join(f"{name} {version(name)}" for name in PINNED) + "。")


def backups(settings: Settings, now: datetime) -> Finding:
    newest = latest(settings.home / "backups")
    if newest is None:
        return _warning("D13", "备份", "还没有备份，请运行 duban backup（duban up 每夜自动备份）。")
    age = now.timestamp() - (newest / "manifest.json").stat().st_mtime
    if age > timedelta(days=2).total_seconds():
        return _warning("D13", "备份", f"最近一份是 {newest.name}，已超过两天，请运行 duban backup。")
    return _ok("D13", "备份", f"最近一份是 {newest.name}。")


def actor(bureau: Bureau) -> Finding:
    name = bureau.settings.actor
    try:
        with bureau.store.reading() as connection:
            found = find_actor(connection, name)
    except DubanError as error:
        return _warning("D14", "操作人", str(error))
    if found is None:
        return _warning(
            "D14", "操作人", f"没有名为“{name}”的人员，请登记，或在 DUBAN_ACTOR 里改成已登记的姓名。"
        )
    return _ok("D14", "操作人", f"未写 --as 时以“{found.name}”办理。")


def morning_digest(bureau: Bureau) -> Finding:
    """Whether the morning's queues reach everybody who works them off."""
    with bureau.store.reading() as connection:
        nobody = unreachable(connection)
    if nobody:
        named = "、".join(f"{one.name}（{one.unit}）" for one in nobody[:NAMED_OFFICERS])
        many = f"等{len(nobody)}位" if len(nobody) > NAMED_OFFICERS else ""
        return _warning(
            "D19",
            "晨报",
            f"{named}{many}没有登记邮箱，收不到晨报；请在单位的联系人里按同一姓名登记，职责选“处室人员”。",
        )
    return _ok("D19", "晨报", "统筹科室和审核人都收得到晨报。")


def which_clock(bureau: Bureau) -> Finding:
    """A trial home's clock is its own, whatever the machine's says."""
    if not bureau.is_trial:
        return _ok("D18", "时钟", "正式环境，以本机时钟为准。")
    return _ok("D18", "时钟", f"试用环境，{trial_sign(bureau.now())}；往前走用 duban clock step。")


def portal(settings: Settings) -> Finding:
    """Where `duban up` noted its address; its key has to be there too."""
    if settings.portal_key is None:
        return _warning("D15", "门户", "门户的密钥还没有，请运行 duban setup。")
    note = settings.home / "portal_url"
    if not note.exists():
        return _warning("D15", "门户", "门户没有启动，单位打不开消息里的链接；请运行 duban up。")
    url = note.read_text(encoding="utf-8").strip()
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=PORTAL_SECONDS):
            return _ok("D15", "门户", f"{settings.link_base or url} 应答正常。")
    except (urllib.error.URLError, OSError, ValueError) as error:
        return _fault(
            "D15", "门户", f"{url} 没有应答（{error}），请查看 logs/portal.log 并重新运行 duban up。"
        )


def links(settings: Settings) -> Finding:
    """Letters lead to the portal: from another machine only by an address that was set."""
    if settings.link_base:
        return _ok("D16", "消息链接", f"消息里的链接以 {settings.link_start} 开头。")
    so_far = f"现以 {settings.link_start} 开头，只有本机打得开" if settings.link_start else "现在没有链接"
    return _warning(
        "D16",
        "消息链接",
        f"门户对外的网址没有设置，链接{so_far}；请在 duban.env 里写 DUBAN_LINK_BASE=单位能打开的网址。",
    )


def prefect_address(settings: Settings) -> str | None:
    """The set address, else the one that `duban up` of this folder last served at."""
    if settings.prefect_api_url:
        return settings.prefect_api_url
    try:
        return (settings.home / "prefect" / "api_url").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _ask(api_url: str, path: str, body: object = None) -> Any:
    """The server's answer as JSON, or None when there is none."""
    request = urllib.request.Request(
        f"{api_url.rstrip('/')}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _version_fault(name: str, lowest: tuple[int, ...], below: tuple[int, ...]) -> str | None:
    try:
        installed = tuple(int(part) for part in version(name).split(".")[:3] if part.isdigit())
    except PackageNotFoundError:
        return f"没有安装 {name}"
    span = f"{'.'.join(map(str, lowest))} 至 {'.'.join(map(str, below))} 之前"
    return None if lowest <= installed < below else f"{name} {version(name)} 不在 {span}"


def _ok(code: str, about: str, sentence: str) -> Finding:
    return Finding(code=code, about=about, level=Level.OK, sentence=sentence)


def _warning(code: str, about: str, sentence: str) -> Finding:
    return Finding(code=code, about=about, level=Level.WARNING, sentence=sentence)


def _fault(code: str, about: str, sentence: str) -> Finding:
    return Finding(code=code, about=about, level=Level.FAULT, sentence=sentence)
