import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { parsePolicies, policyJsonSchema } from '@sallyport/policy'
import { FlowStore } from '@sallyport/store'
import fc from 'fast-check'
import { completePolicy } from '../src/api/complete-policy.ts'
import { draftRule } from '../src/api/draft-rule.ts'
import { TestApi } from './test-api.ts'

const SCHEMA = policyJsonSchema()
const WORDS = { feed: ['malware', 'tor-exits'], country: ['DE', 'DK'] }
/** Completes where the bar is. */
const complete = (text: string): readonly string[] =>
  completePolicy(text.replace('|', ''), text.indexOf('|'), SCHEMA, WORDS).options

suite('completion of a policy', () => {
  const cases: readonly (readonly [text: string, options: readonly string[]])[] = [
    ['sallyport: 1\nna|', ['name']],
    ['sallyport: 1\nmode: |', ['enforce', 'monitor']],
    ['rules:\n  - { id: a, action: | }', ['allow', 'deny', 'pass']],
    ['rules:\n  - { id: a, act| }', ['action']],
    ['rules:\n  - id: a\n    unt|\n  - { id: b, action: deny }', ['until']],
    ['rules:\n  - { id: a, to: [{ fe| }] }', ['feed']],
    ['rules:\n  - { id: a, to: [{ feed: | }] }', ['malware', 'tor-exits']],
    ['rules:\n  - { id: a, to: [{ country: [DE, d|] }] }', ['DE', 'DK']],
    ['rules:\n  - { id: a, protocol: [tls, qu|] }', ['quic']],
    ['rules:\n  - id: a\n    to:\n      - cou|', ['country']],
    ['tests:\n  - { exp| }', ['expect']],
    ['rules:\n  - { id: n, action: d|\n  - { id: a, action: allow }\n', ['deny']],
    ['nothing: { whatever: | }', []],
  ]
  for (const [text, options] of cases)
    test(`${JSON.stringify(text)} may go on with ${options.join(', ') || 'nothing known'}`, () => {
      assert.deepEqual(complete(text).toSorted(), options.toSorted())
    })

  test('a key that the map has already is not offered again', () => {
    assert.equal(complete('rules:\n  - { id: a, action: deny, | }').includes('action'), false)
  })

  test('any text at any place is answered', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.nat({ max: 200 }), (text, at) => {
        const offset = Math.min(at, text.length)
        const { from } = completePolicy(text, offset, SCHEMA, WORDS)
        assert.ok(from <= offset)
      }),
      { numRuns: 300 },
    )
  })
})

suite('a rule that an alert asks for', () => {
  const files = [
    {
      file: 'p.yaml',
      text: 'sallyport: 1 # ours\nname: p\nrules:\n  # why b\n  - { id: block-c2-example, action: deny, to: [b.example] }\n',
    },
  ]

  test('stands before all others, under an id of its own, and leaves the rest as it was', () => {
    const { files: drafted, rule } = draftRule(files, { action: 'deny', destination: 'c2.example', reason: '' })
    assert.equal(rule, 'block-c2-example-2')
    const text = drafted[0]!.text
    assert.match(text, /# ours/)
    assert.match(text, /# why b/)
    const read = parsePolicies(drafted)
    assert.deepEqual(read.ok && read.value.layers[0]!.rules.map(({ id, action }) => [id, action]), [
      ['block-c2-example-2', 'deny'],
      ['block-c2-example', 'deny'],
    ])
  })

  test('may be the first of a policy, and name an address', () => {
    const bare = [{ file: 'p.yaml', text: 'sallyport: 1\nname: p\nrules: []\n' }]
    for (const destination of ['198.51.100.7', '2001:db8::7']) {
      const read = parsePolicies(draftRule(bare, { action: 'allow', destination, reason: 'asked for' }).files)
      assert.equal(read.ok, true)
    }
  })

  test('takes no text for anything but a value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), (destination) => {
        const { files: drafted } = draftRule(files, { action: 'deny', destination, reason: destination })
        const read = parsePolicies(drafted)
        // Refused as no name, or one rule more; never another rule, key or layer.
        if (read.ok) assert.equal(read.value.layers[0]!.rules.length, 2)
        else for (const { file } of read.problems) assert.equal(file, 'p.yaml')
      }),
      { numRuns: 200 },
    )
  })
})

suite('a policy that is being written', () => {
  let flows: FlowStore
  let api: TestApi
  before(async () => {
    flows = await FlowStore.open()
  })
  after(() => flows[Symbol.dispose]())
  beforeEach(async () => {
    api = await TestApi.open(flows)
  })
  afterEach(() => api[Symbol.asyncDispose]())

  const policy = (to: string) => [
    { file: 'p.yaml', text: `sallyport: 1\nname: p\nrules:\n  - { id: a, action: allow, to: [${to}] }\n` },
  ]
  const diff = async (to: string) =>
    (await api.ask('POST', '/policy/diff', { ...api.as('viewer'), body: { files: policy(to) } })).body

  test('differs from that in force by lines, and by the flows that it decides otherwise', async () => {
    const body = { files: policy('a.example'), mode: 'monitor' }
    assert.equal((await api.ask('POST', '/policy/apply', { ...api.as('editor'), body })).status, 200)
    assert.deepEqual(await diff('a.example'), { text: '', regions: [], problem: null })
    const { text, regions } = await diff('b.example')
    assert.match(String(text), /-.*a\.example.*\n\+.*b\.example/)
    const said = (regions as { before: { verdict: string }; after: { verdict: string } }[]).map(
      (region) => `${region.before.verdict} ${region.after.verdict}`,
    )
    assert.deepEqual([...new Set(said)].toSorted(), ['allow deny', 'deny allow'])
  })

  test('says so when it cannot be compared', async () => {
    const { regions, problem } = await diff('[')
    assert.equal(regions, null)
    assert.match(String(problem), /errors/)
  })
})
