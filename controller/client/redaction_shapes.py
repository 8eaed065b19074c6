"""The shapes of an API server's refusals, as Kubernetes 1.36 words them; `redaction` says what becomes of them.

Data, no code. Shapes match a whole message, so that nothing that a message quotes can pass for one; what is taken over from a
message is a name, a path of names, or a number. A message that a newer server words otherwise is cut, not leaked.
"""

import re

_NAME = r"[a-zA-Z0-9](?:[-a-zA-Z0-9._:]{0,251}[a-zA-Z0-9])?"
_RESOURCE = r"[a-zA-Z][-a-zA-Z0-9.]{0,200}"
_OBJECT = rf"{_RESOURCE} \"{_NAME}\""
_QUANTITY = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][0-9]+|[numkKMGTPE]i?)?"
_AMOUNTS = rf"[-a-zA-Z0-9./]{{1,200}}={_QUANTITY}(?:,[-a-zA-Z0-9./]{{1,200}}={_QUANTITY})*"
PATH = r"\.?[a-zA-Z0-9_$](?:[a-zA-Z0-9_.\-/$]|\[(?!=)[a-zA-Z0-9_.\-/=\":,]*\]){0,255}"
"""A field's path; the brackets of lists hold indices, or keys as in `[containerPort=80,protocol="TCP"]`."""
_QUOTA = rf"requested: {_AMOUNTS}, used: {_AMOUNTS}, limited: {_AMOUNTS}"
_UNFULFILLED = rf"Operation cannot be fulfilled on ({_OBJECT}): "
_TYPED_PATCH = rf"failed to create typed patch object \([^()]*\): ({PATH}): "
_QUOTED = r"\"(?:[^\"\\]|\\.)*\""
"""A string as Go's %q prints it."""
STATUS_REASONS = frozenset(
    (
        "Unauthorized", "Forbidden", "NotFound", "AlreadyExists", "Conflict", "Gone", "Invalid", "ServerTimeout",
        "StoreReadError", "Timeout", "TooManyRequests", "BadRequest", "MethodNotAllowed", "NotAcceptable",
        "RequestEntityTooLarge", "UnsupportedMediaType", "InternalError", "Expired", "ServiceUnavailable",
    )
)  # fmt: skip
"""apimachinery/pkg/apis/meta/v1 StatusReason; a webhook may give any word, which is then left out."""

CAUSE_REASONS = {
    "FieldValueRequired": "required",
    "FieldValueInvalid": "invalid value",
    "FieldValueNotSupported": "value not supported",
    "FieldValueForbidden": "forbidden",
    "FieldValueDuplicate": "duplicate value",
    "FieldValueNotFound": "not found",
    "FieldValueTypeInvalid": "value of the wrong type",
    "FieldValueTooLong": "too long",
    "FieldValueTooMany": "too many",
    "FieldManagerConflict": "managed by another",
    "NamespaceTerminating": "the namespace is being deleted",
    "ResourceVersionTooLarge": "newer than the server's state",
}
"""CauseType, and our words for it."""

RBAC = re.compile(
    rf"(?:{_RESOURCE} (?:\"[^\"]*\" )?is )?forbidden: User \"[^\"]*\" cannot (?P<verb>[a-z]+) "
    r"(?:path \"(?P<path>/[-a-zA-Z0-9./]*)\""
    r"|resource \"(?P<resource>[-a-z0-9./*]+)\" in API group \"(?P<group>[-a-z0-9.]*)\""
    r"(?: in the namespace \"(?P<namespace>[-a-z0-9.]+)\"| at the cluster scope))(?::.*)?",
    re.DOTALL,
)

MESSAGES = tuple(
    (re.compile(shape, re.DOTALL), words)
    for shape, words in (
        (rf"{_OBJECT} (?:not found|already exists)", r"\g<0>"),
        (rf"{_UNFULFILLED}(?:the object has been modified|the ResourceVersion in).*", r"\1 has changed"),
        (rf"{_UNFULFILLED}(?:uid mismatch|the UID in the precondition).*", r"\1 is gone, or is another"),
        (rf"(?:{_OBJECT} is forbidden: )?exceeded quota: ({_NAME}), ({_QUOTA})",
         r"exceeded quota: \1, \2"),
        (rf"{_OBJECT} is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource .*",
         "cannot set blockOwnerDeletion: RBAC rule missing to update the owner's finalizers"),
        (rf"{_OBJECT} is forbidden: ValidatingAdmissionPolicy '({_NAME})' with binding '({_NAME})' denied request.*",
         r"denied by policy \1 with binding \2"),
        (rf"admission webhook \"({_NAME})\" denied the request.*", r"denied by admission webhook \1"),
        (rf"Internal error occurred: failed calling webhook \"({_NAME})\".*", r"admission webhook \1 could not be called"),
        (rf"{_TYPED_PATCH}field not declared in schema", r"\1: no such field"),
        (rf"{_TYPED_PATCH}duplicate entries for key .*", r"\1: duplicate entries"),
        (rf"{_TYPED_PATCH}expected (string|numeric|boolean|list|map)\b.*",
         r"\1: must be of type \2"),
        (rf"{_NAME} in version \"{_NAME}\" cannot be handled as a {_NAME}: strict decoding error: unknown field \"({PATH})\"",
         r"\1: no such field"),
        (r"Unauthorized", "the credentials were not accepted"),
        (r"Timeout: Too large resource version: [0-9]+, current: [0-9]+", r"\g<0>"),
        (r"[tT]oo many requests, please try again later\.", r"\g<0>"),
    )
)  # fmt: skip
"""Whole messages, and what is said instead."""

MANAGER = re.compile(
    rf"conflict with \"(?P<manager>{_NAME})\"(?: with subresource \"[a-z]+\")?"
    rf"(?: using {_NAME}(?:/{_NAME})?)?(?: at [-0-9TZ:.+]+)?"
)
NUMBER = re.compile(rf"Invalid value: \"?(?P<value>{_QUANTITY})\"?(?:: .*)?", re.DOTALL)
SUPPORTED = re.compile(
    rf"Unsupported value: {_QUOTED}: (?P<advice>supported values: \"[-a-zA-Z0-9./]+\"(?:, \"[-a-zA-Z0-9./]+\")*)", re.DOTALL
)
ADVICE = re.compile(
    r": (?P<advice>field is immutable|must be unique|must be specified|must be greater than (?:zero|or equal to -?[0-9]+)"
    r"|must be less than or equal to -?[0-9]+|must be between [0-9]+ and [0-9]+, inclusive"
    rf"|must be less than or equal to (?:cpu|memory|ephemeral-storage) limit(?: of {_QUANTITY})?"
    r"|must be no more than [0-9]+ (?:characters|bytes)|may not be specified when `value` is not empty"
    r"|`selector` does not match template `labels`)$"
)
"""Ends of messages that are the same whatever was refused, but for a bound."""

NUMERIC_FIELD = re.compile(
    r"(?:.*\.)?(?:\w*[rR]eplicas|\w*[pP]ort|\w+Seconds|\w+Threshold|\w+Percentage|\w+Utilization|maxSurge|maxUnavailable"
    r"|minAvailable|weight|priority|revisionHistoryLimit|runAsUser|runAsGroup|fsGroup"
    r"|(?:(?:limits|requests|hard)(?:\[[-a-zA-Z0-9./]+\]|\.[-a-zA-Z0-9/]+)?|resources|sizeLimit))"
)
FREE_MAP = re.compile(r"(?:^|\.)(?:data|stringData|binaryData|config|annotations|env|args|command)(?:\.|\[|$)")
"""What lies below these is a user's own, whatever its name."""
FIELD = re.compile(PATH)
