"""The lens: data rows that say which plan item is which native field, compiled at start into both
directions."""
