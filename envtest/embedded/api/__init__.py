"""What the verbs of the API do, without HTTP: from a decoded body to what is kept, and what others hear of it."""
