import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeMachine } from '../src/index.ts'
import { skip } from './lab.ts'

test('every probe answers, and says what to do when it fails', { skip }, () => {
  const probes = probeMachine()
  assert.ok(probes.length > 10)
  for (const { name, state, remedy } of probes) assert.equal(remedy === '', state === 'ok', name)
  for (const name of ['programs', 'handshakes', 'gateway_handshakes', 'gateway_programs'])
    assert.equal(probes.find((probe) => probe.name === name)?.state, 'ok', name)
})
