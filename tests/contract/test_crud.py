"""Contract: create, get, replace and delete one object, and requests that do not fit."""

NOT_ALLOWED = (405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def test_create_answers_201_with_the_stored_object(space):
    """A created object carries identity, time, version, kind and its namespace."""
    answer = space.config_map("a", {"x": "1"})
    metadata = answer.body["metadata"]
    assert answer.status == 201
    assert (answer.body["apiVersion"], answer.body["kind"], answer.body["data"]) == ("v1", "ConfigMap", {"x": "1"})
    assert sorted(metadata) == ["creationTimestamp", "managedFields", "name", "namespace", "resourceVersion", "uid"]
    assert (metadata["namespace"], len(metadata["uid"]), metadata["creationTimestamp"][-1]) == (space.name, 36, "Z")


def test_get_returns_what_create_answered(space):
    """Reading an object gives the same JSON as its creation."""
    made = space.config_map("a", {"x": "1"})
    found = space.get("configmaps/a")
    assert (found.status, found.body) == (200, made.body)


def test_answers_say_their_type_and_may_not_be_cached(space):
    """The headers of an answer name JSON and forbid caches."""
    headers = space.config_map("a").headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-cache, private"


def test_create_of_an_existing_name_is_refused(space):
    """A second object of the same name is 409 AlreadyExists, and names what exists."""
    space.config_map("a")
    answer = space.config_map("a")
    assert answer.refusal == (409, "AlreadyExists", 'configmaps "a" already exists')
    assert answer.body["details"] == {"name": "a", "kind": "configmaps"}


def test_refusals_of_a_group_name_it(space):
    """A Status about a kind of a named group carries the group, in message and details."""
    answer = space.get("apps/v1/deployments/none")
    assert answer.refusal == (404, "NotFound", 'deployments.apps "none" not found')
    assert answer.body["details"] == {"name": "none", "group": "apps", "kind": "deployments"}


def test_a_missing_object_is_not_found(space):
    """Get, replace, patch and delete of what is not there answer 404 with one text."""
    refusal = (404, "NotFound", 'configmaps "zz" not found')
    assert space.get("configmaps/zz").refusal == refusal
    assert space.put("configmaps/zz", {"metadata": {"name": "zz"}}).refusal == refusal
    assert space.patch("configmaps/zz", {"data": {}}).refusal == refusal
    assert space.delete("configmaps/zz").refusal == refusal


def test_a_status_is_a_whole_object(space):
    """A refusal is a v1 Status with an empty metadata and its own code."""
    body = space.get("configmaps/zz").body
    assert (body["kind"], body["apiVersion"], body["metadata"], body["status"]) == ("Status", "v1", {}, "Failure")
    assert body["code"] == 404


def test_an_unknown_resource_is_not_found(space):
    """A plural that no version serves is 404 as a Status; an unknown group is 404 as text."""
    assert space.get("nopes").refusal == (404, "NotFound", "the server could not find the requested resource")
    answer = space.get("nope.example.com/v1/nopes")
    assert (answer.status, answer.body) == (404, {"text": "404 page not found\n"})


def test_create_in_a_missing_namespace_is_refused(server):
    """An object of a namespace that does not exist is 404 about the namespace."""
    answer = server.send("POST", "/api/v1/namespaces/contract-none/configmaps", {"metadata": {"name": "x"}})
    assert answer.refusal == (404, "NotFound", 'namespaces "contract-none" not found')


def test_list_in_a_missing_namespace_is_empty(server):
    """A list does not ask whether its namespace exists."""
    answer = server.send("GET", "/api/v1/namespaces/contract-none/configmaps")
    assert (answer.status, answer.body["kind"], answer.body["items"]) == (200, "ConfigMapList", [])


def test_a_body_of_another_kind_is_refused(space):
    """A Secret may not be created as a ConfigMap."""
    answer = space.post("configmaps", {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}})
    assert answer.refusal[:2] == (400, "BadRequest")
    assert answer.refusal[2].startswith('Secret in version "v1" cannot be handled as a ConfigMap')


def test_a_body_for_another_namespace_is_refused(space):
    """The namespace of the body must be that of the path."""
    answer = space.post("configmaps", {"metadata": {"name": "x", "namespace": "other"}})
    message = "the namespace of the provided object does not match the namespace sent on the request"
    assert answer.refusal == (400, "BadRequest", message)


def test_a_body_that_is_not_json_is_refused(space):
    """Broken JSON is 400, and the message names the type that was wanted."""
    answer = space.post("configmaps", "{bad")
    assert answer.refusal[:2] == (400, "BadRequest")
    assert answer.refusal[2].startswith("the object provided is unrecognized (must be of type ConfigMap)")


def test_replace_takes_the_place_of_everything(space):
    """PUT drops what the new object does not say, but identity and creation time stay."""
    made = space.config_map("a", {"x": "1"}, labels={"l": "1"}).body["metadata"]
    answer = space.put("configmaps/a", {"metadata": {"name": "a"}, "data": {"y": "2"}})
    metadata = answer.body["metadata"]
    assert (answer.status, answer.body["data"], "labels" in metadata) == (200, {"y": "2"}, False)
    assert (metadata["uid"], metadata["creationTimestamp"]) == (made["uid"], made["creationTimestamp"])
    assert metadata["resourceVersion"] != made["resourceVersion"]


def test_replace_under_another_name_is_refused(space):
    """The name of a replacing body must be that of the path, and must be there."""
    wrong = space.put("configmaps/zz", {"metadata": {"name": "zy"}})
    assert wrong.refusal == (400, "BadRequest", "the name of the object (zy) does not match the name on the URL (zz)")
    missing = space.put("configmaps/zz", {"metadata": {}})
    message = "the name of the object (zz based on URL) was undeterminable: name must be provided"
    assert missing.refusal == (400, "BadRequest", message)


def test_delete_answers_success_with_the_identity(space):
    """Deleting an object that nothing holds answers a Status that names it, and it is gone."""
    uid = space.config_map("a").body["metadata"]["uid"]
    answer = space.delete("configmaps/a")
    assert (answer.status, answer.body["kind"], answer.body["status"]) == (200, "Status", "Success")
    assert answer.body["details"] == {"name": "a", "kind": "configmaps", "uid": uid}
    assert space.get("configmaps/a").status == 404


def test_a_verb_that_a_path_does_not_have_is_refused(space):
    """PUT and PATCH of a collection, POST of an object and writes to /version are 405."""
    assert space.put("configmaps", {}).refusal == NOT_ALLOWED
    assert space.patch("configmaps", {}).refusal == NOT_ALLOWED
    assert space.post("configmaps/a", {}).refusal == NOT_ALLOWED
    assert space.put("/version", {}).refusal == NOT_ALLOWED


def test_content_types_that_nobody_speaks_are_refused(space):
    """An unknown Accept is 406, an unknown Content-Type of a creation or a patch is 415."""
    accept = space.get("configmaps", accept="text/csv")
    assert (accept.status, accept.body["reason"]) == (406, "NotAcceptable")
    body = space.post("configmaps", "x", content_type="text/csv")
    assert (body.status, body.body["reason"]) == (415, "UnsupportedMediaType")
    patch = space.patch("configmaps/a", "{}", content_type="text/plain")
    assert (patch.status, patch.body["reason"]) == (415, "UnsupportedMediaType")


def test_secrets_take_plain_strings_and_hold_base64(space):
    """`stringData` becomes `data` and does not come back."""
    body = {"metadata": {"name": "s"}, "stringData": {"user": "ann"}, "data": {"key": "a2V5"}}
    answer = space.post("secrets", body)
    assert (answer.status, answer.body["data"]) == (201, {"key": "a2V5", "user": "YW5u"})
    assert ("stringData" in answer.body, answer.body["type"]) == (False, "Opaque")


def test_a_collection_can_be_deleted_by_selector(space):
    """DELETE of a collection removes what the selector matches and answers the list of it."""
    for name, tier in [("a", "x"), ("b", "x"), ("c", "y")]:
        space.config_map(name, labels={"tier": tier})
    answer = space.delete("configmaps", labelSelector="tier=x")
    assert (answer.status, answer.body["kind"], answer.names) == (200, "ConfigMapList", ["a", "b"])
    assert space.get("configmaps", labelSelector="tier").names == ["c"]
