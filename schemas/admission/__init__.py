"""What crosses the borders of an admission review; its refusals are known as soon as any of it is."""

from schemas.kernel.refusals import register

register("admission")
