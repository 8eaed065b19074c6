"""From spec types to CustomResourceDefinitions.

What flows in: msgspec structs with constraints, and a `CustomResource` that names them. What flows out: the manifest of a
CustomResourceDefinition, its YAML, and decoding of live objects. Pure, called by any thread.
Mirrors sigs.k8s.io/controller-tools; deviation: types, not comments, are the source.
"""

from controller.crd.decode import SpecError, decode_spec, encode
from controller.crd.definition import CustomResource, PrinterColumn, Rule, Scale
from controller.crd.gen import render, to_yaml

__all__ = ["CustomResource", "PrinterColumn", "Rule", "Scale", "SpecError", "decode_spec", "encode", "render", "to_yaml"]
