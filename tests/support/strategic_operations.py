"""Random strategic merge patches: a configuration with directives in it.

What flows in: a choice, a type, a configuration. What flows out: a patch, not always one that makes sense.
"""

from typing import Any

from envtest.embedded.builtin import schemas
from tests.support import apply_operations

Json = dict[str, Any]


def patch(choice: apply_operations.Choice, schema: schemas.Schema, body: Json) -> Json:
    """Return *body* with directives."""
    return _map(choice, schema, {name: value for name, value in body.items() if name not in ("apiVersion", "kind")})


def _value(choice: apply_operations.Choice, schema: schemas.Schema, value: Any) -> Any:
    if isinstance(value, dict):
        return _map(choice, schema, value)
    if isinstance(value, list):
        return [_value(choice, schema.items or schemas.ANY, item) for item in value]
    return None if choice.random.random() < 0.05 else value


def _map(choice: apply_operations.Choice, schema: schemas.Schema, body: Json) -> Json:
    made: Json = {}
    for name, value in body.items():
        field = schema.child(name) or schemas.ANY
        made[name] = _value(choice, field, value)
        if isinstance(value, list) and value and "merge" in field.patch_strategy:
            _add_list_directives(choice, field, made, name)
    if made and choice.random.random() < 0.05:
        made["$patch"] = choice.random.choice(["replace", "delete", "fly"])
    elif made and choice.random.random() < 0.05:
        made["$retainKeys"] = choice.random.sample(list(made), choice.random.randint(max(0, len(made) - 1), len(made)))
    return made


def _add_list_directives(choice: apply_operations.Choice, field: schemas.Schema, made: Json, name: str) -> None:
    """Add an order, a deletion or a replacement to a list that is merged."""
    chance, key = choice.random.random(), field.merge_key
    if chance < 0.3:
        order = [{key: item.get(key)} if key else item for item in made[name]]
        if choice.random.random() < 0.4:
            order.insert(choice.random.randint(0, len(order)), {key: "c"} if key else "example.com/q")
        made[f"$setElementOrder/{name}"] = order
    elif chance < 0.45 and not key:
        made[f"$deleteFromPrimitiveList/{name}"] = [choice.random.choice(made[name])]
    elif chance < 0.6 and key:
        values = [80, 81] if key == "containerPort" else ["c", "d", "E", "m", "r"]
        made[name].append({key: choice.random.choice(values), "$patch": "delete"})
    elif chance < 0.65 and key:
        made[name].append({"$patch": "replace"})
