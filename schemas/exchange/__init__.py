"""What crosses the borders of a mobility; its refusals are known as soon as any of it is."""

from schemas.kernel.refusals import register

register("exchange")
