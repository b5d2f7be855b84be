import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResolverUri } from '../src/resolver-uri.ts'

const PIN = `${'A'.repeat(43)}=`
const shown = (text: string): string => {
  const uri = parseResolverUri(text)
  if ('problem' in uri) return `problem: ${uri.problem}`
  const { kind, address, port, serverName, path, pins } = uri
  return [kind, address, port, serverName, path, ...pins].map(String).join(' ')
}

test('servers are written as address, address and port, or URI', () => {
  for (const [text, expected] of [
    ['192.0.2.53', 'udp 192.0.2.53 53 null null'],
    ['192.0.2.53:5353', 'udp 192.0.2.53 5353 null null'],
    ['2001:db8::53', 'udp 2001:db8::53 53 null null'],
    ['[2001:db8::53]:5353', 'udp 2001:db8::53 5353 null null'],
    ['tcp://192.0.2.53', 'tcp 192.0.2.53 53 null null'],
    ['tls://192.0.2.53#dns.example', 'tls 192.0.2.53 853 dns.example null'],
    ['tls://dns.example#192.0.2.53', 'tls 192.0.2.53 853 dns.example null'],
    ['tls://dns.example', 'tls null 853 dns.example null'],
    ['https://dns.example/dns-query', 'https null 443 dns.example /dns-query'],
    ['https://[2001:db8::53]:8443/q#dns.example', 'https 2001:db8::53 8443 dns.example /q'],
    [`tls://192.0.2.53#pin=${PIN}`, `tls 192.0.2.53 853 null null ${PIN}`],
    [`tls://192.0.2.53#dns.example,pin=${PIN},pin=${PIN}`, `tls 192.0.2.53 853 dns.example null ${PIN} ${PIN}`],
  ] as const)
    assert.equal(shown(text), expected)
})

test('what is none says why', () => {
  for (const text of [
    '',
    'dns.example',
    'udp://dns.example',
    'tls://192.0.2.53/path',
    '192.0.2.53:99999',
    'ftp://192.0.2.53',
    'tls://192.0.2.53#pin=short',
    `192.0.2.53#pin=${PIN}`,
    'tls://192.0.2.53#a.example,b.example',
  ])
    assert.match(shown(text), /^problem: ./, text)
})
