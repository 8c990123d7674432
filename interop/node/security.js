'use strict'
// SASL, TLS and certificates of kafkajs. Arguments: addresses of the SASL_SSL, SASL_PLAINTEXT and mutual TLS listeners, the CA's and the client's PEM file.
const fs = require('node:fs')
const { Kafka, logLevel } = require('kafkajs')
const { assert, run } = require('./checks')

const [saslSSL, saslPlain, mutual, caFile, clientFile] = process.argv.slice(2)
const ca = [fs.readFileSync(caFile, 'utf8')]
const pem = fs.readFileSync(clientFile, 'utf8')

const connect = (broker, options) => new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 1 }, ...options })
const sasl = (mechanism, username, password) => ({ mechanism, username, password })

async function roundTrip (topic, kafka) {
  const p = kafka.producer()
  await p.connect()
  const [result] = await p.send({ topic, messages: [{ value: 'x' }] })
  assert.strictEqual(result.errorCode, 0)
  await p.disconnect()
}

const refused = kafka => assert.rejects(roundTrip('open.js', kafka))

const setup = async () => { // metadata of a topic that is just being created takes a retry
  const admin = connect(saslSSL, { ssl: { ca }, sasl: sasl('plain', 'carl', 'carl-secret') }).admin()
  await admin.connect()
  await admin.createTopics({ topics: ['open.js', 'open.js256', 'open.js512', 'open.jsclear', 'open.jsmutual'].map(topic => ({ topic })) })
  await admin.disconnect()
}

setup().catch(e => console.log(`not ok setup: ${e}`)).then(() => run({
  'PLAIN over TLS': () => roundTrip('open.js', connect(saslSSL, { ssl: { ca }, sasl: sasl('plain', 'carl', 'carl-secret') })),
  'SCRAM-SHA-256 over TLS': () => roundTrip('open.js256', connect(saslSSL, { ssl: { ca }, sasl: sasl('scram-sha-256', 'scram256', 'secret') })),
  'SCRAM-SHA-512 over TLS': () => roundTrip('open.js512', connect(saslSSL, { ssl: { ca }, sasl: sasl('scram-sha-512', 'scram512', 'secret') })),
  'SCRAM-SHA-512 without TLS': () => roundTrip('open.jsclear', connect(saslPlain, { sasl: sasl('scram-sha-512', 'scram512', 'secret') })),
  'mutual TLS': () => roundTrip('open.jsmutual', connect(mutual, { ssl: { ca, cert: pem, key: pem } })),
  'wrong password': () => refused(connect(saslSSL, { ssl: { ca }, sasl: sasl('scram-sha-512', 'scram512', 'wrong') })),
  'mutual TLS without a certificate': () => refused(connect(mutual, { ssl: { ca } })),
  'topic that the ACLs do not open': () => assert.rejects(roundTrip('closed', connect(saslSSL, { ssl: { ca }, sasl: sasl('plain', 'carl', 'carl-secret') })), e => /TOPIC_AUTHORIZATION_FAILED|Not authorized to access topics/.test(`${e.type} ${e.cause && e.cause.type} ${e.message}`))
}))
