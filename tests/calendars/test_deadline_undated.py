"""What sets no due date by itself is understood as such."""

from __future__ import annotations

import pytest

from tests.calendars.deadline_cases import assert_reads, cases

# phrase | rule | starts > due (Thh:mm) | count of occurrences: all of up to four, else first, second and last
CASES = cases(
    """
“六一”前后 | festival(儿童节,around) | >
暑假期间 | season(暑假) | >
寒假 | season(寒假) | >
汛期 | season(汛期) | >
冬季 | season(冬季) | >
今冬明春 | season(今冬明春) | >
岁末年初 | season(岁末年初) | >
上年度 | subject_year(-1) | >
截至5月31日 | as_of(05-31) | >
每两年一次 | every_n_years(2) | >
收到通知之日起15日内 | within(15,day,event=收到通知) | >
自公布之日起30日内 | within(30,day,event=公布) | >
登记之日起30日内 | within(30,day,event=登记) | >
事发后2小时内 | within(2,hour,event=事发) | >
会后3个工作日内 | within(3,workday,event=会) | >
审批通过后10个工作日内 | within(10,workday,event=审批通过) | >
活动结束后5日内 | within(5,day,event=活动结束) | >
届满前30日 | offset(届满,-30,day) | >
提前15日 | offset(未写明,-15,day) | >
3个月内 | within(3,month) | >
限期 | unscheduled(限期) | >
及时 | event_driven(及时) | >
适时 | unscheduled(适时) | >
尽快 | unscheduled(尽快) | >
定期 | unscheduled(定期) | >
不定期 | unscheduled(不定期) | >
随时 | event_driven(随时) | >
长期坚持 | standing(长期坚持) | >
立行立改 | event_driven(立行立改) | >
持续推进 | standing(持续推进) | >
截至9月底 | as_of(month_end(9)) | >
满2年 | duration(2,year) | >
收到通知后5个工作日内 | within(5,workday,event=收到通知) | >
常态化 | standing(常态化) | >
三年行动 | duration(3,year) | >
每5年 | every_n_years(5) | >
每三年一次 | every_n_years(3) | >
重阳节前后 | festival(重阳节,around) | >
自2026年1月1日起 | from(2026-01-01) | 2026-01-01>
自2026年1月1日起施行 | from(2026-01-01) | 2026-01-01>
2026年1月1日起 | from(2026-01-01) | 2026-01-01>
6月1日起 | from(06-01) | 2026-06-01>
不早于6月1日 | from(06-01) | 2026-06-01>
原则上不超过5个工作日 | duration(5,workday),soft | >
原则上3个月内完成 | within(3,month),soft | >
有效期届满前30日 | offset(有效期届满,-30,day) | >
有效期届满30日前 | offset(有效期届满,-30,day) | >
自立案之日起三个月内 | within(3,month,event=立案) | >
受理之日起20个工作日内 | within(20,workday,event=受理) | >
自取得登记证书之日起30日内 | within(30,day,event=取得登记证书) | >
每次活动结束后5日内 | within(5,day,event=每次活动结束) | >
活动结束后5个工作日内报送总结 | within(5,workday,event=活动结束) | >
接到举报后24小时内 | within(24,hour,event=接到举报) | >
事发30分钟内 | within(30,minute,event=事发) | >
公示期不少于5个工作日 | duration(5,workday) | >
公示7天 | duration(7,day) | >
不少于7天 | duration(7,day) | >
为期一年 | duration(1,year) | >
期限3年 | duration(3,year) | >
一年内 | within(1,year) | >
24小时内 | within(24,hour) | >
30日内 | within(30,day) | >
2小时内 | within(2,hour) | >
登记成立6个月 | duration(6,month) | >
成立满2年 | duration(2,year) | >
近三年 | span(3,year) | >
连续两年 | duration(2,year) | >
三年 | duration(3,year) | >
截止目前 | as_of(report_date) | >
截至2026年3月31日 | as_of(2026-03-31) | >
时限：长期 | standing(长期) | >
完成时限：立行立改 | event_driven(立行立改) | >
发布日期：2026年3月1日 | published(2026-03-01) | >
成文日期:2026-03-01 | published(2026-03-01) | >
截至年底 | as_of(year_end) | >
即日起 | from(issue_date) | >
6月起 | from(month(6)) | 2026-06-01>
2026年起 | from(year(2026)) | 2026-01-01>
从3月开始 | from(month(3)) | 2026-03-01>
今冬明春期间 | season(今冬明春) | >
信息形成或者变更之日起20个工作日内 | within(20,workday,event=信息形成或者变更) | >
部门预算经本级财政部门批复后20日内公开 | within(20,day,event=部门预算经本级财政部门批复) | >
长期公开 | standing(长期公开) | >
长年实施 | standing(长年实施) | >
4月份开始 | from(month(4)) | 2026-04-01>
七一前后 | festival(建党节,around) | >
近期 | unscheduled(近期) | >
立即整改，长期坚持 | event_driven(立即整改)+standing(长期坚持) | >
立行立改、长期坚持 | event_driven(立行立改)+standing(长期坚持) | >
1日内 | within(1,day) | >
24小时 | duration(24,hour) | >
三天内 | within(3,day) | >
7个工作日内反馈 | within(7,workday) | >
十五日内 | within(15,day) | >
二十日以内 | within(20,day) | >
两个月内 | within(2,month) | >
自收到之日起 | since_event(收到) | >
自收到本通知之日起10个工作日内 | within(10,workday,event=收到本通知) | >
接到通知后 | since_event(接到通知) | >
接通知后三日内 | within(3,day,event=接通知) | >
文件印发后一个月内 | within(1,month,event=文件印发) | >
本办法施行之日起6个月内 | within(6,month,event=本办法施行) | >
自本办法施行之日起 | since_event(本办法施行) | >
批准之日起 | since_event(批准) | >
自审核同意之日起30日内 | within(30,day,event=审核同意) | >
业务主管单位审查同意之日起30日内 | within(30,day,event=业务主管单位审查同意) | >
清算结束之日起15日内 | within(15,day,event=清算结束) | >
活动举办前20日 | offset(活动举办,-20,day) | >
会议召开15日前 | offset(会议召开,-15,day) | >
换届前3个月 | offset(换届,-3,month) | >
任期届满前 | before_event(任期届满) | >
任期届满前3个月 | offset(任期届满,-3,month) | >
期满前30日内 | offset(期满,-30,day) | >
到期前15个工作日 | offset(到期,-15,workday) | >
验收合格后10日内 | within(10,day,event=验收合格) | >
完成后5日内报送 | within(5,day,event=完成) | >
年检结束后一个月内 | within(1,month,event=年检结束) | >
验收合格后 | since_event(验收合格) | >
通知后 | since_event(通知) | >
项目完成时 | since_event(项目完成) | >
自通知印发之日起10个工作日内 | within(10,workday,event=通知印发) | >
自印发之日起施行 | since_event(印发) | >
试行一年 | duration(1,year) | >
不超过30日 | duration(30,day) | >
一周内 | within(1,week) | >
五一前后 | festival(劳动节,around) | >
春节前后 | festival(春节,around) | >
冬至前后 | solar_term(冬至,around) | >
"""
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.phrase)
def test_what_sets_no_date_is_understood_as_such(case):
    assert_reads(case)
