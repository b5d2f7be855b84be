import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAddress, parseDomainName, type DomainName } from '@sallyport/net'
import {
  decide,
  definePolicy,
  EMPTY_WORLD,
  matchImplicit,
  NO_FACTS,
  type Flow,
  type Policy,
  type Protocol,
  type Rule,
  type Verdict,
} from '@sallyport/policy'
import {
  compilePolicy,
  gatewayTables,
  isAwaited,
  kernelTables,
  UNKNOWN_CLASS,
  variable,
  walkImage,
  type CompiledRules,
  type HostFacts,
  type KernelTables,
  type LeafAt,
} from '../src/index.ts'
import { portIndex } from '../src/tables/port-table.ts'
import { policies, WORLD } from './generate-policy.ts'
import { NOW, RUNS, totalFlows } from './analysis/total-flows.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

/** What a host's kernel cannot find out is none there, and so is what is not yet asked of it. */
const kernelFlows: fc.Arbitrary<Flow> = totalFlows
  .filter(
    ({ dst, transport, port }) =>
      dst !== null && transport !== null && (transport === 'icmp' || transport === 'other' || port !== null),
  )
  .map((flow) => ({
    ...flow,
    port: flow.transport === 'icmp' || flow.transport === 'other' ? null : (flow.port ?? null),
    domain: null,
    protocol: null,
    src: null,
    http: null,
    content: null,
  }))

function hostOf(flow: Flow): HostFacts {
  return {
    device: flow.device ?? null,
    tags: flow.tags ?? null,
    posture: flow.posture ?? null,
    users: [{ uid: 1000, user: flow.user as string, groups: flow.groups as readonly string[] }],
    apps: [{ dev: 1n, ino: 2n, app: flow.app as string, appSha256: flow.appSha256 ?? null }],
    units: [{ cgroupId: 3n, unit: flow.unit ?? null, container: flow.container ?? null }],
  }
}

/** Tables, and the classes that a subject has in them. */
type Image = { readonly tables: KernelTables; readonly user: number; readonly app: number; readonly unit: number }
type ImageOf = (rules: CompiledRules, policy: Policy, flow: Flow) => Image

const onHost: ImageOf = (rules, policy, flow) => {
  const tables = kernelTables(rules, hostOf(flow), rulesOf(policy))
  return { tables, user: tables.users.get(1000)!, app: tables.apps[0]!.class, unit: tables.units[0]!.class }
}

/** Whoever has the address is its first client; the address is in its first network. */
const onGateway: ImageOf = (rules, policy, flow) => {
  const { device = null, tags = null, posture = null, user = null, groups = null, src } = flow
  const tables = gatewayTables(rules, [{ device, tags, posture, user, groups }], src ? [src] : [], rulesOf(policy))
  return { tables, user: tables.users.get(1)!, app: tables.defaults.app, unit: tables.units[0]?.class ?? 0 }
}

function rulesOf({ layers }: Policy): readonly Rule[] {
  return layers.flatMap((layer) => layer.rules)
}

type Leaves = {
  readonly tables: KernelTables
  readonly leaves: readonly (LeafAt | null)[]
  readonly namesAt: number | null
}

/** The walk under each of the flow's names, as the kernel makes it. */
function walkNames(rules: CompiledRules, image: Image, flow: Flow, certainty: 'certain' | 'pending'): Leaves {
  const { tables, user, app, unit } = image
  const bound = flow.boundNames ?? []
  // While it is awaited, the handshake may state a name that the address was no answer for.
  const names = certainty === 'certain' && bound.length > 0 ? bound : [...bound, null]
  let namesAt: number | null = null
  const fixed = new Map([
    [variable('user'), user],
    [variable('app'), app],
    [variable('unit'), unit],
    [variable('port'), tables.ports[portIndex(flow.transport!, flow.port ?? 0)]!],
    [variable('address'), rules.tables.addresses.find(flow.dst!)],
  ])
  const leaves = names.map((name) => {
    const named = rules.tables.nameClass({ certainty, name })
    return walkImage(tables.image, (v, at) => {
      if (v === variable('name')) namesAt = at
      if (v === variable('protocol')) return certainty === 'certain' ? 0 : UNKNOWN_CLASS
      return v === variable('name') ? named : (fixed.get(v) ?? 0)
    })
  })
  return { tables, leaves, namesAt }
}

function earliest(leaves: readonly (LeafAt | null)[]): LeafAt | null {
  return leaves.reduce((best, leaf) => (best !== null && leaf !== null && leaf.rank < best.rank ? leaf : best))
}

test('the kernel image decides as the compiled rules do, for what a kernel can know', () => {
  fc.assert(
    fc.property(policies, fc.array(kernelFlows, { minLength: 1, maxLength: 6 }), (policy, some) => {
      fc.pre(!JSON.stringify(policy).includes('absent'))
      const rules = compilePolicy(policy, WORLD, { atMs: NOW }).at(NOW)
      for (const flow of some) {
        const node = rules.diagram.root
        const expected = rules.possibleFrom(rules.walk(node, flow, variable('name')), flow)[0]!
        const leaf = earliest(walkNames(rules, onHost(rules, policy, flow), flow, 'certain').leaves)
        assert.ok(leaf !== null)
        assert.deepEqual(
          { verdict: leaf.verdict, mode: leaf.mode, rank: leaf.rank },
          {
            verdict: expected.verdict === 'allow' ? 0 : 1,
            mode: expected.mode === 'enforce' ? 0 : 1,
            rank: expected.rank,
          },
        )
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

/** Flows whose handshake tells protocol and name. */
const seenFlows: fc.Arbitrary<Flow> = totalFlows
  .filter(({ dst, transport, port }) => dst !== null && port !== null && (transport === 'tcp' || transport === 'udp'))
  .map((flow) => ({ ...flow, http: null, content: null }))

/** Of a process of this host. */
const ownFlows: fc.Arbitrary<Flow> = seenFlows.map((flow) => ({ ...flow, src: null }))
/** Of a client behind a gateway, which sees no process. */
const forwardedFlows: fc.Arbitrary<Flow> = seenFlows.map((flow) => ({
  ...flow,
  app: null,
  appSha256: null,
  unit: null,
  container: null,
}))

for (const [point, flows, imageOf] of [
  ['the kernel', ownFlows, onHost],
  ['a gateway', forwardedFlows, onGateway],
] as const)
  test(`the walk of ${point} and, where it is not certain, its rest after the handshake decide as decide() does`, () => {
    let awaited = 0
    let certain = 0
    fc.assert(
      fc.property(policies, fc.array(flows, { minLength: 1, maxLength: 6 }), (policy, some) => {
        fc.pre(!JSON.stringify(policy).includes('absent'))
        const rules = compilePolicy(policy, WORLD, { atMs: NOW }).at(NOW)
        for (const flow of some.filter((each) => matchImplicit(each) === null)) {
          const expected = decide(policy, flow, WORLD, NOW)
          const { tables, leaves, namesAt } = walkNames(rules, imageOf(rules, policy, flow), flow, 'pending')
          const first = leaves[0]!
          assert.ok(first !== null)
          const agree = leaves.every((leaf) => leaf?.verdict === first.verdict && leaf.mode === first.mode)
          const best = earliest(leaves)!
          if (best.verdict !== 2 && (agree || best.sole)) {
            certain++
            const { verdict, mode } = expected
            assert.deepEqual([best.verdict, best.mode], [verdict === 'allow' ? 0 : 1, mode === 'enforce' ? 0 : 1])
            continue
          }
          awaited++
          const node = tables.resume.get(namesAt ?? first.offset)
          assert.notEqual(node, undefined)
          assert.deepEqual(rules.resume(node!, flow), expected)
        }
      }),
      { numRuns: RUNS, seed: SEED },
    )
    assert.ok(awaited > RUNS / 10 && certain > RUNS / 10, `${awaited} awaited, ${certain} certain`)
  })

test('a flow whose first octets are not awaited is stopped or not, whatever they would tell', () => {
  const stops = ({ verdict, mode }: Pick<Verdict, 'verdict' | 'mode'>): boolean =>
    verdict !== 'allow' && mode === 'enforce'
  let awaited = 0
  let others = 0
  fc.assert(
    fc.property(policies, fc.array(ownFlows, { minLength: 1, maxLength: 6 }), (policy, some) => {
      const rules = compilePolicy(policy, WORLD, { atMs: NOW }).at(NOW)
      for (const flow of some) {
        const { domain: _domain, protocol: _protocol, ...begun } = flow
        if (isAwaited(rules, begun)) {
          awaited++
          continue
        }
        others++
        const alone = decide(policy, { ...begun, domain: null, protocol: null }, WORLD, NOW)
        assert.equal(stops(alone), stops(decide(policy, flow, WORLD, NOW)))
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
  assert.ok(awaited > RUNS / 10 && others > RUNS / 10, `${awaited} awaited, ${others} not`)
})

/** What `connect` is told: certain, or null where the first octets are awaited. */
function atConnect(rules: CompiledRules, policy: Policy, flow: Flow): LeafAt | null {
  const { leaves } = walkNames(rules, onHost(rules, policy, flow), flow, 'pending')
  const best = earliest(leaves)!
  const agree = leaves.every((leaf) => leaf?.verdict === best.verdict && leaf.mode === best.mode)
  return best.verdict !== 2 && (agree || best.sole) ? best : null
}

const name = (text: string): DomainName => parseDomainName(text)!

test('what a deny rule excepts by name is allowed like any: certain by the handshake where DNS gave the address, else never', () => {
  const layer = definePolicy({
    sallyport: 1,
    name: 'p',
    mode: 'enforce',
    default: 'allow',
    rules: [{ id: 'd', action: 'deny', except: { to: ['ok.test'] } }],
  })
  const policy: Policy = { layers: [layer] }
  const rules = compilePolicy(policy, EMPTY_WORLD, { atMs: NOW }).at(NOW)
  const unnamed = { dst: parseAddress('192.0.2.1')!, transport: 'tcp', port: 443 } as const
  const to = (boundNames: readonly DomainName[]): Flow => ({ ...NO_FACTS, ...unnamed, boundNames })
  const says = (flow: Flow, protocol: Protocol | null, domain: DomainName | null): string =>
    decide(policy, { ...flow, protocol, domain }, EMPTY_WORLD, NOW).verdict
  const [asked, literal] = [to([name('ok.test')]), to([])]
  assert.equal(atConnect(rules, policy, asked), null)
  assert.deepEqual(
    [
      says(asked, 'tls', name('ok.test')),
      says(asked, 'ssh', null),
      says(asked, 'tls', name('other.test')),
      says(asked, 'tls', null),
    ],
    ['allow', 'allow', 'deny', 'deny'],
  )
  assert.equal(atConnect(rules, policy, literal)?.verdict, 1)
  for (const domain of [name('ok.test'), name('other.test'), null]) assert.equal(says(literal, 'tls', domain), 'deny')
  assert.equal(decide(policy, unnamed, EMPTY_WORLD, NOW).verdict, 'undetermined')
})

test('what is certain at connect is one of the ways that decide() leaves open while names are unknown', () => {
  let narrowed = 0
  fc.assert(
    fc.property(policies, fc.array(ownFlows, { minLength: 1, maxLength: 6 }), (policy, some) => {
      fc.pre(!JSON.stringify(policy).includes('absent'))
      const rules = compilePolicy(policy, WORLD, { atMs: NOW }).at(NOW)
      for (const flow of some.filter((each) => matchImplicit(each) === null)) {
        const told = atConnect(rules, policy, flow)
        if (told === null) continue
        const { domain: _domain, protocol: _protocol, boundNames: _boundNames, ...unnamed } = flow
        const open = rules.possibleFrom(rules.walk(rules.diagram.root, unnamed, variable('name')), unnamed)
        const effects = new Set(
          open.map(({ verdict, mode }) => `${verdict === 'allow' ? 0 : 1} ${mode === 'enforce' ? 0 : 1}`),
        )
        assert.ok(effects.has(`${told.verdict} ${told.mode}`))
        if (effects.size > 1) narrowed++
      }
    }),
    { numRuns: Math.ceil(RUNS / 3), seed: SEED },
  )
  assert.ok(narrowed > 0)
})
