"""The request log says what was asked and what came of it."""

import json

from envtest import calls, request_log

CREATE = calls.parse("POST", "/api/v1/namespaces/team/configmaps")
DELETE = calls.parse("DELETE", "/api/v1/namespaces/team/configmaps/one")
GET = calls.parse("GET", "/api/v1/namespaces/team/configmaps/one")
OBJECT = json.dumps({"kind": "ConfigMap", "metadata": {"name": "one", "uid": "u", "resourceVersion": "7"}}).encode()


def logged(call, status, body=b""):
    log = request_log.RequestLog()
    log.end(log.begin(call), status, body)
    [entry] = log.entries()
    return entry


def test_a_write_is_logged_with_what_it_left_behind():
    """Name, uid and version come from the answer."""
    entry = logged(CREATE, 201, OBJECT)
    assert (entry.ordinal, entry.status, entry.name, entry.uid, entry.resource_version) == (1, 201, "one", "u", "7")


def test_a_deletion_is_logged_with_the_uid():
    """The answer to a deletion is a Status whose details hold the uid; nothing is left behind."""
    details = {"kind": "Status", "metadata": {}, "details": {"name": "one", "kind": "configmaps", "uid": "u"}}
    entry = logged(DELETE, 200, json.dumps(details).encode())
    assert (entry.name, entry.uid, entry.resource_version) == ("one", "u", "")


def test_nothing_is_read_from_refusals_and_reads():
    """A refused write has left nothing behind, a read has not either, and an answer may be no JSON at all."""
    assert logged(CREATE, 409, OBJECT).uid == ""
    assert logged(GET, 200, OBJECT).uid == ""
    assert [logged(CREATE, 201, body).status for body in (b"", b"\xff", b"[]", b'{"metadata": 1}')] == [201] * 4


def test_what_was_not_answered_has_no_status():
    """An entry is there from the request's arrival on, in order of arrival; only writes are among the writes."""
    log = request_log.RequestLog()
    first, second = log.begin(GET), log.begin(CREATE)
    log.end(second, 201, OBJECT)
    assert [(entry.ordinal, entry.status) for entry in log.entries()] == [(1, 0), (2, 201)]
    assert [entry.ordinal for entry in log.writes()] == [2]
    log.end(first, 200)
    assert [entry.status for entry in log.entries()] == [200, 201]


def test_the_oldest_entries_give_way():
    """Only so many are kept; the answer to one that is gone is forgotten too."""
    log = request_log.RequestLog(capacity=2)
    first = log.begin(GET)
    log.begin(GET)
    log.begin(GET)
    log.end(first, 200)
    assert [entry.ordinal for entry in log.entries()] == [2, 3]


def test_an_entry_is_a_line():
    """It says what was asked, by whom, what came of it, and what went wrong as planned."""
    call = calls.parse(
        "PATCH", "/apis/apps/v1/namespaces/team/deployments/one/status?fieldManager=me", "application/apply-patch+yaml"
    )
    log = request_log.RequestLog()
    log.end(log.begin(call, "cut after"), 200, OBJECT)
    log.begin(GET)
    applied, unanswered = map(str, log.entries())
    assert applied.split()[0] == "1"
    assert applied.split(maxsplit=2)[2] == "200 apply deployments.apps/one/status by me -> u at 7 [cut after]"
    assert unanswered.split(maxsplit=2)[2] == "--- get configmaps/one"
