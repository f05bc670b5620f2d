"""The closed list of words that may stand around a date without changing it.

What is done (完成, 报送), to whom, how many; a word that is not here sends the phrase to a person.
"""

from __future__ import annotations

import re

from calendars.deadlines.lexicon import words

_VERBS = words(
    "完成 报送 上报 报备 备案 提交 递交 上交 交 报 送 印发 下发 发布 公布 公开 办结 办理 到位 建成 投用 投入使用 投入运营 "
    "运营 试运营 试运行 运行 启动 启用 开工 竣工 验收 开展 组织 召开 实施 组织实施 施行 执行 落实 推进 整改 整治 自查 自评 检查 "
    "督查 督导 抽查 核查 核对 排查 摸排 走访 巡查 巡检 巡访 更新 维护 调度 通报 反馈 汇总 总结 小结 评估 考核 评定 评审 "
    "审核 审查 初审 复核 上线 审议 出台 制定 编制 修订 签订 拨付 发放 兑现 清零 销号 归档 结案 结项 结题 结束 申报 申请 "
    "报名 填报 录入 年检 培训 宣传 举办 举行 实现 达到 达标 形成 建立 健全 完善 组建 更换 安装 改造 消除 见效 "
    "收尾 完工 交付 投产 挂牌 揭牌 全覆盖 覆盖 配齐 配备 补齐 公告 告知 缴纳 报告 汇报 复查 入户 慰问 送达 转报 寄送 发送 "
    "回复 答复 签收 传达 部署 动员 研究 梳理 统计 发文 定稿 提出 处理 办毕 整改到位 落实到位 报结 参加 新建 新增 取得成效 取得明显成效 取得实效 取得阶段性成效 取得初步成效 初见成效 见到成效 开工建设 开工兴建 交付使用 封顶 主体封顶 投入试运行 序时推进 上门 探访 探视 关爱 回访 联系 "
    "公示 立项 预审 初评 复评 终审 评选 网上填报 网上申报 网上报送 线上填报 资金拨付 取得实质性进展 取得突破性进展 取得阶段性进展 取得初步成果 "
    "前期工作 受理 通过系统提交 通过系统报送 通过系统填报 通过邮箱报送 通过网上提交 在系统中填报 在线填报 登录系统填报 采购 督办 攻坚"
)
# A bare 一季度 followed by one of these is the name of a paper (一季度报告), not a time and an act.
_PAPERS = words("报告 总结 小结 通报 汇报 统计 公告 报 自查 自评 年检 培训 宣传 考核 评估 检查")
_ADVERBS = words(
    "全面 全部 基本 初步 集中 统一 分别 各 均 并 及时 同步 陆续 逐步 有序 率先 按要求 按时 按期 一并 书面 正式 予以 进行 将 把 "
    "累计 共 首次 组织 定期 应 须 需 要 至少 再 做到 力求 必须 务必 确保 力争 争取 立即 第一时间"
)
_PAPER_KINDS = words("情况 进展 进展情况 数据 报表 总结 台账 信息 报告 材料 小结 汇总表 统计表")
_OBJECTS = words(
    "工作 任务 方案 工作方案 实施方案 计划 工作计划 报告 总结 工作总结 年度总结 半年总结 年终总结 材料 资料 相关材料 书面材料 "
    "申报材料 报名材料 电子版 纸质版 台账 清单 名单 名册 情况 进展 进展情况 工作进展 工作情况 完成情况 落实情况 整改情况 报表 "
    "表格 统计表 汇总表 数据 信息 意见 建议 问题 问题整改 整改任务 项目 目标 目标任务 年度任务 全年任务 建设 主体工程 建设任务 "
    "会议 活动 制度 机制 手续 程序 回执 表 经验做法 典型案例 简报 专报 工作报告 年度工作报告 年度报告 自查报告 整改报告 "
    "总结报告 整改 验收 年检材料 年度工作 相关工作 所有工作 各项工作 各项任务 工作任务 摸底 排查摸底 整治任务 招标 招投标 长效机制 阶段性任务 阶段性成效 主要任务 重点任务 例会 工作例会 座谈会 推进会 调度会 联席会议 专题会议 半年、全年工作总结 半年、全年总结 半年和全年工作总结 半年和全年总结 半年、年度工作总结 半年、年度总结 半年总结和年度总结 材料报送 长期坚持 持续推进 持续巩固 现场检查 督导检查 实地走访 集中走访 安全检查 全面检查 专项检查 培训班 党课 全部任务 全部整改任务 整改工作"
)
_OFFICE = (
    r"(?:至|到|给|向)?(?:我|本|市|区|县|省|镇|各|所在地|属地|相关|有关)*(?:民政局|民政厅|民政部门|民政部|民政办|办公室|局办公室|"
    r"业务主管单位|登记管理机关|主管部门|业务主管部门|慈善总会|养老服务科|(?:市局|区局|县局|我局|省厅)?(?:社会组织|社会救助|社会事务|区划地名|儿童福利|慈善|养老服务|基层政权|规划财务)(?:管理)?(?:科|处|股)|市局|区局|县局|省厅|社会组织科|社会组织管理局|专班办公室|工作专班|专班|部门|单位|街道|"
    r"局|厅|部|办|处|科|邮箱)"
)
_PERIOD_PAPER = (
    r"(?:上1?个?月|当月|本月|上1?个?季度|本季度|当季|上半年|下半年|全年|上年度|上1年度|本年度|年度|半年|季度|月度)?"
    r"(?:工作)?(?:" + "|".join(sorted(_PAPER_KINDS, key=len, reverse=True)) + r")(?:表)?"
)
_AMOUNT = r"(?:不少于|不低于|至少|约|近|超过?|的)?[0-9]+(?:\.[0-9]+)?(?:万|千|百)?(?:%|元|个|家|场|人次|万人次|人|户|张|件|条|篇|处|所|座|间|项|份|名)(?:以上|左右)?"
_LATE = (
    r"\(?(?:逾期不予受理|逾期不再受理|逾期不候|逾期视为放弃|逾期视为自动放弃|过期不候|逾期不报视为无意见)\)?"
)


def _any(listed: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, listed), key=len, reverse=True))


_VERB = re.compile(_any(_VERBS))
# Atomic and possessive: a word is taken once, so that a long tail that fails does so in linear time.
_WORD = rf"(?>{_any(_VERBS + _ADVERBS + _OBJECTS)}|{_OFFICE}|{_PERIOD_PAPER}|{_AMOUNT}|{_LATE}|各[0-9]次|1次|了|和|、|,|等工作)"
_ACTS = re.compile(rf"{_WORD}*+")
_COUNT = re.compile(
    rf"(?P<before>{_WORD}*?)(?:(?:至少|不少于|不低于|最少|不得少于)(?P<between>{_WORD}*?))?"
    rf"(?P<n>[0-9]{{1,2}})(?:[-至](?P<to>[0-9]{{1,2}}))?(?:次|场|轮|回)(?:以上)?(?P<after>{_WORD}*+)"
)
ONCE = re.compile(
    "一(?P<act>调度|报|通报|督查|研判|小结|总结|检查|巡查|巡检|督导|会商|汇总|排查|走访|抽查|反馈|统计|评估|考核|培训|更新|自查|督办|简报|评|研究)"
)
"""每月一调度 is once a month; 每周一调度 may be once a week or on Mondays."""
_LIMIT = 60
"""Longer tails are sentences, not deadlines; the bound also keeps matching fast."""


def harmless(text: str) -> bool:
    """Whether the whole text consists of listed words."""
    return len(text) <= _LIMIT and _ACTS.fullmatch(text) is not None


def follows(text: str, *, dated: bool) -> bool:
    """Whether the text may follow a date; after a bare span (dated False) it must say what is done then."""
    if not text or not harmless(text):
        return False
    if re.fullmatch(r"(?:各|分别)[0-9]次", text):
        return True
    start = re.sub(rf"^(?:{_any(_ADVERBS)})+", "", text)
    if dated:
        return True
    verb = _VERB.match(start)
    return verb is not None and not any(start.startswith(paper) for paper in _PAPERS)


def count_of(text: str) -> str | None:
    """'' where a recurrence's tail has no count, '2' or '2-3' where it has one, None where it is not understood."""
    if len(text) > _LIMIT:
        return None
    if ONCE.fullmatch(text):
        return "1"
    match = _COUNT.fullmatch(text)
    if match:
        return match["n"] + (f"-{match['to']}" if match["to"] else "")
    return "" if harmless(text) else None
