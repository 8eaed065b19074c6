"""The rules of custom kinds, in the Common Expression Language."""
