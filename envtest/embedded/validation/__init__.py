"""What is wrong with an object of a built-in kind, in the real server's words."""
