import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress } from '@sallyport/net'
import { parseLeases } from '../../src/gateway/lease-file.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const SECONDS = NOW / 1000

const shown = (text: string): readonly string[] =>
  parseLeases(text, NOW).map(
    ({ address, mac, hostname }) =>
      `${formatAddress(address)} ${mac === null ? '-' : Buffer.from(mac).toString('hex')} ${hostname ?? '-'}`,
  )

test('dnsmasq: what has ended is no lease, 0 never ends, an asterisk is no name', () => {
  const text = [
    `${SECONDS + 60} 02:00:5e:00:53:01 10.0.0.1 Laptop 01:02:00:5e:00:53:01`,
    `${SECONDS - 1} 02:00:5e:00:53:02 10.0.0.2 old *`,
    '0 02:00:5e:00:53:03 10.0.0.3 * *',
    'duid 00:01:00:01:2c:00:00:00:02:00:5e:00:53:01',
    `${SECONDS + 60} 12345678 2001:db8::1 six 00:01:00:01`,
    'nonsense',
  ].join('\n')
  assert.deepEqual(shown(text), ['10.0.0.1 02005e005301 laptop', '10.0.0.3 02005e005303 -', '2001:db8::1 - six'])
})

test('dhcpd: the last block for an address counts, as for the server; only active ones are leases', () => {
  const block = (address: string, ends: string, state: string, name: string): string =>
    `lease ${address} {\n  starts 4 2026/10/01 10:00:00;\n  ends ${ends};\n  binding state ${state};\n` +
    `  hardware ethernet 02:00:5e:00:53:0a;\n  client-hostname "${name}";\n}\n`
  const text = [
    '# The format of this file is documented in the dhcpd.leases(5) manual page.\n',
    block('10.0.0.1', '4 2026/10/01 13:00:00', 'active', 'first'),
    block('10.0.0.1', '4 2026/10/01 14:00:00', 'active', 'second'),
    block('10.0.0.2', '4 2026/10/01 13:00:00', 'active', 'gone'),
    block('10.0.0.2', '4 2026/10/01 13:00:00', 'free', 'gone'),
    block('10.0.0.3', '4 2026/10/01 11:59:59', 'active', 'over'),
    block('10.0.0.4', 'never', 'active', 'static'),
    block('10.0.0.5', `epoch ${SECONDS + 9}; # Thu`, 'active', 'epoch'),
  ].join('')
  assert.deepEqual(shown(text), [
    '10.0.0.1 02005e00530a second',
    '10.0.0.4 02005e00530a static',
    '10.0.0.5 02005e00530a epoch',
  ])
})

test('Kea: columns by their names; a declined or released lease is none', () => {
  const text = [
    'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id',
    `10.0.0.1,02:00:5e:00:53:0b,,3600,${SECONDS + 60},1,0,0,printer.example.,0,,0`,
    `10.0.0.2,02:00:5e:00:53:0c,,3600,${SECONDS + 60},1,0,0,,1,,0`,
    `10.0.0.3,02:00:5e:00:53:0d,,3600,${SECONDS - 60},1,0,0,,0,,0`,
    `10.0.0.4,02:00:5e:00:53:0e,,0,${SECONDS + 60},1,0,0,,0,,0`,
  ].join('\n')
  assert.deepEqual(shown(text), ['10.0.0.1 02005e00530b printer.example'])
})

test('what is no list of leases has none, and does not throw', () => {
  for (const text of ['', '\0\xff', 'lease { }', 'lease x {\n}\n', 'address,hwaddr,\n,,', '{'.repeat(10_000)])
    assert.deepEqual(parseLeases(text, NOW), [])
})
