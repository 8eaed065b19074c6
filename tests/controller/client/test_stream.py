"""Watch streams, over real TLS connections to a scripted server."""

import pytest

from informers import errors
from tests.support import calls, http_server

QUERY = {"watch": "true"}


def follow(connected):
    """Read a stream to its end, in a thread of its own."""
    opened = connected.stream("/api/v1/pods", QUERY)
    return opened, calls.Call(lambda: list(opened))


def chunks(*parts, **how):
    """An answer in chunks."""
    return http_server.Answer(chunks=parts, **how)


def test_frames_are_lines_wherever_the_chunks_end(serve, connect):
    """Frames are put together across chunks and taken apart within one; blank lines are none."""
    server = serve([chunks(b'{"a"', b':1}\n{"b":2}\n\n{"c', b'":3}\n')])
    assert list(connect(server).stream("/api/v1/pods", QUERY)) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
    assert server.received[0].path == "/api/v1/pods?watch=true"


def test_a_large_frame_arrives_whole(serve, connect):
    """A frame may be larger than any buffer."""
    frame = b'"' + b"x" * 1_000_000 + b'"'
    assert list(connect(serve([chunks(frame[:1000], frame[1000:] + b"\n")])).stream("/x", QUERY)) == [frame]


def test_a_last_frame_without_an_end_is_dropped(serve, connect):
    """The server ended in the middle of a line: what there is of it is not an event."""
    assert list(connect(serve([chunks(b'{"a":1}\n{"b"')])).stream("/x", QUERY)) == [b'{"a":1}']


def test_a_connection_that_breaks_is_an_error_after_the_whole_frames(serve, connect):
    """What had arrived whole is yielded, the rest is not, and the error says that the connection was lost."""
    reading = iter(connect(serve([chunks(b'{"a":1}\n{"b"', is_cut=True)])).stream("/x", QUERY))
    assert next(reading) == b'{"a":1}'
    with pytest.raises(errors.TransportError) as caught:
        next(reading)
    assert isinstance(caught.value.__cause__, (EOFError, ConnectionError))


def test_silence_is_a_timeout(serve, connect):
    """Nothing for the read timeout: the connection may be dead, and the caller connects again."""
    stream = connect(serve([chunks(b"1\n", is_held=True)]), read_seconds=0.1).stream("/x", QUERY)
    reading = iter(stream)
    assert next(reading) == b"1"
    with pytest.raises(TimeoutError):
        next(reading)


@pytest.mark.parametrize("code", [400, 403, 410, 429, 500])
def test_a_refusal_comes_before_the_first_frame(serve, connect, code):
    """The status is looked at first, and a refused watch is not repeated here: its reflector has a backoff."""
    server = serve([http_server.Answer(code, b'{"kind":"Status","reason":"Because"}', {"Retry-After": "1"})])
    with pytest.raises(errors.ApiError) as caught:
        connect(server).stream("/x", QUERY)
    assert (caught.value.status, caught.value.reason) == (code, "Because")
    assert len(server.received) == 1


def test_no_answer_is_an_error(serve, connect):
    """The connection ended before the status."""
    with pytest.raises(errors.TransportError):
        connect(serve([http_server.CUT])).stream("/x", QUERY)


def test_stopping_ends_a_silent_stream_at_once(serve, connect):
    """A reader that waits is let go; that is an end, not an error; stopping again changes nothing."""
    server = serve([chunks(b"1\n", is_held=True)])
    opened, reading = follow(connect(server))
    server.wait_for_requests(1)
    opened.stop()
    opened.stop()
    assert reading.wait() in ([], [b"1"])


def test_stopping_before_the_first_read(serve, connect):
    """A stream that nobody has begun to read yields nothing and gives its connection back."""
    opened = connect(serve([chunks(b"1\n", is_held=True)])).stream("/x", QUERY)
    opened.stop()
    assert list(opened) == []


def test_stopping_between_two_frames(serve, connect):
    """Frames that have arrived already are not yielded any more."""
    opened = connect(serve([chunks(b"1\n2\n3\n", is_held=True)])).stream("/x", QUERY)
    reading = iter(opened)
    assert next(reading) == b"1"
    opened.stop()
    assert list(reading) == []


def test_stopping_after_the_end(serve, connect):
    """A stream that is over can be stopped."""
    opened = connect(serve([chunks(b"1\n")])).stream("/x", QUERY)
    assert list(opened) == [b"1"]
    opened.stop()


def test_closing_the_transport_ends_streams_as_if_stopped(serve, connect):
    """No stream outlives its transport, and none is an error because of it."""
    server = serve([chunks(is_held=True)])
    connected = connect(server)
    _, one = follow(connected)
    _, other = follow(connected)
    connected.close()
    assert (one.wait(), other.wait()) == ([], [])
    with pytest.raises(errors.TransportError):
        connected.stream("/x", QUERY)


def test_closing_the_transport_ends_a_watch_that_has_no_answer_yet(serve, connect):
    """The server is silent before its status: closing ends that too."""
    server = serve([http_server.HELD])
    connected = connect(server)
    starting = calls.Call(lambda: connected.stream("/x", QUERY))
    server.wait_for_requests(1)
    connected.close()
    assert isinstance(starting.wait(), errors.TransportError)


def test_an_ended_stream_gives_its_connection_back(serve, connect):
    """A watch that the server ended in order is followed by the next over the same connection."""
    server = serve([chunks(b"1\n")])
    connected = connect(server)
    for _ in range(3):
        assert list(connected.stream("/x", QUERY)) == [b"1"]
    assert {received.connection for received in server.received} == {1}
