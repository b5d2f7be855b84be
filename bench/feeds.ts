/**
 * Reads a list of a million names to the table that answers, and beside it the same list into dnsmasq and unbound, which check
 * their configuration and end. Ratios are time of the peer by ours; memory is what stays of the list itself.
 */
import { spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseFeed, readFeed, type Feed, type InvalidFeed } from '@sallyport/catalog'
import { compilePolicy } from '@sallyport/compile'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'

const NAMES = Number(process.env['NAMES'] ?? 1_160_000)
const RUNS = Number(process.env['RUNS'] ?? 5)
const data = process.env['SALLYPORT_TEST_DATA']
const real = data === undefined ? '' : join(data, 'feeds/malware-domains.txt.gz')

const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-feeds-'))
const names = existsSync(real)
  ? [...feedOf(await readFeed(real)).domains].slice(0, NAMES).map(({ name }) => name as string)
  : Array.from({ length: NAMES }, (_, at) => `n${(at * 2_654_435_761) % 4_294_967_296}.host${at % 977}.example`)
const plain = Buffer.from(`${names.join('\n')}\n`)
await writeLines('dnsmasq.conf', (name) => `address=/${name}/#\n`, '')
await writeLines('unbound.conf', (name) => `local-zone: "${name}." always_nxdomain\n`, 'server:\n')

const layer = definePolicy({ sallyport: 1, rules: [{ id: 'no', action: 'deny', to: [{ feed: 'f' }] }] })
/** None is given back before the end, so that what a list costs is seen each time. */
const feeds: Feed[] = []
for (let run = 0; run < RUNS; run++) {
  globalThis.gc?.()
  const before = memory()
  const start = performance.now()
  const feed = feedOf(parseFeed(plain, {}, 0))
  const parsed = performance.now()
  feeds.push(feed)
  globalThis.gc?.()
  const kept = memory() - before
  const compiling = performance.now()
  compilePolicy({ layers: [layer] }, { ...EMPTY_WORLD, feed: () => feed }, { atMs: 0 })
  const ours = parsed - start + (performance.now() - compiling)
  const dnsmasq = peer('dnsmasq', ['--test', `--conf-file=${join(directory, 'dnsmasq.conf')}`])
  const unbound = peer('unbound-checkconf', [join(directory, 'unbound.conf')])
  console.log(
    JSON.stringify({
      bench: 'feeds',
      names: feed.domains.length,
      parseMs: Math.round(parsed - start),
      parseAndTableMs: Math.round(ours),
      listMegabytes: Math.round(kept / 1e5) / 10,
      dnsmasqMs: dnsmasq,
      unboundMs: unbound,
      dnsmasqByOurs: ratio(dnsmasq, ours),
      unboundByOurs: ratio(unbound, ours),
    }),
  )
}
rmSync(directory, { recursive: true })

function feedOf(feed: Feed | InvalidFeed): Feed {
  if ('invalid' in feed) throw new Error(feed.invalid)
  return feed
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function writeLines(file: string, line: (name: string) => string, head: string): Promise<void> {
  writeFileSync(join(directory, file), '')
  const stream = createWriteStream(join(directory, file))
  stream.write(head)
  for (let at = 0; at < names.length; at += 10_000) {
    const part = names
      .slice(at, at + 10_000)
      .map(line)
      .join('')
    if (!stream.write(part)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'finish')
}

/** `null`: not installed. */
function peer(command: string, args: readonly string[]): number | null {
  const start = performance.now()
  const { status } = spawnSync(command, args, { timeout: 120_000 })
  return status === 0 ? Math.round(performance.now() - start) : null
}

function ratio(theirs: number | null, ours: number): number | null {
  return theirs === null ? null : Math.round((theirs * 100) / ours) / 100
}
