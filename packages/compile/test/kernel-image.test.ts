import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Flow, Policy } from '@sallyport/policy'
import { compilePolicy, kernelTables, variable, walkImage, type CompiledRules, type HostFacts } from '../src/index.ts'
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

/** The earliest over the flow's names, as the kernel takes it. */
function walkNames(rules: CompiledRules, policy: Policy, flow: Flow): ReturnType<typeof walkImage> {
  const tables = kernelTables(
    rules,
    hostOf(flow),
    policy.layers.flatMap((layer) => layer.rules),
  )
  const names = flow.boundNames?.length ? flow.boundNames : [null]
  const fixed = new Map([
    [variable('user'), tables.users.get(1000)!],
    [variable('app'), tables.apps[0]!.class],
    [variable('unit'), tables.units[0]!.class],
    [variable('port'), tables.ports[portIndex(flow.transport!, flow.port ?? 0)]!],
    [variable('address'), rules.tables.addresses.find(flow.dst!)],
  ])
  const leaves = names.map((name) => {
    const named = rules.tables.nameClass({ certainty: 'certain', name })
    return walkImage(tables.image, (v) => (v === variable('name') ? named : (fixed.get(v) ?? 0)))
  })
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
        const leaf = walkNames(rules, policy, flow)
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
