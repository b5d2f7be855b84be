import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstreamsFromSystem } from '../src/upstream/system-upstreams.ts'

test('servers are read from a resolv.conf, the stub of systemd-resolved too', () => {
  const text =
    '# comment\nnameserver 127.0.0.53\noptions edns0\nnameserver\t2001:db8::53 # second\nnameserver nonsense\nsearch a\n'
  assert.deepEqual(upstreamsFromSystem(text), [
    { address: '127.0.0.53', port: 53 },
    { address: '2001:db8::53', port: 53 },
  ])
  assert.deepEqual(upstreamsFromSystem(''), [])
})

test('three servers at most, each once', () => {
  const text = ['1', '1', '2', '3', '4'].map((last) => `nameserver 192.0.2.${last}`).join('\n')
  assert.equal(upstreamsFromSystem(text).length, 3)
})
