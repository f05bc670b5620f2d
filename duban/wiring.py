"""Where everything is joined: settings become an open office, a name becomes an actor, settings become channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from calendars.reader import ladders_of
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import Actor
from duban.core.clock import ZONE
from duban.core.db import Store, open_store
from duban.core.errors import DubanError, Fault, NotFound, Refused
from duban.core.settings import Settings, load
from duban.core.vault import Vault
from duban.editions.queries import confirmed_tables
from duban.schema.migrate import pending_revisions
from duban.trial.queries import ahead_now, trial_ahead
from duban.units.queries import find_actor
from notifications.channels import AllowList, Channel, ChannelError, allow_list
from notifications.channels.eml import open_eml
from notifications.channels.smtp import SmtpSettings, Tls, open_smtp


@contextmanager
def open_bureau(settings: Settings | None = None, *, flow_run_id: str | None = None) -> Iterator[Bureau]:
    """Open the bureau that the settings name; refuses a ledger that is not there or not migrated."""
    chosen = settings or load()
    store = open_store(chosen.store_url)
    try:
        yield _office(chosen, store, flow_run_id)
    finally:
        store.close()


def _office(settings: Settings, store: Store, flow_run_id: str | None) -> Bureau:
    if pending_revisions(store):
        raise Refused("台账数据库尚未建立或需要升级，请先运行 duban setup。")
    with store.reading() as connection:
        notices = confirmed_tables(connection)
        is_trial = trial_ahead(connection) is not None
    if is_trial:
        # What is only tried out reaches nobody but those who are listed by name.
        settings = settings.model_copy(update={"allow_all": False})
    return Bureau(
        settings=settings,
        store=store,
        vault=Vault(settings.evidence_root),
        workdays=load_workdays(notices),
        ladders=ladders_of(calendars_folder(settings), repeats=settings.repeat_cap),
        flow_run_id=flow_run_id,
        ahead=partial(ahead_now, store) if is_trial else None,
    )


def present(settings: Settings) -> datetime:
    """The present of a home, for those who only want to name it: the machine's where the ledger cannot be read."""
    try:
        store = open_store(settings.store_url)
        try:
            with store.reading() as connection:
                return clock.now() + (trial_ahead(connection) or timedelta(0))
        finally:
            store.close()
    except DubanError:
        return clock.now()


def actor(bureau: Bureau, name: str | None) -> Actor:
    """The person a command acts for: --as, else the setting DUBAN_ACTOR."""
    wanted = name or bureau.settings.actor
    with bureau.store.reading() as connection:
        found = find_actor(connection, wanted)
    if found is None:
        raise NotFound(f"没有名为“{wanted}”的人员，请用 duban person list 查看，或用 --as 写明操作人。")
    return found


@contextmanager
def open_channels(settings: Settings) -> Iterator[Mapping[str, Channel]]:
    """The ways out that the settings allow, by the name contacts carry: `mail`, and `apprise` where targets are set.

    Raises Fault with the channel's own sentence when it cannot be opened with these settings.
    """
    allow = allow_list(settings.allow_addresses, lifted=settings.allow_all)
    with ExitStack() as open_until_sent:
        try:
            channels = {"mail": open_until_sent.enter_context(_mail(settings, allow))}
            if settings.apprise_targets:
                # Apprise brings a hundred plugins; only a bureau that uses it waits for them.
                from notifications.channels.apprise_channel import open_apprise

                push = open_apprise(settings.apprise_targets, allow, schemas=settings.apprise_schemas)
                channels["apprise"] = open_until_sent.enter_context(push)
        except ChannelError as error:
            raise Fault(str(error)) from error
        yield channels


def _mail(settings: Settings, allow: AllowList) -> AbstractContextManager[Channel]:
    if settings.mail == "eml":
        return open_eml(outbox_folder(settings))
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return open_smtp(
        SmtpSettings(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=Tls(settings.smtp_security),
            username=settings.smtp_user,
            password=password,
            login_without_tls=settings.smtp_login_without_tls,
            timeout_seconds=settings.smtp_timeout_seconds,
            connections=settings.smtp_connections,
        ),
        allow,
    )


def where_mail_goes(bureau: Bureau, now: datetime) -> str:
    """Where letters go and, outside the hours of sending, when; in sentences."""
    settings = bureau.settings
    place = (
        f"邮件经 {settings.smtp_host}:{settings.smtp_port} 发出"
        if settings.mail == "smtp"
        else f"邮件写成文件，在 {outbox_folder(settings).resolve()}"
    )
    leaves_at = office_hours_from(bureau, now)
    waits = (
        ""
        if leaves_at <= now
        else f"现在不是发送时段，待发的将于 {leaves_at.astimezone(ZONE):%m-%d %H:%M} 后发出。"
    )
    return f"{place}；逐封结果见 duban dispatch list。{waits}"


def outbox_folder(settings: Settings) -> Path:
    """Where the embedded default puts mail, one file a letter."""
    return settings.home / "outbox"


def calendars_folder(settings: Settings) -> Path:
    """Where the campaign files lie: the bureau's own folder, else those shipped."""
    import calendars

    return settings.calendars or Path(calendars.__file__).parent
