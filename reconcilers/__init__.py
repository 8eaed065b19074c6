"""The operators, and what they share."""
