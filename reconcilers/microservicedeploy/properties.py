"""The runtime configuration: `k=v` lines in, the ConfigMap's data out.

What flows in: the text of `spec.config`. What flows out: `Properties`, the data of the ConfigMap and its hash. Never raises.
Pure, any thread. No upstream file.

The rules, in words:

- A line is what stands between newlines; a carriage return at its end is not part of it.
- The first `=` splits it. Blanks around the key and before the value go, as in a Java properties file; all else is kept.
- The key becomes a variable if it is an environment name that every Kubernetes version takes: letters, digits, `-`, `_` and `.`,
  not starting with a digit, at most 253 characters. So comments, blank lines and anything else stay in the file only.
- If a key stands twice, the last line wins. `application.properties` names the file, so it is never a variable.
- A variable that no Linux process could be started with stays in the file only: one with a NUL, or one too long for execve.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

FILE = "application.properties"
"""The key that holds the whole text."""

MAX_DATA_BYTES = 1024 * 1024
"""The most that the API server takes in one ConfigMap (core/v1 MaxSecretSize)."""

MAX_VARIABLE_BYTES = 32 * 4096 - 1
"""The longest `k=v` that execve takes: Linux's MAX_ARG_STRLEN less the closing NUL."""

# Both what envFrom takes (IsEnvVarName) and a ConfigMap's key (IsConfigMapKey), which may not be or start with "..".
_NAME = re.compile(r"(?!\.\.|\.\Z)[-._a-zA-Z][-._a-zA-Z0-9]{0,252}")


@dataclass(frozen=True)
class Properties:
    """A parsed configuration."""

    data: Mapping[str, str]
    """The ConfigMap's data: one key per variable, and the file."""

    @cached_property
    def digest(self) -> str:
        """A short hash of the data, which changes exactly when the data does."""
        return hashlib.sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def size_bytes(self) -> int:
        """The size as the API server counts it: keys and values in UTF-8."""
        return sum(len(key) + _length(value) for key, value in self.data.items())

    @property
    def is_too_large(self) -> bool:
        """Whether no ConfigMap can hold it."""
        return self.size_bytes > MAX_DATA_BYTES


def parse(text: str | None) -> Properties:
    """Parse the configuration *text*; None is an empty one."""
    text = text or ""
    variables = {}
    for line in text.split("\n"):
        key, separator, value = line.removesuffix("\r").partition("=")
        key, value = key.strip(" \t"), value.lstrip(" \t")
        if separator and _is_variable(key, value):
            variables[key] = value
    return Properties({**variables, FILE: text})


def _is_variable(key: str, value: str) -> bool:
    if key == FILE or not _NAME.fullmatch(key) or "\0" in value:
        return False
    return len(key) + 1 + _length(value) <= MAX_VARIABLE_BYTES


def _length(text: str) -> int:
    # A lone surrogate cannot come from JSON; it is counted as UTF-8 would carry it, so that nothing here raises.
    return len(text.encode("utf-8", "surrogatepass"))
