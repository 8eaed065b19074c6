"""One object on a real server, and what our server-side apply says that each write makes of it.

What flows in: writes. What flows out: for each a `Step`: what the server did, and what we would have done with the same object.
"""

import copy
import dataclasses
import json
from typing import Any

from envtest.embedded.api import status
from envtest.embedded.apply import entries, managed_fields, patches
from envtest.embedded.builtin import resources
from tests.support import apply_operations, raw_api

Json = dict[str, Any]

NOW = "2099-01-01T00:00:00Z"
"""The time of our writes, which cannot be that of the server's."""

MIXTURE = resources.Resource(
    "apply.example.com",
    "v1",
    "mixtures",
    "mixture",
    "Mixture",
    is_namespaced=True,
    schema=resources.custom_schema(apply_operations.CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]),
    is_custom=True,
    subresources=frozenset({"status", "scale"}),
    definition=apply_operations.CRD["spec"]["versions"][0],
)
"""The custom kind of `apply_operations`."""

_SERVERS_OWN = ("namespace", "resourceVersion", "generation", "uid", "creationTimestamp")


@dataclasses.dataclass(frozen=True)
class Write:
    """A request."""

    verb: str
    """create, put, merge, strategic or apply."""
    manager: str
    body: Json
    force: bool = False
    subresource: str = ""


@dataclasses.dataclass(frozen=True)
class Step:
    """What became of a write."""

    write: Write
    code: int
    before: Json | None
    after: Json | None
    answer: Json
    ours: Json | None
    """The object that we make; None where we do not make one."""
    refusal: Json | None
    """The Status that we answer with; None where we do not refuse."""

    def check(self) -> None:
        """Assert that we do what the server did, as far as it is ours to do."""
        assert self._is_judged_alike(), self._story()
        if self.code >= 300 or self.ours is None or self.after is None or "deletionTimestamp" in self.after["metadata"]:
            return
        assert _untimed(_entries(self.ours)) == _untimed(_entries(self.after)), self._story()
        assert self._is_written == self._would_write or self._times_agree(), self._story()

    def _is_judged_alike(self) -> bool:
        if self.write.verb != "apply" or self.code == 422:  # what is valid is not for apply to say
            return True
        if self.refusal is None:
            return self.code < 300
        return self.code == self.refusal["code"] and _gist(self.answer) == _gist(self.refusal)

    @property
    def _is_written(self) -> bool:
        return self.before is None or self.before["metadata"]["resourceVersion"] != self.after["metadata"]["resourceVersion"]

    @property
    def _would_write(self) -> bool:
        return self.before is None or managed_fields.keep_times(self.before, self.ours) != self.before

    def _times_agree(self) -> bool:
        theirs = {_name(entry): entry.get("time") for entry in _entries(self.after)}
        mine = {_name(entry): entry.get("time") for entry in _entries(self.ours)}
        return all((mine[name] or NOW) == NOW or mine[name] == time for name, time in theirs.items())

    def _story(self) -> str:
        return "\n".join(f"{name}: {json.dumps(value)}" for name, value in dataclasses.asdict(self).items())


def _entries(obj: Json) -> list[Json]:
    found: list[Json] = obj["metadata"].get("managedFields", [])
    return found


def _untimed(found: list[Json]) -> list[str]:
    """Return the entries without their order, which is that of the times, but with whether they have a time."""
    return sorted(json.dumps({**entry, "time": "time" in entry}, sort_keys=True) for entry in found)


def _name(entry: Json) -> tuple[str, ...]:
    return (entry["manager"], entry["operation"], entry["apiVersion"], entry.get("subresource", ""))


def _gist(answer: Json) -> tuple[Any, ...]:
    """Return a Status without the order of its conflicts, which is random."""
    causes = [json.dumps(cause, sort_keys=True) for cause in (answer.get("details") or {}).get("causes", [])]
    lines = answer["message"].replace("conflicts: ", "conflicts:\n").split("\n")
    return (answer["code"], answer.get("reason"), sorted(causes), sorted(lines))


class Twin:
    """The object."""

    def __init__(self, api: raw_api.Api, resource: resources.Resource, namespace: str, name: str) -> None:
        self._api = api
        self.resource = resource
        group = f"apis/{resource.api_version}" if resource.group else "api/v1"
        self._collection = f"/{group}/namespaces/{namespace}/{resource.plural}"
        self._path = f"{self._collection}/{name}"

    def live(self) -> Json | None:
        """Return the object on the server."""
        answer = self._api.request("GET", self._path)
        return answer.body if answer.status == 200 else None

    def is_same(self, ours: Json, live: Json) -> bool:
        """Ask whether our object, decoded and defaulted by the server, is the *live* one."""
        version = {"resourceVersion": live["metadata"]["resourceVersion"]}
        body = {**ours, "metadata": {**entries.without(ours)["metadata"], **version}}
        return bare(self._api.request("PUT", self._path, body, dryRun="All").body) == bare(live)

    def delete(self) -> None:
        """Delete it, finalizers or not."""
        self._api.request("DELETE", self._path)
        self._api.request("PATCH", self._path, {"metadata": {"finalizers": None}}, content_type=raw_api.MERGE)

    def do(self, write: Write) -> Step:
        """Write to the server, and predict what it does."""
        before = self.live()
        answer = self._send(write)
        after = self.live()
        ours = refusal = None
        try:
            if write.verb == "apply" or answer.status < 300:
                ours = self._predict(write, before, after)
        except status.StatusError as error:
            refusal = error.to_json()
        return Step(write, answer.status, before, after, answer.body, ours, refusal)

    def _send(self, write: Write) -> raw_api.Answer:
        path = f"{self._path}/{write.subresource}" if write.subresource else self._path
        query = {"fieldManager": write.manager, **({"force": "true"} if write.force else {})}
        if write.verb == "create":
            return self._api.request("POST", self._collection, write.body, **query)
        if write.verb == "put":
            return self._api.request("PUT", path, write.body, **query)
        types = {"merge": raw_api.MERGE, "apply": raw_api.APPLY, "strategic": "application/strategic-merge-patch+json"}
        return self._api.request("PATCH", path, write.body, content_type=types[write.verb], **query)

    def _predict(self, write: Write, before: Json | None, after: Json | None) -> Json:
        by = managed_fields.By(write.manager, NOW, write.subresource, write.force)
        if write.verb == "apply":
            applied = managed_fields.apply(self.resource, before, copy.deepcopy(write.body), by)
            return applied if before is None else self._as_kept(write, before, applied)
        assert after is not None
        return managed_fields.update(self.resource, before, self._as_sent(write, before, after), by)

    def _as_sent(self, write: Write, before: Json | None, after: Json) -> Json:
        """Return what was written, defaults and all, with what the client said of managedFields."""
        sent = write.body
        if write.verb in ("merge", "strategic") and before is not None:
            sent = patches.merge_patch(before, write.body)
        named = sent["metadata"].get("managedFields") if "metadata" in sent and not write.subresource else None
        bare = entries.without(after)
        return bare if named is None else {**bare, "metadata": {**bare["metadata"], "managedFields": named}}

    def _as_kept(self, write: Write, before: Json, applied: Json) -> Json:
        """Return what the strategy leaves of an apply: the status or all but the status."""
        if not self.resource.is_custom:
            return applied
        if write.subresource == "status":
            kept = {**before, "status": applied.get("status")}
            kept["metadata"] = {**before["metadata"], "managedFields": _entries(applied)}
        else:
            kept = {**applied, "status": before.get("status")}
        return {name: value for name, value in kept.items() if value is not None}


def bare(obj: Json) -> Json:
    """Return what two servers must agree on: an object without managedFields and what each makes up itself."""
    metadata = {name: value for name, value in entries.without(obj)["metadata"].items() if name not in _SERVERS_OWN and value}
    return {**obj, "metadata": metadata}
