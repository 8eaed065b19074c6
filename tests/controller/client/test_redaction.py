"""What of a refusal may be repeated; the recorded messages are a real API server's."""

import json
import pathlib
import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller.client import redaction
from informers import errors, objects

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
DEPLOYMENT = objects.GroupVersionKind("apps", "v1", "Deployment")
SERVICE = objects.GroupVersionKind("", "v1", "Service")
OURS = objects.GroupVersionKind("custom.ops", "v1", "MicroServiceDeploy")
UID = "6a1cbd7d-7a58-4c9f-b0a0-000000000000"
INVALID = "FieldValueInvalid"
KINDS = {gvk.kind: gvk for gvk in (CONFIG_MAP, DEPLOYMENT, OURS)}
RECORDED = yaml.safe_load((pathlib.Path(__file__).parent / "recorded" / "refusals.yaml").read_text())


def refuse(gvk, code, reason, message, *causes):
    """Return what becomes of a Status object; a cause is reason, message and field."""
    details = {"causes": [dict(zip(("reason", "message", "field"), cause, strict=True)) for cause in causes]}
    return redaction.redact(errors.from_status(code, {"reason": reason, "message": message, "details": details}), gvk)


@pytest.mark.parametrize("recorded", RECORDED["rbac"])
@pytest.mark.parametrize("gvk", [DEPLOYMENT, SERVICE])
def test_a_missing_rbac_rule_is_named(gvk, recorded):
    """Verb, resource, group and namespace, for every kind; the user is left out, for it is us."""
    error = refuse(gvk, 403, "Forbidden", recorded["message"])
    assert isinstance(error, errors.ForbiddenError)
    assert error.message == recorded["expected"]


@pytest.mark.parametrize("recorded", RECORDED["messages"])
def test_messages_of_a_known_shape(recorded):
    """Names and numbers are passed on, quoted values are not."""
    error = refuse(KINDS[recorded["kind"]], recorded["code"], recorded["reason"], recorded["message"])
    assert error.message == recorded["expected"]
    assert (error.status, error.reason) == (recorded["code"], recorded["reason"])
    assert "s3cret" not in str(error)
    assert "88888888" not in str(error)


@pytest.mark.parametrize("recorded", RECORDED["causes"])
def test_causes_keep_field_and_reason(recorded):
    """A value only where the field is a number or a quantity, advice only if it is known."""
    cause = (recorded["reason"], recorded["message"], recorded["field"])
    error = refuse(DEPLOYMENT, 422, "Invalid", f'Deployment.apps "d" is invalid: {cause[2]}: {cause[1]}', cause)
    assert error.message == f"Deployment refused: {recorded['expected']}"
    assert "s3cret" not in repr(error.causes)
    assert "88888888" not in repr(error.causes)


def test_several_causes():
    """They stand one after the other, each once; the fields can still be asked for."""
    uid = (INVALID, f'Invalid value: "{UID}": field is immutable', "metadata.uid")
    other = ("FieldValueRequired", "Required value", "spec.image")
    error = refuse(OURS, 422, "Invalid", "is invalid", uid, uid, other)
    assert error.message == ("MicroServiceDeploy refused: metadata.uid: invalid value: field is immutable; spec.image: required")
    assert [cause.field for cause in error.causes] == ["metadata.uid", "metadata.uid", "spec.image"]


@pytest.mark.parametrize(
    "detail",
    ['conflict with "kubectl-edit"', 'conflict with "kubectl-edit" using apps/v1 at 2026-11-24T04:20:00Z',
     'conflict with "kubectl-edit" with subresource "scale" using apps/v1'],
)  # fmt: skip
def test_conflicts_name_manager_and_field(detail):
    """Who has the field, and which it is."""
    cause = ("FieldManagerConflict", detail, ".spec.replicas")
    error = refuse(DEPLOYMENT, 409, "Conflict", f"Apply failed with 1 conflict: {detail}: .spec.replicas", cause)
    assert isinstance(error, errors.ConflictError)
    assert error.message == "Deployment refused: .spec.replicas: managed by kubectl-edit"


@pytest.mark.parametrize(
    "gvk",
    [
        SERVICE,
        objects.GroupVersionKind("", "v1", "ResourceQuota"),
        objects.GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler"),
        objects.GroupVersionKind("networking.k8s.io", "v1", "Ingress"),
        objects.GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy"),
        objects.GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
    ],
)
def test_messages_about_kinds_without_secrets_pass_whole(gvk):
    """A taken node port is best told in the server's words."""
    message = "Invalid value: 99: provided port is not in the valid range. The range of valid ports is 30000-32767"
    error = refuse(gvk, 422, "Invalid", f"spec.ports[0].nodePort: {message}", (INVALID, message, "spec.ports[0].nodePort"))
    assert error.message == f"spec.ports[0].nodePort: {message}"
    assert error.causes[0].message == message


def test_a_kind_of_the_same_name_elsewhere_is_cut():
    """Somebody's own Ingress may hold anything."""
    error = refuse(objects.GroupVersionKind("example.com", "v1", "Ingress"), 422, "Invalid", "s3cret")
    assert "s3cret" not in str(error)


def test_what_decides_about_a_retry_is_kept():
    """Type, status, reason and the time to wait."""
    large = errors.ResourceVersionTooLargeError(
        504, "Timeout", "Timeout: Too large resource version: 9, current: 3", retry_after_seconds=1
    )
    error = redaction.redact(large, DEPLOYMENT)
    assert type(error) is errors.ResourceVersionTooLargeError
    assert (error.status, error.reason, error.message, error.retry_after_seconds) == (504, "Timeout", large.message, 1)


SECRETS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "=+/@!#%&*?^~ -_.\"'\\{}[]\n:,é"), min_size=5, max_size=30
).map(lambda text: f"Zq{text}qZ")
"""Values that no message of ours contains by chance."""
NUMBERS = st.integers(10**7, 10**12).map(str)
QUOTED = [
    "{0}",
    "Invalid value: {1}: must be unique",
    "Invalid value: {1}: {0} is no good",
    'Unsupported value: {1}: supported values: "A", "B"',
    "Duplicate value: {1}",
    "Not found: {1}",
    "Too long: may not be more than 5 bytes: {0}",
    "Invalid value: {2}: field is immutable",
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal {0}',
    "failed to create typed patch object (/d; apps/v1, Kind=Deployment): .spec.x: expected string, got {2}",
    'admission webhook "w.example.com" denied the request: {0}',
    'deployments.apps "d" is forbidden: violates PodSecurity "restricted": {0}',
    'Operation cannot be fulfilled on deployments.apps "d": {0}',
    "exceeded quota: q, requested: {0}",
    "Internal error occurred: {0}",
]
"""Ways to quote a value: as it is, as Go's %q, as JSON."""
FIELDS = ["", "spec.template.spec.containers[0].env[0].value", "data[key]", "spec.config", "metadata.annotations[a/b]", "<nil>"]
CODES = [400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504]


@given(
    secret=SECRETS | NUMBERS,
    shapes=st.lists(st.sampled_from(QUOTED), min_size=2, max_size=4),
    field=st.sampled_from(FIELDS),
    code=st.sampled_from(CODES),
    gvk=st.sampled_from([CONFIG_MAP, DEPLOYMENT, OURS]),
)
def test_no_value_gets_through(secret, shapes, field, code, gvk):
    """Whatever a value is and however the server quotes it, it is in no part of the error."""
    message, *quoted = [shape.format(secret, json.dumps(secret), json.dumps({"a": secret})) for shape in shapes]
    error = refuse(gvk, code, secret, message, *((INVALID, each, field) for each in quoted))
    everything = f"{error!r} {error} {error.args} {vars(error)} {error.__cause__} {error.__context__}"
    assert secret not in everything
    assert repr(secret)[1:-1] not in everything
    assert json.dumps(secret)[1:-1] not in everything


@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=60), st.sampled_from(CODES))
def test_any_text_can_be_cut(message, quoted, field, code):
    """Nothing that a server might say is an error here, and the type stays."""
    error = errors.ApiError(code, "", message, causes=(errors.StatusCause("", quoted, field),))
    assert type(redaction.redact(error, DEPLOYMENT)) is errors.ApiError
