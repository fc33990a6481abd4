"""What the parser refuses, said in the reader's language, or as JSON when that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.session import CommandError, Exit, report
from workers.language import chosen_language

if TYPE_CHECKING:
    import typer


def report_usage(error: typer.TyperException, *, as_json: bool) -> Exit:
    """Print what is wrong with a command as it was typed, and where its help is."""
    fault: Any = error
    context = getattr(fault, "ctx", None)
    asked = f"{context.command_path} --help" if context is not None else "iehe --help"
    english = fault.format_message() if hasattr(fault, "format_message") else str(fault)
    if type(fault).__name__ == "NoArgsIsHelpError":
        if not as_json:
            fault.show()
            return Exit.USAGE
        english = "Name a command."
    japanese = _japanese(fault, english)
    shown = CommandError("usage", english=english, japanese=japanese, asked=asked)
    report(shown, as_json=as_json, language=chosen_language())
    return Exit.USAGE


def _japanese(fault: Any, english: str) -> str:
    parameter = getattr(fault, "param", None)
    hint = str(getattr(fault, "param_hint", None) or (parameter.get_error_hint() if parameter else ""))
    match type(fault).__name__:
        case "NoSuchOption":
            near = "、".join(sorted(fault.possibilities or ()))
            return f"オプション {fault.option_name} はありません" + (f"。候補: {near}" if near else "")
        case "MissingParameter":
            return f"{hint} を指定してください"
        case "BadParameter":
            return f"{hint} の値が正しくありません"
        case "NoArgsIsHelpError":
            return "コマンドを指定してください"
    return f"コマンドの書き方が正しくありません: {english}"
