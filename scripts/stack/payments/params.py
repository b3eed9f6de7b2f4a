"""The parameters of one request. What nobody read is unknown, and refused as Stripe refuses it."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from scripts.stack.payments.errors import StripeError, invalid
from scripts.stack.payments.forms import Tree

Metadata = dict[str, str]


class Params:
    """Reading a name makes it a known one; ``finish`` refuses the rest."""

    def __init__(self, tree: Tree, within: str = "") -> None:
        self._tree, self._within = tree, within
        self._known: set[str] = set()
        self._groups: list[Params] = []

    def __contains__(self, name: str) -> bool:
        self._known.add(name)
        return name in self._tree

    def path(self, name: str) -> str:
        """As errors name it: ``recurring[interval]``."""
        return f"{self._within}[{name}]" if self._within else name

    def text(self, name: str) -> str | None:
        """None when absent; empty when it shall be unset."""
        self._known.add(name)
        value = self._tree.get(name)
        if isinstance(value, dict):
            raise invalid(f"Invalid string: {self.path(name)}", self.path(name))
        return value

    def filled(self, name: str) -> str | None:
        """None when absent; an empty one is refused, where there is nothing to unset."""
        value = self.text(name)
        if value == "":
            full = self.path(name)
            raise invalid(f"{full} is empty, which would unset it.", full, "parameter_invalid_empty")
        return value

    def required(self, name: str) -> str:
        """Raises ``parameter_missing``."""
        value = self.text(name)
        if not value:
            full = self.path(name)
            raise invalid(f"Missing required param: {full}.", full, "parameter_missing")
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Raises ``parameter_invalid_integer``."""
        value = self.text(name)
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            full = self.path(name)
            raise invalid(f"Invalid integer: {value}", full, "parameter_invalid_integer") from None

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false``."""
        value = self.text(name)
        if value not in (None, "", "true", "false"):
            raise invalid(f"Invalid boolean: {value}", self.path(name))
        return None if not value else value == "true"

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of the allowed words."""
        value = self.text(name) or default
        if value not in allowed:
            raise invalid(f"Invalid {self.path(name)}: must be one of {', '.join(allowed)}", self.path(name))
        return value

    def url(self, name: str) -> str | None:
        """Of a web page; anything else is ``url_invalid``."""
        value = self.text(name)
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise invalid("Not a valid URL", self.path(name), "url_invalid")
        return value

    def group(self, name: str) -> Params:
        """The parameters inside; empty when absent."""
        self._known.add(name)
        value = self._tree.get(name) or {}
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {self.path(name)}", self.path(name))
        group = Params(value, self.path(name))
        self._groups.append(group)
        return group

    def rows(self, name: str) -> list[Params]:
        """A list of groups."""
        outer = self.group(name)
        return [outer.group(number) for number in sorted(outer._tree, key=_number)]

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        outer = self.group(name)
        return [outer.text(number) or "" for number in sorted(outer._tree, key=_number)]

    def mapping(self, name: str) -> Metadata:
        """All names inside are known."""
        outer = self.group(name)
        return {inner: outer.text(inner) or "" for inner in outer._tree}

    def metadata(self, current: Metadata | None = None) -> Metadata:
        """The current one with the given changes; an empty value removes a key, an empty whole all."""
        if self._tree.get("metadata") == "":
            self._known.add("metadata")
            return {}
        merged = (current or {}) | self.mapping("metadata")
        return {name: value for name, value in merged.items() if value}

    def accept(self, *names: str) -> None:
        """Stripe's parameters that change nothing here."""
        self._known.update(names)

    def finish(self) -> None:
        """Raises ``parameter_unknown``."""
        if unknown := [self.path(name) for name in self._tree if name not in self._known]:
            told = ", ".join(unknown)
            raise StripeError(
                400, f"Received unknown parameter: {told}", code="parameter_unknown", param=unknown[0]
            )
        for group in self._groups:
            group.finish()


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else 0
