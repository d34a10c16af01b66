"""One repository for each kind of row; plain synchronous methods over a `Session`."""
