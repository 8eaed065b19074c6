"""What an API server says to the definitions and objects of `bad_definitions` and `gadget_specs`, in a form that can be compared.

What flows in: a `raw_api.Api`. What flows out: answers as JSON, causes sorted. ``python -m tests.support.custom_answers`` with a
kubeconfig writes those of a real server to ``tests/envtest/embedded/recorded``, which the fast tests compare with.
"""

import datetime
import json
import pathlib
import sys
import time
from typing import Any

from envtest.embedded.builtin import resources
from tests.support import bad_definitions, gadget_specs, gadgets, raw_api, shown_objects

Json = dict[str, Any]

FOLDER = pathlib.Path(__file__).parents[1] / "envtest/embedded/recorded"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OBJECTS = f"/apis/{gadgets.GROUP}/v1/namespaces/default/gadgets"
PATIENCE_SECONDS = 20.0


def recorded(name: str) -> Any:
    """Return what was recorded of a real server."""
    return json.loads(FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def causes(answer: raw_api.Answer) -> list[list[str]]:
    """Return what is wrong, sorted: reason, field, message."""
    found = (answer.body.get("details") or {}).get("causes") or []
    return sorted([cause["reason"], cause["field"], cause["message"]] for cause in found)


def of_definitions(api: raw_api.Api) -> list[Json]:
    """Return the answers to bad definitions, each a dry run."""
    answers = [api.request("POST", DEFINITIONS, row, dryRun="All") for row in bad_definitions.ROWS]
    return [{"status": answer.status, "causes": causes(answer)} for answer in answers]


def serve(api: raw_api.Api) -> None:
    """Make the server serve Gadgets."""
    answer = api.request("POST", DEFINITIONS, gadgets.definition())
    assert answer.status in (201, 409), answer.body
    deadline = time.monotonic() + PATIENCE_SECONDS
    while api.open("GET", OBJECTS, None, {}).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _outcome(answer: raw_api.Answer) -> Json:
    if answer.status >= 400:
        return {"status": answer.status, "causes": causes(answer)}
    return {"status": answer.status, "object": {name: answer.body[name] for name in ("spec", "status") if name in answer.body}}


def of_creations(api: raw_api.Api) -> list[Json]:
    """Return the answers to Gadgets, each a dry run, and what strict field validation says of them."""
    found = []
    for spec in gadget_specs.SPECS:
        outcome = _outcome(api.request("POST", OBJECTS, gadgets.gadget(spec), dryRun="All"))
        strict = api.request("POST", OBJECTS, gadgets.gadget(spec), dryRun="All", fieldValidation="Strict")
        found.append({**outcome, "strict": strict.body["message"] if strict.status == 400 else ""})
    return found


def of_updates(api: raw_api.Api) -> list[Json]:
    """Return the answers to updates of Gadgets, each a dry run."""
    found = []
    for number, (spec, changed) in enumerate(gadget_specs.UPDATES):
        live = api.request("POST", OBJECTS, gadgets.gadget(spec, f"gu-{number}")).body
        found.append(_outcome(api.request("PUT", f"{OBJECTS}/gu-{number}", {**live, "spec": changed}, dryRun="All")))
        api.request("DELETE", f"{OBJECTS}/gu-{number}")
    return found


def of_statuses(api: raw_api.Api) -> list[Json]:
    """Return the answers to statuses of one Gadget, each a dry run."""
    live = api.request("POST", OBJECTS, gadgets.gadget({"int32": 5}, "gs")).body
    answers = [
        api.request("PUT", f"{OBJECTS}/gs/status", {**live, "status": each}, dryRun="All") for each in gadget_specs.STATUSES
    ]
    api.request("DELETE", f"{OBJECTS}/gs")
    return [_outcome(answer) for answer in answers]


def of_tables(api: raw_api.Api, namespace: str) -> list[Json]:
    """Create objects of many kinds and return each collection with its table; both of one moment."""
    everything = [(path.replace("/default/", f"/{namespace}/"), obj, status) for path, obj, status in shown_objects.ALL]
    for path, obj, status in everything:
        whole = json.loads(json.dumps(obj).replace('"namespace": "default"', f'"namespace": "{namespace}"'))
        assert api.request("POST", path, whole).status in (201, 409), obj["metadata"]["name"]
        if status is not None:
            one = f"{path}/{obj['metadata']['name']}/status"
            assert api.request("PATCH", one, {"status": status}, content_type=raw_api.MERGE).status == 200
    tables = [_table(api, path) for path in sorted({path for path, _, _ in everything})]
    for path, obj, _ in everything:
        if f"/{namespace}/" not in path:  # a default class, say, would change what others create
            api.request("DELETE", f"{path}/{obj['metadata']['name']}")
    return tables


def resource_of(registry: resources.Registry, path: str) -> resources.Resource:
    """Return the resource of a collection's path."""
    parts = path.split("/")
    group, version = ("", parts[2]) if parts[1] == "api" else (parts[2], parts[3])
    found = registry.find(group, version, parts[-1])
    assert found is not None, path
    return found


def _table(api: raw_api.Api, path: str) -> Json:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        table, now = api.table(path), datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        items = api.request("GET", path).body
        if table["metadata"]["resourceVersion"] == items["metadata"]["resourceVersion"]:
            rows = [{name: row[name] for name in ("cells", "conditions") if name in row} for row in table["rows"]]
            found = {"path": path, "now": now, "columns": table["columnDefinitions"]}
            return {**found, "rows": rows, "items": items["items"]}
        assert time.monotonic() < deadline, path


def of_rows(api: raw_api.Api) -> list[Json]:
    """Return our objects' rows, with the objects and the time; of what controllers made of them nothing."""
    namespace = f"shown-{int(time.time())}"
    assert api.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}}).status == 201
    deadline = time.monotonic() + PATIENCE_SECONDS
    while api.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/default").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ours = {obj["metadata"]["name"] for _, obj, _ in shown_objects.ALL}
    found = []
    for table in of_tables(api, namespace):
        for row, item in zip(table["rows"], table["items"], strict=True):
            item["metadata"].pop("managedFields", None)
            if item["metadata"]["name"] in ours:
                found.append({"path": table["path"], "now": table["now"], "row": row, "object": item})
    return found


def record(api: raw_api.Api) -> None:
    """Write the answers of a real server."""
    FOLDER.mkdir(exist_ok=True)
    found = {"definitions": of_definitions(api)}
    serve(api)
    found |= {"creations": of_creations(api), "updates": of_updates(api), "statuses": of_statuses(api), "rows": of_rows(api)}
    for name, answers in found.items():
        lines = [json.dumps(answer, ensure_ascii=False, sort_keys=True) for answer in answers]
        FOLDER.joinpath(f"{name}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    record(raw_api.Api(sys.argv[1]))
