"""What a service embeds: stamps messages and records what became of them."""
