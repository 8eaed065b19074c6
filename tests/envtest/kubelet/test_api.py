"""The small client of envtest, with a scripted server."""

import pytest

from envtest.kubelet import api
from tests.support import http_server

FRAMES = (b'{"type":"ADDED"}\n',)
WATCHES = 20
"""More than anybody runs at a time."""


@pytest.fixture
def client(tmp_path):
    """A client of a server whose watches never end by themselves."""
    server = http_server.HTTPServer(tmp_path, [http_server.Answer(chunks=FRAMES, is_held=True)])
    made = api.Api(api.Endpoint(server.url, server.authority.certificate, server.authority.issue("admin")))
    yield made
    made.close()
    server.close()


def test_many_watches_run_at_a_time_and_end_without_a_word(client, caplog):
    """None waits for another one, and urllib3 has no reason to complain when they end together."""
    watches = [client.watch("/api/v1/pods?watch=true", 20) for _ in range(WATCHES)]
    lines = [watch.lines() for watch in watches]
    assert [next(each) for each in lines] == [FRAMES[0].strip()] * WATCHES
    for watch in watches:
        watch.stop()
    assert [list(each) for each in lines] == [[]] * WATCHES
    assert caplog.messages == []
