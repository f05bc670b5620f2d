import email
import resource
import subprocess
import sys
from datetime import date
from email import policy
from pathlib import Path

from notifications.channels import Status
from notifications.channels.eml import eml_path, open_eml
from tests.notifications.mail_builders import a_letter


def test_a_letter_becomes_a_file_of_its_day_that_a_mail_program_reads(tmp_path):
    letter = a_letter(sent_on=date(2026, 3, 26))

    with open_eml(tmp_path / "outbox") as channel:
        receipt = channel.send(letter)

    path = tmp_path / "outbox" / "2026-03-26" / "2026-03-26.morning.zhonglou.eml"
    assert (receipt.status, receipt.provider_message) == (Status.ACCEPTED, str(path))
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == letter.rendered.subject


def test_the_same_letter_twice_is_one_file_and_stays_as_it_was(tmp_path):
    with open_eml(tmp_path) as channel:
        first = channel.send(a_letter())
        written = eml_path(tmp_path, a_letter()).stat().st_mtime_ns
        second = channel.send(a_letter())

    assert first == second
    assert eml_path(tmp_path, a_letter()).stat().st_mtime_ns == written
    assert len(list(tmp_path.rglob("*.*"))) == 1


def test_a_key_cannot_climb_out_of_the_outbox_and_two_keys_never_share_a_file(tmp_path):
    keys = ["../../etc/x", "..", ".", "a/b", "a-b", "钟楼", "天宁", "k" * 300, "k" * 301, ""]

    with open_eml(tmp_path / "outbox") as channel:
        receipts = [receipt for _, receipt in channel.send_many(a_letter(key=key) for key in keys)]

    assert {receipt.status for receipt in receipts} == {Status.ACCEPTED}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == len(keys)
    assert {path.parent for path in files} == {tmp_path / "outbox" / "2026-03-26"}


def test_a_folder_that_cannot_be_made_is_temporary_with_a_reason(tmp_path):
    (tmp_path / "outbox").write_text("在这里放了一个文件", encoding="utf-8")

    with open_eml(tmp_path / "outbox") as channel:
        receipt = channel.send(a_letter())

    assert (receipt.status, receipt.provider_code) == (Status.TEMPORARY, "ENOTDIR")
    assert "请联系运维人员" in receipt.provider_message


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.notifications.mail_builders import a_letter
from notifications.channels.eml import open_eml
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
with open_eml(Path(sys.argv[1])) as channel:
    receipt = channel.send(a_letter())
print(receipt.status, receipt.provider_code)
"""


def test_a_disk_that_takes_no_more_leaves_no_half_letter(tmp_path):
    assert len(a_letter().data) > 500 and resource.RLIMIT_FSIZE is not None

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(Path(__file__).parents[2])],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["temporary", "EFBIG"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_letter_without_a_mail_address_is_still_written_for_people_to_see(tmp_path):
    with open_eml(tmp_path, durable=False) as channel:
        receipt = channel.send(a_letter(to_address="未填", to_name=a_letter().to_name))

    assert receipt.status is Status.ACCEPTED
