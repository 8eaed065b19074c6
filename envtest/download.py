"""Programs from the official archives, with their checksums.

What flows in: names and versions. What flows out: files. Called by the thread that looks for programs. A host that does not
answer is asked once and then left alone, so that being offline costs seconds.
"""

import concurrent.futures
import contextlib
import hashlib
import io
import pathlib
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

import urllib3

from envtest import progress, versions

_ANSWER_SECONDS = 5.0  # for all of: looking up the name, connecting, the first answer
_READ_SECONDS = 30.0
_CHUNK = 1 << 20
_T = TypeVar("_T")


class DownloadError(Exception):
    """A program cannot be downloaded."""


@dataclass(frozen=True)
class Archives:
    """Where the programs are published."""

    kubernetes: str = "https://dl.k8s.io/release"
    etcd: str = "https://github.com/etcd-io/etcd/releases/download"
    proxy: str = ""
    """URL of an HTTP proxy, if one must be used."""


class Downloader:
    """Fetches programs for one run."""

    def __init__(self, archives: Archives, architecture: str, report: progress.Report) -> None:
        self._archives = archives
        self._architecture = architecture
        self._report = report
        proxy = archives.proxy
        self._pool: urllib3.PoolManager = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
        self._silent: dict[str, str] = {}

    def fetch(self, name: str, version: versions.Kubernetes, target: pathlib.Path) -> None:
        """Download one program and verify its checksum.

        Args:
            name: The program.
            version: The wanted version of Kubernetes.
            target: The file to write; executable at the end.

        Raises:
            DownloadError: There is no answer, no such file, or it is not what its checksum says.
        """
        if name == "etcd":
            self._fetch_etcd(target)
            return
        url = f"{self._archives.kubernetes}/v{version}/bin/linux/{self._architecture}/{name}"
        checksum = self._small(self._archives.kubernetes, f"{url}.sha256").strip()
        with target.open("wb") as file:
            self._large(url, checksum, file.write)
        target.chmod(0o755)

    def _fetch_etcd(self, target: pathlib.Path) -> None:
        folder = f"etcd-v{versions.ETCD}-linux-{self._architecture}"
        base = f"{self._archives.etcd}/v{versions.ETCD}"
        lines = (line.split() for line in self._small(self._archives.etcd, f"{base}/SHA256SUMS").splitlines())
        checksums = {words[1]: words[0] for words in lines if len(words) == 2}
        if (archive := f"{folder}.tar.gz") not in checksums:
            raise DownloadError(f"{base}/SHA256SUMS does not name {archive}")
        content = io.BytesIO()
        self._large(f"{base}/{archive}", checksums[archive], content.write)
        content.seek(0)
        with tarfile.open(fileobj=content, mode="r:gz") as tar, target.open("wb") as file:
            member = tar.extractfile(f"{folder}/etcd")
            if member is None:
                raise DownloadError(f"{archive} holds no etcd")
            file.write(member.read())
        target.chmod(0o755)

    def _small(self, host: str, url: str) -> str:
        """Fetch a few bytes, within seconds or never again."""
        if host in self._silent:
            raise DownloadError(self._silent[host])
        try:
            status, body = _within(_ANSWER_SECONDS, lambda: self._get(url))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._silent[host] = f"{host} does not answer ({_cause(error)})"
            raise DownloadError(self._silent[host]) from error
        if status != 200:
            raise DownloadError(f"{url}: HTTP {status}")
        return body.decode()

    def _get(self, url: str) -> tuple[int, bytes]:
        retries = urllib3.Retry(connect=0, read=0, redirect=5)
        response = self._pool.request("GET", url, timeout=_ANSWER_SECONDS, retries=retries)
        return response.status, response.data

    def _large(self, url: str, checksum: str, write: Callable[[bytes], object]) -> None:
        digest = hashlib.sha256()
        with progress.step(self._report, f"downloading {url}"), _failing(url):
            retries = urllib3.Retry(connect=0, read=0, redirect=5)
            timeout = urllib3.Timeout(connect=_ANSWER_SECONDS, read=_READ_SECONDS)
            response = self._pool.request("GET", url, timeout=timeout, retries=retries, preload_content=False)
            if response.status != 200:
                raise DownloadError(f"{url}: HTTP {response.status}")
            for chunk in cast("urllib3.HTTPResponse", response).stream(_CHUNK, decode_content=False):
                digest.update(chunk)
                write(chunk)
            if digest.hexdigest() != checksum:
                raise DownloadError(f"{url}: its SHA-256 is {digest.hexdigest()}, published is {checksum}")


@contextlib.contextmanager
def _failing(url: str) -> Iterator[None]:
    try:
        yield
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise DownloadError(f"{url}: {_cause(error)}") from error


def _within(seconds: float, function: Callable[[], _T]) -> _T:
    """Call *function*, but wait no longer than that: looking up a name has no timeout of its own."""
    future: concurrent.futures.Future[_T] = concurrent.futures.Future()

    def call() -> None:
        try:
            future.set_result(function())
        except (urllib3.exceptions.HTTPError, OSError) as error:
            future.set_exception(error)

    threading.Thread(target=call, name="envtest-download", daemon=True).start()
    return future.result(timeout=seconds)


def _cause(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _cause(reason)
    return str(error) or f"nothing within {_ANSWER_SECONDS:.0f} s"
