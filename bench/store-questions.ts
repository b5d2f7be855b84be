import { execFileSync } from 'node:child_process'
import { FlowStore, parseFilter, type FlowFilter, type TopBy } from '@sallyport/store'

/**
 * The questions of the console, of `flows` and of `top` over a store that `many-flows.ts` made:
 * `node bench/store-questions.ts DIRECTORY/flows`. Each three times: the first with the store's files out of memory, two with them there.
 * Of all times is what no filter says; `since` is before the newest flow.
 */
const WARM_ROUNDS = 2
const HOUR_MS = 3_600_000
const PAGE = 100

const ALL_FACTS = {
  facts: ['app', 'user', 'device', 'dst', 'domain', 'boundNames', 'transport', 'port', 'protocol', 'groups'],
  byReason: true,
  byMinute: false,
  listed: 0,
}
const BROWSER = 'app:/usr/lib/browser-0'

const LISTS: readonly string[] = [
  '',
  'verdict:deny',
  BROWSER,
  'app:/usr/bin/app-150',
  `${BROWSER} verdict:deny`,
  'user:user3',
  'country:PL',
  'port:22',
  'domain:host-7.site-7.example',
  'domain:*.site-7.example',
  'domain:host-44444.site-8444.example',
  'user:user3 domain:*.site-70.example',
  'ip:16.0.0.0/12',
  'since:24h',
  'until:15d',
  'port:22 verdict:deny',
]

const TOPS: readonly (readonly [TopBy, string])[] = [
  ['destination', ''],
  ['app', ''],
  ['rule', ''],
  ['country', 'since:30d'],
  ['destination', 'since:24h'],
  ['destination', 'since:29d'],
  ['destination', 'verdict:deny'],
  ['app', 'since:29d'],
  ['rule', 'since:29d'],
  ['destination', BROWSER],
  ['destination', 'app:/usr/bin/app-7'],
  ['destination', `${BROWSER} since:7d`],
  ['destination', `${BROWSER} country:DE`],
  ['rule', BROWSER],
  ['port', BROWSER],
  ['user', BROWSER],
  ['destination', 'user:user1'],
  ['app', 'user:user1'],
  ['country', 'user:user1'],
  ['destination', 'country:DE'],
  ['app', 'country:DE'],
  ['user', 'country:DE verdict:deny'],
  ['destination', 'port:443'],
  ['user', 'port:443'],
  ['destination', 'asn:64501'],
  ['user', 'asn:64501'],
  ['destination', 'domain:*.site-7.example'],
  ['app', 'domain:*.site-7.example'],
  ['user', 'domain:host-1.site-1.example'],
  ['destination', 'ip:16.0.0.0/12'],
  ['user', 'ip:16.0.0.0/12'],
]

const DESTINATIONS: readonly string[] = [
  '',
  'since:24h',
  'since:29d',
  'verdict:deny',
  'country:DE',
  BROWSER,
  'user:user3',
]

function questions(store: FlowStore, newestMs: number): Readonly<Record<string, () => Promise<unknown>>> {
  const filter = (text: string): FlowFilter => parseFilter([text], newestMs)
  const asked = <T>(name: string, texts: readonly T[], ask: (each: T) => Promise<unknown>): object =>
    Object.fromEntries(texts.map((each) => [`${name} ${String(each)}`.replace(',', ' '), () => ask(each)]))
  return {
    ...asked(`newest ${PAGE}`, LISTS, (text) => store.list(filter(text), { limit: PAGE })),
    ...asked('top by', TOPS, ([by, text]) => store.top(by, filter(text), PAGE)),
    ...asked('destinations with who went there', DESTINATIONS, (text) => store.destinations(filter(text), PAGE)),
    ...asked('verdicts of hours', [24, 24 * 29], (hours) => store.countVerdicts(newestMs - hours * HOUR_MS)),
    ...asked('new destinations of hours', [24, 24 * 29], (hours) =>
      store.newDestinations(newestMs - hours * HOUR_MS, 8),
    ),
    ...asked('flows an hour of hours', [24, 24 * 29], (hours) => store.flowsByHour(newestMs - hours * HOUR_MS)),
    'groups of equal facts user:user1 app:/usr/bin/app-1': () =>
      store.factGroups(filter('user:user1 app:/usr/bin/app-1'), ALL_FACTS, 1_000_000),
  }
}

/** posix_fadvise(2), which Node has not. */
function outOfMemory(directory: string): void {
  const forget = `import os, sys
for folder, _, files in os.walk(sys.argv[1]):
    for name in files:
        try: fd = os.open(os.path.join(folder, name), os.O_RDONLY)
        except FileNotFoundError: continue
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)`
  execFileSync('python3', ['-c', forget, directory])
}

const directory = process.argv[2]
if (directory === undefined) throw new Error('usage: node bench/store-questions.ts DIRECTORY/flows')
using store = await FlowStore.open(directory)
const [newest] = (await store.list([], { limit: 1 })).flows
const rows = (await store.relayout())!
const flows = (await store.top('verdict', [], 10)).reduce((sum, each) => sum + each.flows, 0)
console.log(`${flows} flows, ${rows.rowsLeft} of ${rows.rows} rows to be laid out`)
console.log('question: seconds of the clock cold, then warm; seconds of processors warm')
for (const [name, ask] of Object.entries(questions(store, Date.parse(newest!.time) + 1))) {
  outOfMemory(directory)
  const times: string[] = []
  let cpuMs = 0
  for (let round = 0; round <= WARM_ROUNDS; round++) {
    const [begun, before] = [performance.now(), process.cpuUsage()]
    await ask()
    const { user, system } = process.cpuUsage(before)
    times.push(((performance.now() - begun) / 1000).toFixed(2))
    cpuMs = (user + system) / 1000
  }
  console.log(`${name}: ${times.join(' ')}; ${(cpuMs / 1000).toFixed(2)}`)
}
