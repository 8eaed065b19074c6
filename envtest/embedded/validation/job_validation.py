"""What is wrong with Jobs and CronJobs.

What flows in: objects that have been read and, if Jobs, have got their selector. What flows out: causes, in the server's order.
Pure. Mirrors kubernetes pkg/apis/batch/validation; deviations: of a schedule only the number of its fields is checked, and
nothing of failure and success policies.
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors, metadata_validation, pod_validation
from envtest.embedded.validation.checks import Causes, Json, child

_MODES: Final = ("NonIndexed", "Indexed")
_CONCURRENCY: Final = ("Allow", "Forbid", "Replace")
_COUNTS: Final = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex",
    "maxFailedIndexes",
)  # fmt: skip
_FIXED: Final = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
_MOST_INDEXED_PARALLEL: Final = 100_000
_LONGEST_CRON_NAME: Final = 52
_CRON_FIELDS: Final = 5
_CRON_WORDS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})


def job(obj: Json) -> Causes:
    """Check a new Job."""
    spec = obj["spec"]
    yield from _job_spec(spec, "spec")
    selector = spec.get("selector")
    if selector is None:
        yield field_errors.required("spec.selector")
    yield from checks.label_selector("spec.selector", selector)
    labels = spec["template"]["metadata"].get("labels")
    is_sound = not list(checks.label_selector("", selector))
    if is_sound and (selector is None or not checks.matches(selector, labels or {})):
        text = "`selector` does not match template `labels`"
        yield field_errors.invalid("spec.template.metadata.labels", labels, text)


def changed_job(obj: Json, old: Json) -> Causes:
    """Check a Job that replaces another; the server looks at it twice."""
    spec, before = obj["spec"], old["spec"]
    yield from job(obj)
    if spec["completionMode"] != "Indexed":
        yield from checks.immutable("spec.completions", spec.get("completions"), before.get("completions"))
    elif spec.get("completions") != before.get("completions") and spec.get("completions") != spec["parallelism"]:
        text = "can only be modified in tandem with spec.parallelism"
        yield field_errors.invalid("spec.completions", spec.get("completions"), text)
    yield from checks.immutable_selector("spec.selector", spec.get("selector"), before.get("selector"))
    yield from checks.immutable("spec.template", spec["template"], before["template"])
    for name in _FIXED:
        yield from checks.immutable(child("spec", name), spec.get(name), before.get(name))


def updated_job(obj: Json, old: Json) -> Causes:
    """Check all of a Job that replaces another, as the server does: as if it were new, then for what has changed."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from job(obj)
    yield from metadata_validation.changed(obj["metadata"], old["metadata"])
    yield from changed_job(obj, old)


def cron_job(obj: Json) -> Causes:
    """Check a new CronJob."""
    yield from _cron_job(obj["spec"])
    if len(obj["metadata"].get("name", "")) > _LONGEST_CRON_NAME:
        text = f"must be no more than {_LONGEST_CRON_NAME} characters"
        yield field_errors.invalid("metadata.name", obj["metadata"]["name"], text)


def changed_cron_job(obj: Json, _: Json) -> Causes:
    """Check a CronJob that replaces another."""
    return _cron_job(obj["spec"])


def _job_spec(spec: Json, path: str) -> Causes:
    yield from checks.fields_not_negative(path, spec, *_COUNTS)
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        yield field_errors.required(child(path, "backoffLimitPerIndex"), "when maxFailedIndexes is specified")
    mode = spec.get("completionMode", "NonIndexed")
    yield from checks.supported(child(path, "completionMode"), mode, _MODES)
    if mode == "Indexed":
        if "completions" not in spec:
            yield field_errors.required(child(path, "completions"), "when completion mode is Indexed")
        if spec.get("parallelism", 0) > _MOST_INDEXED_PARALLEL:
            text = f"must be less than or equal to {_MOST_INDEXED_PARALLEL} when completion mode is Indexed"
            yield field_errors.invalid(child(path, "parallelism"), spec["parallelism"], text)
    elif mode == "NonIndexed":
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if name in spec:
                yield field_errors.invalid(child(path, name), spec[name], "requires indexed completion mode")
    yield from pod_validation.template(spec["template"], child(path, "template"))
    yield from _restart_policy(spec, child(path, "template", "spec", "restartPolicy"))


def _restart_policy(spec: Json, path: str) -> Causes:
    policy = spec["template"]["spec"]["restartPolicy"]
    if policy == "Always":
        yield field_errors.required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield field_errors.not_supported(path, policy, ("OnFailure", "Never"))
    elif "podFailurePolicy" in spec and policy != "Never":
        yield field_errors.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _cron_job(spec: Json) -> Causes:
    yield from _schedule(spec["schedule"])
    yield from checks.not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    yield from checks.one_of("spec.concurrencyPolicy", spec["concurrencyPolicy"], _CONCURRENCY)
    own = spec["jobTemplate"]["spec"]
    yield from _job_spec(own, "spec.jobTemplate.spec")
    if "selector" in own:
        yield field_errors.invalid("spec.jobTemplate.spec.selector", own["selector"], "`selector` will be auto-generated")
    if own.get("manualSelector"):
        yield field_errors.not_supported("spec.jobTemplate.spec.manualSelector", field_errors.Printed("true"), ("nil", "false"))
    yield from checks.fields_not_negative("spec", spec, "successfulJobsHistoryLimit", "failedJobsHistoryLimit")


def _schedule(schedule: str) -> Causes:
    if not schedule:
        yield field_errors.required("spec.schedule")
        return
    rest = schedule.partition(" ")[2] if schedule.startswith(("TZ=", "CRON_TZ=")) else schedule
    fields = rest.split()
    if rest.startswith("@"):
        if rest not in _CRON_WORDS and not rest.startswith("@every "):
            yield field_errors.invalid("spec.schedule", schedule, f"unrecognized descriptor: {rest}")
    elif len(fields) != _CRON_FIELDS:
        text = f"expected exactly {_CRON_FIELDS} fields, found {len(fields)}: [{' '.join(fields)}]"
        yield field_errors.invalid("spec.schedule", schedule, text)
    if "TZ" in schedule:
        text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield field_errors.invalid("spec.schedule", schedule, text)
