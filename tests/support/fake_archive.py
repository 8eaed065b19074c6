"""A package archive in a folder, with stand-ins for ``apt-get`` and ``dpkg-deb`` that take packages from it.

What flows in: packages with files and dependencies. What flows out: programs on a PATH of their own, and a record of calls.
"""

import shutil

from tests.support import fake_programs

_TOOLS = ("sh", "cp", "cat", "touch", "env")
_APT_GET = """\
#!/bin/sh
while [ "$1" != download ] && [ "$1" != update ]; do shift; done
echo "$*" >> "{root}/calls"
[ "$1" = update ] && touch "{root}/updated" && exit 0
if [ -e "{root}/stale" ] && [ ! -e "{root}/updated" ]; then echo "E: 404 Not Found" >&2; exit 100; fi
if [ ! -d "{root}/archive/$2" ]; then echo "E: Unable to locate package $2" >&2; exit 100; fi
echo "{root}/archive/$2" > "$2_1.0-1_amd64.deb"
"""
_DPKG_DEB = """\
#!/bin/sh
from=$(cat "$2")
if [ "$1" = -x ]; then cp -r "$from/files" "$3"; else cat "$from/depends"; fi
"""
_NGINX = """\
#!/bin/sh
for library in {libraries}; do
    if [ ! -e "${{LD_LIBRARY_PATH%%:*}}/$library" ]; then
        echo "nginx: error while loading shared libraries: $library: cannot open shared object file: No such file" >&2
        exit 127
    fi
done
echo "nginx version: nginx/1.22.1" >&2
"""


class Archive:
    """The archive; ``stale`` makes downloads fail until the lists are fetched anew."""

    def __init__(self, root, stale=False):
        self.root = root
        self.environment = fake_programs.environment(root)
        (root / "bin").mkdir()
        for name in _TOOLS:
            (root / "bin" / name).symlink_to(shutil.which(name))
        write_program(root / "bin" / "apt-get", _APT_GET.format(root=root))
        write_program(root / "bin" / "dpkg-deb", _DPKG_DEB)
        if stale:
            (root / "stale").touch()

    @property
    def calls(self):
        """What apt-get was asked for."""
        record = self.root / "calls"
        return record.read_text().splitlines() if record.exists() else []

    def add(self, name, *files, depends=""):
        """Add a package with empty *files*; return the folder of its files."""
        folder = self.root / "archive" / name
        for file in files:
            (folder / "files" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "files" / file).touch()
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / "depends").write_text(depends + "\n")
        return folder / "files"

    def add_nginx(self, name="nginx", libraries=(), depends=""):
        """Add a package with an nginx that does not start without *libraries*."""
        write_nginx(self.add(name, depends=depends) / "usr" / "sbin" / "nginx", libraries)


def write_nginx(path, libraries=()):
    """Write an nginx that only says its version, and only if *libraries* lie beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_program(path, _NGINX.format(libraries=" ".join(libraries)))


def write_program(path, text):
    """Write an executable script."""
    path.write_text(text)
    path.chmod(0o755)
