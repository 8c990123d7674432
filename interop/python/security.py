"""SASL, TLS and certificates of confluent-kafka-python. Arguments: addresses of the SASL_SSL, SASL_PLAINTEXT and mutual TLS listeners, the CA's and the client's PEM file."""

import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from checks import equal, run

SASL_SSL, SASL_PLAIN, MUTUAL, CA, CLIENT = sys.argv[1:6]


def sasl(protocol, mechanism, user, password):
    return {"bootstrap.servers": SASL_SSL if protocol == "SASL_SSL" else SASL_PLAIN, "security.protocol": protocol, "sasl.mechanism": mechanism,
            "sasl.username": user, "sasl.password": password, "ssl.ca.location": CA}


def mutual(certificate):
    config = {"bootstrap.servers": MUTUAL, "security.protocol": "SSL", "ssl.ca.location": CA}
    if certificate:
        config.update({"ssl.certificate.location": CLIENT, "ssl.key.location": CLIENT})
    return config


def round_trip(topic, config):
    p = Producer({**config, "transactional.id": topic})
    p.init_transactions(30)
    p.begin_transaction()
    for i in range(10):
        p.produce(topic, f"v{i}", on_delivery=lambda err, _: equal(None, err))
    p.commit_transaction(30)
    c = Consumer({**config, "group.id": topic, "auto.offset.reset": "earliest"})
    c.subscribe([topic])
    values = [m.value().decode() for m in c.consume(10, 30)]
    equal([f"v{i}" for i in range(10)], values)
    c.close()


def refused(config, *codes):
    errors = []
    a = AdminClient({**config, "error_cb": errors.append})
    try:
        a.list_topics(timeout=3)
    except KafkaException:
        a.poll(1)
        seen = [e.code() for e in errors]
        if not set(codes) & set(seen):
            raise AssertionError(f"the errors are {errors}")
    else:
        raise AssertionError("let in")


def closed():
    failed = []
    p = Producer(sasl("SASL_SSL", "PLAIN", "carl", "carl-secret"))
    p.produce("closed", "x", on_delivery=lambda err, _: failed.append(err.code()))
    p.flush(30)
    equal([KafkaError.TOPIC_AUTHORIZATION_FAILED], failed)


run([
    ("SCRAM-SHA-256 over TLS", lambda: round_trip("open.py256", sasl("SASL_SSL", "SCRAM-SHA-256", "scram256", "secret"))),
    ("SCRAM-SHA-512 over TLS", lambda: round_trip("open.py512", sasl("SASL_SSL", "SCRAM-SHA-512", "scram512", "secret"))),
    ("PLAIN over TLS", lambda: round_trip("open.pyplain", sasl("SASL_SSL", "PLAIN", "carl", "carl-secret"))),
    ("SCRAM-SHA-256 without TLS", lambda: round_trip("open.pyclear", sasl("SASL_PLAINTEXT", "SCRAM-SHA-256", "scram256", "secret"))),
    ("mutual TLS", lambda: round_trip("open.pymutual", mutual(True))),
    ("wrong password", lambda: refused(sasl("SASL_SSL", "SCRAM-SHA-512", "scram512", "wrong"), KafkaError._AUTHENTICATION)),
    ("wrong PLAIN password", lambda: refused(sasl("SASL_SSL", "PLAIN", "carl", "wrong"), KafkaError._AUTHENTICATION)),
    ("mutual TLS without a certificate", lambda: refused(mutual(False), KafkaError._SSL, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN)),
    ("topic that the ACLs do not open", closed),
])
