"""The controller framework; its facade grows here."""
