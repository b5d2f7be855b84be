import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { CLIENTS } from './clients.ts'
import { Lab, needsRoot, RUNS_AT_ONCE } from './lab.ts'

suite('run as root', { skip: needsRoot, concurrency: RUNS_AT_ONCE }, () => {
  let lab: Lab
  before(async () => void (lab = await Lab.open()))
  after(() => lab[Symbol.asyncDispose]())

  for (const [name, client] of Object.entries(CLIENTS)) {
    test(`${name} reaches an allowed name`, async () => {
      const ended = await lab.run(['--allow', 'allowed.test'], client('http://allowed.test/x'))
      assert.equal(ended.status, 0, ended.stderr)
      assert.match(ended.stdout, /hello from .*\/x/)
      assert.match(ended.stderr, /left\n +allowed\.test/)
    })

    test(`${name} reaches nothing else, by name, IPv4 or IPv6`, async () => {
      for (const url of ['http://denied.test/', 'http://198.51.100.20/', 'http://[2001:db8:1::20]/']) {
        const ended = await lab.run(['--allow', 'allowed.test'], client(url))
        assert.notEqual(ended.status, 0, ended.stdout)
        assert.match(ended.stderr, /stopped\n/)
      }
      assert.deepEqual(lab.arrivedAt('198.51.100.20'), [])
      assert.deepEqual(lab.arrivedAt('2001:db8:1::20'), [])
    })

    test(`${name} reaches an allowed name over IPv6`, async () => {
      const ended = await lab.run(['--allow', 'six.test'], client('http://six.test/'))
      assert.equal(ended.status, 0, ended.stderr)
      assert.match(ended.stdout, /hello from 2001:db8:1::30/)
    })
  }

  test('a refused name is never asked about', async () => {
    await lab.run(['--allow', 'allowed.test'], ['curl', '-sS', 'http://denied.test/'])
    assert.deepEqual(
      lab.arrivals.filter(({ name }) => name === 'denied.test'),
      [],
    )
  })

  test('an address literal that is allowed needs no name', async () => {
    const ended = await lab.run(['--allow', '198.51.100.0/28'], ['curl', '-sS', '-m', '20', 'http://198.51.100.10/'])
    assert.equal(ended.status, 0, ended.stderr)
  })
})
