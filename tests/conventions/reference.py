"""Writes docs/reference.md from the program itself: every command with its options, every setting with its default.

python -m tests.conventions.reference      write it anew
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from duban.cli.main import COMMANDS, app
from duban.core.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"
SHARED = {"--help", "--json", "--dry-run", "--on", "--as"}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name, nouns' verbs included, in order of the alphabet."""
    top: Any = get_command(app)
    for name in sorted(COMMANDS):
        found = top.get_command(None, name)
        verbs = getattr(found, "commands", None)
        if verbs is None:
            yield name, found
        else:
            yield from ((f"{name} {verb}", verbs[verb]) for verb in sorted(verbs))


def options(command: Any) -> set[str]:
    """The long names of a command's options."""
    return {name for param in command.params for name in param.opts if name.startswith("--")}


def page() -> str:
    lines = [
        "# 命令与设置一览",
        "",
        "本页由程序生成：`python -m tests.conventions.reference`。",
        "",
        "## 命令",
        "",
        "每个命令都有 `--help`。列中的“通用”指 `--json`（供脚本）、`--dry-run`（只看不写）、`--on`（看某一天）、`--as`（操作人）。",
        "退出码：0 办成，1 按规则不予办理，2 用法不对，3 程序或环境故障。",
        "",
        "| 命令 | 做什么 | 自己的选项 | 通用 |",
        "|---|---|---|---|",
        *(_command(name, command) for name, command in commands()),
        "",
        "## 设置",
        "",
        "写在环境变量、`home/duban.env`，或 `home/secrets/` 下同名小写文件里。",
        "",
        "| 设置 | 默认 | 说明 |",
        "|---|---|---|",
        *(_setting(name) for name in Settings.model_fields),
        "",
    ]
    return "\n".join(lines)


def _command(name: str, command: Any) -> str:
    arguments = " ".join(
        param.name.upper() for param in command.params if param.param_type_name == "argument"
    )
    own = "、".join(f"`{option}`" for option in sorted(options(command) - SHARED))
    shared = " ".join(
        f"`{option}`" for option in ("--json", "--dry-run", "--on", "--as") if option in options(command)
    )
    says = " ".join((command.help or "").split("\n\n")[0].split())
    return f"| `{f'duban {name} {arguments}'.strip()}` | {says} | {own or '—'} | {shared or '—'} |".replace(
        "\\", ""
    )


def _setting(name: str) -> str:
    field = Settings.model_fields[name]
    default = field.get_default(call_default_factory=True)
    shown = "—" if default in (None, "", (), {}) else f"`{default}`"
    return f"| `DUBAN_{name.upper()}` | {shown} | {field.description} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
