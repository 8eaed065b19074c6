"""What cases compare: objects without what differs from run to run, and managed fields in a form that people can read. Pure."""

import copy

_VARYING = ("uid", "creationTimestamp", "resourceVersion", "managedFields", "namespace")


def plain(body):
    """Return *body* without identity, time, version and managed fields."""
    found = copy.deepcopy(body)
    for name in _VARYING:
        found["metadata"].pop(name, None)
    return found


def owners(body):
    """Return who owns what: one pair for each entry of managedFields, sorted by operation and manager (the server sorts by time).

    The first of a pair is ``manager operation`` and the subresource if there is one; the second is the sorted list of owned
    paths: ``data.a`` is a field, ``[name=x]`` an element of a list by its keys, ``["x"]`` a member of a set.
    """
    entries = sorted(body["metadata"].get("managedFields", ()), key=lambda entry: (entry["operation"], entry["manager"]))
    return [(_entry(entry), sorted(_paths(entry["fieldsV1"], ""))) for entry in entries]


def _entry(entry):
    return " ".join(part for part in (entry["manager"], entry["operation"], entry.get("subresource", "")) if part)


def _paths(fields, above):
    for key, below in fields.items():
        if key == ".":
            yield above
            continue
        path = above + _element(key, above)
        if below:
            yield from _paths(below, path)
        else:
            yield path


def _element(key, above):
    kind, _, text = key.partition(":")
    if kind == "f":
        return f".{text}" if above else text
    return "[" + text.strip("{}").replace('"', "").replace(":", "=") + "]" if kind == "k" else f"[{text}]"
