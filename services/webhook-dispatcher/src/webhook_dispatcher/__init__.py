"""webhook-dispatcher: sends job events to tenants' endpoints, signed and with retries, and records all deliveries."""
