"""Programs that only say their version, and environments made of folders."""

from envtest import binaries, download, versions

NOWHERE = download.Archives(kubernetes="http://127.0.0.1:1", etcd="http://127.0.0.1:1")
"""Archives where nothing listens: what being offline looks like."""


def install(folder, name, version=versions.DEFAULT):
    """Write a program called *name* that says that it is of *version*."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(script(name, version))
    program.chmod(0o755)
    return program


def install_all(folder, version=versions.DEFAULT, names=binaries.REQUIRED):
    """Write all programs that a control plane needs."""
    for name in names:
        install(folder, name, versions.ETCD if name == "etcd" and version == versions.DEFAULT else version)


def script(name, version):
    """Return a shell script that answers ``--version`` as the program *name* does."""
    answer = f"etcd Version: {version}" if name == "etcd" else f"Kubernetes v{version}"
    return f'#!/bin/sh\ntest "$1" = --version && echo "{answer}"\n'


def environment(root, assets=False, archives=NOWHERE):
    """Return an environment whose cache is ``root/cache``, and PATH ``root/bin``; ``root/assets`` if *assets*."""
    return binaries.Environment(
        assets=root / "assets" if assets else None,
        cache=root / "cache",
        path=str(root / "bin"),
        archives=archives,
        administrators=(),
    )


def cache_folder(root, version=versions.DEFAULT):
    """Return where programs of *version* are cached."""
    return root / "cache" / f"v{version}-linux-{binaries.architecture()}"
