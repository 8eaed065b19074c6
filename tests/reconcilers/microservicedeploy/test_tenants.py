import pytest

from informers import errors, objects
from reconcilers.microservicedeploy import tenants
from reconcilers.microservicedeploy.observed import TenantSecret
from tests.support import fake_clock

KEY = objects.ObjectKey("team", "tenant-auth")


class Server:
    """Answers reads of a Secret with *answer*, a manifest or an error, and counts them."""

    def __init__(self, answer):
        self.answer = answer
        self.reads = 0

    def get(self, gvk, key):
        assert gvk.kind == "Secret"
        self.reads += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def clock():
    """A clock that stands still."""
    return fake_clock.FakeClock()


FULL = {"data": {"auth": "eA==", "other": "eQ=="}}


@pytest.mark.parametrize(
    ("answer", "found", "seconds"),
    [
        (FULL, TenantSecret.FOUND, 300),
        ({"data": {"other": "eQ=="}}, TenantSecret.WITHOUT_KEY, 30),
        ({"data": {"auth": ""}}, TenantSecret.WITHOUT_KEY, 30),
        ({"data": None}, TenantSecret.WITHOUT_KEY, 30),
        ({}, TenantSecret.WITHOUT_KEY, 30),
        (errors.NotFoundError(404), TenantSecret.MISSING, 30),
        (errors.ForbiddenError(403), TenantSecret.FORBIDDEN, 30),
    ],
)
def test_what_a_look_finds_and_when_the_next_one_is_due(clock, answer, found, seconds):
    """Five minutes if all is well, else 30 s."""
    assert tenants.TenantSecrets(Server(answer), clock).look(KEY) == tenants.Sight(found, seconds)


def test_looks_between_cost_no_request(clock):
    """Until the next look is due, the last one is remembered, and the time left is told."""
    server = Server(FULL)
    seen = tenants.TenantSecrets(server, clock)
    seen.look(KEY)
    clock.step(299)
    assert seen.look(KEY) == tenants.Sight(TenantSecret.FOUND, 1)
    assert server.reads == 1
    clock.step(1)
    assert seen.look(KEY).look_again_seconds == 300
    assert server.reads == 2


def test_a_secret_that_comes_is_seen_within_half_a_minute(clock):
    """A missing one is asked for every 30 s."""
    server = Server(errors.NotFoundError(404))
    seen = tenants.TenantSecrets(server, clock)
    seen.look(KEY)
    server.answer = FULL
    assert seen.look(KEY).found is TenantSecret.MISSING
    clock.step(30)
    assert seen.look(KEY).found is TenantSecret.FOUND


def test_each_secret_is_looked_at_by_itself(clock):
    """Namespaces and names do not mix."""
    server = Server(FULL)
    seen = tenants.TenantSecrets(server, clock)
    seen.look(KEY)
    server.answer = errors.NotFoundError(404)
    assert seen.look(objects.ObjectKey("other", KEY.name)).found is TenantSecret.MISSING
    assert seen.look(KEY).found is TenantSecret.FOUND


def test_a_server_that_fails_is_asked_again_at_once(clock):
    """An error is raised and not remembered."""
    server = Server(errors.ServerError(500))
    seen = tenants.TenantSecrets(server, clock)
    with pytest.raises(errors.ServerError):
        seen.look(KEY)
    server.answer = FULL
    assert seen.look(KEY).found is TenantSecret.FOUND


def test_nothing_of_a_secret_is_kept(clock):
    """Only whether there are credentials is remembered, and that only for a while."""
    seen = tenants.TenantSecrets(Server(FULL), clock)
    seen.look(KEY)
    assert "eA==" not in repr(vars(seen))
    clock.step(600)
    seen.look(objects.ObjectKey("other", "x"))
    assert KEY not in seen._seen
