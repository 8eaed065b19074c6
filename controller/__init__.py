"""The controller framework: what an operator's author imports.

What flows in: nothing. What flows out: the names below; everything else is the framework's own business and may move. Submodules
(predicate, handler, ...) stay importable by name for those who wire things by hand. Mirrors controller-runtime's
`alias.go`.
"""

from controller.builder import Builder
from controller.client.cached import NotCachedError
from controller.client.interfaces import ApplyOptions, Client, Manifest, Preconditions, Reader, Writer
from controller.client.transport import Config, ConfigError, load_config
from controller.controller import Controller
from controller.crd import CustomResource, PrinterColumn, Rule, Scale, SpecError, decode_spec, encode
from controller.manager import Manager, Options
from controller.operators import Flag, Operator
from controller.reconcile import Reconciler, Request, Result, TerminalError
from controller.recorder import EventRecorder
from controller.runnables import Runnable

__all__ = [
    "ApplyOptions",
    "Builder",
    "Client",
    "Config",
    "ConfigError",
    "Controller",
    "CustomResource",
    "EventRecorder",
    "Flag",
    "Manager",
    "Manifest",
    "NotCachedError",
    "Operator",
    "Options",
    "Preconditions",
    "PrinterColumn",
    "Reader",
    "Reconciler",
    "Request",
    "Result",
    "Rule",
    "Runnable",
    "Scale",
    "SpecError",
    "TerminalError",
    "Writer",
    "decode_spec",
    "encode",
    "load_config",
]
