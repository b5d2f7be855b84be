import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Lab, needsRoot } from './lab.ts'

const NAMES = fileURLToPath(new URL('./binding-names.ts', import.meta.url))
const PROBE = fileURLToPath(new URL('./binding-probe.ts', import.meta.url))
const HOST = '198.51.100.10'
const SHARED = '198.51.100.50'

const policy = (dns: string): string => `
sallyport: 1
name: bound
dns: ${dns}
rules:
  - { id: sites, action: allow, assurance: dns, to: [short.test, long.test, .once.test, alias.test, service.test, led.test], ports: [80] }
  - { id: web, action: allow, assurance: dns, to: [web.test], ports: [80] }
  - { id: shell, action: allow, assurance: dns, to: [shell.test], ports: [2222] }
`

type Asked = { readonly sentMs: number; readonly answeredMs: number; readonly rcode: number; readonly answers: number }
type Reached = { readonly beganMs: number; readonly endedMs: number; readonly result: string }

suite('an address is open for as long as an answer gave it', { skip: needsRoot, concurrency: 4 }, () => {
  let lab: Lab
  let policies = 0
  before(async () => {
    lab = await Lab.open()
    await lab.serve(['198.51.100.1:5300'], process.execPath, [NAMES])
  })
  after(() => lab?.[Symbol.asyncDispose]())

  /** What the guarded command found at each of its steps. */
  async function found(dns: string, ...steps: readonly string[]): Promise<readonly unknown[]> {
    const file = join(lab.directory, `policy-${++policies}.yaml`)
    writeFileSync(file, policy(dns))
    const options = ['run', '--policy', file, '--upstream', '198.51.100.1:5300', '--', process.execPath, PROBE]
    const { stdout, stderr, status } = await lab.sallyport([...options, ...steps])
    assert.equal(status, 0, stderr)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  }
  const results = async (dns: string, ...steps: readonly string[]): Promise<readonly string[]> =>
    ((await found(dns, ...steps)) as readonly Reached[]).flatMap(({ result }) => (result === undefined ? [] : [result]))

  /** `seconds`: how long the address is open after the answer, and not a moment longer. */
  async function closesAfter(dns: string, seconds: number): Promise<void> {
    const [asked, tries] = await found(dns, 'ask/short.test/A', `try/${HOST}/${seconds * 1000 + 500}`)
    const { sentMs, answeredMs } = asked as Asked
    const all = tries as readonly Reached[]
    // It was bound between the question and the answer; an attempt around the end may end either way.
    const within = all.filter(({ endedMs }) => endedMs < sentMs + seconds * 1000)
    const past = all.filter(({ beganMs }) => beganMs > answeredMs + seconds * 1000)
    assert.ok(within.length > 0 && past.length > 0)
    assert.deepEqual([...new Set(within.map(({ result }) => result))], ['open'])
    assert.deepEqual([...new Set(past.map(({ result }) => result))], ['EPERM'])
  }

  test('before the answer it is shut, after it open, and past the time to live shut again', async () => {
    assert.deepEqual(await results('{}', `reach/${HOST}/80`), ['EPERM'])
    await closesAfter('{ addressFloor: 0s }', 2)
  })

  test('a floor makes a short time to live longer', () => closesAfter('{ addressFloor: 3s }', 3))

  test('grace is added to either', () => closesAfter('{ addressFloor: 0s, addressGrace: 1s }', 3))

  test('without a word about it, an address of a short answer is open for minutes', async () => {
    assert.deepEqual(await results('{}', 'ask/short.test/A', 'wait/2500', `reach/${HOST}/80`), ['open'])
  })

  test('an answer from the cache opens the address anew, also where it was learned to answer at once', async () => {
    // The first is asked of a server, the second taken from the cache, the third from what was learned by the second.
    const steps = ['ask/long.test/A', 'ask/long.test/A', 'wait/1500', 'ask/long.test/A', `try/${HOST}/7500`]
    const [, second, third, tries] = await found('{ addressFloor: 4s }', ...steps)
    const all = tries as readonly Reached[]
    const secondIsOverMs = (second as Asked).answeredMs + 4000
    const thirdIsOverMs = (third as Asked).sentMs + 4000
    const between = all.filter(({ beganMs, endedMs }) => beganMs > secondIsOverMs && endedMs < thirdIsOverMs)
    assert.deepEqual([...new Set(between.map(({ result }) => result))], ['open'])
    // It may stay so for two seconds more.
    const past = all.filter(({ beganMs }) => beganMs > (third as Asked).answeredMs + 6000)
    assert.deepEqual([...new Set(past.map(({ result }) => result))], ['EPERM'])
  })

  test('an answer past its time, because nobody else answers, opens the address anew', async () => {
    const steps = ['ask/once.test/A', 'wait/1500', `reach/${HOST}/80`, 'ask/once.test/A', `reach/${HOST}/80`]
    assert.deepEqual(await results('{ addressFloor: 0s }', ...steps), ['EPERM', 'open'])
  })

  test('where answers past their time are not wanted, none opens anything', async () => {
    const name = 'never-stale.once.test'
    const steps = [`ask/${name}/A`, 'wait/1500', `ask/${name}/A`, `reach/${HOST}/80`]
    assert.deepEqual(await results('{ addressFloor: 0s, stale: false }', ...steps), ['EPERM'])
  })

  test('the address at the end of an alias is that of the name asked for', async () => {
    // The alias itself is allowed by no rule, and asking for it opens nothing.
    const steps = ['ask/pool.cdn.test/A', `reach/${HOST}/80`, 'ask/alias.test/A', `reach/${HOST}/80`]
    assert.deepEqual(await results('{}', ...steps, `reach/${HOST}/2222`), ['EPERM', 'open', 'EPERM'])
  })

  test('a hint of an HTTPS record opens the address as an answer does', async () => {
    assert.deepEqual(await results('{}', 'ask/service.test/UNKNOWN_65', `reach/${HOST}/80`), ['open'])
  })

  test('the host that an HTTPS record leads to opens its address for the name that was meant', async () => {
    const pool = ['ask/pool.cdn.test/A', `reach/${HOST}/80`]
    const steps = [...pool, 'ask/led.test/UNKNOWN_65', ...pool, `reach/${HOST}/2222`]
    assert.deepEqual(await results('{}', ...steps), ['EPERM', 'open', 'EPERM'])
  })

  test('two names on one address open it each for its own rule', async () => {
    const both = [`reach/${SHARED}/80`, `reach/${SHARED}/2222`]
    const steps = ['ask/web.test/A', ...both, 'ask/shell.test/A', ...both]
    assert.deepEqual(await results('{}', ...steps), ['open', 'EPERM', 'open', 'open'])
  })
})
