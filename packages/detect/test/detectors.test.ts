import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { getDomain } from 'tldts'
import { parseDomainPattern } from '@sallyport/net'
import { joinedWords } from '../src/joined-words.ts'
import { detectAll, looksGenerated, NOTHING_KNOWN, type DetectorName, type ObservedFlow } from '../src/index.ts'
import { beacon, browsing, observed, polling, random, START } from './labelled-traffic.ts'

const HOUR = 3_600_000
const names = (detector: DetectorName, flows: readonly ObservedFlow[]): readonly string[] =>
  detectAll(flows, [detector]).map(({ destination }) => destination)

suite('beacons', () => {
  const next = random(7)
  const labelled: { readonly flows: readonly ObservedFlow[]; readonly name: string }[] = []
  for (const periodMs of [30_000, 60_000, 300_000, 900_000])
    for (const jitter of [0, 0.1, 0.2, 0.3])
      for (const loss of [0, 0.1, 0.3]) {
        const name = `c2-${labelled.length}.example`
        labelled.push({ name, flows: beacon(name, { periodMs, jitter, loss, hours: 24 }, next) })
      }
  const benign = Array.from({ length: 200 }, (_, index) => {
    const name = `site-${index}.example`
    return index % 2 === 0 ? browsing(name, 24, next) : polling(name, 60_000 * (1 + (index % 20)), 24, next)
  })
  const found = new Set(names('beacon', [...labelled.flatMap(({ flows }) => flows), ...benign.flat()]))
  const hits = labelled.filter(({ name }) => found.has(name)).length

  test('48 timers with jitter up to 30 % and loss up to 30 % are found among 200 benign destinations', (context) => {
    const [recall, precision] = [hits / labelled.length, hits / found.size]
    context.diagnostic(`recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`)
    assert.ok(recall >= 0.9, `recall ${recall}`)
    assert.ok(precision >= 0.95, `precision ${precision}`)
  })

  test('the sentence names the period, and the numbers hold the evidence', () => {
    const flows = beacon('c2.example', { periodMs: 60_000, jitter: 0.1, loss: 0, hours: 6 }, random(1))
    const [alert] = detectAll(flows, ['beacon'])
    assert.match(alert!.sentence, /^\/tmp\/implant called c2\.example \d+ times, every (5\d|6\d) s/)
    assert.ok(alert!.numbers['score']! > 0.8 && alert!.series.length <= 200)
    assert.match(alert!.technique.id, /^T\d{4}/)
  })
})

suite('generated domains', () => {
  const next = random(11)
  const letters = (length: number, alphabet: string): string =>
    Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join('')
  const az = 'abcdefghijklmnopqrstuvwxyz'
  const families: Readonly<Record<string, readonly string[]>> = {
    letters: Array.from({ length: 500 }, () => letters(12 + Math.floor(next() * 10), az)),
    alphanumeric: Array.from({ length: 500 }, () => letters(12 + Math.floor(next() * 10), `${az}0123456789`)),
    hexadecimal: Array.from({ length: 500 }, () => letters(16, '0123456789abcdef')),
  }

  for (const [family, labels] of Object.entries(families)) {
    test(`most names of random ${family} look generated`, (context) => {
      const recall = labels.filter((label) => looksGenerated(`${label}.com`)).length / labels.length
      context.diagnostic(`recall ${recall.toFixed(3)}`)
      assert.ok(recall >= 0.9, `recall ${recall}`)
    })
  }

  const data = process.env['SALLYPORT_TEST_DATA']
  const list = join(data ?? '', 'ranges/cloudflare-top100k.txt.gz')
  test(
    'few of the names that people ask for look generated',
    { skip: data === undefined || !existsSync(list) ? 'SALLYPORT_TEST_DATA is not set' : false },
    (context) => {
      const all = gunzipSync(readFileSync(list)).toString().split('\n')
      const measured = new Set(
        all
          .filter((_, index) => index % 2 === 1)
          .flatMap((name) => getDomain(name.trim(), { allowPrivateDomains: true }) ?? []),
      )
      const wrong = [...measured].filter(looksGenerated)
      context.diagnostic(
        `${wrong.length} of ${measured.size} (${((wrong.length / measured.size) * 100).toFixed(2)} %): ${wrong.slice(0, 8).join(' ')}`,
      )
      assert.ok(wrong.length / measured.size < 0.01)
      // Sites of a day, as many as a busy network asks for.
      const labels = [...measured].map((name) => name.slice(0, name.indexOf('.')))
      for (let from = 0; from + 2000 <= labels.length; from += 2000)
        assert.ok(joinedWords(labels.filter((_, at) => at % 22 === from / 2000)).length < 10)
    },
  )

  const first = 'river table stone paper window garden summer bottle father silver orange letter'.split(' ')
  const last = 'market ready brown people daughter nation'.split(' ')
  const joined = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `${first[at % 12]}${last[(at + Math.floor(at / 12)) % 6]}.net`)

  test('names joined from the words of one list are found by each other, among a day of others too', () => {
    const asked = (names: readonly string[]): readonly ObservedFlow[] =>
      names.map((name, index) => observed(START + index, { app: '/tmp/x', name }))
    assert.equal(names('generated-domain', asked(joined(9))).length, 0, 'nine may be a habit of people')
    const others = Array.from({ length: 500 }, (_, at) => `${letters(3 + (at % 5), 'aeioulnrst')}${at}.example`)
    const [alert] = detectAll(asked([...others, ...joined(30)]), ['generated-domain'])
    assert.match(alert!.sentence, /are joined from the same words: rivermarket\.net/)
    assert.equal(alert!.numbers['joined'], alert!.numbers['names'])
  })

  test('names of two words that share one of them with others are what people come by', () => {
    const flows = [...first, ...last].map((word, index) =>
      observed(START + index, { app: '/tmp/x', name: `${word}google.com` }),
    )
    assert.equal(names('generated-domain', flows).length, 0)
  })

  test('one odd name is a brand, three of one application are an alert', () => {
    const flows = families['letters']!.filter((label) => looksGenerated(`${label}.com`))
      .slice(0, 3)
      .map((label, index) => observed(START + index, { app: '/tmp/x', name: `${label}.com` }))
    assert.equal(names('generated-domain', flows.slice(0, 1)).length, 0)
    assert.equal(names('generated-domain', flows).length, 1)
    const browsed = Array.from({ length: 40 }, (_, index) =>
      observed(START + index, { app: '/tmp/x', name: `newspaper${index}.example` }),
    )
    assert.equal(names('generated-domain', [...flows, ...browsed]).length, 0, 'three of forty are what people come by')
  })
})

suite('DNS tunnels', () => {
  const next = random(3)
  const label = (): string =>
    Array.from({ length: 50 }, () => 'abcdefghijklmnopqrstuvwxyz234567'[Math.floor(next() * 32)]).join('')
  test('data in names is found', () => {
    const flows = Array.from({ length: 100 }, (_, index) =>
      observed(START + index * 1000, { name: `${label()}.t.example.com` }),
    )
    assert.deepEqual(names('dns-tunnel', flows), ['example.com'])
  })
  test('many hosts with the names of people are none', () => {
    const flows = Array.from({ length: 300 }, (_, index) =>
      observed(START + index, { name: `edge-node-${index}.region-west.cdn.example.com` }),
    )
    assert.deepEqual(names('dns-tunnel', flows), [])
  })
})

suite('uploads', () => {
  const usual = Array.from({ length: 24 }, (_, hour) =>
    observed(START + hour * HOUR, { app: '/bin/sync', name: 'a.example', bytesOut: 5e6 + hour * 1e4, bytesIn: 1e6 }),
  )
  test('an hour far above the own past is found, the usual hours are not', () => {
    assert.deepEqual(names('upload-volume', usual), [])
    const more = observed(START + 25 * HOUR, { app: '/bin/sync', name: 'drop.example', bytesOut: 900e6, bytesIn: 1e6 })
    assert.deepEqual(names('upload-volume', [...usual, more]), ['drop.example'])
  })
  test('a download of the same size is none', () => {
    const more = observed(START + 25 * HOUR, { app: '/bin/sync', name: 'mirror.example', bytesOut: 60e6, bytesIn: 3e9 })
    assert.deepEqual(names('upload-volume', [...usual, more]), [])
  })
})

suite('refusals', () => {
  const refused = (index: number, ip: string): ObservedFlow =>
    observed(START + index * 1000, { app: '/tmp/x', ip, port: 445 }, true)
  test('many addresses are a scan, one address is something that does not give up', () => {
    const scan = detectAll(
      Array.from({ length: 60 }, (_, index) => refused(index, `192.0.2.${index}`)),
      ['many-refusals'],
    )
    assert.deepEqual([scan[0]?.technique.id, scan[0]?.numbers['destinations']], ['T1046', 60])
    const one = detectAll(
      Array.from({ length: 60 }, (_, index) => refused(index, '192.0.2.1')),
      ['many-refusals'],
    )
    assert.match(one[0]!.sentence, /does not give up/)
  })
  test('names that a rule refuses are no scan, whatever their number; names that no rule speaks of are a configuration', () => {
    const names = Array.from({ length: 80 }, (_, index) =>
      observed(START + index * 1000, { app: '/usr/bin/firefox', name: `ads${index}.example`, port: null }, true),
    )
    assert.deepEqual(
      detectAll(
        names.map((each) => ({ ...each, rule: 'no-ads' })),
        ['many-refusals'],
      ),
      [],
    )
    const [alert, ...more] = detectAll(names, ['many-refusals'])
    assert.deepEqual([alert?.severity, alert?.destination, more.length], ['low', 'many destinations', 0])
  })
  test('the same number over a day is none', () => {
    const slow = Array.from({ length: 60 }, (_, index) => refused(index * 1400, '192.0.2.1'))
    assert.deepEqual(names('many-refusals', slow), [])
  })
})

test('SSH on the port of HTTPS is found, TLS there is not', () => {
  assert.deepEqual(names('protocol-mismatch', [observed(START, { ip: '192.0.2.1', protocol: 'ssh' })]), ['192.0.2.1'])
  assert.deepEqual(names('protocol-mismatch', [observed(START, { ip: '192.0.2.1', protocol: 'tls' })]), [])
})

test('a name said to an address that was no answer for it is found; where bound names are unknown nothing is said', () => {
  const fronted = observed(START, { name: 'allowed.example' })
  const wrong = { ...fronted, flow: { ...fronted.flow, boundNames: [] } }
  const { boundNames: _bound, ...unknown } = fronted.flow
  assert.deepEqual(names('name-mismatch', [fronted, { ...fronted, flow: unknown }]), [])
  assert.deepEqual(names('name-mismatch', [wrong]), ['allowed.example'])
  assert.deepEqual(names('name-mismatch', [wrong, fronted]), [], 'an address that was given, and is kept')
})

test('a subject that asks another resolver is told once', () => {
  const flows = Array.from({ length: 40 }, (_, index) =>
    observed(START + index, { app: '/usr/bin/firefox', name: `site${index}.example`, boundNames: [] }),
  )
  const found = detectAll(flows, ['name-mismatch'])
  assert.deepEqual(
    found.map(({ severity, destination, numbers }) => [severity, destination, numbers['names']]),
    [['low', 'many destinations', 40]],
  )
})

test('a tool of remote access or an anonymiser is known by a host below its name and by protocol; its site is for reading', () => {
  const pattern = parseDomainPattern('.anydesk.com')!
  const category = (name: string) => (name === 'remote-access' ? { domains: [pattern], prefixes: [] } : null)
  const flows = [
    observed(START, { name: 'relay-1.net.anydesk.com' }),
    observed(START, { name: 'notanydesk.com' }),
    observed(START, { name: 'www.anydesk.com' }),
    observed(START, { name: 'anydesk.com' }),
    observed(START, { ip: '192.0.2.9', protocol: 'rdp', port: 3389 }),
    observed(START, { ip: '192.0.2.9', protocol: 'tor', port: 9001 }),
  ]
  const found = (detector: DetectorName): readonly string[] =>
    detectAll(flows, [detector], { ...NOTHING_KNOWN, category }).map(({ destination }) => destination)
  assert.deepEqual(found('remote-access'), ['relay-1.net.anydesk.com', '192.0.2.9'])
  assert.deepEqual(found('anonymiser'), ['192.0.2.9'])
})

test('Tor is told by the names that it makes up and nobody looked up', () => {
  const tor = (name: string, bound: boolean): ObservedFlow =>
    observed(START, { name, protocol: 'tls', ip: '192.0.2.9', ...(bound ? {} : { boundNames: [] }) })
  assert.deepEqual(names('anonymiser', [tor('www.ct7ctrgb6cr7.com', false)]), ['www.ct7ctrgb6cr7.com'])
  assert.deepEqual(names('anonymiser', [tor('www.ct7ctrgb6cr7.com', true)]), [], 'a site, however odd its name')
  assert.deepEqual(names('anonymiser', [tor('www.organicgardens.com', false)]), [])
})

test('a connection of five hours is found, one of an hour is not', () => {
  const open = (hours: number): ObservedFlow => observed(START, { name: `h${hours}.example`, durationMs: hours * HOUR })
  assert.deepEqual(names('long-connection', [open(1), open(5)]), ['h5.example'])
})

test('no flows, no alerts; flows without a fact, no alerts', () => {
  assert.deepEqual(detectAll([]), [])
  assert.deepEqual(detectAll([{ flow: {}, timeMs: START, denied: false, rule: null }]), [])
})

test('whatever the times and counters of flows are, nothing throws and every number is one', () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constantFrom(START, START + 1, -1, 8.64e15))
  const count = fc.option(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 50 })), { nil: null })
  const flow = fc.record({
    time,
    count,
    name: fc.constantFrom('a.example', 'b.example', 'www.aaaaaaaa.com'),
    denied: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(flow, { minLength: 20, maxLength: 80 }), (drawn) => {
      const flows = drawn.map(({ time: timeMs, count: bytesOut, name, denied }) =>
        observed(timeMs, { name, bytesOut, bytesIn: bytesOut, durationMs: bytesOut }, denied),
      )
      const timesMs = flows.map(({ timeMs }) => timeMs)
      const past = {
        nowMs: START,
        sinceMs: timesMs[0]!,
        users: 1,
        habits: [],
        hasEveryHabit: true,
        common: [],
        sent: [],
        long: [],
        calls: [{ subject: 'a', destination: 'b', timesMs: timesMs.toSorted((a, b) => a - b), bytesOut: [] }],
      }
      for (const { numbers, firstMs, lastMs } of detectAll(flows, undefined, { ...NOTHING_KNOWN, past })) {
        assert.ok(Object.values(numbers).every(Number.isFinite), JSON.stringify(numbers))
        assert.ok(firstMs <= lastMs)
      }
    }),
    { numRuns: 300 },
  )
})
