import pytest

from notifications.channels import AllowList, address_refusal, allow_list, target_refusal

ALLOW = allow_list(["Wang@zhonglou.example", " @mzj.example ", "", "值班手机"])


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("wang@zhonglou.example", None),
        ("WANG@Zhonglou.example", None),
        ("anyone@mzj.example", None),
        ("zhao@zhonglou.example", "not_on_allow_list"),
        ("zhao@sub.mzj.example", "not_on_allow_list"),
        ("zhao@notmzj.example", "not_on_allow_list"),
        ("zhao@mzj.example.stranger.example", "not_on_allow_list"),
        ("not an address", "bad_address"),
    ],
)
def test_a_message_may_leave_only_to_what_is_listed(address, code):
    refusal = address_refusal(address, ALLOW)

    assert (refusal.provider_code if refusal else None) == code


def test_a_fresh_list_lets_nothing_out_and_a_lifted_one_everything_that_is_an_address():
    assert address_refusal("wang@zhonglou.example", AllowList()) is not None
    assert address_refusal("wang@zhonglou.example", AllowList(lifted=True)) is None
    assert address_refusal("王科长", AllowList(lifted=True)) is not None


def test_a_push_target_is_listed_by_its_name():
    assert target_refusal("值班手机", ALLOW) is None
    refusal = target_refusal("别的手机", ALLOW)
    assert refusal is not None and "加入白名单" in refusal.provider_message
