import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sallyport } from './sallyport.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-names-'))
after(() => rmSync(directory, { recursive: true }))

const policy = (to: string, more = ''): string => {
  const path = join(directory, 'policy.yaml')
  writeFileSync(path, `sallyport: 1\nname: p\n${more}rules:\n  - { id: a, action: allow, to: [${to}], ports: [443] }\n`)
  return path
}

test('a service or category that there is not is an error everywhere: place, what was found, what was meant', () => {
  const path = policy('{ service: githup }, { category: tro }')
  for (const args of [
    ['check', path],
    ['decide', path],
    ['run', '--policy', path, '--', 'true'],
    ['dns', '--listen', '127.0.0.1:0', '--policy', path],
    ['proxy', '--listen', '127.0.0.1:0', '--policy', path],
  ]) {
    const ended = sallyport(args)
    assert.equal(ended.status, 2, `${args[0]}: ${ended.stderr}`)
    assert.match(ended.stderr, /policy\.yaml:4:45: there is no service "githup"[^]*did you mean "github"\?/)
    assert.match(ended.stderr, /policy\.yaml:4:67: there is no category "tro"[^]*did you mean "tor"\?/)
  }
  const allow = sallyport(['run', '--allow', 'service:githup', '--', 'true'])
  assert.equal(allow.status, 2)
  assert.match(allow.stderr, /there is no service "githup"[^]*Did you mean github\?/)
})

test('what is only brought along elsewhere is a warning, and an error where the policy is put in force', () => {
  const path = policy('{ service: "aws:eu-west-9" }, { feed: malware }')
  const checked = sallyport(['check', path])
  assert.equal(checked.status, 0, checked.stderr)
  assert.match(checked.stdout, /feed malware is not known here/)
  for (const args of [
    ['run', '--policy', path, '--', 'true'],
    ['dns', '--listen', '127.0.0.1:0', '--policy', path],
    ['proxy', '--listen', '127.0.0.1:0', '--policy', path],
  ]) {
    const ended = sallyport(args)
    assert.equal(ended.status, 2, `${args[0]}: ${ended.stderr}`)
    assert.match(ended.stderr, /:4:45: there is no service "aws:eu-west-9"[^]*services update/)
    assert.match(ended.stderr, /:4:72: there is no feed "malware"[^]*--feed/)
  }
})

test('in a policy that brings feeds along, another feed is an error, with the one that was meant', () => {
  const feeds = 'feeds: { malware: { file: /dev/null } }\n'
  const checked = sallyport(['check', policy('{ feed: malwear }', feeds)])
  assert.equal(checked.status, 1, checked.stderr)
  assert.match(checked.stdout, /error: .*feed malwear is neither under feeds: nor given; did you mean malware\?/)
  assert.equal(sallyport(['check', policy('{ feed: malware }', feeds)]).status, 0)
  assert.equal(sallyport(['check', policy('{ feed: other }', feeds), '--feed', 'other=/etc/hosts']).status, 0)
})
