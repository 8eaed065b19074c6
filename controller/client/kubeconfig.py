"""What a kubeconfig says, as far as it must be known before it is used, and what is wrong with it in words that help.

What flows in: a path, or several as in $KUBECONFIG, and a context's name. What flows out: the context that is meant, or a
`ConfigError`. The thread that starts. Mirrors client-go/tools/clientcmd; messages never quote a file's contents but for names.
"""

import os
import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_QUOTED_ENTRY = re.compile(r"/?\{.*\}", re.DOTALL)


class ConfigError(Exception):
    """There is no usable configuration; the message says what was tried."""


@dataclass(frozen=True)
class Context:
    """The context that is meant."""

    name: str
    namespace: str
    plugin: str
    """The command that makes its user's credentials; "" if they stand in the file."""


def find_context(paths: str, name: str | None) -> Context:
    """Find a context.

    Args:
        paths: One kubeconfig, or several as in $KUBECONFIG: of what they define twice the first counts.
        name: The context; None is the current one.

    Raises:
        ConfigError: A file cannot be read, or there is no such context; the message names it, and the contexts there are.
    """
    files = [pathlib.Path(path).expanduser() for path in paths.split(os.pathsep) if path]
    documents = [_read(file) for file in files if len(files) == 1 or file.exists()]
    if not documents:
        raise ConfigError(f"kubeconfig {paths}: there is no such file")
    contexts = _merged(documents, "contexts", paths)
    name = name or next((str(each["current-context"]) for each in documents if each.get("current-context")), None)
    known = ", ".join(sorted(contexts)) or "none"
    if name is None:
        raise ConfigError(f"kubeconfig {paths} has no current context; choose one of its contexts: {known}")
    if name not in contexts:
        raise ConfigError(f"kubeconfig {paths} has no context {name!r}; its contexts: {known}")
    context = _mapping(contexts[name].get("context"))
    if context.get("cluster") not in _merged(documents, "clusters", paths):
        raise ConfigError(f"kubeconfig {paths}: context {name!r} means cluster {context.get('cluster')!r}, which is not there")
    user = _mapping(_merged(documents, "users", paths).get(str(context.get("user")), {}).get("user"))
    plugin = _mapping(user.get("exec")).get("command", "")
    return Context(name, str(context.get("namespace") or "default"), str(plugin))


def _read(file: pathlib.Path) -> Mapping[str, Any]:
    problem = ""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = "there is no such file"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        problem = "it is not text"
    except yaml.YAMLError as error:
        # the error's own words quote the line, and a kubeconfig holds credentials
        mark = getattr(error, "problem_mark", None)
        problem = "it is not YAML" + (f", see line {mark.line + 1}" if mark else "")
    else:
        if isinstance(document, dict):
            return document
        problem = "it is empty" if document is None else "it is not a kubeconfig: its content is no mapping"
    raise ConfigError(f"kubeconfig {file}: {problem}")


def _merged(documents: Iterable[Mapping[str, Any]], section: str, paths: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        listed = document.get(section) or []
        for each in listed if isinstance(listed, list) else [listed]:
            if not isinstance(each, dict) or "name" not in each:
                raise ConfigError(f"kubeconfig {paths}: each entry of {section} needs a name")
            found.setdefault(str(each["name"]), each)
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def without_entries(message: str) -> str:
    """Return *message* without the entries of a kubeconfig that it quotes: they may hold credentials."""
    return _QUOTED_ENTRY.sub("", message)
