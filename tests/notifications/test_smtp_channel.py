import datetime as dt
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.channels import ChannelError, Status, allow_list
from notifications.channels.smtp import SmtpSettings, Tls, open_smtp
from notifications.letters import Letter
from tests.notifications.mail_builders import (
    EVERYONE,
    Mailbox,
    a_free_port,
    a_letter,
    a_server,
    only_wang,
    server_context,
    settings_for,
)


def letters(count: int) -> list[Letter]:
    return [a_letter(key=f"k{n}", to_address=f"unit{n}@mzj.example") for n in range(count)]


def test_an_accepted_letter_arrives_byte_for_byte_with_the_servers_own_answer():
    mailbox = Mailbox()
    letter = a_letter()

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipt = channel.send(letter)

    assert receipt.status is Status.ACCEPTED
    assert (receipt.provider_code, receipt.provider_message) == ("250 2.0.0", "2.0.0 Ok: queued as 7F3A")
    assert mailbox.taken == [(letter.to_address, letter.data)]


def test_lines_that_begin_with_a_dot_survive_the_transport():
    mailbox = Mailbox()
    letter = a_letter()
    object.__setattr__(letter, "data", b"Subject: x\r\n\r\n.\r\n..two\r\n.one\r\n")

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        channel.send(letter)

    assert mailbox.taken[0][1] == letter.data


def test_a_letter_larger_than_the_server_takes_is_not_tried_again():
    mailbox = Mailbox()

    with a_server(mailbox, data_size_limit=100) as settings, open_smtp(settings, EVERYONE) as channel:
        receipt = channel.send(a_letter())

    assert (receipt.status, (receipt.provider_code or "")[:3]) == (Status.PERMANENT, "552")
    assert mailbox.taken == []


def test_many_letters_use_one_connection_and_one_recipient_each():
    mailbox = Mailbox()

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipts = list(channel.send_many(letters(20)))

    assert {receipt.status for _, receipt in receipts} == {Status.ACCEPTED}
    assert [address for address, _ in mailbox.taken] == [f"unit{n}@mzj.example" for n in range(20)]
    assert len(mailbox.sessions) == 1


def test_several_connections_answer_in_the_order_of_the_letters_and_lose_none():
    mailbox = Mailbox(refuse={"unit7@mzj.example": "550 5.1.1 no such user"})

    with a_server(mailbox) as settings, open_smtp(replace(settings, connections=3), EVERYONE) as channel:
        receipts = list(channel.send_many(letters(40)))

    assert [letter.key for letter, _ in receipts] == [f"k{n}" for n in range(40)]
    assert [n for n, (_, receipt) in enumerate(receipts) if receipt.status is not Status.ACCEPTED] == [7]
    assert len(mailbox.taken) == 39
    assert 1 < len(mailbox.sessions) <= 3


def test_a_refused_recipient_is_permanent_for_that_recipient_only():
    mailbox = Mailbox(refuse={"unit1@mzj.example": "550 5.1.1 no such user"})

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipts = [receipt for _, receipt in channel.send_many(letters(3))]

    assert [receipt.status for receipt in receipts] == [Status.ACCEPTED, Status.PERMANENT, Status.ACCEPTED]
    assert receipts[1].provider_code == "550 5.1.1"
    assert len(mailbox.sessions) == 1


@pytest.mark.parametrize(
    ("mailbox", "status", "code"),
    [
        (Mailbox(refuse={"wang@zhonglou.example": "450 4.2.1 greylisted"}), Status.TEMPORARY, "450 4.2.1"),
        (Mailbox(answer_data="452 4.3.1 system storage full"), Status.TEMPORARY, "452 4.3.1"),
        (Mailbox(answer_data="554 5.7.1 looks like spam"), Status.PERMANENT, "554 5.7.1"),
        (Mailbox(answer_mail="451 4.3.0 try later"), Status.TEMPORARY, "451 4.3.0"),
        # Our own address is refused: the recipient can do nothing about it, and the operator can.
        (Mailbox(answer_mail="553 5.7.1 sender not yours"), Status.TEMPORARY, "553 5.7.1"),
    ],
)
def test_the_code_decides_between_temporary_and_permanent(mailbox, status, code):
    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipt = channel.send(a_letter())

    assert (receipt.status, receipt.provider_code) == (status, code)
    assert mailbox.taken == []


def test_a_line_dropped_before_the_letter_went_out_is_temporary():
    mailbox = Mailbox(drop_before_data=True)

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipt = channel.send(a_letter())

    assert (receipt.status, receipt.provider_code) == (Status.TEMPORARY, "line_dropped")
    assert mailbox.taken == []


def test_a_line_dropped_after_the_letter_was_taken_is_unsure_and_the_next_letter_goes_out():
    mailbox = Mailbox(drop_after_data=True)

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        dropped = channel.send(a_letter(key="one"))
        mailbox.drop_after_data = False
        following = channel.send(a_letter(key="two"))

    assert (dropped.status, dropped.provider_code) == (Status.UNSURE, "line_dropped")
    assert following.status is Status.ACCEPTED
    assert len(mailbox.taken) == 2


def test_a_connection_that_the_server_closed_between_letters_is_opened_again():
    mailbox = Mailbox(drop_idle_after_each=True)

    def unhurried() -> Iterator[Letter]:
        import time

        for letter in letters(3):
            yield letter
            time.sleep(0.1)

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipts = [receipt for _, receipt in channel.send_many(unhurried())]

    assert [receipt.status for receipt in receipts] == [Status.ACCEPTED] * 3
    assert len(mailbox.taken) == 3


def test_a_server_that_does_not_answer_is_temporary_and_costs_one_timeout_for_many_letters():
    mailbox = Mailbox(slow_mail_seconds=3)

    with (
        a_server(mailbox) as settings,
        open_smtp(replace(settings, timeout_seconds=0.3), EVERYONE) as channel,
    ):
        receipts = [receipt for _, receipt in channel.send_many(letters(50))]

    assert {(receipt.status, receipt.provider_code) for receipt in receipts} == {
        (Status.TEMPORARY, "timeout")
    }
    assert receipts[1].retry_after_seconds == 60
    assert len(mailbox.sessions) == 1


def test_a_server_that_is_slow_to_confirm_the_letter_leaves_it_unsure():
    mailbox = Mailbox(slow_data_seconds=1)

    with (
        a_server(mailbox) as settings,
        open_smtp(replace(settings, timeout_seconds=0.3), EVERYONE) as channel,
    ):
        receipt = channel.send(a_letter())

    assert (receipt.status, receipt.provider_code) == (Status.UNSURE, "timeout")


def test_a_server_that_is_down_is_temporary_and_works_again_after_the_rest():
    mailbox = Mailbox()
    port = a_free_port()

    with open_smtp(settings_for(port, rest_seconds=0), EVERYONE) as channel:
        down = channel.send(a_letter())
        controller = Controller(mailbox, hostname="127.0.0.1", port=port)
        controller.start()
        up = channel.send(a_letter())
        controller.stop()

    assert (down.status, down.provider_code) == (Status.TEMPORARY, "unreachable")
    assert "请检查地址、端口和加密方式" in down.provider_message
    assert up.status is Status.ACCEPTED


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("password", "status"), [("right", Status.ACCEPTED), ("wrong", Status.TEMPORARY)])
def test_a_refused_login_is_temporary_because_the_operator_can_heal_it(password, status):
    mailbox = Mailbox()
    with a_server(mailbox, authenticator=only_wang, auth_require_tls=False, auth_required=True) as settings:
        settings = replace(settings, username="wang", password=password, login_without_tls=True)
        with open_smtp(settings, EVERYONE) as channel:
            receipt = channel.send(a_letter())

    assert receipt.status is status
    assert len(mailbox.taken) == (1 if status is Status.ACCEPTED else 0)
    if status is Status.TEMPORARY:
        assert receipt.provider_message == "邮件服务器拒绝登录，请检查账号和密码（或授权码）设置。"


def test_a_password_is_not_sent_in_clear_unless_someone_says_so():
    settings = SmtpSettings(host="127.0.0.1", tls=Tls.NONE, username="wang", password="right")

    with pytest.raises(ChannelError, match="明文"), open_smtp(settings, EVERYONE):
        pass
    assert "right" not in repr(settings)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only its own file vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.mzj.example")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.SSL])
def test_mail_travels_encrypted_to_a_server_whose_certificate_is_known(tls, certificate):
    mailbox = Mailbox()
    context = server_context(*map(str, certificate))
    option = (
        {"ssl_context": context} if tls is Tls.SSL else {"tls_context": context, "require_starttls": True}
    )

    with a_server(mailbox, **option) as settings:
        with open_smtp(replace(settings, tls=tls, ca_file=certificate[0]), EVERYONE) as channel:
            known = channel.send(a_letter())
        with open_smtp(replace(settings, tls=tls), EVERYONE) as channel:
            unknown = channel.send(a_letter())

    assert known.status is Status.ACCEPTED
    assert (unknown.status, unknown.provider_code) == (Status.TEMPORARY, "unreachable")
    assert len(mailbox.taken) == 1


def test_nothing_leaves_to_an_address_that_is_not_on_the_list():
    mailbox = Mailbox()
    allow = allow_list(["unit0@mzj.example", "@zhonglou.example"])

    with a_server(mailbox) as settings, open_smtp(settings, allow) as channel:
        receipts = [receipt for _, receipt in channel.send_many([*letters(2), a_letter()])]

    assert [receipt.status for receipt in receipts] == [Status.ACCEPTED, Status.PERMANENT, Status.ACCEPTED]
    assert receipts[1].provider_code == "not_on_allow_list"
    assert [address for address, _ in mailbox.taken] == ["unit0@mzj.example", "wang@zhonglou.example"]


@pytest.mark.parametrize(
    "address", ["wang@zhonglou.example>\r\nRCPT TO:<zhao@x.example", "13800000000", "王@x.example"]
)
def test_an_address_that_is_none_is_permanent_and_never_reaches_the_server(address):
    mailbox = Mailbox()

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        receipt = channel.send(a_letter(to_address=address))

    assert (receipt.status, receipt.provider_code) == (Status.PERMANENT, "bad_address")
    assert mailbox.sessions == set()


def test_the_same_letter_has_the_same_message_id_when_it_is_sent_twice():
    mailbox = Mailbox()

    with a_server(mailbox) as settings, open_smtp(settings, EVERYONE) as channel:
        channel.send(a_letter())
        channel.send(a_letter(rendered=a_letter().rendered))

    assert mailbox.taken[0] == mailbox.taken[1]
