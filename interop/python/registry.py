"""Confluent's Python client of the schema registry against the included one. Arguments: the broker, the registry's URL, a topic that a source wrote with AvroConverter."""

import json
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from checks import equal, run

SERVERS, URL, LINES = sys.argv[1:4]
LIMIT = 30
ROW = {
    "type": "record", "name": "Row", "namespace": "com.example",
    "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": ["null", "string"], "default": None}],
}


def client():
    return SchemaRegistryClient({"url": URL})


def avro(fields, name="com.example.Row"):
    return Schema(json.dumps({"type": "record", "name": name, "fields": fields}), "AVRO")


def at(topic):
    return SerializationContext(topic, MessageField.VALUE)


def through(topic, values):
    """Writes to a topic and reads as many."""
    p = Producer({"bootstrap.servers": SERVERS, "linger.ms": 5})
    for v in values:
        p.produce(topic, v)
    equal(0, p.flush(LIMIT))
    return read(topic, len(values))


def read(topic, n):
    c = Consumer({"bootstrap.servers": SERVERS, "group.id": "py-" + topic, "auto.offset.reset": "earliest"})
    c.subscribe([topic])
    values, deadline = [], time.monotonic() + LIMIT
    while len(values) < n and time.monotonic() < deadline:
        m = c.poll(0.1)
        if m is not None:
            if m.error():
                raise KafkaException(m.error())
            values.append(m.value())
    c.close()
    return values


def refused(status, code, body):
    try:
        body()
    except SchemaRegistryError as e:
        equal((status, code), (e.http_status_code, e.error_code))
        return
    raise AssertionError(f"want an error {code}")


def avro_rows():
    sr = client()
    write, back = AvroSerializer(sr, json.dumps(ROW)), AvroDeserializer(sr)
    rows = [{"id": i, "name": None if i % 3 == 0 else f"näme {i}"} for i in range(20)]
    equal(rows, [back(v, at("rows-python")) for v in through("rows-python", [write(r, at("rows-python")) for r in rows])])
    equal([1], sr.get_versions("rows-python-value"))


def lines_of_a_source():
    back = AvroDeserializer(client())
    equal([f"line {i}" for i in range(50)], [back(v, at(LINES)) for v in read(LINES, 50)])


def avro_references():
    sr = client()
    sr.register_schema("py-address", avro([{"name": "city", "type": "string"}], "com.example.Address"))
    order = avro([{"name": "id", "type": "int"}, {"name": "to", "type": "com.example.Address"}], "com.example.Order")
    order = Schema(order.schema_str, "AVRO", [SchemaReference("com.example.Address", "py-address", 1)])
    value = {"id": 7, "to": {"city": "Zürich"}}
    b = AvroSerializer(sr, order)(value, at("py-orders"))
    equal(value, AvroDeserializer(client())(b, at("py-orders")))
    stored = client().get_latest_version("py-orders-value")
    equal([("com.example.Address", "py-address", 1)], [(r.name, r.subject, r.version) for r in stored.schema.references])
    refused(422, 42206, lambda: sr.delete_version("py-address", 1))


def latest_version():
    sr = client()
    sr.register_schema("py-latest-value", avro([{"name": "id", "type": "int"}]))
    newer = sr.register_schema("py-latest-value", avro([{"name": "id", "type": "int"}, {"name": "more", "type": "string", "default": "?"}]))
    settings = {"auto.register.schemas": False, "use.latest.version": True}
    b = AvroSerializer(sr, avro([{"name": "id", "type": "int"}]).schema_str, conf=settings)({"id": 1, "more": "x"}, at("py-latest"))
    equal(newer, int.from_bytes(b[1:5], "big"))
    equal({"id": 1, "more": "x"}, AvroDeserializer(client())(b, at("py-latest")))
    refused(404, 40401, lambda: AvroSerializer(sr, json.dumps(ROW), conf=settings)({"id": 1}, at("py-nothing")))


def compatibility():
    sr = client()
    sr.register_schema("py-compat", avro([{"name": "id", "type": "int"}]))
    wrong = avro([{"name": "id", "type": "int"}, {"name": "must", "type": "string"}])
    refused(409, 409, lambda: sr.register_schema("py-compat", wrong))
    equal(False, sr.test_compatibility("py-compat", wrong))
    equal(True, sr.test_compatibility("py-compat", avro([{"name": "id", "type": "long"}])))
    refused(409, 409, lambda: AvroSerializer(sr, wrong.schema_str, conf={"subject.name.strategy": lambda *_: "py-compat"})({"id": 1, "must": "x"}, at("t")))
    sr.set_compatibility("py-compat", "NONE")
    equal("NONE", sr.get_compatibility("py-compat"))
    sr.register_schema("py-compat", wrong)
    equal([1, 2], sr.get_versions("py-compat"))


def deletes():
    sr = client()
    schema = avro([{"name": "gone", "type": "int"}], "com.example.Gone")
    number = sr.register_schema("py-gone", schema)
    equal([1], sr.delete_subject("py-gone"))
    refused(404, 40401, lambda: sr.get_latest_version("py-gone"))
    refused(404, 40401, lambda: sr.lookup_schema("py-gone", schema))
    equal("gone", json.loads(client().get_schema(number).schema_str)["fields"][0]["name"])
    equal([1], sr.delete_subject("py-gone", permanent=True))
    refused(404, 40403, lambda: client().get_schema(number))
    equal(False, "py-gone" in client().get_subjects())


def config():
    sr = client()
    equal("BACKWARD", sr.get_compatibility())
    refused(404, 40408, lambda: sr.get_compatibility("py-no-config"))
    sr.set_compatibility("py-config", "FULL_TRANSITIVE")
    equal("FULL_TRANSITIVE", client().get_compatibility("py-config"))
    refused(422, 42203, lambda: sr.set_compatibility("py-config", "SIDEWAYS"))
    refused(422, 42201, lambda: sr.register_schema("py-config", Schema('{"type":"nonsense"}', "AVRO")))


def lookups():
    sr = client()
    schema = avro([{"name": "a", "type": "int"}], "com.example.Found")
    number = sr.register_schema("py-found", schema)
    equal(number, sr.register_schema("py-found-again", schema))
    found = client().lookup_schema("py-found-again", schema)
    equal((number, 1, "py-found-again"), (found.schema_id, found.version, found.subject))
    equal(number, client().get_version("py-found", 1).schema_id)
    equal({"py-found", "py-found-again"}, {s for s in client().get_subjects() if s.startswith("py-found")})


def json_schema():
    sr = client()
    text = json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "title": "Person", "type": "object", "required": ["name"],
                       "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}}})
    write, back = JSONSerializer(text, sr), JSONDeserializer(text, schema_registry_client=client())
    people = [{"name": "Ada", "age": 36}, {"name": "Grace"}]
    equal(people, [back(v, at("py-people")) for v in through("py-people", [write(p, at("py-people")) for p in people])])
    try:
        write({"age": -1}, at("py-people"))
    except Exception as e:
        equal("SerializationError", type(e).__name__)
    else:
        raise AssertionError("an invalid value was written")
    equal("JSON", client().get_latest_version("py-people-value").schema.schema_type)


def json_references():
    sr = client()
    sr.register_schema("py-name", Schema('{"$id":"http://example.com/name.json","type":"string","minLength":1}', "JSON"))
    text = '{"type":"object","title":"Named","properties":{"name":{"$ref":"http://example.com/name.json"}}}'
    sr.register_schema("py-named-value", Schema(text, "JSON", [SchemaReference("http://example.com/name.json", "py-name", 1)]))
    write = JSONSerializer(Schema(text, "JSON", [SchemaReference("http://example.com/name.json", "py-name", 1)]), sr)
    b = write({"name": "Ada"}, at("py-named"))
    equal({"name": "Ada"}, JSONDeserializer(None, schema_registry_client=client())(b, at("py-named")))


def messages():
    """Two files, of which the second imports the first, as protoc would compile them."""
    pool = descriptor_pool.DescriptorPool()
    for name, message, fields in [
        ("py/money.proto", "Money", [("currency", 9, ""), ("units", 3, "")]),
        ("py/order.proto", "Order", [("id", 3, ""), ("price", 11, ".py.Money"), ("notes", 9, "repeated")]),
    ]:
        f = descriptor_pb2.FileDescriptorProto(name=name, package="py", syntax="proto3", dependency=["py/money.proto"] if message == "Order" else [])
        m = f.message_type.add(name=message)
        for i, (field, kind, more) in enumerate(fields):
            m.field.add(name=field, number=i + 1, type=kind, label=3 if more == "repeated" else 1, type_name=more if kind == 11 else None)
        pool.Add(f)
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName("py." + name)) for name in ["Money", "Order"]]


def protobuf():
    money, order = messages()
    sr = client()
    write = ProtobufSerializer(order, sr, {"use.deprecated.format": False})
    back = ProtobufDeserializer(order, {"use.deprecated.format": False}, client())
    orders = [order(id=i, price=money(currency="CHF", units=i * 10), notes=["a", "b"][: i % 3]) for i in range(10)]
    equal(orders, [back(v, at("py-proto")) for v in through("py-proto", [write(o, at("py-proto")) for o in orders])])
    stored = client().get_latest_version("py-proto-value").schema
    equal(("PROTOBUF", ["py/money.proto"]), (stored.schema_type, [r.name for r in stored.references]))
    text = 'syntax = "proto3";\npackage py;\n\nimport "py/money.proto";\n\nmessage Order {\n  int64 id = 1;\n  .py.Money price = 2;\n  repeated string notes = 3;\n}\n'
    found = client().lookup_schema("py-proto-value", Schema(text, "PROTOBUF", stored.references), normalize_schemas=True)
    equal(1, found.version)


run([(f.__name__.replace("_", " "), f) for f in [
    avro_rows, lines_of_a_source, avro_references, latest_version, compatibility, deletes, config, lookups, json_schema, json_references, protobuf]])
