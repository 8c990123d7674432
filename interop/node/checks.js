'use strict'
// Prints what was checked, one line each, for the Go test that started the program.
const assert = require('node:assert')

async function check (name, body) {
  try {
    await body()
    console.log(`ok ${name}`)
  } catch (e) {
    const at = (e.stack || '').split('\n').find(l => /\.js:/.test(l) && !l.includes('node_modules')) || ''
    console.log(`not ok ${name}: ${e.name} ${e.message} ${at.trim()}`.replace(/\n/g, ' '))
  }
}

// run makes the checks at the same time.
async function run (checks) {
  await Promise.all(Object.entries(checks).map(([name, body]) => check(name, body)))
  console.log('done')
  process.exit(0)
}

async function eventually (what, fn) {
  const deadline = Date.now() + 30000
  while (!(await fn())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

module.exports = { assert, eventually, run }
