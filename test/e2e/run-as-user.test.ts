import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { CLIENTS } from './clients.ts'
import { Lab, needsRoot, OPEN_CHECKOUT, RUNS_AT_ONCE, type Ended } from './lab.ts'

suite('run as an ordinary user', { skip: needsRoot, concurrency: RUNS_AT_ONCE }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.open()
    chmodSync(lab.directory, 0o755)
  })
  after(() => lab[Symbol.asyncDispose]())

  for (const [name, client] of Object.entries(CLIENTS)) {
    test(`${name} reaches an allowed name, over IPv4 and IPv6`, async () => {
      for (const host of ['allowed.test', 'six.test']) {
        const fetched = (): Promise<Ended> => lab.runAsUser(['--allow', host], client(`http://${host}/x`))
        const first = await fetched()
        // Debian's pasta may lose a connection whose server answers and closes at once (docs/reference/limits.md).
        const ended = first.status === 0 ? first : await fetched()
        assert.equal(ended.status, 0, ended.stderr)
        assert.match(ended.stdout, /hello from/)
        assert.match(ended.stderr, new RegExp(`left\\n +${host}`))
      }
    })

    test(`${name} reaches nothing else, by name, IPv4 or IPv6`, async () => {
      for (const url of ['http://denied.test/', 'http://198.51.100.20/', 'http://[2001:db8:1::20]/']) {
        const ended = await lab.runAsUser(['--allow', 'allowed.test'], client(url))
        assert.notEqual(ended.status, 0, ended.stdout)
        assert.match(ended.stderr, /stopped\n/)
      }
      assert.deepEqual([...lab.arrivedAt('198.51.100.20'), ...lab.arrivedAt('2001:db8:1::20')], [])
    })
  }

  test('exit codes, input and signals pass through', async () => {
    assert.equal((await lab.runAsUser(['--allow', 'allowed.test'], ['sh', '-c', 'exit 7'])).status, 7)
    const piped = await lab.runAsUser(['--allow', 'allowed.test', '--quiet'], ['cat'], { input: 'as it is' })
    assert.deepEqual([piped.stdout, piped.stderr], ['as it is', ''])
    const script = "trap 'echo got TERM; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    const ended = await lab.runAsUser(['--allow', 'allowed.test'], ['sh', '-c', script], {
      onSpawn: (child) => child.stdout?.once('data', () => child.kill('SIGTERM')),
    })
    assert.match(ended.stdout, /got TERM/)
    assert.equal(ended.status, 9)
  })

  test('a closed /dev/net/tun is said, with how to open it, and nothing hangs', async () => {
    const closed = ['unshare', '--mount', OPEN_CHECKOUT, 'sh', '-c', 'mount -t tmpfs tmpfs /dev/net && exec "$@"', 'sh']
    const prefix = [...closed, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const ended = await lab.sallyport(['run', '--allow', 'allowed.test', '--', 'true'], { prefix })
    assert.equal(ended.status, 3)
    assert.match(ended.stderr, /\/dev\/net\/tun.*\n.*(chmod 666|modprobe tun)/)
  })
})
