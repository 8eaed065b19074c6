"""Installing definitions into a real API server."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from controller import crd
from controller.client import interfaces
from controller.crd import install
from informers import errors, objects
from reconcilers.microservicedeploy import spec
from tests.support import definitions, raw_api


class _Spec(msgspec.Struct):
    """What is wanted."""

    size: Annotated[int, msgspec.Meta(ge=0, description="How many.")] = 1


class _Client:
    """Just enough of a client, straight on the API."""

    def __init__(self, api: raw_api.Api) -> None:
        self._api = api

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        return self._body(self._api.request("GET", f"{definitions.COLLECTION}/{key.name}"))

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        path = f"{definitions.COLLECTION}/{obj['metadata']['name']}"
        query = {"fieldManager": options.field_manager, "force": str(options.force).lower()}
        return self._body(self._api.request("PATCH", path, obj, content_type=raw_api.APPLY, **query))

    @staticmethod
    def _body(answer: raw_api.Answer) -> interfaces.Manifest:
        if answer.status >= 400:
            raise errors.from_status(answer.status, answer.body)
        return answer.body


@pytest.fixture(name="api")
def _api(control_plane: Any) -> Iterator[raw_api.Api]:
    api = raw_api.Api(control_plane.kubeconfig)
    yield api
    for plural in ("boats", "rafts"):
        api.request("DELETE", f"{definitions.COLLECTION}/{plural}.install.example.com")
    api.close()


def _resource(kind: str, plural: str, **options: Any) -> crd.CustomResource:
    gvk = objects.GroupVersionKind("install.example.com", "v1", kind)
    return crd.CustomResource(gvk=gvk, plural=plural, spec=_Spec, status=_Spec, **options)


def test_a_new_kind_is_served_when_installing_returns_and_installing_again_changes_nothing(api: raw_api.Api) -> None:
    """Whoever installs can create resources at once, and upgrades by installing again."""
    boats = _resource("Boat", "boats")
    assert install.install(_Client(api), [boats, spec.RESOURCE]) == [
        "boats.install.example.com",
        "microservicedeploys.custom.ops",
    ]
    live = api.request("GET", f"{definitions.COLLECTION}/boats.install.example.com").body
    assert install.find_obstacle(live) is None
    install.install(_Client(api), [boats])
    again = api.request("GET", f"{definitions.COLLECTION}/boats.install.example.com").body
    assert again["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]


def test_a_short_name_that_another_kind_has_is_told(api: raw_api.Api) -> None:
    """The server serves neither the name nor, if it is new, the kind; the error has its words."""
    install.install(_Client(api), [_resource("Boat", "boats", short_names=("bt",))])
    with pytest.raises(
        install.InstallError, match=r'^rafts\.install\.example\.com: .*NamesAccepted is False: "bt" is already in use'
    ):
        install.install(_Client(api), [_resource("Raft", "rafts", short_names=("bt",))])


def test_a_definition_that_the_server_refuses_is_told(api: raw_api.Api) -> None:
    """A rule that does not compile is the author's mistake, and the server knows where."""
    wrong = _resource("Boat", "boats", rules=(crd.Rule("self.spec.sails > 0", "no sails"),))
    with pytest.raises(install.InstallError, match=r"(?s)boats\.install\.example\.com: .*undefined field 'sails'"):
        install.install(_Client(api), [wrong])
