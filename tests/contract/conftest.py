"""Each case of the contract runs on the embedded API server and on the real one, with the same assertions.

The real one is the truth; cases with kubectl carry the marker ``kubectl``. There is one server of each kind for the whole run,
and a namespace for each case, which nobody deletes: the server goes away at the end.
"""

import pytest

from tests.support import contract_definitions, contract_server


@pytest.fixture(scope="session")
def server(control_plane, tmp_path_factory):
    """The server that a case runs on."""
    running = contract_server.Server(control_plane, tmp_path_factory.mktemp("kubectl"))
    yield running
    running.close()


@pytest.fixture
def space(server):
    """A namespace of the case's own."""
    return server.space()


@pytest.fixture(scope="session")
def widget_group(server):
    """The group of a definition that exercises everything, in force and served."""
    group = contract_definitions.group()
    body = contract_definitions.widgets(group)
    assert server.send("POST", contract_definitions.PATH, body).status == 201
    space = server.space()
    space.until(f"{contract_definitions.PATH}/{body['metadata']['name']}", contract_definitions.is_established)
    space.until(f"{group}/v1/widgets", lambda answer: answer.status == 200)
    return group


@pytest.fixture
def widgets(space, widget_group):
    """The Widgets of the case's namespace."""
    return contract_definitions.Widgets(space, widget_group)
