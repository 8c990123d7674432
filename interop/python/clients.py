"""confluent-kafka-python against the broker. Arguments: bootstrap servers."""

import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec, ResourceType
from confluent_kafka import ConsumerGroupTopicPartitions

from checks import equal, run

SERVERS = sys.argv[1]
LIMIT = 40


def admin():
    return AdminClient({"bootstrap.servers": SERVERS})


def create(topic, partitions):
    a = admin()  # it must outlive its futures
    for f in a.create_topics([NewTopic(topic, partitions, 1)]).values():
        f.result()


def consumer(group, **more):
    config = {"bootstrap.servers": SERVERS, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    config.update({k.replace("_", "."): v for k, v in more.items()})
    return Consumer(config)


def produce(topic, n, **more):
    failed = []
    config = {"bootstrap.servers": SERVERS, "linger.ms": 5}
    config.update({k.replace("_", "."): v for k, v in more.items()})
    p = Producer(config)
    for i in range(n):
        p.produce(topic, value=f"v{i}", key=f"k{i}", headers={"n": str(i)}, on_delivery=lambda err, _: failed.append(err) if err else None)
    equal(0, p.flush(LIMIT))
    equal([], failed)


def poll_values(c, n):
    values = []
    deadline = time.monotonic() + LIMIT
    while len(values) < n and time.monotonic() < deadline:
        m = c.poll(0.1)
        if m is None:
            continue
        if m.error():
            raise KafkaException(m.error())
        values.append(m.value().decode())
    return values


def codecs():
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
        topic = f"py-{codec}"
        create(topic, 1)
        produce(topic, 500, compression_type=codec)
        c = consumer(topic)
        c.subscribe([topic])
        equal([f"v{i}" for i in range(500)], poll_values(c, 500))
        c.close()


def idempotent():
    create("py-idempotent", 2)
    produce("py-idempotent", 1000, enable_idempotence=True)
    c = consumer("py-idempotent")
    c.subscribe(["py-idempotent"])
    equal(sorted(f"v{i}" for i in range(1000)), sorted(poll_values(c, 1000)))
    c.commit(asynchronous=False)
    total = sum(p.offset for p in c.committed([TopicPartition("py-idempotent", 0), TopicPartition("py-idempotent", 1)], timeout=LIMIT))
    equal(1000, total)
    c.close()


def settle(consumers, sizes):
    """Polls all consumers until they own as many partitions as they should."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        for c in consumers:
            m = c.poll(0.05)
            if m is not None and m.error() and m.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(m.error())
        owned = [c.assignment() for c in consumers]
        if [len(o) for o in owned] == sizes:
            equal(sum(sizes), len({(p.topic, p.partition) for o in owned for p in o}))
            return
    raise AssertionError(f"want {sizes} partitions, got {[len(c.assignment()) for c in consumers]}")


def rebalance(topic, **more):
    create(topic, 4)
    a = consumer(topic, **more)
    a.subscribe([topic])
    settle([a], [4])
    b = consumer(topic, **more)
    b.subscribe([topic])
    settle([a, b], [2, 2])
    b.close()
    settle([a], [4])
    a.close()


def broker_regex():
    create("py-re-a", 1)
    create("py-re-b", 2)
    c = consumer("py-re", group_protocol="consumer")
    c.subscribe(["^py-re-.*"])
    settle([c], [3])
    create("py-re-c", 1)
    settle([c], [4])
    c.close()


def client_regex():
    create("py-cre-a", 1)
    create("py-cre-b", 2)
    c = consumer("py-cre", topic_metadata_refresh_interval_ms=500)
    c.subscribe(["^py-cre-.*"])
    settle([c], [3])
    c.close()


def transactions(protocol):
    source, sink = f"py-tx-in-{protocol}", f"py-tx-out-{protocol}"
    create(source, 1)
    create(sink, 1)
    produce(source, 100)
    c = consumer(source, group_protocol=protocol)
    c.subscribe([source])
    p = Producer({"bootstrap.servers": SERVERS, "transactional.id": sink})
    p.init_transactions(LIMIT)
    values = poll_values(c, 100)
    equal(100, len(values))
    for commit in (False, True):
        p.begin_transaction()
        for v in values:
            p.produce(sink, v if commit else "aborted")
        p.send_offsets_to_transaction(c.position(c.assignment()), c.consumer_group_metadata(), LIMIT)
        if commit:
            p.commit_transaction(LIMIT)
        else:
            p.flush(LIMIT)
            p.abort_transaction(LIMIT)
            equal([-1001], [t.offset for t in c.committed(c.assignment(), LIMIT)])
    equal([100], [t.offset for t in c.committed(c.assignment(), LIMIT)])
    c.close()
    r = consumer(sink + "-committed", isolation_level="read_committed")
    r.assign([TopicPartition(sink, 0, OFFSET_BEGINNING)])
    equal(values, poll_values(r, 100))
    r.close()
    r = consumer(sink + "-all", isolation_level="read_uncommitted")
    r.assign([TopicPartition(sink, 0, OFFSET_BEGINNING)])
    equal(["aborted"] * 100 + values, poll_values(r, 200))
    r.close()


def fencing():
    create("py-fence", 1)
    config = {"bootstrap.servers": SERVERS, "transactional.id": "py-fence"}
    old = Producer(config)
    old.init_transactions(LIMIT)
    old.begin_transaction()
    old.produce("py-fence", "zombie")
    old.flush(LIMIT)
    young = Producer(config)
    young.init_transactions(LIMIT)
    try:
        old.commit_transaction(LIMIT)
    except KafkaException as e:
        equal(True, e.args[0].fatal())
        equal(True, e.args[0].code() in (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED))
    else:
        raise AssertionError("the old producer is not fenced")


def administration():
    a = admin()
    create("py-admin", 1)
    topic = ConfigResource(ResourceType.TOPIC, "py-admin", incremental_configs=[ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)])
    for f in a.incremental_alter_configs([topic]).values():
        f.result()
    described = list(a.describe_configs([ConfigResource(ResourceType.TOPIC, "py-admin")]).values())[0].result()
    equal("1000", described["retention.ms"].value)
    for f in a.create_partitions([NewPartitions("py-admin", 3)]).values():
        f.result()
    produce("py-admin", 30)
    offsets = a.list_offsets({TopicPartition("py-admin", p): OffsetSpec.latest() for p in range(3)})
    equal(30, sum(f.result().offset for f in offsets.values()))
    c = consumer("py-admin")
    c.subscribe(["py-admin"])
    equal(30, len(poll_values(c, 30)))
    c.commit(asynchronous=False)
    group = list(a.describe_consumer_groups(["py-admin"]).values())[0].result()
    equal(("STABLE", 1), (group.state.name, len(group.members)))
    c.close()
    listed = list(a.list_consumer_group_offsets([ConsumerGroupTopicPartitions("py-admin")]).values())[0].result()
    equal(30, sum(p.offset for p in listed.topic_partitions))
    moved = [ConsumerGroupTopicPartitions("py-admin", [TopicPartition("py-admin", 0, 1)])]
    equal(1, list(a.alter_consumer_group_offsets(moved).values())[0].result().topic_partitions[0].offset)
    list(a.delete_consumer_groups(["py-admin"]).values())[0].result()
    equal(True, a.describe_cluster().result().cluster_id is not None)
    list(a.delete_topics(["py-admin"]).values())[0].result()
    equal(False, "py-admin" in a.list_topics(timeout=LIMIT).topics)


run([
    ("all codecs", codecs),
    ("idempotent producer", idempotent),
    ("range rebalance", lambda: rebalance("py-range", session_timeout_ms=10000, heartbeat_interval_ms=500)),
    ("cooperative-sticky rebalance", lambda: rebalance("py-sticky", partition_assignment_strategy="cooperative-sticky", session_timeout_ms=10000, heartbeat_interval_ms=500)),
    ("rebalance of the new protocol", lambda: rebalance("py-new", group_protocol="consumer")),
    ("regular expression on the broker's side", broker_regex),
    ("regular expression on the client's side", client_regex),
    ("transactions of a classic group", lambda: transactions("classic")),
    ("transactions of a group of the new protocol", lambda: transactions("consumer")),
    ("fencing", fencing),
    ("administration", administration),
])
