"""What is said to whom: composing, delivery, chases, links."""
