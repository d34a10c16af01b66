"""The simulated TYPPI: a joint register with sections, signed logins, and the statute at its door.

Run it with ``python -m tyokyky_adapter_typpi.simulator``.

Source: domain report 8.5; the interface is invented.
"""
