import email
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.letters import Letter, Sender, is_address, safe_key
from notifications.messages import Rendered
from notifications.wording import one_line
from tests.notifications.mail_builders import SENDER, a_letter


def read(letter: Letter) -> EmailMessage:
    return email.message_from_bytes(letter.data, policy=policy.default)  # type: ignore[return-value]


def test_the_standard_parser_reads_back_every_part_without_a_defect():
    message = read(a_letter())

    assert message["Subject"] == a_letter().rendered.subject
    assert message["To"].addresses[0].display_name == "王科长"
    assert message["To"].addresses[0].addr_spec == "wang@zhonglou.example"
    assert message["From"].addresses[0].display_name == "市民政局督办"
    assert message["Message-ID"] == "<2026-03-26.morning.zhonglou@mzj.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(("plain",)).get_content() == a_letter().rendered.text
    assert message.get_body(("html",)).get_content() == a_letter().rendered.html
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert not message.defects and not any(part.defects for part in message.walk())


def test_the_date_is_the_letters_own_and_the_same_bytes_come_out_twice():
    assert read(a_letter())["Date"].datetime == datetime(2026, 3, 26, 0, 30, tzinfo=UTC)
    moment = datetime(2026, 3, 26, 6, 0, tzinfo=UTC)
    assert read(a_letter(sent_at=moment))["Date"].datetime == moment
    assert a_letter() == a_letter()


def test_a_sender_without_a_mail_address_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="不是有效的邮箱地址，请改正"):
        Sender(address="市民政局", name="督办")


ATTACK = "催办\r\nBcc: zhao@stranger.example\r\n\r\n<b>正文</b>"


@pytest.mark.parametrize("field", ["subject", "to_name", "to_address", "key", "sender"])
def test_no_value_can_add_a_header_or_a_body(field):
    if field == "subject":
        letter = a_letter(rendered=Rendered(subject=ATTACK, text="文", html="<p>文</p>"))
    elif field == "sender":
        letter = a_letter(sender=Sender(address=SENDER.address, name=ATTACK))
    else:
        letter = a_letter(**{field: ATTACK})

    message = read(letter)
    assert message["Bcc"] is None
    assert len(message.keys()) == 8
    assert message.get_body(("plain",)).get_content().rstrip() == letter.rendered.text.rstrip()


@given(subject=st.text(), text=st.text(), name=st.text())
def test_any_words_survive_the_transport_encoding(subject, text, name):
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r", "")
    letter = a_letter(to_name=name, rendered=Rendered(subject=subject, text=text, html="<p></p>"))

    message = read(letter)
    assert letter.data.isascii()
    assert max(map(len, letter.data.split(b"\r\n"))) <= 998
    assert b"\n" not in letter.data.replace(b"\r\n", b"")
    assert str(message["Subject"]).split() == one_line(subject).split()
    assert message.get_body(("plain",)).get_payload(decode=True).decode("utf-8") == text


@given(st.text(), st.text())
def test_two_keys_never_share_a_safe_name(one, other):
    assert (safe_key(one) == safe_key(other)) == (one == other)
    assert safe_key(one).isascii() and "/" not in safe_key(one) and not safe_key(one).startswith(".")
    assert len(safe_key(one)) <= 80


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("wang@zhonglou.example", True),
        ("wang.ke+duban@mail.zhonglou.example", True),
        ("wang", False),
        ("wang@", False),
        ("@zhonglou.example", False),
        ("wang@a@b", False),
        ("wang@zhonglou..example", False),
        ("wang @zhonglou.example", False),
        ("wang@zhonglou.example\n", False),
        ("王@zhonglou.example", False),
    ],
)
def test_only_plain_addresses_pass(address, good):
    assert is_address(address) is good


def test_the_planned_day_names_the_letter_not_the_moment_it_left():
    late = datetime(2026, 3, 28, 1, 0, tzinfo=UTC)

    assert a_letter(sent_at=late).sent_on == date(2026, 3, 26)
