"""What units hand in, how it is received and kept, and how it is reviewed."""
