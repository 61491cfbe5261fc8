# SPDX-License-Identifier: MIT
"""Keywords as options of the command."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping


def words_of(options: Mapping[str, Any]) -> list[str]:
    """max_body=10, lint=True as ['--max-body=10', '--lint'].

    None and False leave an option out; a list gives it several times, and so
    does a mapping, with NAME=VALUE.
    """
    words = []
    for name, value in options.items():
        option = '--' + name.replace('_', '-')
        if value is None or value is False:
            continue
        if value is True:
            words.append(option)
            continue
        if hasattr(value, 'items'):
            value = ['%s=%s' % pair for pair in value.items()]
        elif isinstance(value, (str, bytes)) or not hasattr(value, '__iter__'):
            value = [value]
        words.extend('%s=%s' % (option, _text(name, one)) for one in value)
    return words


def _text(name: str, value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        raise TypeError('%s: a str is needed, not %s'
                        % (name, type(value).__name__))
    return str(value)


class translated:
    """Has a ValueError name an option as it is spelled in Python."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None,
                 error: BaseException | None, _: object) -> None:
        if kind is not ValueError or error is None:
            return
        import re
        text = re.sub(r'(?<![\w-])--([a-z][a-z-]*[a-z])',
                      lambda match: match.group(1).replace('-', '_'),
                      str(error))
        for option, name in self._names.items():
            text = re.sub(r'(?<![\w-])%s\b' % re.escape(option), name, text)
        raise ValueError(text) from None
