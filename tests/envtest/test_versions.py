"""Which versions go together."""

import pytest

from envtest import versions
from tests.support import fake_programs


@pytest.mark.parametrize("text", ["1.36.3", "v1.36.3"])
def test_a_version_is_read(text):
    """A version is read with and without its v."""
    assert versions.Kubernetes.parse(text).number == (1, 36, 3)


@pytest.mark.parametrize("text", ["1.36", "latest", "1.36.3-rc.1", ""])
def test_what_is_no_version_is_refused(text):
    """Anything but three numbers is refused, with an example of what is right."""
    with pytest.raises(versions.VersionError, match=versions.DEFAULT):
        versions.Kubernetes.parse(text)


@pytest.mark.parametrize("text", ["1.32.9", "1.37.0", "2.36.0"])
def test_an_unsupported_version_is_refused(text):
    """A version out of the supported range is refused, and the range is named."""
    with pytest.raises(versions.VersionError, match=r"1\.33 to 1\.36"):
        versions.Kubernetes.parse(text)


def test_libraries_have_their_own_numbers():
    """Kubernetes 1.36.3 comes with libraries 0.36.3."""
    assert versions.Kubernetes.parse("1.36.3").library == "0.36.3"


def test_components_must_be_of_the_very_version(tmp_path):
    """A component of another patch release will not do, and both versions are named."""
    wanted = versions.Kubernetes.parse("1.36.3")
    assert wanted.mismatch("kube-apiserver", fake_programs.install(tmp_path, "kube-apiserver", "1.36.3")) == ""
    other = wanted.mismatch("kube-apiserver", fake_programs.install(tmp_path, "kube-apiserver", "1.36.2"))
    assert other == "it is 1.36.2, wanted is 1.36.3"


@pytest.mark.parametrize(("version", "will_do"), [("3.5.13", True), ("3.6.1", True), ("3.5.12", False), ("4.0.0", False)])
def test_etcd_may_be_of_many_versions(tmp_path, version, will_do):
    """An etcd that Kubernetes works with will do."""
    wanted = versions.Kubernetes.parse("1.36.3")
    assert (wanted.mismatch("etcd", fake_programs.install(tmp_path, "etcd", version)) == "") is will_do


def test_any_kubectl_will_do(tmp_path):
    """The version of kubectl does not matter."""
    program = fake_programs.install(tmp_path, "kubectl", "1.20.0")
    assert versions.Kubernetes.parse("1.36.3").mismatch("kubectl", program) == ""


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n", "not a program"])
def test_a_program_that_does_not_say_its_version(tmp_path, text):
    """A program that fails, says something else or cannot run will not do."""
    program = tmp_path / "kube-apiserver"
    program.write_text(text)
    program.chmod(0o755)
    assert versions.of_program(program) is None
    assert versions.Kubernetes.parse("1.36.3").mismatch("kube-apiserver", program) == "it does not say its version"
