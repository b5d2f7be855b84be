/**
 * How long each page of the console takes in Debian's chromium with nothing in its cache, from the navigation's start until something is
 * painted and until nothing changes any more, over a store of `SALLYPORT_BENCH_ROWS` flows (a million) of three days; or over the one in
 * `SALLYPORT_BENCH_STORE`, which stays.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlowStore } from '@sallyport/store'
import { chromium, type BrowserContext } from 'playwright-core'
import { PASSWORD, TestApi } from '../packages/console/test/test-api.ts'
import { openEmbedded } from '../packages/store/src/engine/open-embedded.ts'
import { fillBusySite } from '../packages/store/test/busy-site.ts'
import { spreadText } from './spread.ts'

const ROWS = Number(process.env['SALLYPORT_BENCH_ROWS'] ?? 1_000_000)
const ROUNDS = Number(process.env['SALLYPORT_BENCH_ROUNDS'] ?? 7)
const GIVEN = process.env['SALLYPORT_BENCH_STORE']
const PAGES = 'overview flows destinations applications dns policy policy/rules alerts feeds audit settings'.split(' ')
const CHROMIUM = '/usr/bin/chromium'
const QUIET_MS = 1500

const NOTE_CHANGES = `new MutationObserver(() => { globalThis.changedMs = performance.now() })
  .observe(document, { childList: true, subtree: true, characterData: true })`
const QUIET = `!document.body.innerText.includes('Loading…') && document.querySelector('main h1:not(.unseen)') !== null
  && performance.now() - globalThis.changedMs > ${QUIET_MS}`

type Seen = { readonly painted: number; readonly filled: number; readonly files: number; readonly octets: number }

async function look(context: BrowserContext, url: string): Promise<Seen> {
  const page = await context.newPage()
  await page.addInitScript(NOTE_CHANGES)
  await page.goto(url)
  // Not by waitForFunction: what it evaluates in the page is against the page's policy.
  for (let tries = 0; !((await page.evaluate(QUIET)) as boolean); tries++) {
    if (tries > 300) throw new Error(`${url} does not come to rest`)
    await sleep(200)
  }
  return (await page.evaluate(`({
    painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    filled: globalThis.changedMs,
    files: performance.getEntriesByType('resource').length,
    octets: performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, 0),
  })`)) as Seen
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
try {
  if (!existsSync(CHROMIUM)) throw new Error(`needs ${CHROMIUM}`)
  const directory = GIVEN ?? join(folder, 'flows')
  if (GIVEN === undefined) {
    mkdirSync(directory)
    ;(await FlowStore.open(directory))[Symbol.dispose]()
    using engine = openEmbedded(directory)
    await fillBusySite(engine, { flows: ROWS, untilMs: Date.now(), days: 3, users: 200 })
    // One batch of a million is none that comes through the spool: merges have summed those up.
    await engine.define('OPTIMIZE TABLE flows FINAL')
  }
  using store = await FlowStore.open(directory)
  await using api = await TestApi.open(store)
  api.nowMs = Date.now()
  // As the desk does, whose first is there before anybody asks.
  await api.overviews.renew(24)
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
  await using scope = new AsyncDisposableStack()
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  scope.defer(() => browser.close())
  const signedIn = await browser.newContext()
  const answer = await signedIn.request.post(`${url}/api/v1/session`, { data: { name: 'admin', password: PASSWORD } })
  if (!answer.ok()) throw new Error(`sign-in: ${answer.status()}`)
  const storageState = await signedIn.storageState()
  for (const name of PAGES) {
    const seen: Seen[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const context = await browser.newContext({ storageState })
      seen.push(await look(context, `${url}/#/${name}`))
      await context.close()
    }
    const { files, octets } = seen.at(-1)!
    const [painted, filled] = [seen.map((each) => each.painted), seen.map((each) => each.filled)]
    console.log(
      `${name}: painted ${spreadText(painted, 0)} ms, filled ${spreadText(filled, 0)} ms, the first time ${Math.round(filled[0]!)} ms; ${files} files, ${octets} octets`,
    )
  }
  api.app.server.closeAllConnections()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
