import assert from 'node:assert/strict'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { compilePolicy, kernelTables, variable, walkImage, type HostFacts, type KernelTables } from '@sallyport/compile'
import {
  parseAddress,
  parseDomainName,
  parsePrefix,
  prefixContains,
  type DomainName,
  type Prefix,
} from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies, type Policy, type World } from '@sallyport/policy'
import { addressBytes, cgroupId, type Binding } from '../src/index.ts'
import { openLab, skip, type Lab } from './lab.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)
const POLICIES = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 60)

const UIDS: Readonly<Record<string, number>> = { root: 0, ann: 12_345, bob: 12_346, nobody: 12_347 }
/** Each as it may be written, and as what it is: an IPv4 address behind NAT64, Teredo with the client 192.0.2.45. */
const ADDRESSES: Readonly<Record<string, string>> = {
  '10.9.0.2': '10.9.0.2',
  '10.9.0.3': '10.9.0.3',
  'fd09::2': 'fd09::2',
  '64:ff9b::a09:2': '10.9.0.2',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2': '2001:0:4136:e378:8000:63bf:3fff:fdd2',
}
const IN_KP = parsePrefix('192.0.2.0/24') as Prefix
const WORLD: World = {
  ...EMPTY_WORLD,
  country: (address) => (prefixContains(IN_KP, address) ? 'KP' : null),
  countryPrefixes: (code) => (code === 'KP' ? [IN_KP] : []),
}
const NAMES = ['a.example', 'b.a.example', 'c.example', 'd.test'].map((text) => parseDomainName(text)!)

type Attempt = { readonly user: string; readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }

const some = <T>(values: readonly T[], maxLength = 2): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength })
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

const rule = fc.record({
  action: fc.constantFrom('allow', 'allow', 'deny', 'pass'),
  mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'monitor'),
  from: maybe(
    some([
      { user: 'ann' },
      { user: ['bob', 'root'] },
      { group: 'staff' },
      { unit: 'run.scope' },
      { app: '/usr/bin/python3' },
      { app: '/usr/bin/curl' },
    ]),
  ),
  to: maybe(
    some(
      [
        '10.9.0.2',
        '10.9.0.0/30',
        'fd09::/64',
        '0.0.0.0/0',
        '::/0',
        'a.example',
        '*.a.example',
        '.example',
        { domain: 'd.test', ip: '10.9.0.0/24' },
        { country: 'KP' },
        '2001::/32',
      ],
      3,
    ),
  ),
  except: maybe(fc.constantFrom({ to: ['10.9.0.3'] }, { to: ['b.a.example'] }, { from: [{ user: 'ann' }] })),
  ports: maybe(some([80, 443, 'tcp/444', 'udp/80', '1-79'])),
})

const policies: fc.Arbitrary<Policy> = fc
  .array(fc.tuple(fc.array(rule, { minLength: 1, maxLength: 5 }), fc.constantFrom('allow', 'deny')), {
    minLength: 1,
    maxLength: 2,
  })
  .map((layers) => {
    const files = layers.map(([rules, end], at) => ({
      file: `layer${at}.json`,
      text: JSON.stringify({
        sallyport: 1,
        name: `layer${at}`,
        default: end,
        rules: rules.map(({ mode, ...each }, index) => ({
          id: `r${at}-${index}`,
          ...(each.action === 'pass' ? {} : { mode }),
          ...each,
        })),
      }),
    }))
    const parsed = parsePolicies(files)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    return parsed.value
  })

const attempts: fc.Arbitrary<Attempt> = fc.record({
  user: fc.constantFrom(...Object.keys(UIDS)),
  kind: fc.constantFrom('tcp', 'udp'),
  host: fc.constantFrom(...Object.keys(ADDRESSES)),
  port: fc.constantFrom(80, 443, 444),
})
const bound = fc.dictionary(fc.constantFrom(...Object.values(ADDRESSES)), fc.subarray(NAMES, { maxLength: 3 }))

describe('the kernel walks as the TypeScript walk does, on real sockets', { skip }, () => {
  let lab: Lab
  before(async () => void (lab = await openLab()))
  after(() => lab?.[Symbol.asyncDispose]())

  test('for generated policies, names and users', async () => {
    const child = lab.start('each_line')
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const verdicts = new Set<string>()
    const samples = fc.sample(fc.tuple(policies, bound, fc.array(attempts, { minLength: 4, maxLength: 8 })), {
      numRuns: POLICIES,
      seed: SEED,
    })
    for (const [policy, names, all] of samples) {
      const tables = tablesOf(policy, hostOf(lab))
      lab.enforcement.apply({ ...tables.kernel, bindings: bindingsOf(names, tables.nameClass) })
      for (const attempt of all) {
        const expected = tables.walk(attempt, names[ADDRESSES[attempt.host]!] ?? [])
        lab.events.length = 0
        child.stdin!.write(`${UIDS[attempt.user]} ${attempt.kind} ${attempt.host} ${attempt.port}\n`)
        const answer = (await lines.next()).value as string
        const event = await eventOf(lab, attempt)
        const what = JSON.stringify({ attempt, names, expected, answer, policy })
        assert.deepEqual({ verdict: event.verdict, mode: event.mode, rule: event.ruleIndex }, expected, what)
        assert.equal(answer === 'EPERM', expected.verdict !== 'allow' && expected.mode === 'enforce', what)
        verdicts.add(`${expected.verdict} ${expected.mode} ${expected.rule === null ? 'default' : 'rule'}`)
      }
    }
    child.stdin!.end()
    await once(child, 'exit')
    assert.ok(verdicts.size >= 6, `only ${[...verdicts].join(', ')}`)
  })
})

function hostOf(lab: Lab): HostFacts {
  const { dev, ino } = statSync('/usr/bin/python3', { bigint: true })
  return {
    device: null,
    tags: null,
    posture: null,
    users: [
      { uid: UIDS['root']!, user: 'root', groups: ['root'] },
      { uid: UIDS['ann']!, user: 'ann', groups: ['staff'] },
      { uid: UIDS['bob']!, user: 'bob', groups: ['staff', 'dev'] },
    ],
    apps: [{ dev, ino, app: '/usr/bin/python3', appSha256: null }],
    units: [{ cgroupId: cgroupId(lab.cgroupPath), unit: 'run.scope', container: null }],
  }
}

type Expected = { readonly verdict: string; readonly mode: string; readonly rule: number | null }

function tablesOf(
  policy: Policy,
  host: HostFacts,
): {
  readonly kernel: KernelTables
  readonly nameClass: (name: DomainName | null) => number
  readonly walk: (attempt: Attempt, names: readonly DomainName[]) => Expected
} {
  const rules = compilePolicy(policy, WORLD, { atMs: 0 }).at(0)
  const kernel = kernelTables(
    rules,
    host,
    policy.layers.flatMap((layer) => layer.rules),
  )
  const nameClass = (name: DomainName | null): number => rules.tables.nameClass({ certainty: 'certain', name })
  const walk = ({ user, kind, host: to, port }: Attempt, names: readonly DomainName[]): Expected => {
    const facts = new Map([
      [variable('user'), kernel.users.get(UIDS[user]!) ?? kernel.defaults.user],
      [variable('app'), kernel.apps[0]!.class],
      [variable('unit'), kernel.units[0]!.class],
      [variable('port'), kernel.ports[(kind === 'udp' ? 65_536 : 0) + port]!],
      [variable('address'), rules.tables.addresses.find(parseAddress(to)!)],
    ])
    const leaves = (names.length === 0 ? [null] : names).map((name) => {
      const leaf = walkImage(kernel.image, (v) => (v === variable('name') ? nameClass(name) : facts.get(v)!))
      assert.ok(leaf)
      return leaf
    })
    const { verdict, mode, rule: index } = leaves.reduce((best, leaf) => (leaf.rank < best.rank ? leaf : best))
    return {
      verdict: ['allow', 'deny', 'undetermined'][verdict]!,
      mode: mode === 0 ? 'enforce' : 'monitor',
      rule: index === 0xffffffff ? null : index,
    }
  }
  return { kernel, nameClass, walk }
}

function bindingsOf(
  names: Readonly<Record<string, readonly DomainName[]>>,
  nameClass: (name: DomainName) => number,
): readonly Binding[] {
  return Object.entries(names).map(([host, all]) => ({
    address: addressBytes(host),
    names: all.map((name) => ({ class: nameClass(name), ttlSeconds: 600 })),
  }))
}

async function eventOf(lab: Lab, { port }: Attempt): Promise<Lab['events'][number]> {
  for (let tries = 0; tries < 200; tries++) {
    const event = lab.events.find((each) => each.port === port && (each.hook === 'connect' || each.hook === 'sendmsg'))
    if (event) return event
    await sleep(2)
  }
  throw new Error('no event')
}
