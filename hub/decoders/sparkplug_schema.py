"""The protobuf messages of Sparkplug B, described for Google's library (Eclipse Sparkplug 3.0, appendix A).

Rule: field numbers and types are the standard's; fields that hold no value of a sensor are left to be skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_FIELDS: dict[str, tuple[tuple[str, int, int | str], ...]] = {
    "PropertyValue": (
        ("type", 1, Field.TYPE_UINT32), ("is_null", 2, Field.TYPE_BOOL), ("int_value", 3, Field.TYPE_UINT32),
        ("long_value", 4, Field.TYPE_UINT64), ("string_value", 8, Field.TYPE_BYTES),
    ),
    "PropertySet": (("*keys", 1, Field.TYPE_BYTES), ("*values", 2, "PropertyValue")),
    "MetaData": (("description", 8, Field.TYPE_BYTES),),
    "Template": (("*metrics", 2, "Metric"), ("is_definition", 5, Field.TYPE_BOOL)),
    "Metric": (
        ("name", 1, Field.TYPE_BYTES), ("alias", 2, Field.TYPE_UINT64), ("timestamp", 3, Field.TYPE_UINT64),
        ("datatype", 4, Field.TYPE_UINT32), ("is_transient", 6, Field.TYPE_BOOL), ("is_null", 7, Field.TYPE_BOOL),
        ("metadata", 8, "MetaData"), ("properties", 9, "PropertySet"), ("|int_value", 10, Field.TYPE_UINT32),
        ("|long_value", 11, Field.TYPE_UINT64), ("|float_value", 12, Field.TYPE_FLOAT),
        ("|double_value", 13, Field.TYPE_DOUBLE), ("|boolean_value", 14, Field.TYPE_BOOL),
        ("|template_value", 18, "Template"),
    ),
    "Payload": (
        ("timestamp", 1, Field.TYPE_UINT64), ("*metrics", 2, "Metric"), ("uuid", 4, Field.TYPE_BYTES),
    ),
}  # fmt: skip
"""Message → (field, number, type or message); a star: repeated, a bar: one of several.

Texts are taken as bytes, so that bad ones do no harm.
"""
DATATYPES = {
    1: "Int8", 2: "Int16", 3: "Int32", 4: "Int64", 5: "UInt8", 6: "UInt16", 7: "UInt32", 8: "UInt64", 9: "Float",
    10: "Double", 11: "Boolean", 12: "String", 13: "DateTime", 14: "Text", 15: "UUID", 16: "DataSet", 17: "Bytes",
    18: "File", 19: "Template",
}  # fmt: skip


class PropertyValue(Protocol):
    """A property of a metric."""

    is_null: bool
    int_value: int
    long_value: int
    string_value: bytes


class PropertySet(Protocol):
    """Properties of a metric: the keys, and in the same order their values."""

    keys: Sequence[bytes]
    values: Sequence[PropertyValue]


class MetaData(Protocol):
    """What is said of a metric for people."""

    description: bytes


class Template(Protocol):
    """An instance, or the definition, of a type of several metrics."""

    metrics: Sequence[Metric]
    is_definition: bool


class Metric(Protocol):
    """One metric; `WhichOneof("value")` names the field that holds its value."""

    name: bytes
    alias: int
    timestamp: int
    datatype: int
    is_transient: bool
    is_null: bool
    metadata: MetaData
    properties: PropertySet
    int_value: int
    long_value: int
    float_value: float
    double_value: float
    boolean_value: bool
    template_value: Template

    def HasField(self, field_name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether the field is there."""

    def WhichOneof(self, oneof_group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Which of the fields of a group is there."""


class Payload(Protocol):
    """A whole message."""

    timestamp: int
    metrics: Sequence[Metric]
    uuid: bytes


def parsed(payload: bytes) -> Payload:
    """The message in these bytes; raises protobuf's `DecodeError`."""
    message = _PAYLOAD()
    message.ParseFromString(payload)
    return cast("Payload", message)


def _payload_class() -> type[Message]:
    file = FileDescriptorProto(name="sparkplug_b.proto", package="sparkplug", syntax="proto2")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        if any(field[0] == "|" for field, _, _ in fields):
            message.oneof_decl.add(name="value")
        for field, number, kind in fields:
            made = message.field.add(name=field.lstrip("*|"), number=number)
            made.label = Field.LABEL_REPEATED if field[0] == "*" else Field.LABEL_OPTIONAL
            if field[0] == "|":
                made.oneof_index = 0
            if isinstance(kind, str):
                made.type = Field.TYPE_MESSAGE
                made.type_name = f".sparkplug.{kind}"
            else:
                made.type = cast("Field.Type.ValueType", kind)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


_PAYLOAD = _payload_class()
