"""The portal over the furnished bureau: what its people do there on one morning, then every page for each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.golden.furnishing import (
    CHECK,
    NOTICE,
    PROBLEM_HEADINGS,
    ROSTER_HEADINGS,
    UNIT_HEADINGS,
    a_code,
    a_csv,
    a_pdf,
    number,
    support,
)
from tests.golden.play import PASSWORD, Play
from tests.golden.reading import TODAY
from tests.travel import travel

COORDINATOR, REVIEWER, LEADER, HANDLER = "周处长", "陈科长", "李局长", "董科长"
POLICE, POLICE_UNIT = "杨科长", "市公安局"
OPERATOR, AUDITOR, SECURITY = "运维", "苏审计", "安全员"
LINK = "link:tianning-mz@unit.example"
NAMES = {
    "C": COORDINATOR,
    "R": REVIEWER,
    "L": LEADER,
    "H": HANDLER,
    "P": POLICE,
    "O": OPERATOR,
    "A": AUDITOR,
    "S": SECURITY,
}
NAMES |= {"K": LINK, "V": "visitor"}


@dataclass(slots=True)
class Places:
    """Numbers and tokens that stand in addresses."""

    plan: str
    alerts: str
    signs: str
    survey: str
    visits: str
    wujin: str
    check: str
    hazards: str
    golden: str
    rest: dict[str, str]

    def __call__(self, path: str) -> str:
        known = {name: getattr(self, name) for name in self.__slots__ if name != "rest"} | self.rest
        return re.sub(r"<(\w+)>", lambda found: known[found[1]], path)


def visit(play: Play) -> None:
    """Wednesday, 8 April, nine o'clock."""
    travel(TODAY, "09:00")
    at = _places(play)
    _before(play)
    _handlers(play, at)
    _police(play, at)
    _office(play, at)
    _sheets(play, at)
    _planning(play, at)
    _security(play, at)
    for route, file, paths in PAGES:
        for path, who in paths:
            for one in who:
                play.page(NAMES[one], at(path), route=route, file=file)
    for name in NAMES.values():
        first = {"visitor": "/sign-in", LINK: "/my"}.get(name, "/account")
        play.page(name, first, route="/account", file="_around", part="body")
    _interface(play, at)
    _a_form_is_kept(play, at)


def _places(play: Play) -> Places:
    def edition(campaign: str) -> str:
        found = play.ask("obligation", "list", "--campaign", campaign, "--on", TODAY, "--page-size", "1")
        return str(found["obligations"][0]["edition_id"])

    tianning = "天宁区民政局"
    people = {one["name"]: str(one["id"]) for one in play.ask("person", "list")}
    units = play.ask("unit", "list")
    rows = units if isinstance(units, list) else units["units"]
    return Places(
        plan=number(play, tianning, "普查方案报备案"),
        alerts=number(play, tianning, "月度预警处置", label="2月"),
        signs=number(play, tianning, "年度巡检计划报备案"),
        survey=number(play, tianning, "完成普查"),
        visits=number(play, tianning, "月度走访", label="2月"),
        wujin=number(play, "武进区民政局", "保障方案和应急预案"),
        check=edition(CHECK[0]),
        hazards=edition("safety_hazards"),
        golden=edition("golden_survey"),
        rest={
            **{f"person_{key}": people[name] for key, name in NAMES.items() if name in people},
            "draws": edition("double_random"),
            "person_zhao": people["赵干事"],
            "roads": support(play, POLICE_UNIT, "按计划巡检"),
            "reported": support(play, POLICE_UNIT, "年度巡检计划报备案"),
            "person_lu": people["卢科长"],
            "tianning": next(str(one["id"]) for one in rows if one["name"] == tianning),
        },
    )


def _before(play: Play) -> None:
    """What a stranger sees, and who comes in wrongly."""
    play.send("visitor", "/sign-in", "/sign-in", name=COORDINATOR, password="no-such-Word-1", to="/board")
    play.page("visitor", "/board", route="/board", file="board")
    play.page("visitor", "/no-such-page", route="/sign-in", file="_errors")


def _handlers(play: Play, at: Places) -> None:
    mine = f"/my/{at.signs}"
    play.send(HANDLER, mine, f"{mine}/acknowledge")
    play.send(HANDLER, mine, f"{mine}/submit", note="没有附件")
    play.send(
        HANDLER,
        mine,
        f"{mine}/submit",
        files={"file:plan": ("巡检计划.pdf", a_pdf("patrols"), "application/pdf")},
        note="请审核",
    )
    visits = f"/my/{at.visits}"
    play.send(LINK, visits, f"{visits}/acknowledge")
    survey = f"/my/{at.survey}"
    play.send(HANDLER, survey, f"{survey}/progress", value="70")
    play.send(HANDLER, survey, f"{survey}/progress", value="96", as_of_on="2026-04-07")
    play.send(
        HANDLER,
        survey,
        f"{survey}/extension",
        wanted_on="2026-10-15",
        reason="标志未到货",
        progress="完成四成",
    )
    calm = number(play, "天宁区民政局", "清明保障小结")
    play.send(HANDLER, f"/my/{calm}", f"/my/{calm}/forward", to_unit="示范镇", reason="属地办理")
    _an_upload_waits(play, at)
    address = re.search(r'href="(/feed/[^"]+)"', play.browser(HANDLER).get("/my/calendar").text)
    assert address
    at.rest["feed"] = address[1]
    sha256 = play.ask("obligation", "show", at.plan, "--on", TODAY)["submissions"][0]["items"]
    at.rest["sha256"] = next(one["sha256"] for one in sha256 if one.get("sha256"))


def _police(play: Play, at: Places) -> None:
    """Who only supports."""
    duty = at("/support/<roads>")
    play.send(POLICE, duty, f"{duty}/acknowledge")
    play.send(POLICE, duty, f"{duty}/report", words="")
    play.send(
        POLICE,
        duty,
        f"{duty}/report",
        files={"file": ("清单.txt", "道路标志".encode(), "text/plain")},
        words="已核",
    )
    at.rest["support_sha256"] = play.ask("support", "show", at.rest["reported"])["duty"]["reports"][0][
        "files"
    ][0]["sha256"]


def _an_upload_waits(play: Play, at: Places) -> None:
    """A file announced, a first piece sent: it can go on from there."""
    client, x_csrf = play.browser(HANDLER), {"x-csrf": play.csrf(HANDLER)}
    begun = client.post(
        f"/my/{at.survey}/uploads",
        data={"key": "other", "filename": "进度.pdf", "size": "2000"},
        headers=x_csrf,
    )
    body = begun.json()
    play.note(
        "pages/_acts.txt",
        f"=== {HANDLER} POST /my/{at.survey}/uploads",
        f"{begun.status_code}",
        str(sorted(body.items())),
    )
    at.rest["upload"] = body["id"]
    sent = client.put(f"/uploads/{body['id']}?offset=0", content=a_pdf("a first piece"), headers=x_csrf)
    play.note(
        "pages/_acts.txt",
        f"=== {HANDLER} PUT /uploads/<id>?offset=0",
        f"{sent.status_code}",
        str(sorted(sent.json().items())),
    )


def _office(play: Play, at: Places) -> None:
    review = f"/reviews/{at.signs}"
    play.send(REVIEWER, review, f"{review}/send-back", reason="")
    play.send(REVIEWER, review, f"{review}/pass", remark="齐全")
    play.send(
        COORDINATOR,
        "/extensions",
        f"/extensions/{at.wujin}",
        verdict="grant",
        granted_on="2026-04-10",
        reply="同意",
    )
    case = f"/obligations/{at.plan}"
    play.send(COORDINATOR, case, f"{case}/reopen", reason="")
    other = f"/obligations/{at.visits}"
    play.send(COORDINATOR, other, f"{other}/waive", reason="已并入", authority="")
    play.send(
        COORDINATOR,
        "/obligations",
        "/obligations/act",
        act="suspend",
        obligation=[at.visits],
        reason="停电",
        authority="会议纪要",
    )
    play.send(
        COORDINATOR, "/chase", "/chase", unit=[at.rest["tianning"]], due_until="2026-03-31", words="请抓紧"
    )
    play.send(COORDINATOR, "/escalations", "/escalations/decide", act="approve")
    held = play.ask("round", "escalations")["escalations"]
    one = str(held[2]["obligation_id"])
    play.send(COORDINATOR, "/escalations", "/escalations/decide", act="approve", obligation=[one])
    play.send(COORDINATOR, "/bulletin", "/bulletin/settle", act="issue")
    play.send(COORDINATOR, "/bulletin", "/bulletin/settle", act="drop", note="已约谈")
    play.send(OPERATOR, "/dispatches", "/dispatches/retry")
    play.send(
        COORDINATOR,
        f"/figures/{at.check}",
        f"/figures/{at.check}",
        name="已参检",
        value="17",
        unit_of_measure="家",
    )
    play.send(
        HANDLER,
        f"/rosters/{at.check}",
        f"/rosters/{at.check}/outcomes",
        subject=["4"],
        taken_part_on="2026-04-01",
    )
    play.send(HANDLER, "/draws/3", "/draws/3/drop", reason="")
    play.send(COORDINATOR, "/draws/3", "/draws/3/hold", seed="短")
    play.send(
        REVIEWER,
        f"/problems/{at.hazards}",
        f"/problems/{at.hazards}/settle",
        act="return",
        problem=["2"],
        words="缺照片",
    )
    play.send(
        COORDINATOR,
        f"/problems/{at.hazards}/new",
        f"/problems/{at.hazards}/new",
        code="YH-6",
        title="楼道堆物",
    )
    ledger = f"/problems/{at.hazards}"
    play.send(REVIEWER, ledger, f"{ledger}/settle", act="strike_off", problem=["5"], words="属实")
    play.send(HANDLER, "/problems/item/1", "/problems/item/1/act", act="measure", nth="2")
    play.send(HANDLER, "/problems/item/1", "/problems/item/1/act", act="fix", words="已整改")
    play.send(REVIEWER, "/problems/item/1", "/problems/item/1/act", act="strike_off", words="属实")
    play.send(COORDINATOR, "/people", "/people", name="示例丙", unit="示范镇", role=["handler"])
    play.send(
        COORDINATOR, "/units", "/units", code="demo-two", name="示范二镇", kind="town", parent="天宁区民政局"
    )


def _sheets(play: Play, at: Places) -> None:
    """A sheet that waits for its confirmation and one with faults, of each kind."""

    def token(place: str, sheet: bytes, name: str) -> str:
        answer = play.send(COORDINATOR, place, place, files={"sheet": (name, sheet, "text/csv")})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("/")[2]

    place = f"/rosters/{at.rest['draws']}/draws"
    play.send(
        HANDLER,
        place,
        place,
        files={"subjects": ("登记.csv", b"", "text/csv"), "inspectors": ("人员.csv", b"", "text/csv")},
        unit="天宁区民政局",
        level="县级",
        each="2",
        seed_source="4月2日双色球开奖号码",
    )
    roster, ledger = f"/rosters/{at.check}/import", f"/problems/{at.hazards}/import"
    more = (a_code(30), "第31号社会组织", "天宁区民政局", "", "", "")
    at.rest["roster_sheet"] = token(roster, a_csv(ROSTER_HEADINGS, more), "名册.csv")
    at.rest["roster_faults"] = token(
        roster, a_csv(ROSTER_HEADINGS, ("123", "", "某局", "", "", "")), "名册.csv"
    )
    problem = ("YH-7", "护栏松动", "天宁区民政局", "限期整改", "2026-04-01", "2026-04-30", "加固")
    at.rest["ledger_sheet"] = token(ledger, a_csv(PROBLEM_HEADINGS, problem), "问题.csv")
    at.rest["ledger_faults"] = token(
        ledger, a_csv(PROBLEM_HEADINGS, ("YH-8", "", "某局", "", "", "", "")), "问题.csv"
    )
    unit = (
        "demo-three",
        "示范三镇",
        "乡镇街道",
        "天宁区民政局",
        "",
        "示例丁",
        "经办人",
        "邮件",
        "demo3@unit.example",
        "1",
    )
    at.rest["unit_sheet"] = token("/unit-import", a_csv(UNIT_HEADINGS, unit), "单位.csv")
    play.send(COORDINATOR, "/unit-import", "/unit-import")


def _planning(play: Play, at: Places) -> None:
    survey = "/editions/golden_survey/2026"
    made = play.send(COORDINATOR, survey, f"{survey}/draft")
    draft = made.headers["location"]
    at.rest["draft"] = draft.rpartition("/")[2]
    shown = play.browser(COORDINATOR).get(draft).text
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.S)
    assert text
    changed = text[1].removeprefix("\n").replace("9月25日前", "10月25日前")
    play.send(COORDINATOR, draft, draft, text=changed)
    play.send(COORDINATOR, "/editions/new", "/editions/roll", campaign="qingming", year="2027")
    dates = f"{survey}/dates/plan"
    play.send(COORDINATOR, f"{dates}?phrase=6月5日前", dates, phrase="6月5日前", reason="顺延")
    play.send(COORDINATOR, "/notices", "/notices/preview", text=NOTICE)
    play.send("吴处长", "/notices", "/notices/preview", text=NOTICE, confirm="1")


def _security(play: Play, at: Places) -> None:
    person = f"/accounts/{at.rest['person_lu']}"
    play.send(SECURITY, person, f"{person}/give-role", role="auditor")
    play.send(SECURITY, "/accounts", "/accounts", name="示例戊", unit="市民政局", role="reviewer")
    made = play.send(
        SECURITY, "/tokens", "/tokens", name="省平台", person=COORDINATOR, scope="write", days="30"
    )
    found = re.search(r"duban_[\w-]{30,}", made.text) or re.search(r"[\w-]{40,}", made.text)
    assert found, made.text
    at.rest["token"] = found[0]
    at.rest["once"] = play.ask("account", "one-time", "沈科长", "--as", SECURITY)["path"]


# Route, golden file, and under it each address with those who get it.
PAGES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("/", "home", (("/", "CRLHOASKV"),)),
    ("/healthz", "home", (("/healthz", "V"),)),
    ("/sign-in", "sign_in", (("/sign-in", "V"), ("/sign-in?to=/board&why=idle", "V"))),
    ("/once/{token}", "sign_in", (("<once>", "V"), ("/once/no-such-token", "V"))),
    ("/l/{token}", "sign_in", (("/l/no-such-token", "V"),)),
    ("/oidc/start", "sign_in", (("/oidc/start", "V"),)),
    ("/oidc/callback", "sign_in", (("/oidc/callback", "V"),)),
    ("/account", "account", (("/account", "CHS"),)),
    ("/account/password", "account", (("/account/password", "H"),)),
    ("/kept/{kept_id}", "account", (("/kept/no-such-form", "HK"),)),
    (
        "/accounts",
        "accounts",
        (("/accounts", "SC"), ("/accounts?q=科长&page=2", "S"), ("/accounts?locked=1", "S")),
    ),
    ("/accounts/links", "accounts", (("/accounts/links", "S"),)),
    (
        "/accounts/{person_id}",
        "accounts",
        (("/accounts/<person_C>", "S"), ("/accounts/<person_S>", "S"), ("/accounts/99999", "S")),
    ),
    (
        "/people/{person_id}/access",
        "people",
        (("/people/<person_zhao>/access", "C"), ("/people/<person_L>/access", "C")),
    ),
    ("/tokens", "accounts", (("/tokens", "S"),)),
    (
        "/audit",
        "audit",
        (
            ("/audit", "A"),
            ("/audit?verb=submit&first_on=2026-03-17&last_on=2026-03-17", "A"),
            ("/audit?first_on=三月", "A"),
        ),
    ),
    ("/audit/verify", "audit", (("/audit/verify", "A"),)),
    ("/rosters", "rosters", (("/rosters", "CRLHA"),)),
    (
        "/rosters/{edition_id}",
        "rosters",
        (
            ("/rosters/<check>", "CRLHA"),
            ("/rosters/<check>?taken_part=no&outcome=none", "C"),
            ("/rosters/<golden>", "C"),
        ),
    ),
    ("/rosters/{edition_id}/draws", "draws", (("/rosters/<draws>/draws", "CRLHA"),)),
    ("/draws/{draw_id}", "draws", (("/draws/1", "CRLHA"), ("/draws/3", "C"))),
    ("/draws/{draw_id}/export.xlsx", "draws", (("/draws/1/export.xlsx", "CH"),)),
    ("/rosters/{edition_id}/export.xlsx", "rosters", (("/rosters/<check>/export.xlsx", "CH"),)),
    ("/rosters/{edition_id}/import", "rosters", (("/rosters/<check>/import", "C"),)),
    (
        "/rosters/{edition_id}/import/{token}",
        "rosters",
        (("/rosters/<check>/import/<roster_sheet>", "C"), ("/rosters/<check>/import/<roster_faults>", "C")),
    ),
    (
        "/rosters/{edition_id}/import/{token}/faults.xlsx",
        "rosters",
        (("/rosters/<check>/import/<roster_faults>/faults.xlsx", "C"),),
    ),
    ("/problems", "problems", (("/problems", "CRLHA"),)),
    (
        "/problems/{edition_id}",
        "problems",
        (
            ("/problems/<hazards>", "CRLHA"),
            ("/problems/<hazards>?state=fixed&text=电", "C"),
            ("/problems/<hazards>?overdue=1", "C"),
        ),
    ),
    ("/problems/{edition_id}/export.xlsx", "problems", (("/problems/<hazards>/export.xlsx", "CH"),)),
    ("/problems/{edition_id}/new", "problems", (("/problems/<hazards>/new", "CL"),)),
    ("/problems/{edition_id}/import", "problems", (("/problems/<hazards>/import", "C"),)),
    (
        "/problems/{edition_id}/import/{token}",
        "problems",
        (
            ("/problems/<hazards>/import/<ledger_sheet>", "C"),
            ("/problems/<hazards>/import/<ledger_faults>", "C"),
        ),
    ),
    (
        "/problems/{edition_id}/import/{token}/faults.xlsx",
        "problems",
        (("/problems/<hazards>/import/<ledger_faults>/faults.xlsx", "C"),),
    ),
    (
        "/problems/item/{problem_id}",
        "problems",
        (
            ("/problems/item/1", "CRHA"),
            ("/problems/item/2", "CH"),
            ("/problems/item/4", "R"),
            ("/problems/item/3", "H"),
        ),
    ),
    (
        "/board",
        "board",
        (("/board", "LCRA"), ("/board?on=2026-03-31", "L"), ("/board?year=2026&units=2", "L")),
    ),
    ("/board.xlsx", "board", (("/board.xlsx", "L"),)),
    (
        "/board/cell",
        "board",
        (
            ("/board/cell?light=red", "L"),
            ("/board/cell?edition=<golden>&figure=done", "C"),
            ("/board/cell?unit=<tianning>&year=2026&page=2", "A"),
            ("/board/cell?light=blue", "L"),
        ),
    ),
    ("/decisions", "decisions", (("/decisions", "L"),)),
    ("/ranking", "ranking", (("/ranking", "LC"), ("/ranking?edition=<golden>&measure=done", "L"))),
    ("/ranking.xlsx", "ranking", (("/ranking.xlsx", "L"),)),
    ("/runs", "runs", (("/runs", "LCOA"),)),
    ("/runs.xlsx", "runs", (("/runs.xlsx", "O"),)),
    ("/runs/{round_id}", "runs", (("/runs/1", "CO"), ("/runs/7", "L"), ("/runs/999", "C"))),
    ("/year", "planning", (("/year", "CRLA"), ("/year?year=2026&kind=filing", "C"))),
    ("/load", "planning", (("/load", "CL"), ("/load?year=2026&quarter=4", "C"))),
    (
        "/phrases",
        "planning",
        (
            ("/phrases", "C"),
            ("/phrases?phrase=每季度末月25日前&year=2026", "C"),
            ("/phrases?phrase=看情况", "A"),
        ),
    ),
    ("/events", "events", (("/events", "CH"), ("/events?edition=<golden>", "C"))),
    ("/editions", "editions", (("/editions", "CRLA"), ("/editions?year=2027", "C"))),
    ("/editions/new", "editions", (("/editions/new", "C"),)),
    (
        "/editions/{campaign}/{year}",
        "editions",
        (
            ("/editions/golden_survey/2026", "CLA"),
            ("/editions/qingming/2026", "C"),
            ("/editions/no_such/2026", "C"),
        ),
    ),
    (
        "/editions/{campaign}/{year}/dates/{key}",
        "editions",
        (
            ("/editions/golden_survey/2026/dates/plan", "C"),
            ("/editions/golden_survey/2026/dates/plan?phrase=6月8日前", "C"),
        ),
    ),
    (
        "/editions/{campaign}/{year}/states/{verb}",
        "editions",
        (
            *(
                (f"/editions/golden_survey/2026/states/{verb}", "C")
                for verb in ("publish", "pause", "withdraw")
            ),
            ("/editions/three_comforts/2026/states/resume", "C"),
        ),
    ),
    ("/editions/drafts/{draft_id}", "drafts", (("/editions/drafts/<draft>", "C"),)),
    ("/editions/drafts/{draft_id}/preview", "drafts", (("/editions/drafts/<draft>/preview", "C"),)),
    ("/rehearsal", "drafts", (("/rehearsal", "C"), ("/rehearsal?draft=<draft>", "C"))),
    ("/notices", "notices", (("/notices", "C"),)),
    ("/my", "my", (("/my", "HKP"), ("/my?tab=with_others", "H"), ("/my?tab=over", "H"), ("/my?page=2", "H"))),
    (
        "/my/{obligation_id}",
        "my",
        (
            ("/my/<plan>", "HK"),
            ("/my/<signs>", "H"),
            ("/my/<alerts>", "H"),
            ("/my/<survey>", "HK"),
            ("/my/<visits>", "H"),
            ("/my/<wujin>", "H"),
        ),
    ),
    ("/my/{obligation_id}/{act}", "my", (("/my/<plan>/submit", "H"),)),
    ("/uploads/{upload_id}", "my", (("/uploads/<upload>", "HK"),)),
    (
        "/evidence/{obligation_id}/{sha256}",
        "my",
        (("/evidence/<plan>/<sha256>", "HCAK"), ("/evidence/<signs>/<sha256>", "H")),
    ),
    ("/feed/{token}.ics", "my", (("<feed>", "V"), ("/feed/no-such-token.ics", "V"))),
    ("/my/ledger.xlsx", "my", (("/my/ledger.xlsx", "HK"),)),
    ("/my/handover", "my", (("/my/handover", "H"),)),
    ("/my/calendar", "my", (("/my/calendar", "H"),)),
    ("/queues", "queues", (("/queues", "CRL"),)),
    ("/reviews", "queues", (("/reviews", "CRL"), ("/reviews?tab=accepted", "CL"))),
    (
        "/reviews/{obligation_id}",
        "queues",
        (("/reviews/<alerts>", "CRL"), ("/reviews/<signs>", "CR"), ("/reviews/<plan>", "R")),
    ),
    (
        "/support",
        "support",
        (("/support", "CLHPA"), ("/support?state=reported", "R"), ("/support?unanswered=1&page=2", "C")),
    ),
    ("/support/{duty_id}", "support", (("/support/<reported>", "PCLH"), ("/support/<roads>", "PA"))),
    ("/support/{duty_id}/{act}", "support", (("/support/<roads>/report", "P"),)),
    (
        "/support/{duty_id}/files/{sha256}",
        "support",
        (("/support/<reported>/files/<support_sha256>", "PH"), ("/support/<roads>/files/no", "C")),
    ),
    ("/extensions", "queues", (("/extensions", "CL"),)),
    ("/forwards", "queues", (("/forwards", "CH"),)),
    ("/receipts", "queues", (("/receipts", "C"), ("/receipts?workdays=0&page=2", "C"))),
    ("/dispatches", "queues", (("/dispatches", "CO"), ("/dispatches?status=accepted&day=2026-03-02", "C"))),
    ("/waiting", "queues", (("/waiting", "C"),)),
    ("/escalations", "queues", (("/escalations", "CL"), ("/escalations?edition=<golden>", "C"))),
    ("/bulletin", "queues", (("/bulletin", "C"), ("/bulletin?edition=<golden>", "C"))),
    ("/chase", "queues", (("/chase", "CL"), ("/chase?unit=<tianning>", "C"))),
    ("/people", "people", (("/people", "CO"), ("/people?unit=<tianning>", "C"))),
    ("/people/{person_id}", "people", (("/people/<person_H>", "CO"), ("/people/<person_zhao>", "C"))),
    ("/units", "units", (("/units", "CO"),)),
    ("/units/{unit_id}", "units", (("/units/<tianning>", "CO"),)),
    ("/unit-import", "units", (("/unit-import", "C"),)),
    (
        "/unit-import/{token}",
        "units",
        (("/unit-import/<unit_sheet>", "C"), ("/unit-import/no-such-sheet", "C")),
    ),
    (
        "/obligations",
        "obligations",
        (
            ("/obligations", "CRLA"),
            ("/obligations?light=red&unit=<tianning>", "C"),
            ("/obligations?state=submitted&due_from=2026-01-01", "L"),
            ("/obligations?page=3", "A"),
        ),
    ),
    ("/obligations/export.xlsx", "obligations", (("/obligations/export.xlsx?edition=<golden>", "C"),)),
    (
        "/obligations/{obligation_id}",
        "obligations",
        (
            ("/obligations/<plan>", "CRLA"),
            ("/obligations/<signs>", "CL"),
            ("/obligations/<survey>", "C"),
            ("/obligations/<wujin>", "L"),
            ("/obligations/999999", "C"),
        ),
    ),
    ("/figures", "figures", (("/figures", "CRLHA"),)),
    ("/figures/{edition_id}", "figures", (("/figures/<check>", "CHL"), ("/figures/<golden>", "C"))),
    ("/api/v1/reference", "reference", (("/api/v1/reference", "V"),)),
)

PULLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/openapi.json", ("/openapi.json",)),
    ("/editions", ("/editions", "/editions?year=2025", "/editions?nothing=1")),
    (
        "/editions/{edition_id}/milestones",
        ("/editions/<golden>/milestones", "/editions/<check>/milestones", "/editions/999/milestones"),
    ),
    ("/supports", ("/supports?state=reported", "/supports?limit=2&page=2", "/supports?nothing=1")),
    ("/editions/{edition_id}/roster", ("/editions/<check>/roster", "/editions/<golden>/roster")),
    ("/editions/{edition_id}/events", ("/editions/<golden>/events",)),
    (
        "/editions/{edition_id}/roster/subjects",
        (
            "/editions/<check>/roster/subjects?taken_part=false",
            "/editions/<check>/roster/subjects?outcome=passed&limit=3&page=2",
        ),
    ),
    (
        "/obligations",
        (
            "/obligations?limit=8",
            "/obligations?cursor=8&limit=3",
            "/obligations?edition_id=<golden>",
            "/obligations?state=submitted&state=accepted",
            "/obligations?changed_since=145",
            "/obligations?limit=0",
        ),
    ),
    ("/obligations/{obligation_id}", ("/obligations/<plan>", "/obligations/<survey>", "/obligations/999999")),
    ("/obligations/{obligation_id}/evidence/{sha256}", ("/obligations/<plan>/evidence/<sha256>",)),
    ("/board", ("/board?year=2026",)),
    ("/history", ("/history?limit=20", "/history?since=140&limit=5")),
)


def _interface(play: Play, at: Places) -> None:
    """Another system with a coordinator's token, and one without any."""
    for route, paths in PULLS:
        for path in paths:
            play.api(at.rest["token"], at(path), route=route)
    play.api("no-such-token", "/editions", route="/editions")
    client = play.doors.browser()
    for path, given in (
        (f"/obligations/{at.survey}/progress", {"value": "100", "unit_of_measure": "块"}),
        (at("/supports/<roads>/report"), {"words": "已核"}),
        (f"/editions/{at.check}/figures", {"name": "应参检", "value": "24", "unit_of_measure": "家"}),
        (f"/editions/{at.check}/figures", {"name": "应参检", "value": "10", "unit_of_measure": "家"}),
        (f"/editions/{at.check}/roster/outcomes", {"codes": [a_code(6)], "taken_part_on": "2026-04-02"}),
        (f"/editions/{at.check}/roster/outcomes", {"codes": ["123"], "outcome": "好"}),
        (f"/editions/{at.golden}/events", {"milestone": "contact", "event_on": "2026-04-07"}),
        (f"/editions/{at.golden}/events", {"milestone": "contact", "event_on": "2062-04-07"}),
    ):
        answer = client.post(
            f"/api/v1{path}", json=given, headers={"authorization": f"Bearer {at.rest['token']}"}
        )
        play.note("api/pushes.txt", f"=== POST {path} {given}", f"{answer.status_code}", answer.text)


def _a_form_is_kept(play: Play, at: Places) -> None:
    """A session ends while somebody writes; what was typed is found again after the next sign-in."""
    mine = f"/my/{at.survey}"
    client = play.browser(HANDLER)
    shown = client.get(mine)
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    assert csrf
    travel(TODAY, "09:45")
    sent = client.post(
        f"{mine}/progress", data={"csrf": csrf[1], "value": "99", "reason": "补报"}, follow_redirects=False
    )
    play.note(
        "pages/account.txt",
        f"=== {HANDLER} POST {mine}/progress after the session",
        f"{sent.status_code} {sent.headers.get('location')}",
    )
    asked = client.get(sent.headers["location"])
    token = re.search(r'name="csrf" value="([^"]+)"', asked.text)
    assert token
    back = client.post(
        "/sign-in", data={"csrf": token[1], "name": HANDLER, "password": PASSWORD}, follow_redirects=False
    )
    play.page(HANDLER, back.headers["location"], route="/kept/{kept_id}", file="account")
