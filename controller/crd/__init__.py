"""Spec types to CustomResourceDefinitions."""
