"""Installing definitions: what `install` waits for, and how it says what is in the way."""

import copy
import threading
from typing import Any

import msgspec
import pytest

from controller import crd
from controller.client import interfaces
from controller.crd import install
from informers import errors, objects
from tests.support import auto_clock


class _Spec(msgspec.Struct):
    pass


RESOURCE = crd.CustomResource(gvk=objects.GroupVersionKind("example.com", "v1", "Boat"), plural="boats", spec=_Spec, status=_Spec)
NAME = "boats.example.com"


def _conditions(accepted: str, established: str, message: str = "") -> dict[str, Any]:
    states = {"NamesAccepted": accepted, "Established": established}
    return {"conditions": [{"type": name, "status": status, "message": message} for name, status in states.items()]}


class _Server:
    """Answers each get with the next of *answers*, the last one for ever: a status, an error, or the definition's absence."""

    def __init__(self, *answers: dict[str, Any] | Exception, refusal: Exception | None = None) -> None:
        self._answers = list(answers)
        self._refusal = refusal
        self.stored: dict[str, interfaces.Manifest] = {}

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        if self._refusal:
            raise self._refusal
        self.stored[obj["metadata"]["name"]] = copy.deepcopy(obj) | {"managedBy": options.field_manager}
        return obj

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            self.stored.pop(key.name, None)
            raise answer
        return copy.deepcopy(self.stored[key.name]) | {"status": answer}


def _install(server: _Server, **options: Any) -> float:
    clock = auto_clock.AutoClock()
    start = clock.monotonic()
    assert install.install(server, [RESOURCE], install.InstallOptions(clock=clock, **options)) == [NAME]
    return clock.monotonic() - start


def test_waits_until_the_names_are_accepted_and_the_kind_is_served() -> None:
    """A definition is in place only when both conditions are true."""
    server = _Server({}, _conditions("True", "False"), _conditions("True", "True"))
    assert _install(server) == pytest.approx(0.2)
    assert server.stored[NAME]["spec"] == crd.render(RESOURCE)["spec"]
    assert server.stored[NAME]["managedBy"] == "coxswain"


def test_the_deadline_names_the_kind_and_what_it_waited_for() -> None:
    """A definition that nobody looks at ends in an error after the time that was given."""
    with pytest.raises(
        install.InstallError, match=rf"{NAME}: not served after 3 s: NamesAccepted is Unknown: the server has not"
    ):
        _install(_Server({}), timeout_seconds=3.0)


def test_refused_names_end_the_wait_early_with_the_servers_words() -> None:
    """A name conflict is not going away by itself, so it is told after a short grace."""
    server = _Server(_conditions("False", "False", '"boat" is already in use'))
    with pytest.raises(install.InstallError, match=r'not served after 5 s: NamesAccepted is False: "boat" is already in use'):
        _install(server)


def test_names_that_become_accepted_in_the_grace_time_are_fine() -> None:
    """The server may be about to look again after a conflict was removed."""
    assert _install(_Server(_conditions("False", "False"), _conditions("True", "True"))) < 1.0


def test_a_definition_that_is_being_deleted_is_applied_again_once_it_is_gone() -> None:
    """Installing while the old definition goes away ends with a new one."""
    server = _Server(errors.NotFoundError(404), _conditions("True", "True"))
    _install(server)
    assert NAME in server.stored


def test_a_definition_with_a_deletion_timestamp_does_not_count_as_served() -> None:
    """Its conditions still say Established while it goes away."""
    live = {"metadata": {"name": NAME, "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": _conditions("True", "True")}
    obstacle = install.find_obstacle(live)
    assert obstacle is not None
    assert "is being deleted" in obstacle.message


@pytest.mark.parametrize(
    "error", [errors.ServerError(500), errors.TooManyRequestsError(429), errors.TransportError("connection refused")], ids=repr
)
def test_a_server_that_is_busy_for_a_moment_is_asked_again(error: Exception) -> None:
    """Only the deadline ends the wait for a server that comes back."""

    class _Busy(_Server):
        def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
            stored = dict(self.stored)
            try:
                return super().get(gvk, key)
            finally:
                self.stored = stored

    assert _install(_Busy(error, _conditions("True", "True"))) == pytest.approx(0.1)


def test_a_refused_definition_is_an_error_with_the_servers_reason() -> None:
    """The server's validation and its access rules are told as they are."""
    server = _Server(refusal=errors.ForbiddenError(403, "Forbidden", "user cannot patch customresourcedefinitions"))
    with pytest.raises(install.InstallError, match=f"{NAME}: the API server did not take .* cannot patch") as caught:
        _install(server)
    assert isinstance(caught.value.__cause__, errors.ForbiddenError)


def test_a_definition_that_cannot_be_read_is_an_error_at_once() -> None:
    """Without the right to read it, waiting is in vain."""
    with pytest.raises(install.InstallError, match=f"{NAME}: the definition cannot be read"):
        _install(_Server(errors.ForbiddenError(403)))


def test_the_stop_event_ends_the_wait() -> None:
    """A user's interrupt does not have to wait for the deadline."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(install.InstallError, match="stopped while waiting"):
        _install(_Server({}), stop=stop)
