"""The pages residents see, made on the server. Rule: they hold nothing but what the gate disclosed."""
