"""The exact names, labels and buckets that dashboards rely on (reference rule 2.11)."""

import re

import prometheus_client
import pytest
from prometheus_client import parser

from controller import metrics
from informers import objects
from tests.support import fake_clock
from workqueue import priority_queue

CONTROLLER_SERIES = {
    "controller_runtime_reconcile_total": "counter",
    "controller_runtime_reconcile_errors_total": "counter",
    "controller_runtime_terminal_reconcile_errors_total": "counter",
    "controller_runtime_reconcile_panics_total": "counter",
    "controller_runtime_reconcile_timeouts_total": "counter",
    "controller_runtime_reconcile_time_seconds": "histogram",
    "controller_runtime_max_concurrent_reconciles": "gauge",
    "controller_runtime_active_workers": "gauge",
    "read_your_writes_deadline_exceeded_total": "counter",
}
QUEUE_SERIES = {
    "workqueue_depth": "gauge",
    "workqueue_adds_total": "counter",
    "workqueue_retries_total": "counter",
    "workqueue_queue_duration_seconds": "histogram",
    "workqueue_work_duration_seconds": "histogram",
    "workqueue_unfinished_work_seconds": "gauge",
    "workqueue_longest_running_processor_seconds": "gauge",
}


@pytest.fixture
def all_metrics() -> metrics.Metrics:
    return metrics.Metrics()


def value(all_metrics: metrics.Metrics, series: str, /, **labels: str) -> float | None:
    return all_metrics.registry.get_sample_value(series, labels)


def types(all_metrics: metrics.Metrics) -> dict[str, str]:
    text = all_metrics.expose().decode()
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def label_sets(all_metrics: metrics.Metrics, name: str) -> list[dict[str, str]]:
    families = parser.text_string_to_metric_families(all_metrics.expose().decode())
    return [sample.labels for family in families for sample in family.samples if sample.name == name]


def test_2_11_names_and_types_of_the_controller(all_metrics):
    """Each controller series has upstream's name and type and exists before the first run."""
    all_metrics.controller("demo", 3)
    found = types(all_metrics)
    assert {name: found.get(name) for name in CONTROLLER_SERIES} == CONTROLLER_SERIES
    for name, kind in CONTROLLER_SERIES.items():
        sample = f"{name}_count" if kind == "histogram" else name
        sets = label_sets(all_metrics, sample)
        assert sets, name
        assert all(labels["controller"] == "demo" for labels in sets)


def test_2_11_names_and_types_of_the_queue(all_metrics):
    """Each queue series has upstream's name and type, and both labels hold the controller's name."""
    queue = priority_queue.PriorityQueue[str]("demo", metrics=all_metrics)
    all_metrics.watch_queue("demo", queue.unfinished)
    found = types(all_metrics)
    assert {name: found.get(name) for name in QUEUE_SERIES} == QUEUE_SERIES
    assert label_sets(all_metrics, "workqueue_depth") == [{"name": "demo", "controller": "demo", "priority": "0"}]
    for name in ("workqueue_adds_total", "workqueue_queue_duration_seconds_count", "workqueue_unfinished_work_seconds"):
        assert label_sets(all_metrics, name) == [{"name": "demo", "controller": "demo"}]


def test_2_11_buckets(all_metrics):
    """Run times have upstream's 40 buckets, queue times 12 from 10 ns to 1000 s."""
    all_metrics.controller("demo", 1)
    all_metrics.queue_metrics("demo")
    runs = [labels["le"] for labels in label_sets(all_metrics, "controller_runtime_reconcile_time_seconds_bucket")]
    assert len(runs) == 41
    assert [*runs[:4], *runs[17:20], *runs[-3:]] == [
        "0.005",
        "0.01",
        "0.025",
        "0.05",
        "1.0",
        "1.25",
        "1.5",
        "50.0",
        "60.0",
        "+Inf",
    ]
    for name in ("workqueue_queue_duration_seconds_bucket", "workqueue_work_duration_seconds_bucket"):
        bounds = [float(labels["le"]) for labels in label_sets(all_metrics, name)]
        assert bounds == pytest.approx([*(10.0**power for power in range(-8, 4)), float("inf")])


def test_label_sets_exist_from_the_controllers_start(all_metrics):
    """All four results are there with 0, so a rate sees the first increase."""
    all_metrics.controller("demo", 3)
    for result in ("success", "error", "requeue", "requeue_after"):
        assert value(all_metrics, "controller_runtime_reconcile_total", controller="demo", result=result) == 0
    assert value(all_metrics, "controller_runtime_max_concurrent_reconciles", controller="demo") == 3
    assert value(all_metrics, "controller_runtime_active_workers", controller="demo") == 0


def test_2_8_errors_count_twice_and_terminal_ones_three_times(all_metrics):
    """errors_total and total{error} both count terminal errors."""
    series = all_metrics.controller("demo", 1)
    series.reconciled("error")
    series.reconciled("error", is_terminal=True)
    series.reconciled("success")
    assert value(all_metrics, "controller_runtime_reconcile_errors_total", controller="demo") == 2
    assert value(all_metrics, "controller_runtime_terminal_reconcile_errors_total", controller="demo") == 1
    assert value(all_metrics, "controller_runtime_reconcile_total", controller="demo", result="error") == 2
    assert value(all_metrics, "controller_runtime_reconcile_total", controller="demo", result="success") == 1


def test_a_queue_reports_through_its_series(all_metrics):
    """What the queue tells arrives in adds, depth, retries and both histograms."""
    clock = fake_clock.FakeClock()
    queue = priority_queue.PriorityQueue[str]("demo", clock=clock, metrics=all_metrics)
    labels = {"name": "demo", "controller": "demo"}
    queue.add("a", priority=-100)
    queue.add_after("b", 60)
    clock.step(2)
    assert value(all_metrics, "workqueue_depth", **labels, priority="-100") == 1
    queue.get()
    clock.step(3)
    queue.done("a")
    assert value(all_metrics, "workqueue_depth", **labels, priority="-100") == 0
    assert value(all_metrics, "workqueue_adds_total", **labels) == 1
    assert value(all_metrics, "workqueue_retries_total", **labels) == 1
    assert value(all_metrics, "workqueue_queue_duration_seconds_sum", **labels) == 2
    assert value(all_metrics, "workqueue_work_duration_seconds_sum", **labels) == 3


def test_unfinished_work_is_asked_at_each_scrape(all_metrics):
    """The gauges follow the clock although nobody refreshes them."""
    clock = fake_clock.FakeClock()
    queue = priority_queue.PriorityQueue[str]("demo", clock=clock, metrics=all_metrics)
    all_metrics.watch_queue("demo", queue.unfinished)
    labels = {"name": "demo", "controller": "demo"}
    for key in "ab":
        queue.add(key)
        queue.get()
        clock.step(5)
    assert value(all_metrics, "workqueue_unfinished_work_seconds", **labels) == 15
    assert value(all_metrics, "workqueue_longest_running_processor_seconds", **labels) == 10


def test_2_9_8_at_most_25_priorities_have_a_series_of_their_own(all_metrics):
    """All further priorities share one series, and their depth adds up and goes back to 0."""
    queue = priority_queue.PriorityQueue[int]("demo", metrics=all_metrics)
    for number in range(40):
        queue.add(number, priority=number)
    labels = {"name": "demo", "controller": "demo"}
    assert len(label_sets(all_metrics, "workqueue_depth")) == 26
    assert value(all_metrics, "workqueue_depth", **labels, priority="exceeded_cardinality_limit") == 15
    for _ in range(40):
        queue.get()
    assert {
        sample.value for family in all_metrics.registry.collect() if family.name == "workqueue_depth" for sample in family.samples
    } == {0}


def test_requests_are_counted_by_code_method_and_host(all_metrics):
    """A request without an answer has the code "<error>"."""
    all_metrics.rest_client_request("GET", "127.0.0.1:6443", "200")
    all_metrics.rest_client_request("GET", "127.0.0.1:6443", "200")
    all_metrics.rest_client_request("PATCH", "127.0.0.1:6443", "<error>")
    host = "127.0.0.1:6443"
    assert value(all_metrics, "rest_client_requests_total", code="200", method="GET", host=host) == 2
    assert value(all_metrics, "rest_client_requests_total", code="<error>", method="PATCH", host=host) == 1


def test_informers_tell_their_state(all_metrics):
    """Synced, objects, lists, reconnects by reason, and when the server last sent something."""
    clock = fake_clock.FakeClock()
    with_clock = metrics.Metrics(clock=clock)
    series = with_clock.informer_metrics(objects.GroupVersionKind("apps", "v1", "Deployment"), "ns", "app=web")
    labels = {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "ns", "selector": "app=web"}
    assert value(with_clock, "informer_synced", **labels) == 0
    series.synced(is_synced=True)
    series.objects(7)
    series.listed()
    series.reconnected("read timeout")
    series.heard()
    series.handler_failed()
    assert value(with_clock, "informer_handler_failures_total", **labels) == 1
    assert value(with_clock, "informer_synced", **labels) == 1
    assert value(with_clock, "informer_objects", **labels) == 7
    assert value(with_clock, "informer_lists_total", **labels) == 1
    assert value(with_clock, "watch_reconnects_total", **labels, reason="read timeout") == 1
    assert value(with_clock, "informer_last_event_timestamp_seconds", **labels) == clock.now().timestamp()


def test_dropped_events_are_counted(all_metrics):
    """What the event recorder loses is seen."""
    all_metrics.events_dropped.inc()
    assert value(all_metrics, "event_recorder_dropped_total") == 1


def test_no_created_series_and_the_process_is_left_alone(all_metrics):
    """Our text has no _created series, while another registry of the same process keeps its own."""
    all_metrics.controller("demo", 1)
    all_metrics.queue_metrics("demo")
    other = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("theirs_total", "Theirs", registry=other)
    assert b"_created" not in all_metrics.expose()
    assert b"theirs_created" in prometheus_client.generate_latest(other)


def test_the_process_is_described(all_metrics):
    """Memory, CPU, Python and garbage collection are part of every scrape."""
    text = all_metrics.expose().decode()
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "python_info", "python_gc_collections_total"):
        assert f"\n{name}" in text


def test_two_managers_in_one_process_do_not_collide():
    """Each has a registry of its own."""
    one, other = metrics.Metrics(), metrics.Metrics()
    one.controller("demo", 1).reconciled("success")
    other.controller("demo", 1)
    assert value(other, "controller_runtime_reconcile_total", controller="demo", result="success") == 0
