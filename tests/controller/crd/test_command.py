"""The command `python -m controller.crd`: files are written, and drift is found."""

import importlib
import pathlib
import subprocess
import sys

import pytest

command = importlib.import_module("controller.crd.__main__")
CRDS = pathlib.Path(__file__).parents[3] / "crds"


def test_writes_one_file_per_kind_and_then_finds_no_drift(tmp_path: pathlib.Path) -> None:
    """What was just written is up to date."""
    folder = tmp_path / "new" / "crds"
    assert command.main(["--output", str(folder)]) == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == command.contents()
    assert command.main(["--output", str(folder), "--check"]) == 0


def test_the_check_names_each_file_that_differs_and_writes_nothing(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Edited, missing and left-over files are all drift; other files are none of its business."""
    command.main(["--output", str(tmp_path)])
    edited = tmp_path / "custom.ops_microservicedeploys.yaml"
    edited.write_text("edited\n")
    (tmp_path / "old.example.com_boats.yaml").write_text("left over\n")
    (tmp_path / "README.md").write_text("mine\n")
    assert command.main(["--output", str(tmp_path), "--check"]) == 1
    named = capsys.readouterr().err
    assert f"{edited} is not what the spec types say: run `make manifests`" in named
    assert "old.example.com_boats.yaml" in named
    assert "README" not in named
    assert edited.read_text() == "edited\n"


def test_writing_repairs_drift(tmp_path: pathlib.Path) -> None:
    """A file that has no kind any more is removed, the others are made right."""
    (tmp_path / "old.example.com_boats.yaml").write_text("left over\n")
    (tmp_path / "README.md").write_text("mine\n")
    assert command.write(tmp_path, {"a.yaml": "a\n"}) == ["a.yaml", "old.example.com_boats.yaml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "a.yaml"]
    assert command.write(tmp_path, {"a.yaml": "a\n"}) == []


def test_a_missing_folder_is_drift(tmp_path: pathlib.Path) -> None:
    """The check of a fresh folder names every file."""
    assert command.drift(tmp_path / "none", {"b.yaml": "", "a.yaml": ""}) == ["a.yaml", "b.yaml"]


def test_the_files_of_this_repository_are_up_to_date() -> None:
    """The process that the Makefile runs agrees: exit code 0 and not a word."""
    process = [sys.executable, "-m", "controller.crd", "--output", str(CRDS), "--check"]
    done = subprocess.run(process, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
