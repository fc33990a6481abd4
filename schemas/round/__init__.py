"""What crosses the borders of a round; its refusals are known as soon as any of it is."""

from schemas.kernel.refusals import register

register("round")
