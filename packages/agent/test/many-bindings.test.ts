import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compilePolicy } from '@sallyport/compile'
import { createRunCgroup, guardedArgv, openEnforcement, removeCgroup } from '@sallyport/kernel'
import { parseAddress, type Address, type DomainName } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'
import { HostReader } from '../src/host/host-reader.ts'
import { BoundNames } from '../src/run/bound-names.ts'
import { PolicyInForce } from '../src/run/policy-in-force.ts'

const NAMES = 100_000
const PROBE = fileURLToPath(new URL('./reach-many.py', import.meta.url))
const skip = process.getuid?.() === 0 ? false : 'needs root'

const address = (at: number): Address => parseAddress(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)!

test('100,000 names, every other one allowed: each address is open or shut as its name says', { skip }, async (t) => {
  const rules = [{ id: 'good', action: 'allow' as const, assurance: 'dns' as const, to: ['*.good.example'] }]
  const policy = { layers: [definePolicy({ sallyport: 1, name: 'many', rules }, { file: 'many.yaml' })] }
  const compiled = compilePolicy(policy, EMPTY_WORLD, { atMs: Date.now() })
  await using scope = new AsyncDisposableStack()
  const cgroupPath = createRunCgroup(`many-${process.pid}`)
  scope.defer(() => removeCgroup(cgroupPath))
  const names = new BoundNames()
  const reader = new HostReader(cgroupPath)
  const inForce = new PolicyInForce(compiled, await reader.read(policy), names)
  const enforcement = scope.use(await openEnforcement({ cgroupPath }))
  const following = scope.use(inForce.enforceWith(enforcement, reader))

  /** Which of the addresses a process in the cgroup may send to, a character for each. */
  const reachable = (): string => {
    const [file, ...args] = guardedArgv({ cgroupPath, command: '/usr/bin/python3', args: [PROBE, String(NAMES)] })
    const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000, maxBuffer: 2 * NAMES })
    assert.equal(stderr, '')
    return stdout
  }
  const halves = '10'.repeat(NAMES / 2)

  const before = process.memoryUsage.rss()
  const began = performance.now()
  for (let at = 0; at < NAMES; at++) {
    const name = `n${at}.${at % 2 === 0 ? 'good' : 'other'}.example` as DomainName
    inForce.bind([{ name, address: address(at), ttlSeconds: 300 }])
  }
  const bound = performance.now()
  t.diagnostic(`bound ${NAMES} names in ${Math.round(bound - began)} ms`)
  t.diagnostic(`${Math.round((process.memoryUsage.rss() - before) / 2 ** 20)} MiB more`)
  assert.equal(reachable(), halves)
  assert.equal(enforcement.counters().bindingsOverflow, 0)

  // What is bound outlives a change of the policy.
  const next = new PolicyInForce(compiled, inForce.host, names)
  const swapping = performance.now()
  scope.use(next.enforceWith(enforcement, reader))
  following[Symbol.dispose]()
  t.diagnostic(`carried over to another policy in ${Math.round(performance.now() - swapping)} ms`)
  assert.equal(reachable(), halves)
})
