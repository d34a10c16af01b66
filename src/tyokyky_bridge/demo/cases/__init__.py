"""What is recorded about each client of the synthetic world, and by whom: the acts that demo and journeys share."""
