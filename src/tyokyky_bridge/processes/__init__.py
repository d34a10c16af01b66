"""The long-running processes: the HTTP face and the worker, each by itself or both in one.

One module for each, so that a worker starts without the HTTP face: whoever was killed is to be at work again soon.
"""
