"""`coxswain install`: apply the operators' CustomResourceDefinitions and wait until they are served.

What flows in: the spec types of the operators. What flows out: definitions on the cluster, one line each.
"""

import argparse
from collections.abc import Sequence

import structlog

from controller import operators
from controller.cli import connection
from controller.client import live, restmapper, transport
from controller.crd import install
from informers import errors
from workqueue import clock as clocks

_log = structlog.get_logger("controller.cli.install")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", found: Sequence[operators.Operator]) -> None:
    """Add the command to *commands*."""
    parser = commands.add_parser("install", help="install the CustomResourceDefinitions")
    connection.add_flags(parser)
    parser.set_defaults(execute=lambda arguments: execute(arguments, found))


def execute(arguments: argparse.Namespace, found: Sequence[operators.Operator]) -> int:
    """Install the definitions of all operators *found*."""
    clock = clocks.RealClock()
    try:
        connected = transport.Transport(connection.load(arguments), transport.TransportOptions(clock=clock))
        client = live.LiveClient(connected, restmapper.RESTMapper(connected))
        resources = [resource for operator in found for resource in operator.resources]
        names = install.install(client, resources, install.InstallOptions(clock=clock))
    except (transport.ConfigError, errors.ApiError, errors.TransportError, install.InstallError) as error:
        _log.error("Cannot install", error=str(error))
        return 1
    for name in names:
        print(f"customresourcedefinition.apiextensions.k8s.io/{name} established")
    return 0
