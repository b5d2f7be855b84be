import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '@sallyport/compile'
import { EMPTY_WORLD, type Mode, type SallyportError } from '@sallyport/policy'
import { StateStore } from '@sallyport/store'
import { HostControl } from '../src/up/host-control.ts'
import type { PolicyChange } from '../src/up/policy-change.ts'
import { hostPolicy } from '../src/up/host-policy.ts'
import type { PolicyCopy } from '../src/up/policy-copy.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const change = (to: string, confirmSeconds: number | null = null, mode: Mode | null = 'enforce'): PolicyChange => ({
  files: [
    { file: 'p.yaml', text: `sallyport: 1\nname: p\nmode: enforce\nrules: [{ id: a, action: allow, to: [${to}] }]\n` },
  ],
  mode,
  author: 'ann',
  reason: '',
  confirmSeconds,
})

/** A host whose kernel is the list of what it was told to enforce; `refuse` makes it refuse. */
function host(state: StateStore, copy: PolicyCopy | null = null) {
  const clock = { nowMs: NOW, monotonicMs: 0, refuse: false }
  const inForce: string[] = []
  const control = new HostControl({
    state,
    copy,
    worldFor: async () => EMPTY_WORLD,
    namesFor: async () => ({ feed: new Set(['malware']) }),
    nowMs: () => clock.nowMs,
    monotonicMs: () => clock.monotonicMs,
    onNotice: () => {},
    enforce: async (policy, world) => {
      compilePolicy(policy, world, { atMs: clock.nowMs })
      if (clock.refuse) throw new Error('the kernel refuses')
      const [rule] = policy.layers[0]!.rules
      inForce.push(`${policy.layers[0]!.mode} ${JSON.stringify(rule?.to?.[0]?.domain ?? [])}`)
    },
  })
  return { clock, control, inForce }
}

test('a kernel that refuses leaves the policy before, in the store too, and the next change is not held up', async () => {
  await using state = await StateStore.open(':memory:')
  const { clock, control, inForce } = host(state)
  await control.apply(change('a.example'))
  clock.refuse = true
  await assert.rejects(control.apply(change('b.example')), /the kernel refuses/)
  assert.equal((await state.policies.inForce()).version, 1)
  await assert.rejects(control.rollback('ann', 1), /the kernel refuses/)
  clock.refuse = false
  await control.apply(change('c.example'))
  assert.deepEqual(await state.policies.inForce(), { version: 2, confirmed: 2, confirmByMs: null })
  assert.equal(inForce.length, 2)
})

test('what a version changed in the one before is told, and of one that there is not that it is none', async () => {
  await using state = await StateStore.open(':memory:')
  const { control } = host(state)
  await control.apply(change('a.example'))
  await control.apply(change('b.example'))
  assert.match(await control.changes(1), /^\+.*a\.example/m)
  assert.match(await control.changes(2), /^-.*a\.example.*\n\+.*b\.example/m)
  await assert.rejects(control.changes(3), (error: SallyportError) => error.code === 'usage')
})

test('a trial takes its time, wherever the clock is set to', async () => {
  await using state = await StateStore.open(':memory:')
  const { clock, control, inForce } = host(state)
  await control.apply(change('a.example'))
  await control.apply(change('b.example', 60))
  clock.nowMs -= 3_600_000
  clock.monotonicMs += 59_999
  await control.tick()
  assert.equal((await state.policies.inForce()).version, 2)
  clock.monotonicMs += 1
  await assert.rejects(control.confirm('ann'), /no policy waits/)
  await control.tick()
  assert.deepEqual(await state.policies.inForce(), { version: 1, confirmed: 1, confirmByMs: null })
  assert.equal(inForce.at(-1), inForce[0])
  await control.apply(change('c.example', 60))
  clock.nowMs += 365 * 86_400_000
  clock.monotonicMs += 59_999
  await control.tick()
  assert.equal((await state.policies.inForce()).version, 3)
  clock.monotonicMs += 1
  await control.tick()
  assert.equal((await state.policies.inForce()).version, 1)
})

test('a trial of an earlier process ends in a day at most, however far back the clock was set', async () => {
  await using state = await StateStore.open(':memory:')
  const { control: earlier } = host(state)
  await earlier.apply(change('a.example'))
  await earlier.apply(change('b.example', 60))
  const { clock, control } = host(state)
  clock.nowMs -= 365 * 86_400_000
  await control.resume()
  await control.tick()
  assert.equal((await state.policies.inForce()).version, 2)
  clock.monotonicMs += 86_400_000
  await control.tick()
  assert.equal((await state.policies.inForce()).version, 1)
})

test('a trial that cannot be undone is tried again until it is', async () => {
  await using state = await StateStore.open(':memory:')
  const { clock, control } = host(state)
  await control.apply(change('a.example'))
  await control.apply(change('b.example', 1))
  clock.monotonicMs += 1000
  clock.refuse = true
  await assert.rejects(control.tick(), /the kernel refuses/)
  assert.equal((await state.policies.inForce()).version, 2)
  clock.refuse = false
  await control.tick()
  assert.equal((await state.policies.inForce()).version, 1)
})

test('changes that come at once are made one after the other, in their order', async () => {
  await using state = await StateStore.open(':memory:')
  const { control, inForce } = host(state)
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => control.apply(change(`${name}.example`))))
  assert.equal(inForce.length, 4)
  assert.equal((await state.policies.inForce()).version, 4)
  assert.match((await state.policies.get(4))!.files[0]!.text, /d\.example/)
  assert.deepEqual(
    (await state.audit.list(10)).map(({ actor, action }) => `${actor} ${action}`),
    Array.from({ length: 4 }, () => 'ann apply'),
  )
})

test('enforcing is enforcing although the layer says monitor; a rule that is watched in a layer that enforces stays so', () => {
  const modes = (text: string, mode: Mode): readonly string[] => {
    const [layer] = hostPolicy([{ file: 'p.yaml', text: `sallyport: 1\nname: p\n${text}` }], mode).layers
    return [layer!.mode, ...layer!.rules.map((rule) => rule.mode)]
  }
  const rules =
    'rules: [{ id: a, action: deny, to: [a.example] }, { id: b, action: deny, to: [b.example], mode: monitor }]\n'
  assert.deepEqual(modes(`mode: monitor\n${rules}`, 'enforce'), ['enforce', 'enforce', 'enforce'])
  assert.deepEqual(modes(`mode: enforce\n${rules}`, 'enforce'), ['enforce', 'enforce', 'monitor'])
  assert.deepEqual(modes(`mode: enforce\n${rules}`, 'monitor'), ['monitor', 'monitor', 'monitor'])
})

test('watching is watching whatever the files say, and the mode stays unless it is given', async () => {
  await using state = await StateStore.open(':memory:')
  const { control, inForce } = host(state)
  await control.apply(change('a.example', null, null))
  assert.match(inForce[0]!, /^monitor/)
  await control.apply(change('a.example', null, 'enforce'))
  await control.apply(change('b.example', null, null))
  assert.match(inForce[2]!, /^enforce/)
  assert.equal(control.status().mode, 'enforce')
})

test('new lists come into force with the policy that is, on trial too; a kernel that refuses leaves all as it was', async () => {
  await using state = await StateStore.open(':memory:')
  const { clock, control, inForce } = host(state)
  await control.apply(change('a.example'))
  await control.apply(change('b.example', 60))
  await control.readWorldAgain('malware')
  assert.equal(inForce.at(-1), inForce.at(-2))
  assert.notEqual((await state.policies.inForce()).confirmByMs, null)
  clock.refuse = true
  await assert.rejects(control.readWorldAgain('malware'), /the kernel refuses/)
  assert.equal(inForce.length, 3)
  assert.equal((await state.policies.inForce()).version, 2)
})

test('a policy that names a set that there is not is told where, and never put in force', async () => {
  await using state = await StateStore.open(':memory:')
  const { control, inForce } = host(state)
  await control.apply(change('a.example'))
  await assert.rejects(control.apply(change('{ feed: malwear }')), ({ remedy }: SallyportError) => {
    assert.match(remedy, /p\.yaml:4:\d+: there is no feed "malwear"[^]*did you mean "malware"\?/)
    return true
  })
  assert.equal(inForce.length, 1)
  assert.equal((await state.policies.inForce()).version, 1)
})
