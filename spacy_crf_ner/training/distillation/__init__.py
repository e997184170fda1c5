"""Distillation: a student learns the distribution that a teacher has over the annotations of raw texts."""
