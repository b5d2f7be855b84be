import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, type DomainName } from '@sallyport/net'
import { parseFlow, type Flow } from '@sallyport/policy'

function problemsOf(value: unknown): readonly string[] {
  const result = parseFlow(value)
  assert.ok(result instanceof Array)
  return result.map(({ code, path, nearest }) => `${code} ${path.join('.')} ${nearest}`)
}

test('facts are read into their canonical form', () => {
  const flow = parseFlow({
    time: '2027-01-01T00:00:00Z',
    src: '0x0a.1',
    dst: '::ffff:192.0.2.1',
    domain: 'BÜCHER.example.',
    boundNames: ['A.example'],
    port: 443,
    transport: 'tcp',
    protocol: 'tls',
    posture: { diskEncrypted: true, vendor: null },
  })
  const expected: Flow = {
    time: Date.UTC(2027, 0, 1),
    src: parseAddress('10.0.0.1')!,
    dst: parseAddress('192.0.2.1')!,
    domain: 'xn--bcher-kva.example' as DomainName,
    boundNames: ['a.example' as DomainName],
    port: 443,
    transport: 'tcp',
    protocol: 'tls',
    posture: { diskEncrypted: true, vendor: null },
  }
  assert.deepEqual(flow, expected)
})

test('what is missing stays unknown, null stays none', () => {
  assert.deepEqual(parseFlow({}), {})
  assert.deepEqual(parseFlow({ user: null, dst: null, domain: null, http: null }), {
    user: null,
    dst: null,
    domain: null,
    http: null,
  })
})

test('a time is an instant, seconds or milliseconds', () => {
  const instants = ['2023-11-14T22:13:20Z', 1_700_000_000, 1_700_000_000_000].map((time) => parseFlow({ time }))
  for (const flow of instants) assert.deepEqual(flow, { time: 1_700_000_000_000 })
})

test('an address as the domain is the address, unless there is another', () => {
  assert.deepEqual(parseFlow({ domain: '[2001:db8::1]' }), { dst: parseAddress('2001:db8::1'), domain: null })
  assert.deepEqual(problemsOf({ domain: '1.2.3.4', dst: '1.2.3.5' }), ['bad-domain domain null'])
})

test('wrong facts are refused with the nearest right one', () => {
  assert.deepEqual(problemsOf({ protcol: 'tls' }), ['unknown-key protcol protocol'])
  assert.deepEqual(problemsOf({ protocol: 'tsl' }), ['wrong-value protocol tls'])
  assert.deepEqual(problemsOf({ port: '443' }), ['wrong-type port null'])
  assert.deepEqual(problemsOf({ port: 65536 }), ['out-of-range port null'])
  assert.deepEqual(problemsOf({ country: 'de' }), ['wrong-value country DE'])
  assert.deepEqual(problemsOf({ dst: 'example.com' }), ['bad-address dst null'])
  assert.deepEqual(problemsOf({ http: { hots: 'x' } }), ['unknown-key http.hots host'])
  assert.deepEqual(problemsOf([]), ['wrong-type  null'])
  assert.deepEqual(problemsOf(JSON.parse('{"__proto__":{"user":"root"}}')), ['unknown-key __proto__ null'])
})
