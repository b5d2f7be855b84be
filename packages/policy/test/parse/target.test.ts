import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress, formatDomainPattern, formatPrefix } from '@sallyport/net'
import { parseAllow, parseTarget, policyFromAllows } from '@sallyport/policy'

function target(text: string): string {
  const facts = parseTarget(text)
  if (facts instanceof Array) return facts[0]!.code
  const { dst, domain, boundNames, transport, port, protocol, http } = facts
  const host = dst ? formatAddress(dst) : (domain ?? `(${boundNames?.join()})`)
  return [host, `${transport}/${port}`, protocol, http?.path].filter((part) => part !== undefined).join(' ')
}

const targets: readonly (readonly [string, string])[] = [
  ['https://Example.com/path?q#f', 'example.com tcp/443 tls'],
  ['https://example.com:8443', 'example.com tcp/8443 tls'],
  ['http://example.com/a/b?q', 'example.com tcp/80 http /a/b'],
  ['http://192.0.2.1', '192.0.2.1 tcp/80 http /'],
  ['https://[2001:db8::1]/', '2001:db8::1 tcp/443 tls'],
  ['quic://example.com', 'example.com udp/443 quic'],
  ['ssh://git.example.com', '(git.example.com) tcp/22 ssh'],
  ['smb://203.0.113.9', '203.0.113.9 tcp/445 smb'],
  ['ftp://files.example.com', '(files.example.com) tcp/21 ftp'],
  ['example.com:443', 'example.com tcp/443'],
  ['[2001:db8::1]:443', '2001:db8::1 tcp/443'],
  ['udp/192.0.2.1:53', '192.0.2.1 udp/53'],
  ['icmp/192.0.2.1', '192.0.2.1 icmp/null'],
  ['https://example.com@evil.example/', 'bad-target'],
  ['example.com', 'bad-target'],
  ['example.com:65536', 'bad-target'],
  ['tpc/example.com:1', 'bad-target'],
  ['https:///x', 'bad-target'],
]
for (const [text, expected] of targets) test(`target ${text}`, () => assert.equal(target(text), expected))

function allow(text: string): string {
  const allowed = parseAllow(text)
  if (allowed instanceof Array) return `${allowed[0]!.code} ${allowed[0]!.nearest}`
  const { domain, ip, ...other } = allowed.term
  const host =
    domain?.map(formatDomainPattern) ??
    ip?.map(formatPrefix) ??
    Object.entries(other).map(([key, value]) => `${key}:${value}`)
  return [host.join(), ...(allowed.ports ?? []).map((range) => `${range.transports.join('+')}/${range.first}`)].join(
    ' ',
  )
}

const allows: readonly (readonly [string, string])[] = [
  ['example.com', 'example.com'],
  ['*.example.com', '*.example.com'],
  ['.example.com:443', '.example.com tcp+udp/443'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['2130706433', '127.0.0.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['10.0.0.1/8', 'bad-prefix 10.0.0.0/8'],
  ['service:github', 'service:github'],
  ['country:DE', 'country:DE'],
  ['country:de', 'wrong-value DE'],
  ['asn:64500', 'asn:64500'],
  ['asn:many', 'bad-target null'],
  ['https://example.com/x', 'example.com tcp+udp/443'],
  ['ssh://git.example.com', 'git.example.com tcp/22'],
  ['udp/192.0.2.1:53', '192.0.2.1 udp/53'],
  ['[::1]:8080', '::1 tcp+udp/8080'],
  ['*', 'bad-domain null'],
]
for (const [text, expected] of allows) test(`--allow ${text}`, () => assert.equal(allow(text), expected))

test('allowed destinations are a layer that denies the rest', () => {
  const layer = policyFromAllows(['example.com', '10.0.0.0/8'])
  assert.deepEqual(
    [layer.name, layer.default, layer.rules.map((rule) => rule.id)],
    ['run', 'deny', ['allow-1', 'allow-2']],
  )
  assert.throws(() => policyFromAllows(['exa mple.com']), { code: 'target-invalid' })
})
