"""Infrared and visible image fusion at any input and output resolution."""
