"""duban doctor: numbered findings for the operator, and the watchdog that works without Prefect."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from datetime import datetime, time
from email.message import EmailMessage
from typing import Annotated

import typer
from pydantic import ValidationError

from duban.bureau import Bureau
from duban.cli.options import Json, On, moment
from duban.cli.output import complain, print_json, print_table, say
from duban.core.errors import DubanError
from duban.core.settings import Settings, load
from duban.ops import checks
from duban.ops.checks import Finding, Level
from duban.ops.portal_check import portal
from duban.wiring import open_bureau

MARKS = {Level.OK: "正常", Level.WARNING: "注意", Level.FAULT: "故障"}
ALARM = "ALARM.txt"


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}”不是时刻，请写成 09:30 的样子。") from None


def doctor(
    watch: Annotated[
        bool,
        typer.Option("--watch", help="只查今日轮次；没有办就告警并以状态 1 结束（供系统定时任务使用）。"),
    ] = False,
    after: Annotated[
        time | None,
        typer.Option("--after", parser=_hour, metavar="时刻", help="这个北京时间以后才算缺（默认 09:00）。"),
    ] = None,
    mail_to: Annotated[
        str | None,
        typer.Option(
            "--mail-to", metavar="地址", help="告警另发邮件到此地址（不经 Prefect，不经待发队列）。"
        ),
    ] = None,
    on: On = None,
    as_json: Json = False,
) -> None:
    """逐项检查运行状况，每项有编号、结论和下一步。"""
    now = moment(on)
    findings = tuple(_watched(now, after) if watch else examine(now))
    if as_json:
        print_json(findings)
    elif not watch:
        rows = ((one.code, one.about, MARKS[one.level], one.sentence) for one in findings)
        print_table("检查结果", ("编号", "项目", "结论", "说明"), rows)
    faults = [one for one in findings if one.level is Level.FAULT]
    if watch:
        _alarm(faults, mail_to, quiet=as_json)
    if faults:
        raise typer.Exit(1)


def examine(now: datetime) -> Iterator[Finding]:
    """Every finding in order of its number; what cannot be looked at is a finding itself."""
    settings = _settings()
    if isinstance(settings, Finding):
        yield settings
        yield checks.versions()
        return
    yield Finding(code="D01", about="设置", level=Level.OK, sentence="设置可读。")
    yield checks.folder(settings)
    yield checks.disk(settings)
    yield from _with_office(settings, now)
    for look in (checks.prefect_server, checks.schedules, checks.allow_list, checks.mail_server):
        yield look(settings)
    yield checks.versions()
    yield checks.backups(settings, now)
    yield portal(settings)


def _settings() -> Settings | Finding:
    try:
        return load()
    except ValidationError as error:
        names = "、".join(f"DUBAN_{str(one['loc'][0]).upper()}" for one in error.errors() if one["loc"])
        sentence = f"设置有误：{names}；请对照 docs/operations.md 改正环境变量或 duban.env。"
        return Finding(code="D01", about="设置", level=Level.FAULT, sentence=sentence)


def _with_office(settings: Settings, now: datetime) -> Iterator[Finding]:
    from duban.core import clock as clock

    looks: tuple[Callable[[Bureau], Finding], ...] = (
        checks.database,
        lambda bureau: checks.workday_years(bureau, clock.civil(now)),
        lambda bureau: checks.todays_round(bureau, now),
        checks.records,
        checks.actor,
    )
    try:
        with open_bureau(settings) as bureau:
            yield from [look(bureau) for look in looks]
    except DubanError as error:
        yield Finding(code="D04", about="台账数据库", level=Level.FAULT, sentence=str(error))


def _watched(now: datetime, after: time | None) -> Iterator[Finding]:
    try:
        with open_bureau() as bureau:
            yield checks.todays_round(bureau, now, after)
    except (DubanError, ValidationError) as error:
        yield Finding(
            code="D06", about="今日轮次", level=Level.FAULT, sentence=f"台账打不开，无法核对今日轮次：{error}"
        )


def _alarm(faults: list[Finding], mail_to: str | None, *, quiet: bool) -> None:
    """Tell the operator by paths that need neither Prefect nor the outbox; take the notice away when all is well."""
    settings = load()
    notice = settings.home / ALARM
    if not faults:
        notice.unlink(missing_ok=True)
        return
    text = "\n".join(f"{one.code} {one.sentence}" for one in faults)
    if not quiet:
        complain(text)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        notice.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        complain(f"{notice} 写不进去（{error.strerror}）。")
    if mail_to:
        _mail(settings, mail_to, text)


def _mail(settings: Settings, to: str, text: str) -> None:
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
        complain(f"告警邮件没有发出（{type(error).__name__}），请直接处理上述问题。")
    else:
        say(f"告警已发往 {to}。")
