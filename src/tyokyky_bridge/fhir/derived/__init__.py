"""Resources that nobody writes: made from the directory, the forms and what a caller sees of a plan."""
