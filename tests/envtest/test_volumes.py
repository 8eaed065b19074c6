"""Volumes are laid out as a kubelet does it: whole files, swapped by one rename."""

import base64

import pytest

from envtest import volumes

POD = {"metadata": {"annotations": {"example.com/text": "some text"}}}


def downward(path):
    """Return a downwardAPI volume that shows the field *path* as a file."""
    return {"name": "config", "downwardAPI": {"items": [{"path": "file", "fieldRef": {"fieldPath": path}}]}}


def secret(**more):
    """Return a secret volume."""
    return {"name": "password", "secret": {"secretName": "tenant", **more}}


def data(**values):
    """Return a Secret's data."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def content(folder):
    """Return what a container sees in *folder*."""
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith("..")}


def test_an_annotation_is_a_file():
    """The downward API shows an annotation's value."""
    assert volumes.annotation_files(POD, downward("metadata.annotations['example.com/text']")) == {"file": b"some text"}


@pytest.mark.parametrize("path", ["metadata.annotations['other']", "metadata.name"])
def test_what_is_not_there_is_named(path):
    """A field that the pod lacks, or that is not an annotation, is an error."""
    with pytest.raises(volumes.VolumeError, match="volume config: there is no metadata"):
        volumes.annotation_files(POD, downward(path))


def test_a_secret_shows_all_keys_or_those_asked_for():
    """Without items each key is a file; with items only those, under their paths."""
    secrets = {"tenant": data(auth="a", other="b")}
    assert volumes.secret_files(secret(), secrets) == {"auth": b"a", "other": b"b"}
    items = [{"key": "auth", "path": "file"}]
    assert volumes.secret_files(secret(items=items), secrets) == {"file": b"a"}


def test_only_an_optional_secret_may_be_missing():
    """An optional one that is missing, or lacks a key, shows nothing; any other is an error."""
    items = [{"key": "auth", "path": "auth"}]
    for secrets in ({}, {"tenant": data(other="b")}):
        assert volumes.secret_files(secret(items=items, optional=True), secrets) == {}
        with pytest.raises(volumes.VolumeError, match="Secret tenant lacks"):
            volumes.secret_files(secret(items=items), secrets)
    with pytest.raises(volumes.VolumeError):
        volumes.secret_files(secret(), {})


def test_files_come_change_and_go(tmp_path):
    """What is published is what is there, and nothing of before is left behind."""
    for files in ({}, {"a": b"1"}, {"a": b"2", "b": b"3"}, {"b": b"4"}, {}):
        volumes.publish(tmp_path, files)
        assert content(tmp_path) == {name: text.decode() for name, text in files.items()}
        assert len([path for path in tmp_path.iterdir() if path.name.startswith("..")]) == 2


def test_a_path_may_lie_in_a_folder(tmp_path):
    """The folder comes and goes with its files, and whoever serves them may go into it."""
    volumes.publish(tmp_path, {"sub/deep/a": b"1", "sub/b": b"2", "c": b"3"})
    assert (tmp_path / "sub" / "deep" / "a").read_bytes() == b"1"
    assert (tmp_path / "sub" / "b").read_bytes() == b"2"
    for folder in (tmp_path / "sub", tmp_path / "sub" / "deep"):
        assert folder.stat().st_mode & 0o777 == 0o755
    volumes.publish(tmp_path, {"sub/b": b"4"})
    assert (tmp_path / "sub" / "b").read_bytes() == b"4"
    assert not (tmp_path / "sub" / "deep").exists()
    assert not (tmp_path / "c").exists()
    volumes.publish(tmp_path, {})
    assert content(tmp_path) == {}


def test_a_swap_does_not_touch_what_is_being_read(tmp_path):
    """Files are never written in place: whoever has one open reads the old content to its end."""
    volumes.publish(tmp_path, {"a": b"old"})
    with (tmp_path / "a").open("rb") as file:
        volumes.publish(tmp_path, {"a": b"new and longer"})
        assert file.read() == b"old"
    assert content(tmp_path) == {"a": "new and longer"}
    assert (tmp_path / "a").readlink().parent.name == "..data"
