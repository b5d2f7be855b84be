import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sallyport } from './sallyport.ts'

test('a console that others could reach is refused before anything is guarded or made', () => {
  const state = mkdtempSync(join(tmpdir(), 'sallyport-usage-'))
  try {
    const args = ['up', '--cgroup', '/nonexistent', '--state', state, '--listen', '0.0.0.0:7117']
    const { status, stderr } = sallyport(args)
    assert.equal(status, 2)
    assert.match(stderr, /listens on loopback only, not on 0\.0\.0\.0/)
    assert.deepEqual(readdirSync(state), [])
  } finally {
    rmSync(state, { recursive: true })
  }
})
