import assert from 'node:assert/strict'
import { parseLeases } from '../../src/gateway/lease-file.ts'

const NOW_MS = Date.UTC(2026, 10, 29)
const FILES: readonly string[] = [
  '1900000000 02:00:00:00:00:01 192.0.2.10 laptop 01:02:00:00:00:00:01\n0 02:00:00:00:00:02 192.0.2.11 * *\n',
  'duid 00:01:00:01:2a\n1900000000 1234 2001:db8::10 laptop 00:01:00:01:2a\n',
  'lease 192.0.2.10 {\n  ends 4 2030/01/01 00:00:00;\n  binding state active;\n  hardware ethernet 02:00:00:00:00:01;\n' +
    '  client-hostname "laptop";\n}\nlease 192.0.2.11 {\n  ends epoch 1900000000;\n}\n',
  'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n' +
    '192.0.2.10,02:00:00:00:00:01,,3600,1900000000,1,0,0,laptop.,0\n',
]

/** For `npm run fuzz -- leases`: whatever a client has had written for its name, each address has one lease, with a sound MAC or none. */
export const fuzzLeases: {
  readonly corpus: () => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array) => boolean
} = {
  corpus: () => FILES.map((text) => Buffer.from(text)),
  parse(bytes) {
    const leases = parseLeases(Buffer.from(bytes).toString('utf8'), NOW_MS)
    assert.equal(new Set(leases.map(({ address }) => address.words.join())).size, leases.length)
    for (const { mac, hostname } of leases) {
      assert.ok(mac === null || mac.length === 6)
      assert.ok(hostname === null || !hostname.includes('\n'))
    }
    return leases.length > 0
  },
}
