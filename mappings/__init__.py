"""Data of tyokyky-bridge: field rows for each system, code tables, code systems and dated legal bases."""
