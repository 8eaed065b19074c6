"""The bounded memory of an applier."""

from reconcilers import memory


def test_the_newest_note_counts_and_can_be_forgotten():
    """A note replaces the one before; forgetting twice is harmless."""
    notes: memory.Memory[str, int] = memory.Memory()
    notes.note("a", 1)
    notes.note("a", 2)
    assert (notes.recall("a"), notes.recall("b")) == (2, None)
    notes.forget("a")
    notes.forget("a")
    assert notes.recall("a") is None


def test_the_oldest_note_gives_way():
    """More notes than the capacity push out the one that was noted longest ago."""
    notes: memory.Memory[str, int] = memory.Memory(capacity=2)
    for key in ("a", "b", "a", "c"):
        notes.note(key, 0)
    assert [notes.recall(key) for key in "abc"] == [0, None, 0]
    assert len(notes) == 2
