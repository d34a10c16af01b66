"""The real engine on real SQL, in virtual time, against partners that misbehave and remember."""
