import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from notifications.channels import ChannelError, Status, allow_list
from notifications.channels.apprise_channel import ROBOTS, AppriseChannel, open_apprise
from tests.notifications.mail_builders import EVERYONE, a_free_port, a_letter

PHONE = "值班手机"


@contextmanager
def a_channel(address: str, path: str = "hook", allow=EVERYONE) -> Iterator[AppriseChannel]:
    """A channel whose one target is a JSON hook; only these tests allow that schema."""
    with open_apprise({PHONE: f"json://{address}/{path}"}, allow, schemas={"json"}) as channel:
        yield channel


def address_of(server: HTTPServer) -> str:
    return f"127.0.0.1:{server.port}"


def test_a_push_carries_subject_and_text_once_and_nothing_else(httpserver: HTTPServer):
    requests: list[dict] = []

    def hook(request: Request) -> Response:
        requests.append(request.get_json())
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(hook)
    letter = a_letter(to_address=PHONE)

    with a_channel(address_of(httpserver)) as channel:
        receipt = channel.send(letter)

    assert receipt.status is Status.ACCEPTED
    (request,) = requests
    assert request["title"] == letter.rendered.subject
    assert request["message"].strip() == letter.rendered.text.strip()
    assert request["attachments"] == []


@pytest.mark.parametrize(
    ("http_status", "status"),
    [
        (500, Status.TEMPORARY),
        (503, Status.TEMPORARY),
        (429, Status.TEMPORARY),
        (400, Status.PERMANENT),
        (401, Status.PERMANENT),
        (404, Status.PERMANENT),
    ],
)
def test_the_http_code_decides_between_temporary_and_permanent(httpserver: HTTPServer, http_status, status):
    httpserver.expect_request("/hook").respond_with_data("no", status=http_status)

    with a_channel(address_of(httpserver)) as channel:
        receipt = channel.send(a_letter(to_address=PHONE))

    assert (receipt.status, receipt.provider_code) == (status, str(http_status))


@pytest.mark.parametrize("http_status", [302, 307])
def test_a_redirect_is_not_followed(httpserver: HTTPServer, http_status):
    followed = []
    httpserver.expect_request("/hook").respond_with_data(
        "", status=http_status, headers={"Location": "/inside"}
    )
    httpserver.expect_request("/inside").respond_with_handler(
        lambda request: followed.append(request.path) or Response("ok")
    )

    with a_channel(address_of(httpserver)) as channel:
        receipt = channel.send(a_letter(to_address=PHONE))

    assert (receipt.status, receipt.provider_code) == (Status.PERMANENT, str(http_status))
    assert followed == []


def test_a_service_that_is_down_is_temporary():
    with a_channel(f"127.0.0.1:{a_free_port()}") as channel:
        receipt = channel.send(a_letter(to_address=PHONE))

    assert (receipt.status, receipt.provider_code) == (Status.TEMPORARY, "unreachable")


def test_a_service_that_takes_the_request_and_hangs_up_leaves_it_unsure():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take_and_hang_up() -> None:
            peer, _ = listener.accept()
            peer.recv(65536)
            peer.close()

        thread = threading.Thread(target=take_and_hang_up, daemon=True)
        thread.start()
        with a_channel(f"127.0.0.1:{listener.getsockname()[1]}") as channel:
            receipt = channel.send(a_letter(to_address=PHONE))
        thread.join(timeout=10)

    assert (receipt.status, receipt.provider_code) == (Status.UNSURE, "no_answer")


@pytest.mark.parametrize("robot", sorted(ROBOTS))
def test_robots_are_refused_whichever_way_they_are_named(robot):
    listed = open_apprise({}, EVERYONE, schemas={robot})
    smuggled = open_apprise({"群": f"{robot}://abcdefabcdefabcdef"}, EVERYONE, schemas={"json"})

    for opening in (listed, smuggled):
        with pytest.raises(ChannelError, match=r"群机器人.*请改用邮件"), opening:
            pass


@pytest.mark.parametrize(
    "url",
    [
        "syslog://",
        "form://127.0.0.1/hook",
        "JSONS://127.0.0.1/hook",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=8b6fd1f4-2a0f-4d4c-9a7f-0c3a1f6a0000",
        "not a url",
    ],
)
def test_only_schemas_on_the_list_open(url):
    with (
        pytest.raises(ChannelError, match="不在允许的类型内"),
        open_apprise({"某处": url}, EVERYONE, schemas={"json"}),
    ):
        pass


def test_apprise_itself_refuses_everything_else_while_the_channel_is_open(httpserver: HTTPServer):
    import apprise

    with a_channel(address_of(httpserver)):
        assert not apprise.Apprise().add(f"form://{address_of(httpserver)}/hook")
        assert not apprise.Apprise().add("syslog://")


def test_a_target_must_be_known_and_on_the_allow_list(httpserver: HTTPServer):
    with a_channel(address_of(httpserver), allow=allow_list(["别的"])) as channel:
        not_listed = channel.send(a_letter(to_address=PHONE))
        unknown = channel.send(a_letter(to_address="别的"))

    assert (not_listed.status, not_listed.provider_code) == (Status.PERMANENT, "not_on_allow_list")
    assert (unknown.status, unknown.provider_code) == (Status.PERMANENT, "unknown_target")
    assert httpserver.log == []


def test_keys_stay_out_of_receipts_logs_and_reprs(httpserver: HTTPServer, caplog: pytest.LogCaptureFixture):
    httpserver.expect_request("/sehr-geheim").respond_with_data("sehr-geheim", status=500)
    caplog.set_level(logging.DEBUG)

    with a_channel(address_of(httpserver), path="sehr-geheim") as channel:
        receipt = channel.send(a_letter(to_address=PHONE))

    said = [record.getMessage() for record in caplog.records if record.name.startswith("apprise")]
    assert "sehr-geheim" not in repr((channel, receipt, said))
