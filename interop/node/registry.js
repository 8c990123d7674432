'use strict'
// Confluent's JavaScript client of the schema registry against the included one. Arguments: the broker, the registry's URL, a topic that a
// source wrote with AvroConverter.
const { Kafka, logLevel } = require('kafkajs')
const { SchemaRegistryClient, SerdeType, AvroSerializer, AvroDeserializer, JsonSerializer, JsonDeserializer, ProtobufSerializer, ProtobufDeserializer, Compatibility } = require('@confluentinc/schemaregistry')
const { createFileRegistry, create, createMutableRegistry } = require('@bufbuild/protobuf')
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt')
const { assert, run } = require('./checks')

const [brokers, url, lines] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING })
const client = () => new SchemaRegistryClient({ baseURLs: [url] })
const avro = (fields, name = 'com.example.Row') => ({ schemaType: 'AVRO', schema: JSON.stringify({ type: 'record', name, fields }) })
const read = async (topic, n) => {
  const consumer = kafka.consumer({ groupId: 'js-' + topic })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values = []
  await new Promise(resolve => consumer.run({ eachMessage: async ({ message }) => { if (values.push(message.value) === n) resolve() } }))
  await consumer.disconnect()
  return values
}
const through = async (topic, values) => {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: values.map(value => ({ value })) })
  await producer.disconnect()
  return read(topic, values.length)
}
const all = (list, fn) => Promise.all(list.map(fn))
const refused = async (status, code, promise) => {
  await assert.rejects(promise, e => { assert.deepStrictEqual([e.status, e.errorCode], [status, code]); return true })
}

run({
  'avro rows': async () => {
    const row = { type: 'record', name: 'Row', namespace: 'com.example', fields: [{ name: 'id', type: 'long' }, { name: 'name', type: ['null', 'string'], default: null }] }
    const registry = client()
    await registry.register('rows-js-value', { schemaType: 'AVRO', schema: JSON.stringify(row) })
    const serializer = new AvroSerializer(registry, SerdeType.VALUE, { useLatestVersion: true })
    const deserializer = new AvroDeserializer(client(), SerdeType.VALUE, {})
    const rows = Array.from({ length: 20 }, (_, id) => ({ id, name: id % 3 === 0 ? null : `näme ${id}` }))
    const bytes = []
    for (const r of rows) bytes.push(await serializer.serialize('rows-js', r))
    const got = await all(await through('rows-js', bytes), b => deserializer.deserialize('rows-js', b))
    assert.deepStrictEqual(got.map(r => ({ ...r })), rows)
  },
  'lines of a source': async () => {
    const deserializer = new AvroDeserializer(client(), SerdeType.VALUE, {})
    const got = await all(await read(lines, 50), b => deserializer.deserialize(lines, b))
    assert.deepStrictEqual(got, Array.from({ length: 50 }, (_, i) => `line ${i}`))
  },
  'avro auto registration and references': async () => {
    const registry = client()
    await registry.register('js-address', avro([{ name: 'city', type: 'string' }], 'com.example.Address'))
    const order = { ...avro([{ name: 'id', type: 'int' }, { name: 'to', type: 'com.example.Address' }], 'com.example.Order'), references: [{ name: 'com.example.Address', subject: 'js-address', version: 1 }] }
    const id = await registry.register('js-orders-value', order)
    const bytes = await new AvroSerializer(registry, SerdeType.VALUE, { useLatestVersion: true }).serialize('js-orders', { id: 7, to: { city: 'Zürich' } })
    assert.strictEqual(bytes.readInt32BE(1), id)
    const got = await new AvroDeserializer(client(), SerdeType.VALUE, {}).deserialize('js-orders', bytes)
    assert.deepStrictEqual({ ...got, to: { ...got.to } }, { id: 7, to: { city: 'Zürich' } })
    const auto = await new AvroSerializer(registry, SerdeType.VALUE, { autoRegisterSchemas: true }).serialize('js-auto', { n: 1, s: 'x' })
    assert.strictEqual((await client().getLatestSchemaMetadata('js-auto-value')).id, auto.readInt32BE(1))
  },
  compatibility: async () => {
    const registry = client()
    await registry.register('js-compat', avro([{ name: 'id', type: 'int' }]))
    const wrong = avro([{ name: 'id', type: 'int' }, { name: 'must', type: 'string' }])
    await refused(409, 409, registry.register('js-compat', wrong))
    assert.strictEqual(await registry.testCompatibility('js-compat', 1, wrong), false)
    assert.strictEqual(await registry.testSubjectCompatibility('js-compat', avro([{ name: 'id', type: 'long' }])), true)
    await registry.updateCompatibility('js-compat', Compatibility.NONE)
    assert.strictEqual(await client().getCompatibility('js-compat'), 'NONE')
    await registry.register('js-compat', wrong)
    assert.deepStrictEqual(await registry.getAllVersions('js-compat'), [1, 2])
  },
  'lookups and deletes': async () => {
    const registry = client()
    const gone = avro([{ name: 'gone', type: 'int' }], 'com.example.GoneJS')
    const full = await registry.registerFullResponse('js-gone', gone)
    assert.strictEqual(await client().getId('js-gone', gone), full.id)
    assert.strictEqual(await client().getVersion('js-gone', gone), 1)
    assert.strictEqual((await client().getBySubjectAndId('js-gone', full.id)).schema.includes('gone'), true)
    if (full.guid) assert.strictEqual((await client().getByGuid(full.guid)).schema.includes('gone'), true)
    assert.deepStrictEqual(await registry.deleteSubject('js-gone', false), [1])
    await refused(404, 40401, client().getLatestSchemaMetadata('js-gone'))
    assert.deepStrictEqual(await registry.deleteSubject('js-gone', true), [1])
    await refused(404, 40403, client().getBySubjectAndId('js-gone', full.id))
    assert.strictEqual((await client().getAllSubjects()).includes('js-gone'), false)
  },
  'json schema': async () => {
    const registry = client()
    const person = { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Person', type: 'object', required: ['name'], properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } } }
    await registry.register('js-people-value', { schemaType: 'JSON', schema: JSON.stringify(person) })
    const serializer = new JsonSerializer(registry, SerdeType.VALUE, { useLatestVersion: true, validate: true })
    const deserializer = new JsonDeserializer(client(), SerdeType.VALUE, { validate: true })
    const people = [{ name: 'Ada', age: 36 }, { name: 'Grace' }]
    const got = await all(await through('js-people', await all(people, p => serializer.serialize('js-people', p))), b => deserializer.deserialize('js-people', b))
    assert.deepStrictEqual(got, people)
    await assert.rejects(serializer.serialize('js-people', { age: -1 }))
  },
  protobuf: async () => {
    // Two files, of which the second imports the first, as protoc would compile them.
    const field = (name, number, type, more = {}) => ({ name, number, type, label: 1, ...more })
    const files = createFileRegistry(create(FileDescriptorSetSchema, { file: [
      { name: 'js/money.proto', package: 'js', syntax: 'proto3', messageType: [{ name: 'Money', field: [field('currency', 1, 9), field('units', 2, 3)] }] },
      { name: 'js/order.proto', package: 'js', syntax: 'proto3', dependency: ['js/money.proto'], messageType: [{ name: 'Order', field: [field('id', 1, 3), field('price', 2, 11, { typeName: '.js.Money' }), field('notes', 3, 9, { label: 3 })] }] }] }))
    const [money, order] = ['js.Money', 'js.Order'].map(name => files.getMessage(name))
    const serializer = new ProtobufSerializer(client(), SerdeType.VALUE, { registry: createMutableRegistry(money, order), autoRegisterSchemas: true })
    const deserializer = new ProtobufDeserializer(client(), SerdeType.VALUE, {})
    const orders = Array.from({ length: 5 }, (_, i) => create(order, { id: BigInt(i), price: create(money, { currency: 'CHF', units: BigInt(i * 10) }), notes: ['a', 'b'].slice(0, i % 3) }))
    const bytes = []
    for (const o of orders) bytes.push(await serializer.serialize('js-proto', o))
    const got = await all(await through('js-proto', bytes), b => deserializer.deserialize('js-proto', b))
    const plain = o => [o.id, o.price.currency, o.price.units, o.notes]
    assert.deepStrictEqual(got.map(plain), orders.map(plain))
    assert.deepStrictEqual((await client().getLatestSchemaMetadata('js-proto-value')).references.map(r => r.name), ['js/money.proto'])
  }
})
