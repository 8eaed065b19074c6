"""One object on two API servers that must not differ in anything but what each makes up itself.

What flows in: two connections, and requests. What flows out: the answers, after a look whether they are alike.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.support import raw_api

Json = dict[str, Any]

_OWN = ("resourceVersion", "uid", "creationTimestamp")


class Pair:
    """An object at the same path of both servers."""

    def __init__(self, apis: tuple[raw_api.Api, raw_api.Api], collection: str, name: str) -> None:
        self._apis = apis
        self.collection = collection
        self.name = name
        self.story: list[str] = []

    def live(self) -> tuple[Json, Json] | None:
        """Return the object on both, or None if there is none."""
        both = self._both("GET", lambda _: None, "", {})
        return (both[0].body, both[1].body) if both[0].status == 200 else None

    def do(self, method: str, body: Json | Callable[[Json], Json], subresource: str = "", **options: str) -> int:
        """Send a request to both, and assert that they answer alike and then have alike objects.

        Args:
            method: Such as PATCH; POST goes to the collection.
            body: What to send; a function makes it of each server's own object.
            subresource: Where to send it to.
            options: The query, and content_type.

        Returns:
            The HTTP status.
        """
        before = self.live()
        own = {id(api): obj for api, obj in zip(self._apis, before or ({}, {}), strict=True)}
        answers = self._both(method, lambda api: body(own[id(api)]) if callable(body) else body, subresource, options)
        after = self.live()
        if before is not None and after is not None:
            written = [_version(old) != _version(new) for old, new in zip(before, after, strict=True)]
            assert written[0] == written[1], "\n".join(self.story)
        return answers[0].status

    def _both(
        self, method: str, body: Callable[[raw_api.Api], Json | None], subresource: str, options: dict[str, str]
    ) -> tuple[raw_api.Answer, raw_api.Answer]:
        path = self.collection if method == "POST" else "/".join(filter(None, [self.collection, self.name, subresource]))
        sent = [body(api) for api in self._apis]
        one, other = (api.request(method, path, each, **options) for api, each in zip(self._apis, sent, strict=True))
        self.story.append(json.dumps([method, path, options, sent[0], one.status, one.body]))
        assert gist(one) == gist(other), "\n".join([*self.story[-6:], *map(str, _differences(one.body, other.body))])
        return one, other


def _differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two values differ, and what each has there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({**one, **other}):
            yield from _differences(one.get(name), other.get(name), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}[{index}]")
    elif isinstance(one, list) and isinstance(other, list) and path.endswith("managedFields"):
        texts = [{json.dumps({**entry, "time": ""}, sort_keys=True) for entry in entries} for entries in (one, other)]
        yield path, texts[0] - texts[1], texts[1] - texts[0]
    elif one != other and not path.endswith(tuple(f".{name}" for name in (*_OWN, "time"))):
        yield path, one, other


def _version(obj: Json) -> str:
    version: str = obj["metadata"]["resourceVersion"]
    return version


def gist(answer: raw_api.Answer) -> tuple[Any, ...]:
    """Return an answer without what differs between servers, and without the order of errors, which is random."""
    body = copy.deepcopy(answer.body)
    if answer.status < 300:
        metadata = body.get("metadata", {})
        for entry in metadata.get("managedFields", []):
            entry["time"] = "time" in entry
        metadata["managedFields"] = sorted(json.dumps(entry, sort_keys=True) for entry in metadata.get("managedFields", []))
        return answer.status, {**body, "metadata": {name: value for name, value in metadata.items() if name not in _OWN}}
    causes = sorted(json.dumps(cause, sort_keys=True) for cause in (body.get("details") or {}).get("causes", []))
    words = sorted(body["message"].translate(str.maketrans("[],:", "    ")).split())
    return answer.status, body.get("reason"), words, causes
