import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sallyport } from './sallyport.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-learn-'))
after(() => rmSync(folder, { recursive: true }))
const log = join(folder, 'flows.jsonl')
const policy = join(folder, 'learned.yaml')
const feed = join(folder, 'bad.txt')
const flow = (domain: string): string =>
  `${JSON.stringify({ time: '2026-10-01T00:00:00Z', domain, app: '/usr/bin/git', port: 443, transport: 'tcp' })}\n`
writeFileSync(log, flow('github.com') + flow('bad.example') + flow('deb.debian.org'))
writeFileSync(feed, 'bad.example\n')

test('what is learned changes nothing but what a feed names', () => {
  const learned = sallyport(['learn', '--flows', log, '--feed', `bad=${feed}`, '--output', policy])
  assert.equal(learned.status, 0, learned.stderr)
  assert.match(learned.stderr, /left out: 1 flow to bad\.example tcp\/443: named by feed bad/)
  const { status, stdout } = sallyport(['simulate', policy, '--flows', log, '--json'])
  const { changed, groups } = JSON.parse(stdout) as { changed: object; groups: { destination: string }[] }
  assert.equal(status, 1)
  assert.deepEqual(changed, { blocked: 1, allowed: 0, undetermined: 0 })
  assert.deepEqual(
    groups.map(({ destination }) => destination),
    ['bad.example'],
  )
})

test('a policy that is there stays, unless told otherwise', () => {
  const kept = join(folder, 'kept.yaml')
  writeFileSync(kept, 'sallyport: 1\n')
  const refused = sallyport(['learn', '--flows', log, '--output', kept, '--json'])
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /"code":"file-exists"/)
  assert.equal(readFileSync(kept, 'utf8'), 'sallyport: 1\n')
  const forced = sallyport(['learn', '--flows', log, '--output', kept, '--force'])
  assert.equal(forced.status, 0, forced.stderr)
  assert.match(readFileSync(kept, 'utf8'), /github\.com/)
  const notRun = sallyport(['run', '--allow', 'a.example', '--learn', kept, '--json', '--', 'true'])
  assert.equal(notRun.status, 2)
  assert.match(notRun.stderr, /"code":"file-exists"/)
})

test('a policy that allows all that was seen changes nothing: exit code 0', () => {
  writeFileSync(policy, 'sallyport: 1\ndefault: allow\n')
  assert.equal(sallyport(['simulate', policy, '--flows', log]).status, 0)
})
