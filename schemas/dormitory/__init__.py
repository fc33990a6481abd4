"""What crosses the borders of a house's allocation; its refusals are known as soon as any of it is."""

from schemas.kernel.refusals import register

register("dormitory")
