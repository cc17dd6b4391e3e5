"""The tables of schema `platform`, a file for each noun."""
