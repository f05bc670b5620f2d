"""What we say and how it leaves: messages, their wording, and the channels. Knows rules; knows no database and no clock."""
