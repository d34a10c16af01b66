"""A pretended Lifecare: see the adapter's README for what is public of the real one and what is invented.

Run it with ``python -m tyokyky_adapter_lifecare.simulator --port 0 --allow-sim-control``.
"""
