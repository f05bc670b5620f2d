"""How the bureau comes to have something of everything: only by what people do at its doors."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.golden.play import Play
from tests.travel import travel

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CHECK = ("social_org_annual_check", "2026")
HAZARDS = "safety_hazards/2026"
ENV = """DUBAN_EDITION_YEARS=[2026]
DUBAN_PORTAL_KEY=a-key-for-golden-files-that-signs-nothing-real
DUBAN_LINK_BASE=http://portal.test
DUBAN_ESCALATION_APPROVAL=true
DUBAN_DESK_CONTACT=周处长
DUBAN_DESK_PHONE=0519-00000000
"""
# The days off of 2027 as nobody has published them.
NOTICE = """国务院办公厅关于2027年部分节假日安排的通知
国办发明电〔2026〕8号

各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
现将2027年部分节假日放假调休日期的具体安排通知如下。
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（周五）至13日（周六）放假调休，共9天。1月31日（周日）、2月27日（周六）上班。
三、清明节：4月3日（周六）至5日（周一）放假，共3天。
四、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假1天。
六、中秋节：9月15日（周三）放假1天。
七、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。

国务院办公厅
2026年11月18日
"""
CAMPAIGN = """campaign: golden_survey
name: 地名标志普查
kind: filing
year: 2026
documents:
  N1: 示例通知
defaults:
  leads: [天宁区, 武进区]
milestones:
  - key: plan
    title: 普查方案报备案
    source: N1-01
    due: 5月底前
    hard_due: 6月10日前
    gate: true
    review_levels: 2
    evidence:
      - {key: plan, title: 普查方案}
      - {key: signs, title: 应查标志, type: figure, unit: 块, min: 0}
      - {key: page, title: 公开链接, type: link}
      - {key: minutes, title: 会商纪要, required: false}
  - key: survey
    title: 完成普查
    source: N1-02
    due: 9月25日前
    after: plan
    quota:
      indicator: 普查标志
      unit: 块
      city_total: 300
      targets:
        天宁区: 200
        武进区: 100
  - key: contact
    title: 反馈联系人
    source: N1-03
    due: 收到通知后5个工作日内
"""

UNITS = """units:
  - {code: cz, name: 常州市, kind: city, aliases: [全市]}
  - {code: cz-mz, name: 市民政局, kind: bureau, parent: cz}
  - {code: wujin, name: 武进区, kind: district, parent: cz, acts_through: wujin-mz}
  - {code: wujin-mz, name: 武进区民政局, kind: bureau, parent: wujin}
  - {code: tianning, name: 天宁区, kind: district, parent: cz, acts_through: tianning-mz}
  - {code: tianning-mz, name: 天宁区民政局, kind: bureau, parent: tianning}
"""


def a_code(number: int) -> str:
    """A unified social credit code with the check sign that GB 32100-2015 asks for."""
    head = f"5132040{number:010d}"
    total = sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(head))
    return head + SIGNS[-total % 31]


def a_csv(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def a_pdf(text: str) -> bytes:
    return f"%PDF-1.4\n% {text}\n%%EOF\n".encode("ascii")


ROSTER_HEADINGS = ("统一社会信用代码", "名称", "业务主管单位", "参检日期", "结论", "结论日期")
PROBLEM_HEADINGS = ("编号", "问题", "责任单位", "整改类型", "发现日期", "整改时限", "措施")
UNIT_HEADINGS = ("编码", "名称", "类别", "上级", "别名", "联系人", "职责", "渠道", "地址", "顺位")


def roster_rows(count: int = 24) -> list[tuple[str, ...]]:
    units = ("天宁区民政局", "钟楼区民政局", "武进区民政局")
    outcomes = (("合格", "2026-03-23"), ("基本合格", "2026-03-24"), ("不合格", "2026-03-25"), ("", ""))
    rows = []
    for n in range(count):
        came = "2026-03-20" if n % 3 else ""
        outcome = outcomes[n % 4] if came else ("", "")
        rows.append((a_code(n), f"第{n + 1}号社会组织", units[n % 3 if n % 5 else 0], came, *outcome))
    return rows


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _in(play: Play, name: str) -> Path:
    made = play.folder / name
    made.mkdir(exist_ok=True)
    return made


def furnish_by_command(play: Play) -> None:
    """From an empty folder on the first Monday of the year to Tuesday, 7 April."""
    _set_up(play)
    _january(play)
    _people_and_units(play)
    _first_quarter(play)
    _states(play)
    _roster(play)
    _draws(play)
    _ledger(play)
    _supports(play)
    _figures(play)
    _editions(play)
    _events(play)
    _notice(play)
    _escalations(play)
    _accounts(play)
    _closing(play)


def number(play: Play, unit: str, milestone: str, *, label: str = "") -> str:
    """The number of a unit's obligation, read from its list."""
    key = (unit, milestone, label)
    if key not in play.numbers:
        found = play.ask("obligation", "list", "--unit", unit, "--on", "2026-01-05", "--page-size", "500")
        for one in found["obligations"]:
            play.numbers.setdefault((unit, one["milestone"], one["label"]), str(one["id"]))
    return play.numbers[key]


def _set_up(play: Play) -> None:
    play.run("board", "--on", "2026-01-05")
    play.doors.home.mkdir(parents=True, exist_ok=True)
    write(play.doors.home / "duban.env", ENV)
    travel("2026-01-05")
    play.run("setup", "--dry-run")
    play.run("setup", on="2026-01-05")
    play.run("setup", "--json", on="2026-01-05")


def _round(play: Play, day: str) -> None:
    travel(day)
    play.run("round", "run", "--dry-run")
    play.run("round", "run", "--json", on=day)
    play.mail(f"round of {day}")


def _january(play: Play) -> None:
    survey = write(play.folder / "golden_survey.yaml", CAMPAIGN)
    faulty = write(
        _in(play, "faulty") / "golden_survey.yaml",
        CAMPAIGN.replace("5月底前", "看情况").replace("天宁区:", "某某区:"),
    )
    play.both("calendar", "check", str(survey))
    play.both("calendar", "check", str(faulty))
    play.act("calendar", "apply", str(survey), "--as", "周处长", on="2026-01-05")
    play.run("calendar", "apply", str(faulty), "--as", "周处长", on="2026-01-05")
    play.run("calendar", "apply", "2026", "--as", "周处长", "--json", on="2026-01-05")
    _round(play, "2026-01-05")


def _people_and_units(play: Play) -> None:
    travel("2026-01-06")
    play.act("person", "add", "赵干事", "--unit", "天宁区民政局", "--role", "handler", "--as", "周处长")
    play.act("person", "add", "钱干事", "--unit", "天宁区民政局", "--role", "handler", "--as", "周处长")
    play.run("person", "add", "卢科长", "--unit", "市民政局", "--role", "auditor", "--as", "周处长")
    play.act("person", "further-unit", "赵干事", "--unit", "钟楼区民政局", "--as", "周处长")
    play.act("person", "add", "孔干事", "--unit", "市民政局", "--role", "security", "--as", "安全员")
    play.act("person", "take-role", "卢科长", "--role", "reviewer", "--reason", "轮岗", "--as", "安全员")
    play.act("person", "retire", "钱干事", "--reason", "调离", "--as", "周处长")
    sheet = write(
        play.folder / "单位.csv",
        a_csv(
            UNIT_HEADINGS,
            (
                "demo-town",
                "示范镇",
                "乡镇街道",
                "天宁区民政局",
                "示范",
                "示例甲",
                "经办人",
                # A way that is not set up: what is sent there fails and waits for the operator.
                "Apprise",
                "demo-town",
                "1",
            ),
            (
                "demo-town",
                "示范镇",
                "乡镇街道",
                "天宁区民政局",
                "示范",
                "示例乙",
                "备岗",
                "邮件",
                "demo2@unit.example",
                "2",
            ),
        ),
    )
    wrong = write(
        play.folder / "单位有误.csv",
        a_csv(UNIT_HEADINGS, ("x", "", "没有的类别", "某局", "", "", "", "", "", "")),
    )
    play.act("unit", "import", str(sheet), "--as", "周处长")
    play.run("unit", "import", str(wrong), "--as", "周处长")


def _first_quarter(play: Play) -> None:
    for day in ("2026-01-30", "2026-03-02", "2026-03-16"):
        _round(play, day)


def _states(play: Play) -> None:
    """Every act on obligations, and an obligation left in every state."""
    dong, tianning = "董科长", "天宁区民政局"
    travel("2026-03-17")
    plan = number(play, tianning, "普查方案报备案")
    play.act("obligation", "acknowledge", plan, "--as", dong)
    files = play.folder
    write(files / "plan.pdf", a_pdf("937 signs"))
    write(files / "plan2.pdf", a_pdf("937 signs, by street"))
    write(files / "minutes.txt", "三月十七日会商纪要\n")
    write(files / "page.pdf", "<!doctype html><html><body>方案</body></html>\n")
    faulty = ("--file", f"plan={files / 'page.pdf'}", "--figure", "signs=937")
    play.run("obligation", "submit", plan, *faulty, "--as", dong)
    whole = (
        "--file",
        f"plan={files / 'plan.pdf'}",
        "--file",
        f"minutes={files / 'minutes.txt'}",
        "--figure",
        "signs=937块",
        "--link",
        "page=https://www.example.org/plan",
    )
    play.act("obligation", "submit", plan, *whole, "--note", "请审核", "--as", dong)
    play.run("obligation", "review", plan, "--pass", "--as", dong)
    back = ("--send-back", "--reason", "方案没有分到街道", "--resubmit-by", "2026-03-25")
    play.act("obligation", "review", plan, *back, "--as", "陈科长")
    again = (
        "--file",
        f"plan={files / 'plan2.pdf'}",
        "--figure",
        "signs=940块",
        "--link",
        "page=https://www.example.org/plan2",
    )
    _other_states(play)
    _later_states(play, plan, again)


def _other_states(play: Play) -> None:
    wujin = "武进区民政局"
    open_ = number(play, wujin, "普查方案报备案")
    ask = ("--reason", "汛期抢险", "--progress", "已完成八成", "--as", "肖科长")
    play.run("obligation", "extend", open_, "--ask", "2026-06-20", *ask)
    play.act("obligation", "extend", open_, "--ask", "2026-06-05", *ask)
    play.run("obligation", "extend", open_, "--grant", "2026-06-20", "--reply", "同意", "--as", "李局长")
    play.act(
        "obligation",
        "extend",
        open_,
        "--grant",
        "2026-06-05",
        "--reply",
        "同意，不再延",
        "--as",
        "李局长",
    )
    signs = "年度巡检计划报备案"
    refused = number(play, wujin, signs)
    play.act("obligation", "extend", refused, "--ask", "2026-04-10", *ask)
    play.act("obligation", "extend", refused, "--refuse", "--reply", "不再延", "--as", "周处长")
    asked = number(play, wujin, "保障方案和应急预案")
    play.act("obligation", "extend", asked, "--ask", "2026-04-10", *ask)
    pausing = number(play, "溧阳市民政局", signs)
    grounds = ("--reason", "机构改革", "--authority", "市政府专题会议纪要")
    play.act("obligation", "suspend", pausing, *grounds, "--as", "周处长")
    play.act(
        "obligation",
        "suspend",
        "--unit",
        "金坛区民政局",
        "--edition",
        "qingming/2026",
        *grounds,
        "--as",
        "周处长",
    )
    play.act("obligation", "waive", number(play, "新北区民政局", signs), *grounds, "--as", "李局长")
    town = number(play, "钟楼区民政局", signs)
    play.act("obligation", "forward", town, "--to", "示范镇", "--reason", "属地办理", "--as", "周处长")
    play.run("obligation", "forward", town, "--to", "没有的单位", "--reason", "属地办理", "--as", "周处长")
    visits = number(play, "天宁区民政局", "月度走访", label="1月")
    play.act(
        "obligation",
        "acknowledge",
        visits,
        "--handler",
        "赵干事",
        "--backup",
        "董科长",
        "--as",
        "董科长",
    )
    play.act("obligation", "handover", "--from", "赵干事", "--to", "董科长", "--as", "周处长")
    survey = number(play, "天宁区民政局", "完成普查")
    play.act("figure", "report", survey, "80", "--unit", "块", "--as", "董科长")
    for label in ("1月", "2月"):
        mine = number(play, "天宁区民政局", "月度预警处置", label=label)
        _hand_in(play, mine, "董科长")
        if label == "1月":
            play.act("obligation", "review", mine, "--pass", "--as", "陈科长")
            play.act("obligation", "sign-off", mine, "--as", "周处长")
            play.act("obligation", "archive", mine, "--as", "周处长")
    reopened = number(play, "钟楼区民政局", "月度预警处置", label="1月")
    _hand_in(play, reopened, "袁科长")
    stated = ("--stated-on", "2026-03-12", "--reason", "收文登记第 88 号")
    play.run("obligation", "state-date", reopened, "--stated-on", "2026-03-17", "--as", "周处长")
    play.run("obligation", "state-date", reopened, *stated, "--as", "袁科长")
    play.act("obligation", "state-date", reopened, *stated, "--as", "周处长")
    play.run("obligation", "review", reopened, "--pass", "--as", "陈科长")
    play.run("obligation", "review", reopened, "--pass", "--accept-stated", "--as", "陈科长", "--json")
    play.run("obligation", "sign-off", reopened, "--as", "周处长", "--json")
    play.act(
        "obligation",
        "reopen",
        reopened,
        "--reason",
        "数字有误",
        "--resubmit-by",
        "2026-04-20",
        "--as",
        "周处长",
    )


def _later_states(play: Play, plan: str, again: tuple[str, ...]) -> None:
    """The days that follow, in their order."""
    dong, files = "董科长", play.folder
    visits = number(play, "天宁区民政局", "月度走访", label="1月")
    survey = number(play, "天宁区民政局", "完成普查")
    play.act("obligation", "submit", plan, *again, "--note", "已分到街道", "--as", dong, on="2026-03-18")
    play.act("obligation", "chase", visits, "--words", "请尽快", "--as", "周处长", on="2026-03-18")
    play.run("obligation", "chase", visits, "--as", "周处长", on="2026-03-18")
    play.act(
        "obligation",
        "chase",
        "--unit",
        "钟楼区民政局",
        "--due-until",
        "2026-02-28",
        "--as",
        "李局长",
        on="2026-03-18",
    )
    _round(play, "2026-03-18")
    play.act("obligation", "review", plan, "--pass", "--as", "陈科长", on="2026-03-19")
    play.act("obligation", "review", plan, "--pass", "--reason", "齐全", "--as", "沈科长", on="2026-03-19")
    play.run("figure", "report", survey, "70", "--unit", "块", "--as", "董科长", on="2026-03-19")
    play.act(
        "figure",
        "report",
        survey,
        "75",
        "--unit",
        "块",
        "--reason",
        "重复统计",
        "--as",
        "董科长",
        on="2026-03-19",
    )
    play.act("obligation", "sign-off", plan, "--note", "同意", "--as", "吴处长", on="2026-03-20")
    play.act(
        "obligation",
        "resume",
        "--unit",
        "金坛区民政局",
        "--edition",
        "qingming/2026",
        "--as",
        "周处长",
        on="2026-03-20",
    )
    play.act(
        "obligation",
        "spot-check",
        plan,
        "--failed",
        "--finding",
        "一处标志不符",
        "--as",
        "李局长",
        on="2026-03-23",
    )
    play.act(
        "obligation",
        "spot-check",
        plan,
        "--passed",
        "--finding",
        "复查相符",
        "--as",
        "周处长",
        on="2026-03-24",
    )
    hashes = play.both("obligation", "show", plan, "--on", "2026-03-24")["submissions"][0]["items"]
    sha256 = next(one["sha256"] for one in hashes if one.get("sha256"))
    play.act(
        "obligation",
        "evidence",
        plan,
        sha256[:12],
        "--to",
        str(files / "copy.pdf"),
        "--as",
        "苏审计",
        on="2026-03-24",
    )


def _hand_in(play: Play, obligation: str, handler: str, figure: str = "12", on: str = "2026-03-17") -> None:
    """Hand in the two figures of a month's alerts."""
    items = ("--figure", f"raised={figure}条", "--figure", f"handled={figure}条")
    play.run("obligation", "submit", obligation, *items, "--as", handler, "--json", on=on)


def _roster(play: Play) -> None:
    travel("2026-03-25")
    by = ("--as", "周处长")
    play.both("roster", "show", *CHECK)
    sheet = write(play.folder / "名册.csv", a_csv(ROSTER_HEADINGS, *roster_rows()))
    wrong = write(
        play.folder / "名册有误.csv", a_csv(ROSTER_HEADINGS, ("123", "", "没有的单位", "三月", "好", ""))
    )
    play.run("roster", "import", *CHECK, str(wrong), *by)
    play.act("roster", "import", *CHECK, str(sheet), *by)
    play.run("roster", "import", *CHECK, str(sheet), *by)
    play.act(
        "roster",
        "record",
        *CHECK,
        a_code(0),
        "--taken-part-on",
        "2026-03-24",
        "--as",
        "董科长",
        on="2026-03-25",
    )
    play.act("roster", "record", *CHECK, a_code(0), "--outcome", "合格", *by)


def _draws(play: Play) -> None:
    """One lot that was drawn, one put aside, one that waits for its seed."""
    who = ("--as", "董科长")
    rows = [(a_code(n), f"第{n + 1}号社会组织", "正在注销" if n == 103 else "") for n in range(100, 150)]
    pool = write(play.folder / "登记.csv", a_csv((*ROSTER_HEADINGS[:2], "排除原因"), *rows))
    crew = write(
        play.folder / "检查人员.csv",
        a_csv(("证号", "姓名", "回避对象"), *((f"苏D{n}", f"示例检查员{n}", "") for n in range(4))),
    )
    words = ("double_random", "2026", str(pool), str(crew), "--unit", "天宁区民政局")
    source = ("--seed-source", "4月2日双色球开奖号码")
    play.run("draw", "prepare", *words, *source, "--share", "1", *who)
    play.act("draw", "prepare", *words, *source, *who)
    play.run("draw", "hold", "1", "--seed", "03 08 17 21 25 33 + 07", *who)
    play.act("draw", "hold", "1", "--seed", "03 08 17 21 25 33 + 07", "--as", "周处长")
    play.done("draw", "prepare", *words, *source, *who)
    play.act("draw", "drop", "2", "--reason", "名单漏了一家", *who)
    play.done("draw", "prepare", *words, *source, *who)
    play.both("draw", "list")
    play.both("draw", "show", "1")
    play.both("draw", "verify", "1")
    play.both("draw", "export", "1", str(play.folder / "抽签.xlsx"))


def support(play: Play, unit: str, milestone: str) -> str:
    """The number of what a unit supports, read from its list."""
    found = play.ask("support", "list", "--unit", unit)["supports"]
    return next(str(one["id"]) for one in found if one["milestone"] == milestone)


def _supports(play: Play) -> None:
    """The police answer for what they support; the others have not yet."""
    travel("2026-03-27")
    signs = support(play, "市公安局", "年度巡检计划报备案")
    report = ("--words", "已提供道路标志清单", "--file", str(play.folder / "minutes.txt"))
    play.act("support", "acknowledge", signs, "--as", "杨科长")
    play.run("support", "acknowledge", signs, "--as", "杨科长")
    play.run("support", "report", signs, *report, "--as", "董科长")
    play.run("support", "report", signs, "--words", "", "--as", "杨科长")
    play.act("support", "report", signs, *report, "--as", "杨科长")


def _ledger(play: Play) -> None:
    travel("2026-03-25")
    by, tianning = ("--as", "周处长"), "天宁区民政局"
    rows = [
        ("YH-1", "消防通道堵塞", tianning, "限期整改", "2026-03-02", "2026-04-10", "清理；上锁整改"),
        ("YH-2", "灭火器过期", tianning, "立行立改", "2026-03-02", "", "更换"),
        ("YH-3", "值班制度不落实", "钟楼区民政局", "长期坚持", "2026-03-03", "", "每月抽查"),
        ("YH-4", "应急灯损坏", "武进区民政局", "限期整改", "2026-03-03", "2026-03-20", "更换"),
    ]
    sheet = write(play.folder / "问题.csv", a_csv(PROBLEM_HEADINGS, *rows))
    wrong = write(
        play.folder / "问题有误.csv",
        a_csv(PROBLEM_HEADINGS, ("YH-9", "", "没有的单位", "缓改", "昨天", "", "")),
    )
    play.run("problem", "import", HAZARDS, str(wrong), *by)
    play.act("problem", "import", HAZARDS, str(sheet), *by)
    add = (
        "--title",
        "电线老化",
        "--unit",
        tianning,
        "--found",
        "2026-03-10",
        "--due",
        "2026-04-30",
        "--measure",
        "改线",
        "--measure",
        "验收",
    )
    play.act("problem", "add", HAZARDS, "YH-5", *add, *by)
    travel("2026-03-26")
    mine = ("--as", "董科长")
    play.act("problem", "fix", HAZARDS, "YH-1", "--measure", "1", "--note", "已清理", *mine)
    play.run("problem", "fix", HAZARDS, "YH-2", "--note", "已更换", *mine)
    play.act("problem", "fix", HAZARDS, "YH-2", "--measure", "1", *mine)
    play.act("problem", "fix", HAZARDS, "YH-2", "--note", "已更换", *mine)
    play.act("problem", "send-back", HAZARDS, "YH-2", "--reason", "缺照片", "--as", "陈科长", on="2026-03-27")
    for nth in ("1", "2"):
        play.run("problem", "fix", HAZARDS, "YH-5", "--measure", nth, *mine)
    play.act("problem", "fix", HAZARDS, "YH-5", "--note", "已改", *mine)
    play.run("problem", "fix", HAZARDS, "YH-4", "--measure", "1", "--as", "肖科长", on="2026-03-27")
    play.act("problem", "fix", HAZARDS, "YH-4", "--note", "已更换", "--as", "肖科长", on="2026-03-27")
    play.act("problem", "strike-off", HAZARDS, "YH-4", "--note", "属实", "--as", "陈科长", on="2026-03-27")


def _figures(play: Play) -> None:
    travel("2026-03-27")
    by = ("--as", "周处长")
    for name, value in (("应参检", "24"), ("已参检", "16"), ("完成年检", "12")):
        play.act("figure", "record", *CHECK, name, value, "--unit", "家", *by)
    play.run("figure", "record", *CHECK, "应参检", "20", "--unit", "家", *by)
    play.act("figure", "record", *CHECK, "通过审核并公告", "未知", "--unit", "家", *by)
    play.act(
        "figure",
        "record",
        *CHECK,
        "应参检",
        "9",
        "--unit",
        "家",
        "--of",
        "天宁区民政局",
        "--as",
        "董科长",
        on="2026-03-27",
    )


def _editions(play: Play) -> None:
    travel("2026-03-27")
    by = ("--as", "周处长")
    changed = write(_in(play, "changed") / "golden_survey.yaml", CAMPAIGN.replace("9月25日前", "10月25日前"))
    play.both("calendar", "rehearse-change", str(changed), *by)
    play.act("calendar", "pause", "charity_day", "2026", "--reason", "等通知", *by)
    play.act("calendar", "resume", "charity_day", "2026", "--reason", "已通知", *by)
    play.run("calendar", "resume", "charity_day", "2026", "--reason", "已通知", *by)
    play.act("calendar", "pause", "three_comforts", "2026", "--reason", "等通知", *by)
    play.act("calendar", "withdraw", "wedding_customs_days", "2026", "--reason", "不再开展", *by)
    play.run("calendar", "roll", "2027", "--to", str(play.folder / "rolled"), "--dry-run")
    play.run("calendar", "roll", "2027", "--to", str(play.folder / "rolled"), "--json")
    play.both("calendar", "diff", "2025", "2026")


def _events(play: Play) -> None:
    travel("2026-03-27")
    contact = ("golden_survey", "2026", "contact")
    day = ("--day", "2026-03-26", "--unit", "天宁区民政局", "--as", "周处长")
    play.both("event", "list", "--waiting")
    play.act("event", "set", *contact, *day)
    play.run("event", "set", *contact, *day)
    play.act("event", "clear", *contact, "--unit", "天宁区民政局", "--reason", "填错了", "--as", "周处长")
    play.act("event", "set", *contact, "--day", "2026-03-25", *day[2:])
    play.both("event", "list", "--edition", "golden_survey/2026")


def _notice(play: Play) -> None:
    travel("2026-03-30")
    notice = write(play.folder / "通知.txt", NOTICE)
    play.act("import-notice", str(notice), "--as", "周处长")
    play.run("import-notice", str(notice), "--confirm", "--as", "周处长")


def _escalations(play: Play) -> None:
    for day in ("2026-03-30", "2026-04-07"):
        _round(play, day)
    held = play.both("round", "escalations")
    first, second = (str(one["obligation_id"]) for one in held["escalations"][:2])
    play.act("round", "approve", first, "--as", "周处长", on="2026-04-07")
    play.act("round", "decline", second, "--reason", "已电话督促", "--as", "周处长", on="2026-04-07")
    play.run("round", "approve", "999999", "--as", "周处长", on="2026-04-07")
    draft = ("round", "settle-bulletin", "--edition", "monthly_benefits/2026", "--note")
    play.act(*draft, "常民〔2026〕8号", "--as", "周处长")
    play.run(*draft, "已电话督促", "--drop", "--as", "周处长")


def _closing(play: Play) -> None:
    """What is asked for before it moves, and what is taken back before it was opened."""
    travel("2026-04-07")
    for label, verdict in (("3月", ""), ("4月", "--refuse"), ("5月", "--grant")):
        one = number(play, "天宁区民政局", "月度走访", label=label)
        asked = ("--to", "示范镇", "--reason", "属地走访")
        play.act("obligation", "forward", one, *asked, "--as", "董科长")
        if verdict:
            play.act("obligation", "forward", one, verdict, "--reply", "已核实", "--as", "周处长")
    alerts = number(play, "天宁区民政局", "月度预警处置", label="3月")
    for _ in range(2):
        _hand_in(play, alerts, "董科长", on="2026-04-07")
        play.act("obligation", "take-back", alerts, "--as", "董科长")
    _hand_in(play, alerts, "董科长", on="2026-04-07")
    play.run("obligation", "show", alerts, "--as", "陈科长")
    play.run("obligation", "take-back", alerts, "--as", "董科长")
    play.run("obligation", "allow-early", alerts, "--reason", "急用", "--as", "周处长")
    play.run("obligation", "assign", alerts, "--reason", "急用", "--as", "周处长")
    carry = ("problem", "carry", HAZARDS, "YH-3", "--reason", "待采购", "--as", "周处长")
    play.run(*carry, "--to", "2026-04-07")
    play.act(*carry, "--to", "2026-09-30")
    hazards = number(play, "天宁区民政局", "检查演练，隐患整治销号", label="上半年")
    hand_in = ("obligation", "submit", hazards, "--as", "董科长")
    play.run(*hand_in, "--zero-report", "--figure", "found=5处", "--figure", "fixed=3处")


def _accounts(play: Play) -> None:
    travel("2026-04-07")
    by = ("--as", "安全员")
    play.act("account", "one-time", "吴处长", *by)
    play.act("account", "subject", "吴处长", "sso-wu", *by)
    play.run("account", "make-token", "省平台", "--person", "周处长", "--scope", "read", *by, "--dry-run")
    play.run(
        "account", "make-token", "市平台", "--person", "董科长", "--scope", "read", "--scope", "write", *by
    )
    play.act("account", "revoke-links", "溧阳市民政局", *by)
    new = "Rather-Long-Word-7"
    play.run("account", "password", "--as", "吴处长", typed=f"\n{new}\n{new}\n", on="2026-04-07")
    play.run("account", "unlock", "吴处长", *by, "--dry-run")
    play.run("account", "unlock", "吴处长", *by)
