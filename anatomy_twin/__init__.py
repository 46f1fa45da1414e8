"""anatomy_twin: a patient's scan becomes a twin that can be operated on first."""

__version__ = "0.1.0"
