"""What the year says: campaign files, workday tables and the readers that check them."""
