"""The demo: hub, worker and simulators as real processes on loopback, with synthetic people and a narrated story."""
