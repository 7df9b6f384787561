"""Pictures and clip for other eyes than the police's: whatever is not the accused vehicle is made unreadable."""
