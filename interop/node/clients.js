'use strict'
// kafkajs against the broker. Argument: bootstrap servers.
const { Kafka, logLevel, CompressionTypes, ConfigResourceTypes } = require('kafkajs')
const { assert, eventually, run } = require('./checks')

const kafka = new Kafka({ clientId: 'kafkajs', brokers: [process.argv[2]], logLevel: logLevel.NOTHING })

async function withAdmin (fn) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await fn(admin)
  } finally {
    await admin.disconnect()
  }
}

const create = (topic, numPartitions) => withAdmin(a => a.createTopics({ topics: [{ topic, numPartitions }] }))

async function produce (topic, messages, options, more) {
  const p = kafka.producer(options)
  await p.connect()
  const result = await p.send({ topic, messages, ...more })
  await p.disconnect()
  return result
}

const numbered = n => Array.from({ length: n }, (_, i) => ({ key: `k${i}`, value: `v${i}`, headers: { n: String(i) } }))

// read collects the values of a topic until it has n of them.
async function read (topic, groupId, n, options) {
  const c = kafka.consumer({ groupId, ...options })
  const values = []
  await c.connect()
  await c.subscribe({ topics: [topic], fromBeginning: true })
  await c.run({ eachMessage: async ({ message }) => { values.push(message.value.toString()) } })
  await eventually(`${n} records of ${topic}`, () => values.length >= n)
  await new Promise(resolve => setTimeout(resolve, 300)) // more than expected would arrive now
  await c.disconnect()
  return values
}

async function administration () {
  await withAdmin(async a => {
    await a.createTopics({ topics: [{ topic: 'js-admin', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '100000000' }] }] })
    assert.ok((await a.listTopics()).includes('js-admin'))
    const { topics } = await a.fetchTopicMetadata({ topics: ['js-admin'] })
    assert.strictEqual(topics[0].partitions.length, 2)
    await a.createPartitions({ topicPartitions: [{ topic: 'js-admin', count: 3 }] })
    await produce('js-admin', numbered(30))
    const offsets = await a.fetchTopicOffsets('js-admin')
    assert.strictEqual(offsets.reduce((sum, o) => sum + Number(o.offset), 0), 30)
    const byTime = await a.fetchTopicOffsetsByTimestamp('js-admin', 1)
    assert.ok(byTime.every(o => o.offset === '0'))
    await read('js-admin', 'js-admin', 30)
    const { groups } = await a.listGroups()
    assert.ok(groups.some(g => g.groupId === 'js-admin' && g.protocolType === 'consumer'))
    const described = await a.describeGroups(['js-admin'])
    assert.strictEqual(described.groups[0].state, 'Empty')
    await a.setOffsets({ groupId: 'js-admin', topic: 'js-admin', partitions: [{ partition: 0, offset: '1' }] })
    const fetched = await a.fetchOffsets({ groupId: 'js-admin', topics: ['js-admin'] })
    assert.strictEqual(fetched[0].partitions.find(p => p.partition === 0).offset, '1')
    await a.resetOffsets({ groupId: 'js-admin', topic: 'js-admin', earliest: true })
    await a.deleteTopicRecords({ topic: 'js-admin', partitions: [{ partition: 0, offset: '1' }] })
    assert.strictEqual((await a.fetchTopicOffsets('js-admin')).find(o => o.partition === 0).low, '1')
    await a.deleteGroups(['js-admin'])
    const cluster = await a.describeCluster()
    assert.strictEqual(cluster.brokers.length, 1)
    await a.deleteTopics({ topics: ['js-admin'] })
    assert.ok(!(await a.listTopics()).includes('js-admin'))
  })
}

// kafkajs has only the AlterConfigs that replaces everything.
async function legacyAlterConfigs () {
  await withAdmin(async a => {
    const type = ConfigResourceTypes.TOPIC
    await a.createTopics({ topics: [{ topic: 'js-configs', configEntries: [{ name: 'retention.ms', value: '1000' }] }] })
    await a.alterConfigs({ resources: [{ type, name: 'js-configs', configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }] })
    const { resources } = await a.describeConfigs({ resources: [{ type, name: 'js-configs' }], includeSynonyms: true })
    const entry = name => resources[0].configEntries.find(e => e.configName === name)
    assert.strictEqual(entry('cleanup.policy').configValue, 'compact')
    assert.strictEqual(entry('retention.ms').configValue, '604800000')
    await assert.rejects(a.alterConfigs({ resources: [{ type, name: 'js-configs', configEntries: [{ name: 'retention.ms', value: 'x' }] }] }))
  })
}

async function compression () {
  await create('js-gzip', 1)
  await produce('js-gzip', numbered(100), {}, { compression: CompressionTypes.GZIP })
  assert.deepStrictEqual(await read('js-gzip', 'js-gzip', 100), numbered(100).map(m => m.value))
}

async function idempotent () {
  await create('js-idempotent', 1)
  const p = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await p.connect()
  for (let i = 0; i < 20; i++) await p.send({ topic: 'js-idempotent', messages: [{ value: `v${i}` }], acks: -1 })
  await p.disconnect()
  assert.deepStrictEqual(await read('js-idempotent', 'js-idempotent', 20), Array.from({ length: 20 }, (_, i) => `v${i}`))
}

async function transactions () {
  await create('js-tx-in', 1)
  await create('js-tx-out', 1)
  await produce('js-tx-in', numbered(10))
  const p = kafka.producer({ transactionalId: 'js-tx', idempotent: true, maxInFlightRequests: 1 })
  await p.connect()
  for (const commit of [false, true]) {
    const t = await p.transaction()
    await t.send({ topic: 'js-tx-out', messages: [{ value: commit ? 'committed' : 'aborted' }] })
    await t.sendOffsets({ consumerGroupId: 'js-tx', topics: [{ topic: 'js-tx-in', partitions: [{ partition: 0, offset: commit ? '7' : '3' }] }] })
    await (commit ? t.commit() : t.abort())
  }
  await p.disconnect()
  await withAdmin(async a => {
    const offsets = await a.fetchOffsets({ groupId: 'js-tx', topics: ['js-tx-in'] })
    assert.strictEqual(offsets[0].partitions[0].offset, '7')
  })
  assert.deepStrictEqual(await read('js-tx-out', 'js-tx-committed', 1), ['committed'])
  assert.deepStrictEqual(await read('js-tx-out', 'js-tx-all', 2, { readUncommitted: true }), ['aborted', 'committed'])
}

async function rebalance () {
  await create('js-group', 4)
  const owned = {}
  const member = async name => {
    const c = kafka.consumer({ groupId: 'js-group', sessionTimeout: 10000, heartbeatInterval: 300 })
    c.on(c.events.GROUP_JOIN, e => { owned[name] = (e.payload.memberAssignment['js-group'] || []).length })
    await c.connect()
    await c.subscribe({ topics: ['js-group'] })
    await c.run({ eachMessage: async () => {} })
    return c
  }
  const a = await member('a')
  await eventually('all partitions of one member', () => owned.a === 4)
  const b = await member('b')
  await eventually('two members with two partitions each', () => owned.a === 2 && owned.b === 2)
  await b.disconnect()
  await eventually('all partitions of the member that stays', () => owned.a === 4)
  await a.disconnect()
}

run({
  administration,
  'legacy AlterConfigs': legacyAlterConfigs,
  'gzip batches': compression,
  'idempotent producer': idempotent,
  'transactions with offsets': transactions,
  'group rebalance': rebalance
})
