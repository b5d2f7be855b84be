import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sallyport } from './sallyport.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-services-'))
process.env['SALLYPORT_STATE'] = directory
after(() => rmSync(directory, { recursive: true, force: true }))

test('services are listed, shown with their sources, and found by name and address', () => {
  const list = JSON.parse(sallyport(['services', 'list', '--json']).stdout) as { name: string; kind: string }[]
  assert.ok(list.filter(({ kind }) => kind === 'service').length >= 60)
  const shown = sallyport(['services', 'show', 'zoom'])
  assert.match(shown.stdout, /ports {3}tcp\/443 .*udp\/3478-3479[^]*name {4}\.zoom\.us[^]*range {3}170\.114\.0\.0\/16/)
  assert.match(
    sallyport(['services', 'find', 'login.microsoftonline.com']).stdout,
    /^microsoft-365 {2}service {2}\.microsoftonline\.com {2}https:/,
  )
  assert.match(sallyport(['services', 'find', '140.82.121.4']).stdout, /^github {2}service {2}140\.82\.112\.0\/20/)
  assert.equal(sallyport(['services', 'find', 'nowhere.example']).status, 1)
  const unknown = sallyport(['services', 'show', 'teams-x'])
  assert.equal(unknown.status, 2)
  assert.match(sallyport(['services', 'show', 'microsoft']).stderr, /Is one of these meant\? .*microsoft-365/)
})

test('a document of a vendor becomes services that a policy may name; one that shrank is refused', () => {
  const file = join(directory, 'ip-ranges.json')
  const prefixes = (count: number): string =>
    JSON.stringify({
      prefixes: Array.from({ length: count }, (_, at) => ({
        ip_prefix: `52.${at}.0.0/16`,
        region: 'eu-west-1',
        service: 'S3',
      })),
    })
  writeFileSync(file, prefixes(10))
  const updated = sallyport(['services', 'update', `aws=${file}`])
  assert.deepEqual([updated.status, updated.stdout], [0, 'aws: 4 services, 10 ranges\n'])
  const policy = join(directory, 'policy.yaml')
  writeFileSync(
    policy,
    'sallyport: 1\nrules:\n  - { id: s3, action: allow, to: [{ service: aws:s3:eu-west-1 }], ports: [443] }\ntests:\n  - { to: "tcp/52.3.1.1:443", expect: allow, rule: s3 }\n  - { to: "tcp/53.3.1.1:443", expect: deny }\n',
  )
  const checked = sallyport(['check', policy])
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  writeFileSync(file, prefixes(3))
  const shrunk = sallyport(['services', 'update', `aws=${file}`])
  assert.deepEqual(
    [shrunk.status, shrunk.stdout],
    [1, 'aws: failed: shrank from 10 to 3 ranges; take it with --accept; what was imported before stays\n'],
  )
  assert.equal(sallyport(['services', 'update', `aws=${file}`, '--accept']).status, 0)
  writeFileSync(file, '<html>')
  assert.match(
    sallyport(['services', 'update', `aws=${file}`]).stdout,
    /not the document that AWS address ranges should be/,
  )
  assert.match(sallyport(['services', 'update', 'nobody']).stderr, /Vendors: microsoft, aws/)
  assert.match(sallyport(['services', 'update', 'azure']).stderr, /azure=FILE/)
})
