"""Random histories and faults: the cache ends up as the server, and handlers are told a consistent story."""

import hypothesis
from hypothesis import strategies as st

from informers import events, indexer, processor, reflector_loop, store
from informers import metrics as informer_metrics
from tests.support import auto_clock, fake_collection
from tests.support.snapshots import CONFIG_MAP

CHANGES = st.builds("{} {}".format, st.sampled_from(["put", "put", "delete", "recreate"]), st.sampled_from(fake_collection.NAMES))
FAULTS = st.sampled_from(
    ["bookmark", "bookmark", "end", "break", "cut", "timeout", "expire", "error", "throttle", "compact", "refuse"]
)
STEPS = st.lists(st.one_of(CHANGES, CHANGES, CHANGES, FAULTS), max_size=60)
INITIAL = st.sampled_from(["", fake_collection.NAMES, fake_collection.NAMES])


class Story:
    """What a handler is told, checked as it comes; implements what a processor asks of a listener."""

    def __init__(self, cache):
        self.cache = cache
        self.held = {}
        self.versions = {}
        self.completed = 0

    def push(self, batch, *, completes_initial_list=False):
        for event in batch:
            self._hear(event)
        self.completed += completes_initial_list
        assert self.held == {one.key: one for one in self.cache.list()}, "handlers and store disagree"

    def _hear(self, event):
        snapshot = events.snapshot(event)
        key = snapshot.key
        match event:
            case events.Added(is_in_initial_list=is_initial):
                assert key not in self.held
                assert is_initial == (self.completed == 0)
                self.held[key] = snapshot
            case events.Updated(old=old):
                assert self.held[key] is old
                self.held[key] = snapshot
            case events.Deleted(final_state_unknown=is_unknown):
                held = self.held.pop(key)
                assert held is snapshot or not is_unknown
        if not (isinstance(event, events.Deleted) and event.final_state_unknown):
            version = int(snapshot.meta.resource_version)
            assert version >= self.versions.get(key, 0), "an object went back in time"
            self.versions[key] = version

    def stop(self):
        pass


def shortest(low, high):
    """Draw the lower bound."""
    return low


def follow(steps, initial="", *, has_streaming=True):
    """Follow a collection through its steps, in this thread; return it, the store, the story and the clock."""
    collection = fake_collection.Collection(list(steps), has_streaming=has_streaming)
    collection.make(initial)
    clock = auto_clock.AutoClock()
    cache = store.Store({indexer.NAMESPACE: indexer.by_namespace, "uid": lambda one: [one.meta.uid]})
    sink = processor.Processor("model", cache, informer_metrics.NoMetrics())
    story = Story(cache)
    sink.add(story)
    reflector = reflector_loop.Reflector(CONFIG_MAP, collection, sink, reflector_loop.ReflectorOptions(clock, shortest))
    collection.on_end = reflector.stop
    moves = []
    sink.on_advance(lambda: moves.append(int(cache.resource_version)))
    reflector.run()
    assert moves == sorted(moves), "the store's version went back"
    return collection, cache, story, clock


@hypothesis.given(STEPS, INITIAL, st.booleans())
@hypothesis.settings(max_examples=300, deadline=None)
def test_2_2_2_the_cache_becomes_the_server_and_handlers_hear_a_consistent_story(steps, initial, has_streaming):
    """Whatever happens, and by lists or by streams: at the end store, indices and handlers hold the server's state."""
    collection, cache, story, _ = follow(steps, initial, has_streaming=has_streaming)
    expected = dict(sorted(collection.held.items()))
    assert {one.key.name: one.raw for one in sorted(cache.list(), key=lambda one: one.key)} == expected
    assert {key.name: one.raw for key, one in story.held.items()} == expected
    assert int(cache.resource_version) == collection.version
    assert {one.key.name for one in cache.by_index("namespace", "default")} == set(expected)
    assert all(cache.by_index("uid", one.meta.uid) == [one] for one in cache.list())
    assert story.completed == 1


@hypothesis.given(STEPS, INITIAL, st.booleans())
@hypothesis.settings(max_examples=100, deadline=None)
def test_no_history_makes_the_reflector_spin(steps, initial, has_streaming):
    """The number of requests is bounded by what happened: each step costs at most a few."""
    collection, _, _, _ = follow(steps, initial, has_streaming=has_streaming)
    assert collection.requests <= 5 + 6 * len(steps)  # the dearest: a refused stream, three pages, a watch


@hypothesis.given(st.lists(st.sampled_from(["break", "end"]), min_size=8, max_size=40))
@hypothesis.settings(max_examples=30, deadline=None)
def test_watches_that_bring_nothing_are_spaced_out(faults):
    """A server that drops every watch at once is asked less and less often."""
    _, _, _, clock = follow(faults)
    assert clock.seconds >= 0.8 + 1.6 + 3.2 + 6.4
