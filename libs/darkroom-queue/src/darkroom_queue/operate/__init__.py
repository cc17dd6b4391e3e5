"""Operations: pause, drain, inspect, requeue, sweep."""
