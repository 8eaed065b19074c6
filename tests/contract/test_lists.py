"""Contract: lists with selectors, pages and resourceVersions, and partial objects."""

import base64
import json

import pytest

PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@pytest.fixture
def four(space):
    """Four Secrets: a and b of app x in tiers 1 and 2, c of app y, d without labels."""
    for name, labels in [("a", {"app": "x", "tier": "1"}), ("b", {"app": "x", "tier": "2"}), ("c", {"app": "y"}), ("d", {})]:
        assert space.post("secrets", {"metadata": {"name": name, "labels": labels}}).status == 201
    return space


def test_a_list_is_sorted_and_has_a_version(four):
    """Items come by name, without kind and apiVersion of their own."""
    answer = four.get("secrets")
    assert (answer.body["kind"], answer.body["apiVersion"], answer.names) == ("SecretList", "v1", ["a", "b", "c", "d"])
    assert list(answer.body["metadata"]) == ["resourceVersion"]
    assert sorted(answer.body["items"][0]) == ["metadata", "type"]
    assert int(answer.version) >= int(answer.body["items"][3]["metadata"]["resourceVersion"])


def test_items_of_custom_lists_carry_their_kind(space):
    """A list of custom resources is of their list kind, and each item says what it is."""
    body = {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "metadata": {"name": "m"}, "spec": {"image": "i"}}
    path = "custom.ops/v1/microservicedeploys"
    assert space.get(path).body["kind"] == "MicroServiceDeployList"
    assert space.post(path, body, dryRun="All").body["kind"] in ("MicroServiceDeploy", "Status")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=x", ["a", "b"]),
        ("app==x", ["a", "b"]),
        ("app!=x", ["c", "d"]),
        ("app in (x,y)", ["a", "b", "c"]),
        ("app notin (x)", ["c", "d"]),
        ("app", ["a", "b", "c"]),
        ("!app", ["d"]),
        ("app=x,tier=2", ["b"]),
        ("tier>1", ["b"]),
        ("tier<2", ["a"]),
    ],
)
def test_labels_select(four, selector, names):
    """Each form of a label selector."""
    assert four.get("secrets", labelSelector=selector).names == names


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("app in (x", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("app=x,", "found '', expected: identifier after ','"),
    ],
)
def test_a_broken_label_selector_is_refused(space, selector, message):
    """The parser's text comes back as 400."""
    assert space.get("secrets", labelSelector=selector).refusal == (400, "BadRequest", message)


def test_fields_select(four):
    """Name, namespace, and what the kind has beside."""
    assert four.get("secrets", fieldSelector="metadata.name=a").names == ["a"]
    assert four.get("secrets", fieldSelector="metadata.name!=a").names == ["b", "c", "d"]
    assert four.get("secrets", fieldSelector=f"metadata.name=a,metadata.namespace={four.name}").names == ["a"]
    assert four.get("secrets", fieldSelector="type!=Opaque").names == []
    assert four.get("pods", fieldSelector="status.phase=Running,spec.nodeName=x").names == []
    assert four.get("events", fieldSelector="involvedObject.name=x,reason=y,type=z,involvedObject.kind=q").names == []


def test_an_unknown_field_is_refused(space):
    """The two texts of the server: of kinds with fields of their own, and of the others."""
    assert space.get("secrets", fieldSelector="spec.x=1").refusal == (400, "BadRequest", "field label not supported: spec.x")
    other = space.get("configmaps", fieldSelector="data=x")
    message = '"data" is not a known field selector: only "metadata.name", "metadata.namespace"'
    assert other.refusal == (400, "BadRequest", message)
    broken = space.get("secrets", fieldSelector="x")
    assert broken.refusal == (400, "BadRequest", "invalid selector: 'x'; can't understand 'x'")


class TestPages:
    """limit and continue."""

    def test_pages_follow_each_other(self, four):
        """The token leads to the rest, at the version of the first page."""
        first = four.get("secrets", limit="2")
        assert (first.names, first.body["metadata"]["remainingItemCount"]) == (["a", "b"], 2)
        second = four.get("secrets", limit="2", **{"continue": first.body["metadata"]["continue"]})
        assert second.names == ["c", "d"]
        assert second.body["metadata"] == {"resourceVersion": first.version}

    def test_the_token_is_upstreams(self, four):
        """A token is base64 of JSON with version and start key."""
        first = four.get("secrets", limit="2")
        token = json.loads(base64.urlsafe_b64decode(first.body["metadata"]["continue"] + "=="))
        assert token == {"v": "meta.k8s.io/v1", "rv": int(first.version), "start": "/b\u0000"}

    def test_a_later_page_shows_the_past(self, four):
        """What is created or deleted after the first page is not seen by the second."""
        first = four.get("secrets", limit="2")
        four.post("secrets", {"metadata": {"name": "e"}})
        four.delete("secrets/d")
        second = four.get("secrets", limit="9", **{"continue": first.body["metadata"]["continue"]})
        assert second.names == ["c", "d"]

    def test_a_selected_page_does_not_count_the_rest(self, four):
        """With a selector remainingItemCount is left out, and the last page is empty: what follows might have matched."""
        first = four.get("secrets", limit="1", labelSelector="app=x")
        assert (first.names, "remainingItemCount" in first.body["metadata"]) == (["a"], False)
        second = four.get("secrets", limit="1", labelSelector="app=x", **{"continue": first.body["metadata"]["continue"]})
        assert second.names == ["b"]
        third = four.get("secrets", limit="1", labelSelector="app=x", **{"continue": second.body["metadata"]["continue"]})
        assert (third.names, "continue" in third.body["metadata"]) == ([], False)

    def test_a_large_enough_page_has_no_token(self, four):
        """A limit that is not reached is no page."""
        assert list(four.get("secrets", limit="4").body["metadata"]) == ["resourceVersion"]

    def test_a_broken_token_is_refused(self, space):
        """A token that is none is 400."""
        answer = space.get("secrets", limit="2", **{"continue": "bad"})
        assert answer.refusal[:2] == (400, "BadRequest")
        assert answer.refusal[2].startswith("invalid continue token: continue key is not valid: ")

    def test_a_token_and_a_version_are_refused(self, four):
        """The token has a version of its own."""
        token = four.get("secrets", limit="2").body["metadata"]["continue"]
        answer = four.get("secrets", limit="2", resourceVersion="5", **{"continue": token})
        assert answer.refusal == (400, "BadRequest", "specifying resource version is not allowed when using continue")

    def test_a_limit_must_be_a_number(self, space):
        """Text is 400 with what Go says."""
        answer = space.get("secrets", limit="x")
        assert answer.refusal == (400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax')


class TestVersions:
    """resourceVersion and resourceVersionMatch of reads."""

    def test_any_and_not_older(self, four):
        """0 and an old version are satisfied by what is there."""
        version = four.get("secrets").version
        for options in (
            {"resourceVersion": "0"},
            {"resourceVersion": "1"},
            {"resourceVersion": version, "resourceVersionMatch": "NotOlderThan"},
        ):
            answer = four.get("secrets", **options)
            assert (answer.names, int(answer.version) >= int(version)) == (["a", "b", "c", "d"], True)

    def test_exact_shows_the_past(self, four):
        """Exact reads the list as it was."""
        version = four.get("secrets").version
        four.delete("secrets/a")
        four.post("secrets", {"metadata": {"name": "e"}})
        answer = four.get("secrets", resourceVersion=version, resourceVersionMatch="Exact")
        assert (answer.names, answer.version) == (["a", "b", "c", "d"], version)

    def test_the_future_times_out(self, space):
        """A version that is not there yet is 504 with a cause that clients look for."""
        answer = space.get("secrets", resourceVersion="999999999")
        assert answer.refusal[:2] == (504, "Timeout")
        assert answer.refusal[2].startswith("Timeout: Too large resource version: 999999999, current: ")
        causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
        assert answer.body["details"] == {"causes": causes, "retryAfterSeconds": 1}

    def test_an_object_can_be_read_at_any_version(self, four):
        """Versions of a get that are not in the future do not matter."""
        made = four.get("secrets/a")
        assert four.get("secrets/a", resourceVersion="0").body == made.body
        assert four.get("secrets/a", resourceVersion="1").body == made.body

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            (
                {"resourceVersionMatch": "Exact"},
                "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            ),
            (
                {"resourceVersion": "1", "resourceVersionMatch": "Foo"},
                'Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""',
            ),
            (
                {"resourceVersion": "0", "resourceVersionMatch": "Exact"},
                'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
            ),
        ],
        ids=["alone", "unknown", "exactly any"],
    )
    def test_a_match_must_make_sense(self, space, options, text):
        """Contradicting options are 422."""
        answer = space.get("secrets", **options)
        message = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: {text}'
        assert answer.refusal == (422, "Invalid", message)

    def test_a_version_is_a_number(self, space):
        """Text is 400 for a list."""
        answer = space.get("secrets", resourceVersion="x")
        text = 'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'
        assert answer.refusal == (400, "BadRequest", text)


def test_all_namespaces_are_listed_together(server):
    """A list without a namespace sees all of them."""
    spaces = sorted([server.space(), server.space()], key=lambda space: space.name)
    for space in spaces:
        space.post("secrets", {"metadata": {"name": "s", "labels": {"pair": spaces[0].name}}})
    answer = server.send("GET", "/api/v1/secrets", labelSelector=f"pair={spaces[0].name}")
    assert [item["metadata"]["namespace"] for item in answer.body["items"]] == [space.name for space in spaces]


def test_metadata_alone_can_be_asked_for(four):
    """PartialObjectMetadata of an object and of a list."""
    one = four.get("secrets/a", accept=PARTIAL).body
    assert (one["kind"], one["apiVersion"], sorted(one)) == (
        "PartialObjectMetadata",
        "meta.k8s.io/v1",
        ["apiVersion", "kind", "metadata"],
    )
    assert one["metadata"]["labels"] == {"app": "x", "tier": "1"}
    many = four.get("secrets", accept=PARTIAL_LIST).body
    assert (many["kind"], many["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert [item["metadata"]["name"] for item in many["items"]] == ["a", "b", "c", "d"]
    assert {item["kind"] for item in many["items"]} == {"PartialObjectMetadata"}
