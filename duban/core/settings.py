"""All settings in one place: environment (prefix DUBAN_), DUBAN_HOME/duban.env, and DUBAN_HOME/secrets/.

A secret may lie in a file named after its setting (secrets/duban_smtp_password), so that it need not stand in
the environment. Nothing else reads the environment.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting with its default and what it is for."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", extra="ignore", frozen=True)

    home: Path = Field(Path(".duban"), description="一切写入内容所在的文件夹；两个局就是两个文件夹")
    database_url: str | None = Field(None, description="台账数据库；默认 SQLite，位于 home/duban.db")
    evidence_url: str | None = Field(None, description="佐证材料存放处（fsspec 地址）；默认 home/evidence")
    evidence_max_bytes: int = Field(50 * 1024 * 1024, description="单个附件的字节上限", gt=0)
    figure_largest: Decimal = Field(
        Decimal(100_000),
        description="没有目标、历史和上限可比的数据大于它时请填报人写明原因（金额除外）",
        gt=0,
    )
    calendars: Path | None = Field(None, description="专项行动文件所在文件夹；默认随程序安装的 calendars/")
    edition_years: tuple[int, ...] = Field((2025, 2026), description="初次运行时载入的年度")
    actor: str = Field("运维", description="命令行未写 --as 时的操作人")

    mail: str = Field("eml", pattern="^(eml|smtp)$", description="邮件去向：eml 写文件，smtp 真发")
    mail_from: str = Field("duban@localhost", description="发件地址")
    mail_from_name: str = Field("督办", description="发件人名称")
    smtp_host: str = Field("127.0.0.1", description="SMTP 服务器")
    smtp_port: int = Field(25, description="SMTP 端口")
    smtp_security: str = Field("none", pattern="^(none|starttls|tls)$", description="SMTP 加密方式")
    smtp_user: str | None = Field(None, description="SMTP 用户名")
    smtp_password: SecretStr | None = Field(
        None, description="SMTP 密码；宜放在 home/secrets/duban_smtp_password"
    )
    smtp_timeout_seconds: float = Field(20.0, description="SMTP 等待秒数", gt=0)
    smtp_connections: int = Field(2, description="同时使用的 SMTP 连接数", ge=1, le=8)
    allow_addresses: tuple[str, ...] = Field((), description="外发许可名单：地址，或 @域名；空则一封也不外发")
    allow_all: bool = Field(False, description="撤去外发许可名单（正式启用时由运维打开）")
    smtp_login_without_tls: bool = Field(False, description="允许不加密登录 SMTP（仅限本机或内网专线）")
    apprise_targets: dict[str, str] = Field(
        default_factory=dict,
        repr=False,
        description="Apprise 目标：名称与地址，名称即联系人的地址；只能由运维填写",
    )
    apprise_schemas: tuple[str, ...] = Field((), description="许可使用的 Apprise 渠道名")
    desk_name: str = Field("市民政局", description="消息落款单位")
    desk_contact: str | None = Field(None, description="消息里的联系人")
    desk_phone: str | None = Field(None, description="消息里的联系电话")
    link_base: str | None = Field(
        None, description="门户对外的网址，消息里的链接以它开头；默认是本机的门户地址，别的机器打不开"
    )

    quiet_from: str = Field("20:00", pattern=r"^\d\d:\d\d$", description="免打扰开始（北京时间）")
    quiet_until: str = Field("08:00", pattern=r"^\d\d:\d\d$", description="免打扰结束（北京时间）")
    delivery_batch: int = Field(200, description="一次领取的待发数", ge=1)
    lease_seconds: int = Field(300, description="领取后多久未记结果算中断", ge=1)
    retry_minutes: tuple[int, ...] = Field((5, 15, 60, 240), description="暂时失败后的重发间隔（分钟）")
    silent_workdays: int = Field(3, description="交办后几个工作日没有签收，列入未签收和晨报", ge=0)
    due_soon_workdays: int = Field(5, description="剩余几个工作日亮黄灯", ge=0)
    pace_yellow_points: int = Field(10, description="落后序时进度几个百分点亮黄灯", ge=0)
    pace_red_points: int = Field(30, description="落后序时进度超过几个百分点亮红灯", ge=0)

    portal_host: str = Field("127.0.0.1", description="门户监听的地址；对外服务宜放在带 TLS 的反向代理之后")
    portal_port: int = Field(8600, description="门户的端口", ge=0, le=65535)
    portal_key: SecretStr | None = Field(
        None,
        description="签名链接和表单的密钥；duban setup 自动写在 home/secrets/duban_portal_key，多台机器须相同",
    )
    portal_https: bool = Field(False, description="门户只经 HTTPS 访问：会话 Cookie 加 Secure，并发送 HSTS")
    session_idle_minutes: int = Field(30, description="多少分钟不操作即退出登录", ge=1)
    session_hours: int = Field(12, description="一次登录最长多少小时", ge=1)
    link_days: int = Field(45, description="消息里的链接多少天内有效", ge=1)
    one_time_hours: int = Field(24, description="一次性登录链接多少小时内有效", ge=1)
    password_length: int = Field(10, description="密码最短长度", ge=8)
    password_days: int = Field(180, description="密码多少天后须更换；0 为不限", ge=0)
    sign_in_tries: int = Field(5, description="连续输错多少次密码即锁定", ge=1)
    lock_minutes: int = Field(30, description="锁定多少分钟", ge=1)
    oidc_issuer: str | None = Field(None, description="OpenID Connect 发现地址的前缀；空则不启用")
    oidc_client_id: str | None = Field(None, description="OpenID Connect 客户端编号")
    oidc_client_secret: SecretStr | None = Field(None, description="OpenID Connect 客户端密钥")
    forward_receiver_decides: bool = Field(
        False, description="改派申请由接收单位经办人接收即可，不必统筹科室批复"
    )
    escalation_approval: bool = Field(False, description="督办须经统筹科室批准后才发出")
    escalate_to: str = Field(
        "parent",
        pattern="^(own|parent|both)$",
        description="督办发给谁：own 本单位分管领导，parent 上级单位分管领导，both 两者；没有登记的改报统筹单位",
    )
    repeat_cap: int = Field(
        12, ge=0, le=99, description="催办、督办按梯次间隔最多重复几次，此后每20个工作日一次，直到办结"
    )

    prefect_api_url: str | None = Field(None, description="Prefect 服务地址；duban up 自起服务时不必填")
    prefect_port: int = Field(4200, description="duban up 自起 Prefect 服务的端口")

    @property
    def link_start(self) -> str | None:
        """What every link begins with, whichever process writes it; None while nobody knows the portal's port."""
        if self.link_base:
            return self.link_base.rstrip("/")
        # Where `duban up` of this folder serves now: it may have found the usual port taken.
        try:
            return (self.home / "portal_url").read_text(encoding="utf-8").strip()
        except OSError:
            return f"http://{self.portal_reached_at}:{self.portal_port}" if self.portal_port else None

    @property
    def portal_reached_at(self) -> str:
        """Where this machine reaches the portal."""
        return "127.0.0.1" if self.portal_host in ("0.0.0.0", "::") else self.portal_host

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'duban.db').resolve()}"

    @property
    def evidence_root(self) -> str:
        return self.evidence_url or str((self.home / "evidence").resolve())


def load(home: Path | None = None) -> Settings:
    """Settings for one bureau's folder. Environment first, then home/duban.env, then home/secrets/."""
    folder = home or Path(os.environ.get("DUBAN_HOME", ".duban"))
    secrets = folder / "secrets"
    return Settings(
        home=folder,
        _env_file=folder / "duban.env",  # type: ignore[call-arg]  # pydantic-settings takes it, its stub does not know
        _secrets_dir=secrets if secrets.is_dir() else None,
    )
