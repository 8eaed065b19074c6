"""A pod's volumes as folders of this machine, as a kubelet lays them out.

What flows in: a pod and the data of Secrets. What flows out: folders and files. The caller's thread does it all. Mirrors
kubernetes pkg/volume (secret, downwardapi, emptydir) and pkg/volume/util/atomic_writer.go; deviations: annotations are all that
the downward API offers here, and what a pod mounts beyond these three sources stays empty.
"""

import base64
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

_ANNOTATION = re.compile(r"metadata\.annotations\['(.+)'\]")
_DATA = "..data"


class VolumeError(Exception):
    """A volume that cannot be laid out."""


def annotation_files(pod: Mapping[str, Any], volume: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a downwardAPI *volume* of *pod*, by path.

    Raises:
        VolumeError: It wants something else than an annotation that the pod has.
    """
    files = {}
    for item in volume["downwardAPI"]["items"]:
        path = item.get("fieldRef", {}).get("fieldPath", "")
        found = _ANNOTATION.fullmatch(path)
        value = (pod["metadata"].get("annotations") or {}).get(found[1]) if found else None
        if value is None:
            raise VolumeError(f"volume {volume['name']}: there is no {path or 'fieldRef'}")
        files[item["path"]] = value.encode()
    return files


def secret_files(volume: Mapping[str, Any], secrets: Mapping[str, Mapping[str, str]]) -> dict[str, bytes]:
    """Return the files of a secret *volume*, by path.

    Args:
        volume: As in the pod.
        secrets: The data of each Secret that there is, in base64 as the API has it.

    Raises:
        VolumeError: The Secret or a key is missing, and is not optional.
    """
    source = volume["secret"]
    data = secrets.get(source["secretName"], {})
    paths = {item["key"]: item["path"] for item in source["items"]} if "items" in source else {key: key for key in data}
    if not source.get("optional") and (
        missing := [key for key in paths if key not in data] or source["secretName"] not in secrets
    ):
        raise VolumeError(f"volume {volume['name']}: Secret {source['secretName']} lacks {missing}")
    return {path: base64.b64decode(data[key]) for key, path in paths.items() if key in data}


def publish(folder: pathlib.Path, files: Mapping[str, bytes]) -> None:
    """Make *files* the content of *folder*, all at once for whoever reads it.

    The files are written beside those of before, and one rename of a link makes them the present ones.

    Args:
        folder: Made if it is not there.
        files: Content by path, which may lead into folders below.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = pathlib.Path(tempfile.mkdtemp(prefix="..", dir=folder))
    for path, content in files.items():
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).write_bytes(content)
        (fresh / path).chmod(0o644)
    for below in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        below.chmod(0o755)  # whatever the umask is
    link = folder / _DATA
    before = folder / os.readlink(link) if link.is_symlink() else None
    (folder / "..data_tmp").symlink_to(fresh.name)
    (folder / "..data_tmp").rename(link)
    shown = {path.name for path in folder.iterdir() if not path.name.startswith("..")}
    wanted = {pathlib.PurePath(path).parts[0] for path in files}
    for name in wanted - shown:
        (folder / name).symlink_to(pathlib.Path(_DATA) / name)
    for name in shown - wanted:
        (folder / name).unlink()
    if before is not None:
        shutil.rmtree(before)
