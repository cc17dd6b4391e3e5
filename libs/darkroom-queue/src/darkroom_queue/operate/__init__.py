"""The operator's side: pause, drain, inspect, requeue, sweep."""
