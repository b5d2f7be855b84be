import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName, presentName, sameName, sameSpelling, type WireName } from '../../src/dns/name.ts'

const name = (...labels: string[]): WireName => ({ labels })

test('host names are lower-case; underscores are allowed', () => {
  assert.equal(hostName(name('WWW', 'Example', 'com')), 'www.example.com')
  assert.equal(hostName(name('_443', '_tcp', 'example', 'com')), '_443._tcp.example.com')
})

test('what is no host name has a text, too', () => {
  assert.equal(hostName(name()), null)
  assert.equal(presentName(name()), '.')
  assert.equal(hostName(name('a b', 'example')), null)
  assert.equal(presentName(name('A b\0', 'Ex\xC4mple')), 'a\\032b\\000.ex\\196mple')
})

test('a dot inside a label never looks like a boundary', () => {
  const smuggled = name('evil.github', 'com')
  assert.equal(hostName(smuggled), null)
  assert.equal(presentName(smuggled).endsWith('.github.com'), false)
  assert.equal(sameName(smuggled, name('evil', 'github', 'com')), false)
})

test('case folds for ASCII only, and spelling is kept', () => {
  assert.ok(sameName(name('A'), name('a')))
  assert.ok(!sameName(name('\xC4'), name('\xE4')))
  assert.ok(!sameSpelling(name('A'), name('a')))
})
