"""Data folders are removed: at the end, or by the next control plane."""

from envtest import folders


def test_a_folder_is_removed(tmp_path):
    """At the end nothing is left."""
    folder = folders.DataFolder(tmp_path)
    (folder.path / "data").write_text("x")
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept(tmp_path):
    """Making a folder removes those whose owner is gone; those in use stay, and so does what is not ours."""
    used = folders.DataFolder(tmp_path)
    left = tmp_path / "coxswain-envtest-left"
    foreign = tmp_path / "coxswain-envtest-foreign"
    for folder in (left, foreign):
        folder.mkdir()
    (left / "lock").write_text("")
    made = folders.DataFolder(tmp_path)
    assert set(tmp_path.iterdir()) == {used.path, made.path, foreign}
    used.remove()
    made.remove()
