"""One file, one command. The file's name is the command's name, with hyphens for underscores."""
