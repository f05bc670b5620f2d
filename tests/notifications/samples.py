"""A message of every kind, as its stored text in expected/ shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from duban.core.lights import Light
from notifications.messages import (
    Asked,
    CalendarChange,
    ChaseByHand,
    Chased,
    Desk,
    Digest,
    ExtensionAnswer,
    ForwardAnswer,
    Item,
    Kind,
    Message,
    Missing,
    Other,
    Progress,
    Rate,
    Section,
    SendBack,
    StageSummary,
    SupportItem,
    Waiting,
    WaitingLine,
)

DESK = Desk(name="市民政局办公室", contact="赵科员", phone="0000-1234567")

ITEM = Item(
    obligation_id=201,
    campaign="地名标志巡检",
    milestone="制定巡检计划并备案",
    unit="钟楼区民政局",
    due_on=date(2026, 3, 31),
    last_workday=date(2026, 3, 31),
    hard_due_on=date(2026, 4, 15),
    days_left=3,
    expected_evidence=("巡检计划", "备案文号"),
    document="市民政局2025年工作要点 附件1第7项",
    provisional=False,
    light=Light.YELLOW,
    link="https://duban.example/o/201",
)


ADVANCE_SAMPLE = Message(
    kind=Kind.ADVANCE,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 26),
    items=(ITEM,),
    desk=DESK,
)


ASSIGN_SAMPLE = Message(
    kind=Kind.ASSIGN,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 1, 5),
    items=(
        replace(ITEM, days_left=57, light=Light.GREEN),
        replace(
            ITEM,
            obligation_id=318,
            campaign="殡葬领域专项行动",
            milestone="自查自纠",
            due_on=date(2026, 5, 31),
            last_workday=date(2026, 5, 29),
            hard_due_on=date(2026, 6, 15),
            days_left=97,
            expected_evidence=("自查报告", "问题台账"),
            document="市民政局2025年工作要点 附件1第5项",
            light=Light.GREEN,
            link="https://duban.example/o/318",
        ),
    ),
    desk=DESK,
)


CALENDAR_CHANGE_SAMPLE = Message(
    kind=Kind.CALENDAR_CHANGE,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 11, 9),
    items=(
        replace(
            ITEM,
            obligation_id=901,
            campaign="寒冬送温暖",
            milestone="报送走访小结",
            due_on=date(2027, 2, 26),
            last_workday=date(2027, 2, 26),
            previous_due_on=date(2027, 2, 28),
            previous_provisional=True,
            hard_due_on=None,
            days_left=73,
            expected_evidence=("走访小结",),
            document="市民政局年度总结 第3项",
            light=Light.GREEN,
            link="https://duban.example/o/901",
        ),
    ),
    desk=DESK,
    detail=CalendarChange(cause="国务院办公厅已公布2027年放假安排"),
)


CHASE_SAMPLE = Message(
    kind=Kind.CHASE,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 4, 3),
    items=(replace(ITEM, days_left=-3, light=Light.RED, note="4月1日已催办一次"),),
    desk=DESK,
    asked=(Asked(office="市民政局", campaigns=("地名标志巡检",), name="周处长", address="zhou@mzj.example"),),
    copied_to=("孙局长",),
)


CHASE_NOW_SAMPLE = Message(
    kind=Kind.CHASE_NOW,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 27),
    items=(replace(ITEM, days_left=2, light=Light.YELLOW),),
    desk=DESK,
    detail=ChaseByHand(chased_by="周处长", words="月底前市局汇总上报，请今天下班前报送。"),
)


DIGEST_SAMPLE = Message(
    kind=None,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 12, 31),
    detail=Digest(
        sections=(
            Section(
                kind=Kind.ADVANCE,
                items=(
                    replace(
                        ITEM,
                        obligation_id=410,
                        campaign="寒冬送温暖",
                        milestone="春节前走访困难群众",
                        due_on=date(2027, 1, 10),
                        last_workday=date(2027, 1, 8),
                        hard_due_on=None,
                        days_left=5,
                        expected_evidence=("走访记录", "慰问金发放表"),
                        document="市民政局年度总结 第3项",
                        due_phrase="春节前每周二中午12时前",
                        hour="12:00",
                        others=(
                            Other(obligation_id=411, due_on=date(2027, 1, 17), provisional=True),
                            Other(obligation_id=412, due_on=date(2027, 1, 24), provisional=True),
                        ),
                        provisional=True,
                        link="https://duban.example/o/410",
                    ),
                ),
            ),
            Section(
                kind=Kind.CHASE,
                items=(
                    replace(
                        ITEM,
                        obligation_id=377,
                        campaign="社会组织年检",
                        milestone="报送整改台账",
                        due_on=date(2026, 12, 20),
                        last_workday=date(2026, 12, 18),
                        hard_due_on=None,
                        days_left=-9,
                        expected_evidence=("整改台账",),
                        document="市民政局年检通知 第4项",
                        light=Light.RED,
                        link="https://duban.example/o/377",
                    ),
                ),
            ),
            Section(
                kind=Kind.DUE,
                items=(
                    replace(
                        ITEM,
                        obligation_id=402,
                        campaign="家庭养老床位",
                        milestone="完成年度指标",
                        due_on=date(2026, 12, 31),
                        last_workday=date(2026, 12, 31),
                        hard_due_on=None,
                        days_left=0,
                        expected_evidence=("完成数", "验收表"),
                        document="市民政局2025年工作要点 附件1第3项",
                        light=Light.RED,
                        progress=Progress(
                            target=Decimal(45),
                            reported=Decimal("17.80"),
                            behind=Decimal("60.4"),
                            unit_of_measure="张",
                            as_of_on=date(2026, 11, 30),
                        ),
                        note="等待前一阶段“上半年指标”办结",
                        link="https://duban.example/o/402",
                    ),
                ),
                total=1,
            ),
        ),
        supports=(
            SupportItem(
                duty_id=7,
                kind="提前提醒",
                campaign="界线联检与平安边界",
                milestone="钟武线联检",
                unit="钟楼区民政局",
                leads="武进区民政局",
                leads_stand="办理中",
                due_on=date(2027, 1, 10),
                last_workday=date(2027, 1, 8),
                days_left=5,
                document="市民政工作要点 附件1 A1-11-01",
                provisional=True,
                link="https://duban.example/l/token?to=support-7",
            ),
        ),
        supports_total=3,
        waiting=(
            Waiting(
                title="待审核",
                number=9,
                measure="件",
                since=date(2026, 12, 28),
                link="https://duban.example/reviews",
                lines=(
                    WaitingLine(
                        text="天宁区民政局：地名标志巡检·巡检小结", link="https://duban.example/obligations/9"
                    ),
                    WaitingLine(text="武进区民政局：地名标志巡检·巡检小结"),
                ),
            ),
        ),
    ),
    desk=DESK,
)


DUE_SAMPLE = Message(
    kind=Kind.DUE,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 31),
    items=(replace(ITEM, days_left=0),),
    desk=DESK,
)


ESCALATE_SAMPLE = Message(
    kind=Kind.ESCALATE,
    to_name="李局长",
    unit="市民政局",
    as_of_on=date(2026, 4, 14),
    items=(
        replace(
            ITEM,
            days_left=-9,
            light=Light.RED,
            link=None,
            chased=(Chased(on=date(2026, 4, 1), to="王科长"), Chased(on=date(2026, 4, 8), to="赵科员")),
        ),
        replace(
            ITEM,
            obligation_id=202,
            unit="天宁区民政局",
            days_left=-9,
            light=Light.RED,
            link=None,
            note="已退回2次",
            others=(Other(obligation_id=203, due_on=date(2026, 3, 31), subject="第一公墓"),),
        ),
        replace(
            ITEM,
            obligation_id=322,
            unit="天宁区民政局",
            campaign="社会组织年检",
            milestone="报送初审意见",
            due_on=date(2026, 4, 10),
            last_workday=date(2026, 4, 10),
            hard_due_on=None,
            days_left=-2,
            expected_evidence=("初审意见",),
            document="市民政局年检通知",
            light=Light.RED,
            link=None,
        ),
    ),
    desk=DESK,
)


EXTENSION_SAMPLE = Message(
    kind=Kind.EXTENSION,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 26),
    items=(
        replace(
            ITEM,
            due_on=date(2026, 4, 10),
            last_workday=date(2026, 4, 10),
            previous_due_on=date(2026, 3, 31),
            days_left=10,
            light=Light.GREEN,
            extended=True,
        ),
    ),
    desk=DESK,
    detail=ExtensionAnswer(
        granted=True,
        asked_for_on=date(2026, 4, 15),
        decided_by="李局长",
        reason="街道巡检分工尚需会商，同意顺延至4月10日，不再二次延期。",
    ),
)


FORWARD_SAMPLE = Message(
    kind=Kind.FORWARD,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 26),
    items=(replace(ITEM, light=Light.GREEN),),
    desk=DESK,
    detail=ForwardAnswer(
        granted=False,
        to_unit="天宁区民政局",
        decided_by="周处长",
        reason="道路在钟楼区界内，仍由钟楼区承办。",
    ),
)


SEND_BACK_SAMPLE = Message(
    kind=Kind.SEND_BACK,
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 26),
    items=(replace(ITEM, light=Light.YELLOW),),
    desk=DESK,
    detail=SendBack(
        reason="巡检计划未列各街道的完成月份，备案文号与附件不一致。",
        reviewer="区划地名处 陈科长",
        times=1,
        resubmit_by_on=date(2026, 3, 30),
    ),
)


STAGE_SUMMARY_SAMPLE = Message(
    kind=Kind.STAGE_SUMMARY,
    to_name="李局长",
    unit="市民政局",
    as_of_on=date(2026, 4, 1),
    desk=DESK,
    list_link="https://duban.example/board",
    detail=StageSummary(
        campaign="地名标志巡检",
        stage="制定巡检计划并备案",
        due_on=date(2026, 3, 31),
        provisional=False,
        document="市民政局2025年工作要点 附件1第7项",
        owed=6,
        done_on_time=4,
        done_late=0,
        left_out_of_rate=1,
        missing=(
            Missing(unit="天宁区民政局", days_overdue=1, reason="备案材料退回补正中"),
            Missing(unit="金坛区民政局", days_overdue=1),
        ),
        next_step="今日起催办2家未完成单位；逾期满5个工作日仍未办结的，报请您督办。",
        rates=(
            Rate(title="地名标志完好率", done=425, of=600, target_percent=80),
            Rate(title="年检参检率", done=106, of=None),
        ),
    ),
)
