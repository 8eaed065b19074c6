"""Programs are downloaded with their checksums; a host that does not answer is asked once."""

import hashlib
import http.server
import io
import tarfile
import threading

import pytest

from envtest import binaries, download, versions
from tests.support import fake_programs

VERSION = versions.Kubernetes.parse(versions.DEFAULT)


class Archive:
    """An HTTP server over a dict of paths."""

    def __init__(self):
        self.files = {}
        self.asked = []
        archive = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                archive.asked.append(self.path)
                body = archive.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def add_component(self, name, content):
        """Publish a Kubernetes component with its checksum."""
        path = f"/v{VERSION}/bin/linux/amd64/{name}"
        self.files |= {path: content, f"{path}.sha256": hashlib.sha256(content).hexdigest().encode()}

    def add_etcd(self, content):
        """Publish an etcd archive with its checksum."""
        folder = f"etcd-v{versions.ETCD}-linux-amd64"
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as tar:
            info = tarfile.TarInfo(f"{folder}/etcd")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        checksum = hashlib.sha256(data.getvalue()).hexdigest()
        base = f"/v{versions.ETCD}"
        self.files |= {
            f"{base}/{folder}.tar.gz": data.getvalue(),
            f"{base}/SHA256SUMS": f"{checksum}  {folder}.tar.gz\n".encode(),
        }


@pytest.fixture
def archive():
    """A running archive."""
    one = Archive()
    thread = threading.Thread(target=one.server.serve_forever)
    thread.start()
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


def downloader(url, lines=None):
    """Return a downloader from *url*."""
    report = (lambda _: None) if lines is None else lines.append
    return download.Downloader(download.Archives(kubernetes=url, etcd=url), "amd64", report)


def test_a_component(archive, tmp_path):
    """A component is downloaded, is executable, and the progress is reported."""
    archive.add_component("kube-apiserver", b"content")
    lines = []
    downloader(archive.url, lines).fetch("kube-apiserver", VERSION, tmp_path / "program")
    assert (tmp_path / "program").read_bytes() == b"content"
    assert (tmp_path / "program").stat().st_mode & 0o111
    assert lines[0].startswith(f"downloading {archive.url}")
    assert "done after" in lines[-1]


def test_etcd_comes_out_of_its_archive(archive, tmp_path):
    """etcd is unpacked."""
    archive.add_etcd(b"etcd itself")
    downloader(archive.url).fetch("etcd", VERSION, tmp_path / "etcd")
    assert (tmp_path / "etcd").read_bytes() == b"etcd itself"


def test_a_wrong_checksum_is_refused(archive, tmp_path):
    """What is not what its checksum says is refused."""
    archive.add_component("kube-apiserver", b"content")
    archive.files[f"/v{VERSION}/bin/linux/amd64/kube-apiserver"] = b"tampered"
    with pytest.raises(download.DownloadError, match="SHA-256"):
        downloader(archive.url).fetch("kube-apiserver", VERSION, tmp_path / "program")


@pytest.mark.parametrize("name", ["kube-apiserver", "etcd"])
def test_what_is_not_published(archive, tmp_path, name):
    """A version that is not published is an error with its address."""
    with pytest.raises(download.DownloadError, match=r"http://.*: HTTP 404"):
        downloader(archive.url).fetch(name, VERSION, tmp_path / "program")


def test_a_silent_host_is_asked_once(tmp_path):
    """A host that does not answer is remembered for the run."""
    one = downloader("http://127.0.0.1:1")
    with pytest.raises(download.DownloadError, match="does not answer") as first:
        one.fetch("kube-apiserver", VERSION, tmp_path / "program")
    with pytest.raises(download.DownloadError) as second:
        one.fetch("kube-scheduler", VERSION, tmp_path / "program")
    assert first.value.__cause__ is not None
    assert second.value.__cause__ is None
    assert str(first.value) == str(second.value)


def test_downloads_are_installed_into_the_cache(archive, tmp_path):
    """Downloaded programs are verified by running them, and found in the cache the next time."""
    for name in binaries.REQUIRED[1:]:
        archive.add_component(name, fake_programs.script(name, VERSION).encode())
    archive.add_etcd(fake_programs.script("etcd", versions.ETCD).encode())
    if binaries.architecture() != "amd64":
        archive.files = {path.replace("amd64", binaries.architecture()): body for path, body in archive.files.items()}
    where = fake_programs.environment(tmp_path, archives=download.Archives(archive.url, archive.url))
    found = binaries.find(binaries.Options(allow_build=False), where)
    assert {path.parent for path in found.values()} == {fake_programs.cache_folder(tmp_path)}
    asked = len(archive.asked)
    assert binaries.find(binaries.Options(allow_build=False), where) == found
    assert len(archive.asked) == asked
    assert sorted(path.name for path in fake_programs.cache_folder(tmp_path).iterdir()) == sorted(binaries.REQUIRED)
