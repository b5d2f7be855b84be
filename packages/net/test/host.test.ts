import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressScope, formatAddress, isHost, parseAddress, parseAuthority, parseHost } from '@sallyport/net'

test('whatever the text, a host is one address or one name, and is read from its own text again', () => {
  const characters = fc.constantFrom(...'0123456789abcdefxX.:[]%@-_ /\\\0\u3002\uff11\u00fc*'.split(''))
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 24 }), (list) => {
      const host = parseHost(list.join(''))
      if (!isHost(host)) return
      const text = host.kind === 'name' ? host.name : formatAddress(host.address)
      assert.deepEqual(parseHost(text.includes(':') ? `[${text}]` : text), host)
    }),
    { numRuns: 5000 },
  )
})

test('an authority has a host, and a port from 1 to 65535 or none', () => {
  const shown = (text: string): string => {
    const authority = parseAuthority(text)
    if ('problem' in authority) return authority.problem
    const { host, port } = authority
    return `${host.kind === 'name' ? host.name : formatAddress(host.address)} ${port}`
  }
  assert.equal(shown('example.com'), 'example.com null')
  assert.equal(shown('example.com:443'), 'example.com 443')
  assert.equal(shown('[2001:db8::1]:443'), '2001:db8::1 443')
  assert.equal(shown('[2001:db8::1]'), '2001:db8::1 null')
  for (const port of ['', '0', '00443', '65536', '+1', ' 1', '1 ', '1:1', 'http']) {
    assert.equal(shown(`example.com:${port}`), 'bad-port', port)
  }
  assert.equal(shown(':443'), 'empty')
  assert.equal(shown('2001:db8::1'), 'bad-port')
  for (const text of ['[::1]443', '[::1]x443', '[::1]:', '[::1]:-1']) assert.equal(shown(text), 'bad-port', text)
})

test('an address has one scope', () => {
  const scopes: readonly (readonly [string, string])[] = [
    ['203.0.113.9', 'public'],
    ['2001:db8::1', 'public'],
    ['10.255.255.255', 'private'],
    ['11.0.0.0', 'public'],
    ['127.9.9.9', 'loopback'],
    ['::1', 'loopback'],
    ['::', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:192.168.0.1', 'private'],
    ['64:ff9b::192.168.0.1', 'private'],
    ['::192.168.0.1', 'reserved'],
    ['2002:c0a8:1::', 'reserved'],
    ['ff02::1', 'multicast'],
    ['239.1.1.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
  ]
  for (const [text, scope] of scopes) assert.equal(addressScope(parseAddress(text)!), scope, text)
})
