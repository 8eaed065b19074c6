"""Programs are taken from the first source that has them in the right version, and a failure says why each source failed."""

import dataclasses
import fcntl
import threading

import pytest

from envtest import binaries
from tests.support import fake_programs

LOOK = binaries.Options(allow_build=False)


def test_the_order_of_the_sources(tmp_path):
    """KUBEBUILDER_ASSETS comes before the cache, and the cache before PATH, for each program by itself."""
    fake_programs.install_all(tmp_path / "bin")
    fake_programs.install_all(fake_programs.cache_folder(tmp_path), names=["kube-apiserver", "kube-scheduler"])
    fake_programs.install_all(tmp_path / "assets", names=["kube-scheduler"])
    found = binaries.find(LOOK, fake_programs.environment(tmp_path, assets=True))
    assert {name: path.parent for name, path in found.items()} == {
        "etcd": tmp_path / "bin",
        "kube-apiserver": fake_programs.cache_folder(tmp_path),
        "kube-controller-manager": tmp_path / "bin",
        "kube-scheduler": tmp_path / "assets",
    }


def test_a_wrong_version_counts_as_missing(tmp_path):
    """A program of another version is passed over for the next source."""
    fake_programs.install_all(tmp_path / "assets", version="1.35.0", names=["kube-apiserver"])
    fake_programs.install_all(tmp_path / "bin")
    found = binaries.find(LOOK, fake_programs.environment(tmp_path, assets=True))
    assert found["kube-apiserver"] == tmp_path / "bin" / "kube-apiserver"


def test_a_failure_names_every_source(tmp_path):
    """If all sources fail, the error says why each of them did."""
    fake_programs.install_all(tmp_path / "bin", names=["etcd", "kube-apiserver", "kube-scheduler"])
    fake_programs.install(tmp_path / "assets", "kube-controller-manager", "1.35.0")
    with pytest.raises(binaries.BinariesError) as raised:
        binaries.find(LOOK, fake_programs.environment(tmp_path, assets=True))
    message = str(raised.value)
    assert "missing: kube-controller-manager" in message
    assert f"KUBEBUILDER_ASSETS: {tmp_path}/assets/kube-controller-manager: it is 1.35.0, wanted is 1.36.3" in message
    assert f"the cache ({fake_programs.cache_folder(tmp_path)}): not there" in message
    assert "PATH (" in message
    assert "download: http://127.0.0.1:1 does not answer" in message
    assert "compilation: not asked for" in message


def test_a_reason_is_given_once(tmp_path):
    """A reason that all missing programs share stands there once."""
    with pytest.raises(binaries.BinariesError) as raised:
        binaries.find(LOOK, fake_programs.environment(tmp_path))
    assert str(raised.value).count("does not answer") == 1
    assert "all of them: compilation" in str(raised.value)


def test_a_failed_compilation_says_why(tmp_path):
    """If compiling fails, the error holds what the compiler said."""
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(
        '#!/bin/sh\ntest "$1" = version && echo go version go1.26.1 linux/amd64 && exit\necho no such module >&2\nexit 1\n'
    )
    go.chmod(0o755)
    with pytest.raises(binaries.BinariesError, match="no such module"):
        binaries.find(binaries.Options(), fake_programs.environment(tmp_path))


def test_kubectl_is_looked_for_only_if_wanted(tmp_path):
    """kubectl is no part of a control plane; whoever wants it gets any version."""
    fake_programs.install_all(tmp_path / "bin")
    assert "kubectl" not in binaries.find(LOOK, fake_programs.environment(tmp_path))
    fake_programs.install(tmp_path / "bin", "kubectl", "1.20.0")
    found = binaries.find(dataclasses.replace(LOOK, with_kubectl=True), fake_programs.environment(tmp_path))
    assert found["kubectl"] == tmp_path / "bin" / "kubectl"


def test_other_systems_are_refused(tmp_path):
    """Elsewhere than on Linux there is a clear error."""
    where = dataclasses.replace(fake_programs.environment(tmp_path), system="Darwin")
    with pytest.raises(binaries.BinariesError, match=r"needs Linux \(this is Darwin\)"):
        binaries.find(LOOK, where)


def test_unsupported_versions_are_refused(tmp_path):
    """A version that cannot be run is refused before anything is looked for."""
    with pytest.raises(binaries.BinariesError, match=r"only 1\.33 to 1\.36"):
        binaries.find(binaries.Options(version="1.20.0"), fake_programs.environment(tmp_path))


def test_one_folder_is_returned_as_it_is(tmp_path):
    """If all programs are in one folder, that is the folder."""
    fake_programs.install_all(tmp_path / "assets")
    where = fake_programs.environment(tmp_path, assets=True)
    assert binaries.folder_of(binaries.find(LOOK, where), where) == tmp_path / "assets"


def test_several_folders_become_one_of_links(tmp_path):
    """If programs are in several folders, one folder of links holds them all, the same one each time."""
    fake_programs.install_all(tmp_path / "assets", names=["etcd"])
    fake_programs.install_all(tmp_path / "bin")
    where = fake_programs.environment(tmp_path, assets=True)
    found = binaries.find(LOOK, where)
    folder = binaries.folder_of(found, where)
    assert {path.name: path.resolve() for path in folder.iterdir()} == dict(found)
    assert binaries.folder_of(found, where) == folder


def test_a_kubectl_on_path_needs_no_link(tmp_path):
    """A kubectl that is on PATH anyway does not count for the folder."""
    fake_programs.install_all(tmp_path / "assets")
    fake_programs.install(tmp_path / "bin", "kubectl")
    where = fake_programs.environment(tmp_path, assets=True)
    found = binaries.find(dataclasses.replace(LOOK, with_kubectl=True), where)
    assert binaries.folder_of(found, where) == tmp_path / "assets"


def test_one_process_at_a_time_fetches(tmp_path):
    """While another process fetches programs we wait, say so, and take what it has fetched."""
    (tmp_path / "cache").mkdir()
    waiting = threading.Event()
    lines, found = [], {}

    def report(line):
        lines.append(line)
        waiting.set()

    with (tmp_path / "cache" / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        options = dataclasses.replace(LOOK, report=report)
        thread = threading.Thread(target=lambda: found.update(binaries.find(options, fake_programs.environment(tmp_path))))
        thread.start()
        assert waiting.wait(10)
        fake_programs.install_all(fake_programs.cache_folder(tmp_path))
    thread.join(10)
    assert lines == ["another process is fetching the programs; waiting for it ..."]
    assert set(found) == set(binaries.REQUIRED)
