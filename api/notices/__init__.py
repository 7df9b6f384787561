"""From a confirmed case to the notice that its owner reads."""
