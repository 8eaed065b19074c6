"""The API over HTTP: paths, forms of bodies and answers, and what the server says of itself."""
