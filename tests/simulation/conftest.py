"""Lets all performances that the chosen tests ask for be given at the same time, in as many processes as there are processors."""

import pytest

from tests.support import sim_pool


def _plays(item):
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("plays", ()) if callspec else ()


@pytest.fixture(scope="session")
def stages(request):
    """The futures of all outcomes, by play."""
    wanted = dict.fromkeys(play for item in request.session.items for play in _plays(item))
    with sim_pool.Pool() as pool:
        yield {play: pool.submit(*play) for play in wanted}


@pytest.fixture
def outcomes(stages, plays):
    """The outcomes of the test's own plays, in order."""
    return [stages[play].result() for play in plays]
