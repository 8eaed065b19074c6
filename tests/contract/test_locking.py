"""Contract: optimistic locking by resourceVersion and uid, and updates that change nothing."""

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def test_a_stale_version_is_a_conflict(space):
    """PUT with an old resourceVersion is 409 Conflict with the text that clients know."""
    old = space.config_map("a", {"x": "1"}).body
    space.patch("configmaps/a", {"data": {"x": "2"}})
    answer = space.put("configmaps/a", old)
    assert answer.refusal == (409, "Conflict", f'Operation cannot be fulfilled on configmaps "a": {MODIFIED}')
    assert answer.body["details"] == {"name": "a", "kind": "configmaps"}
    assert space.get("configmaps/a").body["data"] == {"x": "2"}


def test_the_current_version_is_accepted(space):
    """PUT with the version that was read goes through and gives a new one."""
    made = space.config_map("a", {"x": "1"}).body
    answer = space.put("configmaps/a", {**made, "data": {"x": "2"}})
    assert answer.status == 200
    assert int(answer.version) > int(made["metadata"]["resourceVersion"])


def test_no_version_means_the_last_word(space):
    """PUT without a version overwrites whatever is there."""
    space.config_map("a", {"x": "1"})
    space.patch("configmaps/a", {"data": {"x": "2"}})
    assert space.put("configmaps/a", {"metadata": {"name": "a"}, "data": {"x": "3"}}).body["data"] == {"x": "3"}


def test_a_patch_may_carry_a_version(space):
    """A merge patch with a wrong version is 409; with the right one it goes through."""
    made = space.config_map("a")
    stale = space.patch("configmaps/a", {"metadata": {"resourceVersion": "1"}, "data": {"x": "2"}})
    assert stale.refusal == (409, "Conflict", f'Operation cannot be fulfilled on configmaps "a": {MODIFIED}')
    assert space.patch("configmaps/a", {"metadata": {"resourceVersion": made.version}, "data": {"x": "2"}}).status == 200


def test_another_uid_is_a_conflict(space):
    """PUT with the uid of another life of the object is 409, a patch of the uid is 422."""
    uid = space.config_map("a").body["metadata"]["uid"]
    answer = space.put("configmaps/a", {"metadata": {"name": "a", "uid": "other"}})
    assert answer.refusal[:2] == (409, "Conflict")
    assert f"Precondition failed: UID in precondition: other, UID in object meta: {uid}" in answer.refusal[2]
    patched = space.patch("configmaps/a", {"metadata": {"uid": "other"}})
    assert patched.status == 422
    assert set(patched.causes) == {("FieldValueInvalid", "metadata.uid", 'Invalid value: "other": field is immutable')}


def test_a_replacement_that_changes_nothing_writes_nothing(space):
    """PUT of what was read keeps version, managed fields and times."""
    made = space.config_map("a", {"x": "1"}).body
    answer = space.put("configmaps/a", made)
    assert (answer.status, answer.body) == (200, made)


def test_a_patch_that_changes_nothing_writes_nothing(space):
    """An empty patch, and one with the values that are there, keep the version."""
    made = space.config_map("a", {"x": "1"}).body
    assert space.patch("configmaps/a", {}).body == made
    assert space.patch("configmaps/a", {"data": {"x": "1"}}).body == made


def test_an_update_that_changes_nothing_makes_no_event(space):
    """A watcher hears only of changes."""
    made = space.post("secrets", {"metadata": {"name": "a"}, "data": {"x": "MQ=="}})
    space.patch("secrets/a", {"data": {"x": "MQ=="}})
    space.patch("secrets/a", {"data": {"x": "Mg=="}})
    with space.watch("secrets", resourceVersion=made.version) as watch:
        frame = watch.next()
    assert (frame["type"], frame["object"]["data"]) == ("MODIFIED", {"x": "Mg=="})


def test_versions_grow_over_all_kinds(space):
    """One counter numbers the changes of all kinds."""
    first = space.config_map("a").version
    second = space.post("secrets", {"metadata": {"name": "a"}}).version
    third = space.patch("configmaps/a", {"data": {"x": "1"}}).version
    assert int(first) < int(second) < int(third)


def test_a_new_life_has_a_new_uid(space):
    """An object that is deleted and made again is another."""
    first = space.config_map("a").body["metadata"]["uid"]
    space.delete("configmaps/a")
    assert space.config_map("a").body["metadata"]["uid"] != first
