"""Drills: the hub's real processes on real databases and sockets, hurt at random, and judged by what is left."""
