import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asksForUnknown, parsePolicies, type KnownNames } from '@sallyport/policy'

const KNOWN: KnownNames = {
  service: new Set(['github', 'gitlab']),
  feed: new Set(['malware']),
  category: new Set(['tor']),
}
const policy = (to: string, more = ''): { file: string; text: string }[] => [
  { file: 'p.yaml', text: `sallyport: 1\nrules:\n  - id: a\n    action: deny\n    to: [${to}]\n${more}` },
]

for (const [kind, wrong, meant] of [
  ['service', 'githup', 'github'],
  ['feed', 'malwear', 'malware'],
  ['category', 'tro', 'tor'],
] as const) {
  test(`a ${kind} that is not known is an error at its place, with the nearest that is`, () => {
    const files = policy(`192.0.2.1, { ${kind}: [${meant}, ${wrong}] }`)
    const parsed = parsePolicies(files, KNOWN)
    assert.ok(!parsed.ok)
    const [problem, ...others] = parsed.problems
    const column = files[0]!.text.split('\n')[4]!.indexOf(wrong) + 1
    assert.deepEqual(
      [problem!.code, problem!.line, problem!.column, problem!.found, problem!.nearest, others.length],
      ['undefined-name', 5, column, `"${wrong}"`, meant, 0],
    )
    assert.ok(parsePolicies(files).ok, 'whoever knows no names takes any')
  })
}

test('names in definitions and exceptions are looked at too', () => {
  const defined = 'define:\n  destinations:\n    mine: [{ service: nowhere }]\n'
  for (const files of [
    policy('mine', defined),
    policy('mine', `${defined.replace('nowhere', 'github')}  - { id: b, action: deny }\n`.replace(/ {2}- .*\n/, '')),
    policy('0.0.0.0/0', '    except: { to: [{ feed: nowhere }] }\n'),
  ]) {
    const parsed = parsePolicies(files, KNOWN)
    assert.equal(parsed.ok, !files[0]!.text.includes('nowhere'))
  }
})

test('a policy is asked for what it names, wherever that stands', () => {
  const asks = (to: string, more?: string): boolean => {
    const parsed = parsePolicies(policy(to, more))
    assert.ok(parsed.ok)
    return asksForUnknown(parsed.value, KNOWN)
  }
  assert.equal(asks('{ service: github, feed: malware }, { category: tor }, example.com'), false)
  assert.equal(asks('{ service: [github, nowhere] }'), true)
  assert.equal(asks('0.0.0.0/0', '    except: { to: [{ category: nowhere }] }\n'), true)
  assert.equal(asks('{ feed: nowhere }'), true)
})
