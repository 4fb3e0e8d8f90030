"""Tests with real parts; see conftest."""
