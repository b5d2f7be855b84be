import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { formatExactSet, hashValues, readDetectors, type TextDetector } from '@sallyport/proxy'
import { parseExactSet } from '../src/content/exact-set.ts'
import { DEFAULT_SCAN_LIMITS, scanContent } from '../src/content/scan-content.ts'
import { answerOf, labPolicy, startLab, startUpstream } from './lab.fixture.ts'

const FILE = `
detectors:
  project: { pattern: 'PRJ-[0-9]{6}' }
  badge: { pattern: '\\b[0-9]{8}\\b', near: [badge, Müller], within: 20 }
  many: { pattern: 'ID[0-9]{4}', count: 3 }
  loud: { pattern: 'top secret', ignoreCase: true }
  slow: { pattern: '(a+)+b(a|aa)*c' }
  customers: { exact: customers.set, count: 1 }
`
const SET = formatExactSet(hashValues(['Ann Lee, 4711-0815', 'bob@example.com', 'Jürgen Größ'], 'a'.repeat(22)))

const detectors = (): Promise<readonly TextDetector[]> => readDetectors(FILE, async () => SET)

suite('detectors of one’s own', async () => {
  const own = await detectors()
  const scan = async (body: string | Buffer, ...codings: string[]): Promise<string> =>
    (await scanContent(Buffer.from(body as string), codings, DEFAULT_SCAN_LIMITS, own)).findings
      .map(({ detector }) => detector)
      .join(' ')

  for (const [body, expected] of [
    ['see PRJ-123456', 'project'],
    ['see PRJ-12345', ''],
    ['badge no 12345678', 'badge'],
    ['Frau MÜLLER 12345678'.replace('MÜ', 'Mü'), 'badge'],
    [`badge ${'x '.repeat(30)} 12345678`, ''],
    ['ID0001 ID0001 ID0001', ''],
    ['ID0001 ID0002 ID0003', 'many'],
    ['Top SECRET', 'loud'],
    ['ANN   lee / 4711.0815', 'customers'],
    ['{"mail":"Bob@Example.COM"}', 'customers'],
    ['Jürgen  Größ', 'customers'],
    ['Ann Lee, 4711-0816', ''],
    ['bob@example.org', ''],
    [Buffer.from('see PRJ-123456 and more of it').toString('base64'), 'project'],
  ] as const) {
    test(`${body.slice(0, 40)} → ${expected || 'nothing'}`, async () => assert.equal(await scan(body), expected))
  }

  test('look into what is packed', async () => assert.equal(await scan(gzipSync('PRJ-123456'), 'gzip'), 'project'))

  test('take time in line with the text, whatever the pattern', () => {
    const slow = own.find(({ name }) => name === 'slow')!
    const timeOf = (length: number): number => {
      const startMs = performance.now()
      slow.look('a'.repeat(length))
      return performance.now() - startMs
    }
    timeOf(20_000)
    // Backtracking would take longer than the universe has.
    assert.ok(timeOf(40_000) < 20_000)
  })

  test('find each value of a set and no other, and a set holds none of them', async () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcdefgh0123'), minLength: 6, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(word, { minLength: 2, maxLength: 20 }), async (words) => {
        const [outside, ...values] = words as [string, ...string[]]
        const text = formatExactSet(hashValues(values))
        assert.deepEqual(parseExactSet(text)?.hashes.size, values.length)
        for (const value of values) assert.ok(!text.includes(value))
        const look = async (searched: string): Promise<unknown> => {
          const [set] = await readDetectors('detectors: { x: { exact: s } }', async () => text)
          return set!.look(searched)
        }
        const looks = await Promise.all([...values.map((value) => look(`<${value.toUpperCase()}>`)), look(outside)])
        assert.deepEqual(looks, [...values.map(() => 1), 0])
      }),
      { numRuns: 30 },
    )
  })

  for (const [why, file] of [
    ['an unknown key', 'detectors: { x: { pattern: a, nearby: [b] } }'],
    ['a back reference', "detectors: { x: { pattern: '(a)\\1' } }"],
    ['a pattern for the empty text', "detectors: { x: { pattern: 'a*' } }"],
    ['a name that is built in', 'detectors: { iban: { pattern: a } }'],
    ['a set that is none', 'detectors: { x: { exact: y } }'],
    ['too many repetitions', "detectors: { x: { pattern: '(((a{100}){100}){100})' } }"],
  ] as const) {
    test(`are refused with ${why}`, async () => {
      await assert.rejects(readDetectors(file, async () => 'no set'))
    })
  }

  test('decide by rules, and what they found in a path is not logged', async () => {
    await using upstream = await startUpstream()
    const rules = [
      { id: 'no-project', action: 'deny', to: ['127.0.0.1'], content: { dlp: ['project', 'customers'] } },
      { id: 'lab', action: 'allow', to: ['127.0.0.1'] },
    ] as const
    await using lab = await startLab({ policy: labPolicy(rules), detectors: () => own })
    const authority = `127.0.0.1:${upstream.port}`
    const get = (path: string): Promise<string> =>
      lab.send(`GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    assert.equal(answerOf(await get('/PRJ-12345')), '200')
    assert.equal(answerOf(await get('/PRJ-123456')), '403 denied')
    assert.equal(answerOf(await get('/bob%40example.com')), '403 denied')
    await lab.recorded(3)
    assert.deepEqual(
      lab.records.map(({ path, content }) => [path, content]),
      [
        ['/PRJ-12345', []],
        ['/[redacted]', ['project']],
        ['/[redacted]', ['customers']],
      ],
    )
  })
})
