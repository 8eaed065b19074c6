import importlib.metadata
import platform

import pytest

from controller import cli


def test_version_names_what_is_installed(capsys):
    """One line: Coxswain, Python, and the operators found."""
    assert cli.main(["version"]) == 0
    version = importlib.metadata.version("coxswain")
    expected = f"coxswain {version} (Python {platform.python_version()}; operators: microservicedeploy)\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run", "--fly"], ["version", "now"]])
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    """A missing or unknown command, flag or argument is explained on standard error."""
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert "usage: coxswain" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["run"], ["install"], ["version"]])
def test_help_is_there_for_each_command(command, capsys):
    """Help is printed to standard output and is no error."""
    with pytest.raises(SystemExit, match="0"):
        cli.main([*command, "--help"])
    assert capsys.readouterr().out.startswith("usage: coxswain")


def test_the_flags_of_run_are_those_that_kubebuilder_scaffolds_and_the_operators_own(capsys):
    """Their names are what an SRE knows."""
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    text = capsys.readouterr().out
    for flag in (
        *("kubeconfig", "context", "namespace", "operators", "metrics-bind-address", "health-probe-bind-address"),
        *("max-concurrent-reconciles", "sync-period", "base-domain", "ingress-class", "log-level", "log-format"),
    ):
        assert f"--{flag} " in text
