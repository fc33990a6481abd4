"""The fields of a model as a door asks a person for them."""

from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo


def kind_of(field: FieldInfo) -> Any:
    """The type of a field without its None."""
    if get_origin(field.annotation) in (Union, UnionType):
        return next(each for each in get_args(field.annotation) if each is not type(None))
    return field.annotation


def choices_of(kind: Any) -> list[str]:
    """The values of a type that has a few of them; none for any other."""
    if get_origin(kind) is Literal:
        return [str(each) for each in get_args(kind)]
    return [str(each.value) for each in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
