import socket
import threading
import urllib.error
import urllib.request

import pytest

from controller import builder, http_server, manager, reconcile
from controller.client import transport
from informers import objects
from tests.support import fake_clock, rest_api
from tests.support.controllers import Part, Reconciler
from tests.support.snapshots import CONFIG_MAP

THING = objects.GroupVersionKind("custom.ops", "v1", "Thing")
LOCAL = {"metrics_bind_address": "127.0.0.1:0", "health_probe_bind_address": "127.0.0.1:0"}


@pytest.fixture
def api():
    """An API server that answers."""
    with rest_api.RestApi() as serving:
        yield serving


@pytest.fixture
def make(api, tmp_path):
    """Make managers of that server; they are run, or at least ended, when the test is over."""
    made = []

    def build(**options):
        config = transport.load_config(api.kubeconfig(tmp_path), None)
        made.append(manager.Manager(config, manager.Options(**(LOCAL | options))))
        return made[-1]

    yield build
    for each in made:
        each.stop()
        try:
            each.run()
        except RuntimeError:
            continue  # the test ran it


class Running:
    """A manager that runs in a thread inside a with block; what it raised is kept."""

    def __init__(self, a_manager):
        self.manager = a_manager
        self.error = None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self.manager.run()
        except BaseException as error:  # noqa: BLE001 (a test looks at it)
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.manager.stop()
        self.join()

    def join(self):
        self.thread.join(fake_clock.PATIENCE_SECONDS)
        assert not self.thread.is_alive()


def fetch(a_manager, path):
    """Return status and body that the manager's probes answer."""
    probes = a_manager._servers[1]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{probes.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def watch_config_maps(a_manager, *answers):
    """Add a controller of ConfigMaps; return its reconciler."""
    reconciler = Reconciler(*answers)
    builder.Builder(a_manager).for_(CONFIG_MAP).complete(reconciler)
    return reconciler


def test_a_manager_runs_controllers_until_it_is_stopped(api, make):
    """What the server has reaches the reconciler, readyz says ok, and stop ends run without an error."""
    api.config_maps.append(rest_api.config_map("a"))
    a_manager = make()
    reconciler = watch_config_maps(a_manager)
    part = Part()
    a_manager.add(part)
    with Running(a_manager) as running:
        reconciler.wait_for(1)
        assert part.started.wait(10)
        assert fetch(a_manager, "/healthz") == (200, "ok")
    assert running.error is None
    assert reconciler.seen[0] == reconcile.Request("default", "a")
    assert part.stopped.is_set()


def test_1_1_a_manager_runs_once(make):
    """A second run is an error and leaves the first alone; after the end, too."""
    a_manager, part = make(), Part()
    a_manager.add(part)
    with Running(a_manager) as running:
        assert part.started.wait(10)
        with pytest.raises(RuntimeError, match="started already"):
            a_manager.run()
        assert not part.stopped.is_set()
    assert running.error is None
    with pytest.raises(RuntimeError, match="started already"):
        a_manager.run()


def test_a_stop_before_the_run_is_kept(make):
    """A manager that was stopped before it ran starts nothing, returns at once, and gives its ports back."""
    a_manager, part = make(), Part()
    a_manager.add(part)
    port = a_manager._servers[1].port
    a_manager.stop()
    a_manager.run()
    assert not part.started.is_set()
    http_server.HTTPServer(f"127.0.0.1:{port}", {}).stop()


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3)])
def test_what_ends_a_part_ends_the_manager_with_that_error(make, error):
    """One part's failure stops the others, and run raises it."""
    a_manager, whole = make(), Part()
    a_manager.add(whole)
    a_manager.add(Part(error))
    with Running(a_manager) as running:
        running.join()
    assert running.error is error
    assert whole.stopped.is_set()


def test_1_1_a_part_that_does_not_end_is_an_error_after_the_grace_period(make):
    """The message is upstream's."""
    a_manager, deaf = make(graceful_shutdown_timeout_seconds=0.05), Part(is_deaf=True)
    a_manager.add(deaf)
    with Running(a_manager) as running:
        assert deaf.started.wait(10)
    deaf.released.set()
    assert isinstance(running.error, manager.StartError)
    assert str(running.error) == "failed waiting for all runnables to end within grace period of 0.05s"


def test_the_first_error_is_not_hidden_by_the_grace_period(make):
    """If a part failed and another does not end, run raises the failure."""
    a_manager, deaf, broken = make(graceful_shutdown_timeout_seconds=0.05), Part(is_deaf=True), Part(ValueError("broken"))
    a_manager.add(deaf)
    a_manager.add(broken)
    with Running(a_manager) as running:
        running.join()
    deaf.released.set()
    assert running.error is broken.error


def test_1_1_without_a_grace_period_nothing_is_waited_for(make):
    """0 means: do not wait, and that is no error."""
    a_manager, deaf = make(graceful_shutdown_timeout_seconds=0.0), Part(is_deaf=True)
    a_manager.add(deaf)
    with Running(a_manager) as running:
        assert deaf.started.wait(10)
    deaf.released.set()
    assert running.error is None


def test_1_1_a_negative_grace_period_has_no_end(make):
    """Below 0 means: wait for ever."""
    a_manager, deaf = make(graceful_shutdown_timeout_seconds=-1.0), Part(is_deaf=True)
    a_manager.add(deaf)
    with Running(a_manager) as running:
        assert deaf.started.wait(10)
        a_manager.stop()
        assert deaf.stopped.wait(10)
        deaf.released.set()
    assert running.error is None


def test_readyz_names_the_missing_rule(api, make):
    """A kind that may not be listed keeps the manager from being ready, and the answer says which and why."""
    api.refusals["/api/v1/configmaps"] = 403
    a_manager, part = make(), Part()
    watch_config_maps(a_manager)
    a_manager.add(part)
    with Running(a_manager):
        _wait_for_error(a_manager, CONFIG_MAP)
        status, body = fetch(a_manager, "/readyz?verbose")
        assert fetch(a_manager, "/healthz") == (200, "ok")
        assert not part.started.is_set()
    assert status == 500
    assert "v1.ConfigMap" in body
    assert "cannot list configmaps at the cluster scope: RBAC rule missing" in body


def test_readyz_names_the_missing_definition(make):
    """A kind that the server does not have is named, and what to do."""
    a_manager = make()
    builder.Builder(a_manager).for_(THING).complete(Reconciler())
    with Running(a_manager):
        _wait_for_error(a_manager, THING)
        status, body = fetch(a_manager, "/readyz/informers")
    assert status == 500
    assert "kind Thing of custom.ops/v1: install its CustomResourceDefinition" in body


def test_2_15_caches_that_do_not_sync_end_the_manager_with_the_cause(api, make):
    """After the timeout the error names kind and cause, and nothing has run."""
    api.refusals["/api/v1/configmaps"] = 403
    a_manager, part = make(cache_sync_timeout_seconds=0.3), Part()
    reconciler = watch_config_maps(a_manager)
    a_manager.add(part)
    with Running(a_manager) as running:
        running.join()
    assert isinstance(running.error, manager.StartError)
    assert "caches not synced within 0.3 s: v1.ConfigMap: 403" in str(running.error)
    assert not part.started.is_set()
    assert reconciler.seen == []


def test_2_16_a_stop_while_caches_are_not_synced_is_no_error(api, make):
    """Upstream spins for ever here."""
    api.refusals["/api/v1/configmaps"] = 403
    a_manager = make()
    watch_config_maps(a_manager)
    with Running(a_manager) as running:
        _wait_for_error(a_manager, CONFIG_MAP)
    assert running.error is None


def test_the_last_events_are_written_before_the_connections_close(api, make):
    """What a run in progress at the end records still reaches the server."""
    api.config_maps.append(rest_api.config_map("a"))
    a_manager = make()

    def stop_and_record():
        a_manager.stop()
        a_manager.recorder.event(rest_api.config_map("a"), "Normal", "Ended", "Reconcile", "the last word")
        return reconcile.Result()

    watch_config_maps(a_manager, stop_and_record)
    with Running(a_manager) as running:
        running.join()
    assert running.error is None
    assert [event["note"] for event in api.created] == ["the last word"]


def test_a_manager_of_one_namespace_reads_its_cache(api, make):
    """Reads go to the informer that was made: the one of the namespace."""
    api.config_maps.append(rest_api.config_map("a", "team"))
    a_manager = make(namespace="team")
    reconciler = watch_config_maps(a_manager)
    with Running(a_manager):
        reconciler.wait_for(1)
        assert a_manager.client.get(CONFIG_MAP, objects.ObjectKey("team", "a"))["metadata"]["uid"] == "uid-a"


def test_two_controllers_of_one_name_are_refused(make):
    """Their metrics would be one."""
    a_manager = make()
    watch_config_maps(a_manager)
    with pytest.raises(ValueError, match="a controller called 'configmap' exists already"):
        watch_config_maps(a_manager)


def test_1_1_a_taken_port_is_an_error_before_anything_starts(make):
    """The message names flag and value; what was bound before is given back."""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        other = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        with pytest.raises(http_server.BindError, match=f"--health-probe-bind-address={address}: Address already in use"):
            make(metrics_bind_address=other, health_probe_bind_address=address)
        http_server.HTTPServer(other, {}).stop()


def test_after_the_end_nothing_can_be_added(make):
    """Nobody would stop it."""
    a_manager = make()
    with Running(a_manager):
        pass
    with pytest.raises(RuntimeError, match="is stopping"):
        a_manager.add(Part())


def _wait_for_error(a_manager, gvk):
    """Wait until the informer of *gvk* knows why nothing comes."""
    informer = a_manager.informer(gvk)
    failed = threading.Event()
    for _ in range(2000):
        if informer.last_error is not None:
            return
        failed.wait(0.005)
    raise AssertionError(f"no error of {gvk}")
