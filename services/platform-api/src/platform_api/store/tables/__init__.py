"""The tables of schema `platform`, one module per noun."""
