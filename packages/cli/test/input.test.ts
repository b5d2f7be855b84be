import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sallyport } from './sallyport.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
after(() => rmSync(directory, { recursive: true }))
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}
const policy = file(
  'policy.yaml',
  'sallyport: 1\nname: p\nrules:\n  - { id: code, action: allow, to: [github.com], ports: [443] }\n',
)

const BAD_FILES: Readonly<Record<string, { path: string; code: string }>> = {
  absent: { path: join(directory, 'absent.yaml'), code: 'file-not-found' },
  directory: { path: directory, code: 'file-is-directory' },
  binary: { path: file('binary.yaml', Uint8Array.of(1, 0, 2)), code: 'file-not-text' },
  'not UTF-8': { path: file('latin.yaml', Uint8Array.of(0xe9, 0x0a)), code: 'file-not-text' },
  'of 100 MB': { path: file('huge.yaml', ''), code: 'file-too-large' },
  endless: { path: '/dev/zero', code: 'file-too-large' },
  truncated: { path: file('cut.yaml', 'sallyport: 1\nrules:\n  - { id: a, act'), code: 'policy-invalid' },
  empty: { path: file('empty.yaml', ''), code: 'policy-invalid' },
}
truncateSync(BAD_FILES['of 100 MB']!.path, 100 * 2 ** 20)

for (const [what, { path, code }] of Object.entries(BAD_FILES)) {
  for (const command of [
    ['check', path],
    ['decide', path],
    ['explain', path, '--flow', '{}'],
    ['run', '--policy', path, '--', 'true'],
  ]) {
    test(`${command[0]} with a policy ${what}: exit code 2 and one error`, () => {
      const ended = sallyport([command[0]!, '--json', ...command.slice(1)])
      assert.equal(ended.status, 2, ended.stderr)
      assert.equal(ended.stdout, '')
      const { error } = JSON.parse(ended.stderr) as { error: { code: string; message: string; remedy: string } }
      assert.equal(error.code, code)
      assert.ok(error.message.length > 0 && error.remedy.length > 0)
    })
  }
}

test('usage errors name the nearest command and option and exit with 2', () => {
  for (const [args, expected] of [
    [['chekc', policy], /did you mean check/i],
    [['help', 'chekc'], /did you mean check/i],
    [['chekc', '--help'], /did you mean check/i],
    [['services', 'shwo'], /did you mean show\?\)\n {2}See `sallyport services --help`/i],
    [['services', 'show', 'githbu'], /Is one of these meant\? github\n/],
    [['services'], /no command given\n {2}Usage: sallyport services/],
    [['check', '--jsno', policy], /did you mean --json/i],
    [['check'], /missing required argument 'policy'\n {2}See `sallyport check --help`/],
    [['decide', policy, '--stage', 'never'], /Allowed choices are connect, dns/],
    [['run', '--', 'true'], /nothing says what may leave/],
    [['explain', policy], /--flow/],
    [['reach', policy, '--from', 'usr=ann'], /"usr=ann" is not one of user=…[^]*See `sallyport reach --help`/],
    [['top', '--limit', '0'], /is not a count[^]*See `sallyport top --help`/],
    [['decide', policy, '--at', 'tomorrow'], /"tomorrow" is not a time/],
    [['decide', policy, '--feed', 'malware'], /NAME=FILE/],
    [['run', '--allow', 'a.test', '--upstream', 'dns.google', '--', 'true'], /not the address of a DNS server/],
    [[], /no command given/],
  ] as const) {
    const ended = sallyport(args)
    assert.equal(ended.status, 2, `${args.join(' ')}: ${ended.stderr}`)
    assert.match(ended.stderr, expected)
  }
})

test('words of another program, behind --, do not say how errors are written', () => {
  assert.match(sallyport(['run', '--', 'true', '--json']).stderr, /^sallyport: nothing says what may leave/)
})

test('what is allowed without a rule is the same for people and for programs', () => {
  const { implicit } = JSON.parse(sallyport(['explain', '--implicit', '--json']).stdout) as {
    implicit: readonly { id: string; what: string }[]
  }
  const [, ...lines] = sallyport(['explain', '--implicit']).stdout.trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => line.trim().split(/ {2,}/)),
    implicit.map(({ id, what }) => [id, what]),
  )
  assert.ok(implicit.some(({ id }) => id === 'discovery'))
})

test('help and version exit with 0, and every command has an example', () => {
  assert.match(sallyport(['--version']).stdout, /^\d+\.\d+\.\d+/)
  const help = sallyport(['--help'])
  assert.equal(help.status, 0)
  for (const command of ['run', 'check', 'decide', 'explain', 'diff', 'reach', 'doctor']) {
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'))
    const own = sallyport([command, '--help'])
    assert.equal(own.status, 0)
    assert.match(own.stdout, new RegExp(`\\$ .*sallyport ${command}`))
  }
})
