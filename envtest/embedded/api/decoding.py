"""From what a client sent, or a patch made, to an object of its kind; unknown and repeated fields are refused or warned of.

What flows in: decoded bodies. What flows out: objects with defaults, or a `status.StatusError`; warnings. The loop's thread.
Mirrors apiserver pkg/endpoints/handlers/create.go (transformDecodeError) and patch.go.
"""

from envtest.embedded.api import fields_check, go_json, go_values, kinds, requests, status
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

_SCHEME = "pkg/runtime/scheme.go:111"
_STRICT = "Strict"


class Decoder:
    """Decodes objects of all kinds."""

    def __init__(self, known: kinds.Kinds, registry: resources.Registry, warnings: list[str]) -> None:
        self._kinds = known
        self._registry = registry
        self._warnings = warnings

    def whole(self, resource: resources.Resource, body: Json, options: requests.Options) -> Json:
        """Decode a body that is a whole object.

        Raises:
            status.StatusError: It is none of this kind.
        """
        if resource.is_custom and not body.get("kind"):
            shown = status.compact_unsorted(body)
            text = f"Object 'Kind' is missing in '{shown}' ({go_json.summary(shown.encode())})"
            raise status.bad_request(f"the object provided is unrecognized (must be of type {resource.kind}): {text}")
        obj, unknown = self._kinds.decode(resource, self._typed(resource, body))
        errors = fields_check.texts(options.repeated, unknown)
        if errors and options.field_validation == _STRICT:
            strict = fields_check.strict_error(errors)
            text = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {strict}'
            raise status.bad_request(text)
        self._warn(errors, options)
        return obj

    def patched(self, resource: resources.Resource, body: Json, patch: requests.Patch, options: requests.Options) -> Json:
        """Decode what a patch other than an apply made of an object.

        Raises:
            status.StatusError: It is none of this kind any more.
        """
        shown = go_values.plain(patch.body) if patch.content_type == requests.STRATEGIC_PATCH else _as_patched(body)
        try:
            obj, unknown = self._kinds.decode(resource, self._typed(resource, body))
        except status.StatusError as error:
            _, found, text = error.message.partition(f" cannot be handled as a {resource.kind}: ")
            raise _bad_patch(shown, text) if found else error from error
        errors = fields_check.texts(options.repeated, unknown)
        if errors and options.field_validation == _STRICT:
            raise _bad_patch(shown, fields_check.strict_error(errors))
        self._warn(errors, options)
        return obj

    def applied(self, resource: resources.Resource, body: Json, options: requests.Options) -> Json:
        """Decode what an apply made of an object.

        Raises:
            status.StatusError: It is none of this kind.
        """
        obj, unknown = self._kinds.decode_applied(resource, self._typed(resource, body))
        if options.repeated and options.field_validation == _STRICT:
            raise status.bad_request(f"error strict decoding YAML: error converting YAML to JSON: {options.repeated[0]}")
        errors = fields_check.texts((), unknown)
        if errors and options.field_validation == _STRICT:
            raise status.bad_request(fields_check.strict_error(errors))
        self._warn(errors, options)
        return obj

    def _warn(self, errors: list[str], options: requests.Options) -> None:
        if options.field_validation != "Ignore":
            self._warnings += [error for error in errors if "\n" not in error]  # a header has one line

    def _typed(self, resource: resources.Resource, body: Json) -> Json:
        """Return *body* with its apiVersion and kind, which may be left out, and with metadata.

        Raises:
            status.StatusError: They are another kind's.
        """
        given, kind = body.get("apiVersion") or resource.api_version, body.get("kind") or resource.kind
        if not resource.is_custom and (given, kind) != (resource.api_version, resource.kind):
            self._refuse(resource, given, kind)
        if given != resource.api_version:
            text = f"the API version in the data ({given}) does not match the expected API version ({resource.api_version})"
            raise status.bad_request(text)
        return {**body, "apiVersion": given, "kind": kind, "metadata": body.get("metadata") or {}}

    def _refuse(self, resource: resources.Resource, api_version: str, kind: str) -> None:
        """Refuse another kind; another version of the same kind is refused later, in other words."""
        known = self._registry.of_kind(api_version, kind)
        version = api_version.rpartition("/")[2]
        start = f'{kind} in version "{version}" cannot be handled as a {resource.kind}'
        if known is None or known.is_custom:
            where = f'for version "{api_version}" in scheme "{_SCHEME}"'
            raise status.bad_request(f'{start}: no kind "{kind}" is registered {where}')
        if kind != resource.kind:
            found, wanted = f"{version}.{kind}", f"{resource.group.partition('.')[0] or 'core'}.{resource.kind}"
            raise status.bad_request(f"{start}: converting ({found}) to ({wanted}): unknown conversion")


def _as_patched(body: Json) -> str:
    return status.compact_unsorted({key: body[key] for key in sorted(body)})


def _bad_patch(shown: str, text: str) -> status.StatusError:
    cause = status.Cause(status.INVALID, "patch", f"Invalid value: {status.quoted(shown)}: {text}")
    return status.invalid(("", ""), "", [cause])
