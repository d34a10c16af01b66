"""Search: pure functions over documents that are already reduced to what the caller may see."""
