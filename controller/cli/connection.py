"""The flags that say which cluster, shared by the commands.

What flows in: parsed arguments. What flows out: a transport configuration, or a message and exit code 1.
"""

import argparse

from controller.client import transport


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add --kubeconfig, --context and the log flags to *parser*."""
    parser.add_argument(
        "--kubeconfig", metavar="FILE", help="default: $KUBECONFIG, then the pod's service account, then ~/.kube/config"
    )
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info", help="default: info")
    parser.add_argument("--log-format", choices=("json", "console"), default="json", help="default: json")


def load(arguments: argparse.Namespace) -> transport.Config:
    """Load the configuration that *arguments* name.

    Raises:
        transport.ConfigError: There is none, or it cannot be read; the message says what was tried.
    """
    return transport.load_config(arguments.kubeconfig, arguments.context)
