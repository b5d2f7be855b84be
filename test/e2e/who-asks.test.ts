import assert from 'node:assert/strict'
import { copyFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Lab, needsRoot, type Ended } from './lab.ts'

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
const SHORT = ['+tries=1', '+time=20', '+noall', '+comments', '+answer']
const dig = (program: string, ...options: readonly string[]): readonly string[] => [
  program,
  ...SHORT,
  ...options,
  'allowed.test',
]

suite('a look-up is judged for the process that asks', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => void (lab = await Lab.open()))
  after(() => lab[Symbol.asyncDispose]())

  const under = (rule: string, command: readonly string[]): Promise<Ended> => {
    const policy = join(lab.directory, 'who.yaml')
    writeFileSync(policy, `sallyport: 1\nname: who\ndefault: deny\nrules:\n  - ${rule}\n`)
    return lab.run(['--policy', policy], command)
  }
  const askedOutside = (): number => lab.arrivals.filter(({ name }) => name === 'allowed.test').length

  for (const [over, ...options] of [['UDP'], ['TCP', '+tcp']]) {
    test(`by its user, over ${over}`, async () => {
      const rule = '{ id: a, action: allow, from: [{ user: nobody }], to: [allowed.test] }'
      const before = askedOutside()
      const refused = await under(rule, dig('dig', ...options))
      assert.match(refused.stdout, /status: REFUSED/)
      assert.equal(askedOutside(), before)
      const answered = await under(rule, [...NOBODY, ...dig('dig', ...options)])
      assert.match(answered.stdout, /status: NOERROR/, answered.stderr)
      assert.match(answered.stdout, /198\.51\.100\.10/)
    })
  }

  test('by its program: a copy of it is another', async () => {
    const program = realpathSync('/usr/bin/dig')
    const copy = join(lab.directory, 'dig')
    copyFileSync(program, copy)
    const rule = `{ id: a, action: allow, from: [{ app: ${program} }], to: [allowed.test] }`
    const before = askedOutside()
    const refused = await under(rule, dig(copy))
    assert.match(refused.stdout, /status: REFUSED/)
    assert.match(refused.stderr, /stopped\n/)
    assert.equal(askedOutside(), before)
    assert.match((await under(rule, dig(program))).stdout, /status: NOERROR/)
  })
})
