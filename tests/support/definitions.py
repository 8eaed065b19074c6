"""CustomResourceDefinitions on a real API server, put there without our own installer.

What flows in: an `raw_api.Api` and a custom resource. What flows out: the live definition, once it is served.
"""

import time
from typing import Any

from controller import crd
from tests.support import raw_api

COLLECTION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PATIENCE_SECONDS = 20.0


def serve(api: raw_api.Api, resource: crd.CustomResource) -> dict[str, Any]:
    """Apply the definition of *resource*, wait until its objects can be listed, and return it as it then is."""
    answer = api.request(
        "PATCH",
        f"{COLLECTION}/{resource.name_of_definition}",
        crd.render(resource),
        content_type=raw_api.APPLY,
        fieldManager="test",
        force="true",
    )
    assert answer.status in (200, 201), answer.body
    assert answer.warnings == ()
    deadline = time.monotonic() + PATIENCE_SECONDS
    group = f"/apis/{resource.gvk.api_version}"
    while api.request("GET", f"{group}/{resource.plural}").status != 200:
        assert time.monotonic() < deadline, f"{resource.name_of_definition} is not served"
        time.sleep(0.05)
    return api.request("GET", f"{COLLECTION}/{resource.name_of_definition}").body
