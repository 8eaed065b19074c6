"""Programs are compiled from Go modules with the right go.mod, flags and Go."""

import json

import pytest

from envtest import go_build, versions

VERSION = versions.Kubernetes.parse("1.35.2")
UPSTREAM = """module k8s.io/kubernetes

go 1.25.0

godebug default=go1.25

require (
	k8s.io/api v0.0.0
	k8s.io/klog/v2 v2.130.1
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/kubectl => ./staging/src/k8s.io/kubectl
)
"""


def test_kubernetes_libraries_are_replaced_by_their_published_versions():
    """Each library that Kubernetes replaces by a folder is replaced by its published version."""
    text = go_build.go_mod(go_build.module_of("kube-apiserver", VERSION), UPSTREAM)
    assert text.splitlines()[2:] == [
        "go 1.25.0",
        "",
        "require k8s.io/kubernetes v1.35.2",
        "",
        "replace k8s.io/api => k8s.io/api v0.35.2",
        "replace k8s.io/kubectl => k8s.io/kubectl v0.35.2",
    ]


def test_etcd_needs_no_replacements():
    """The folders of etcd's repository are published modules that it requires by version."""
    upstream = "module go.etcd.io/etcd/server/v3\n\ngo 1.24\n\nreplace go.etcd.io/etcd/api/v3 => ../api\n"
    text = go_build.go_mod(go_build.module_of("etcd", VERSION), upstream)
    assert f"require go.etcd.io/etcd/server/v3 v{versions.ETCD}" in text
    assert "replace" not in text


def test_a_go_mod_without_a_version_of_go():
    """A go.mod that does not say its Go is refused rather than guessed at."""
    with pytest.raises(go_build.BuildError, match="no version of Go"):
        go_build.go_mod(go_build.module_of("etcd", VERSION), "module x\n")


def test_the_version_is_linked_in():
    """Without these flags an API server says that it is v0.0.0."""
    flags = go_build.linker_flags(VERSION)
    assert "-X k8s.io/component-base/version.gitVersion=v1.35.2" in flags
    assert "-X k8s.io/component-base/version.gitMinor=35" in flags


def write_go(folder, version, go_mod):
    """Write a program that answers as Go does and notes how it was called."""
    folder.mkdir(exist_ok=True)
    go = folder / "go"
    answer = json.dumps({"GoMod": str(go_mod)})
    go.write_text(
        "#!/bin/sh\n"
        f'echo "$CGO_ENABLED $GOFLAGS $*" >> {folder}/calls\n'
        'case "$1" in\n'
        f"version) echo go version go{version} linux/amd64 ;;\n"
        f"list) echo '{answer}' ;;\n"
        'build) while [ "$1" != -o ]; do shift; done; echo program > "$2" ;;\n'
        "esac\n"
    )
    go.chmod(0o755)
    return go


def test_a_build(tmp_path):
    """A program is built without C, with the module's own dependencies, into the target."""
    go_mod = tmp_path / "upstream.mod"
    go_mod.write_text(UPSTREAM)
    write_go(tmp_path / "bin", "1.26.8", go_mod)
    lines = []
    builder = go_build.Builder(tmp_path, {"PATH": f"{tmp_path}/bin:/bin:/usr/bin", "GOFLAGS": "-mod=vendor"}, lines.append)
    builder.build("kube-apiserver", VERSION, tmp_path / "target")
    assert (tmp_path / "target").read_text() == "program\n"
    calls = (tmp_path / "bin" / "calls").read_text().splitlines()
    assert calls[1] == "0 -mod=mod list -m -json k8s.io/kubernetes@v1.35.2"
    assert calls[2].startswith("0 -mod=mod build -trimpath -ldflags -s -w")
    assert calls[2].endswith("k8s.io/kubernetes/cmd/kube-apiserver")
    assert any("compiling kube-apiserver" in line and "done after" in line for line in lines)


def test_an_old_go_is_passed_over(tmp_path):
    """A Go on PATH that is too old is not used: the one in the cache is."""
    go_mod = tmp_path / "upstream.mod"
    go_mod.write_text(UPSTREAM)
    write_go(tmp_path / "bin", "1.25.4", go_mod)
    cached = tmp_path / "go-1.26" / "go" / "bin"
    cached.mkdir(parents=True)
    write_go(cached, "1.26.6", go_mod)
    builder = go_build.Builder(tmp_path, {"PATH": f"{tmp_path}/bin:/bin:/usr/bin"}, lambda _: None)
    builder.build("kube-apiserver", VERSION, tmp_path / "target")
    assert (tmp_path / "bin" / "calls").read_text().splitlines() == ["0 -mod=mod version"]
    assert (cached / "calls").exists()


def test_a_module_that_cannot_be_had_is_looked_up_once(tmp_path):
    """The second program of a module that cannot be had fails at once with the same reason."""
    go = write_go(tmp_path / "bin", "1.26.8", tmp_path / "none")
    go.write_text(go.read_text().replace("list) echo", "list) echo offline >&2; exit 1; echo"))
    builder = go_build.Builder(tmp_path, {"PATH": f"{tmp_path}/bin:/bin:/usr/bin"}, lambda _: None)
    for name in ("kube-apiserver", "kube-scheduler"):
        with pytest.raises(go_build.BuildError, match="offline"):
            builder.build(name, VERSION, tmp_path / "target")
    assert (tmp_path / "bin" / "calls").read_text().count(" list ") == 1
