"""nginx is taken from the machine, from the cache, or out of Debian's package with the libraries that the machine lacks."""

import dataclasses
import shutil
import subprocess
import threading

import pytest

from envtest import nginx
from tests.support import fake_archive


@pytest.fixture
def archive(tmp_path):
    """An archive without packages."""
    return fake_archive.Archive(tmp_path)


def find(archive):
    """Find nginx with the archive's environment."""
    return nginx.find(environment=archive.environment)


def version(program):
    """Return what *program* says."""
    return subprocess.run([program, "-e", "stderr", "-v"], capture_output=True, text=True, check=False).stderr.strip()


def test_an_installed_one_is_taken(archive):
    """What is on PATH is used, and nothing is downloaded."""
    fake_archive.write_nginx(archive.root / "bin" / "nginx")
    assert find(archive) == archive.root / "bin" / "nginx"
    assert archive.calls == []


def test_the_administrators_folders_are_searched_too(archive):
    """A user's PATH seldom names the folder that Debian installs nginx in."""
    fake_archive.write_nginx(archive.root / "sbin" / "nginx")
    environment = dataclasses.replace(archive.environment, administrators=(str(archive.root / "sbin"),))
    assert nginx.find(environment=environment) == archive.root / "sbin" / "nginx"


def test_one_that_does_not_run_counts_as_missing(archive):
    """An nginx that is too old for our command line is passed over."""
    fake_archive.write_program(archive.root / "bin" / "nginx", '#!/bin/sh\necho "nginx: invalid option: e" >&2\nexit 1\n')
    archive.add_nginx()
    assert find(archive).parent.name == "nginx_1.0-1_amd64"


def test_the_package_is_unpacked_once(archive):
    """The second call finds what the first one made; the folder is named after package, version and architecture."""
    archive.add_nginx()
    found = find(archive)
    assert found == archive.root / "cache" / "nginx_1.0-1_amd64" / "nginx"
    assert version(found) == "nginx version: nginx/1.22.1"
    assert find(archive) == found
    assert archive.calls == ["download nginx"]


def test_older_releases_have_it_in_another_package(archive):
    """Where the package nginx is empty, nginx-core is it."""
    archive.add("nginx", depends="nginx-core")
    archive.add_nginx("nginx-core")
    assert find(archive).parent.name == "nginx-core_1.0-1_amd64"


def test_missing_libraries_come_from_the_packages_it_depends_on(archive):
    """Direct or not, and only those that are missed; the C library is never one of them."""
    depends = "libc6 (>= 2.34), libone1 (>= 10) | libother, zlib1g, iproute2"
    archive.add_nginx(libraries=("libone.so.1", "libtwo.so.2"), depends=depends)
    archive.add("libone1", "usr/lib/x/libone.so.1", "usr/lib/x/libunused.so", depends="libc6, libtwo2")
    archive.add("zlib1g", "lib/libz.so.1")
    archive.add("libtwo2", "usr/lib/libtwo.so.2")
    found = find(archive)
    assert sorted(path.name for path in (found.parent / "lib").iterdir()) == ["libone.so.1", "libtwo.so.2"]
    assert archive.calls == [f"download {name}" for name in ("nginx", "libone1", "zlib1g", "libtwo2")]


def test_it_runs_where_it_is_copied_to(archive, tmp_path):
    """The folder may be moved: the program finds its libraries beside itself, through links too."""
    archive.add_nginx(libraries=("libone.so.1",), depends="libone1")
    archive.add("libone1", "lib/libone.so.1")
    copy = tmp_path / "elsewhere"
    shutil.move(find(archive).parent, copy)
    (tmp_path / "link").symlink_to(copy / "nginx")
    assert version(tmp_path / "link") == "nginx version: nginx/1.22.1"


def test_stale_lists_are_fetched_anew(tmp_path):
    """If the machine's lists name what is gone, own ones are fetched."""
    archive = fake_archive.Archive(tmp_path, stale=True)
    archive.add_nginx()
    assert find(archive).is_file()
    assert archive.calls == ["download nginx", "update", "download nginx"]


def test_a_failure_says_what_was_tried(archive):
    """Every source is named with its reason, and nothing half done is left."""
    fake_archive.write_program(archive.root / "bin" / "nginx", '#!/bin/sh\necho "nginx: invalid option: e" >&2\nexit 1\n')
    with pytest.raises(nginx.NginxError) as raised:
        find(archive)
    message = str(raised.value)
    assert f"{archive.root}/bin/nginx: nginx: invalid option: e" in message
    assert f"PATH, {archive.root}/cache: no nginx that runs" in message
    assert "Unable to locate package nginx" in message
    assert [path.name for path in (archive.root / "cache").iterdir()] == ["nginx.lock"]


def test_a_library_that_no_package_has_is_named(archive):
    """What cannot be completed is not put into the cache."""
    archive.add_nginx(libraries=("libone.so.1",))
    with pytest.raises(nginx.NginxError, match=r"no package that nginx depends on holds libone\.so\.1"):
        find(archive)
    assert [path.name for path in (archive.root / "cache").iterdir()] == ["nginx.lock"]


def test_a_system_without_such_packages_says_so(archive):
    """Where there is no apt-get, the error names it."""
    (archive.root / "bin" / "apt-get").unlink()
    with pytest.raises(nginx.NginxError, match=r"apt-get \.\.\. nginx: .*No such file") as raised:
        find(archive)
    assert "failed" not in str(raised.value)


def test_two_processes_do_not_unpack_at_once(archive):
    """Of several that look at the same time one fetches, the others take what it made."""
    archive.add_nginx()
    found = []
    threads = [threading.Thread(target=lambda: found.append(find(archive))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert archive.calls == ["download nginx"]
