import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { openWorld } from '@sallyport/catalog'
import { EMPTY_WORLD } from '@sallyport/policy'
import { FlowStore } from '@sallyport/store'
import { chromium, type Browser, type Page } from 'playwright-core'
import { ClockWatch } from '../src/desk/clock-watch.ts'
import { detectOnce } from '../src/desk/keep-detecting.ts'
import { KnownToDetectors } from '../src/desk/known-to-detectors.ts'
import { readNetworkNames } from '../src/desk/network-names.ts'
import { keepFeed, OFFICE, recordDay } from './recorded-host.ts'
import { PASSWORD, TestApi } from './test-api.ts'

const CHROMIUM = '/usr/bin/chromium'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A directory for a picture of every page. */
const PICTURES = process.env['SALLYPORT_PICTURES']
const PAGES = [
  'overview',
  'flows',
  'destinations',
  'destinations/country',
  'destinations/asn',
  'applications',
  'applications/user',
  'dns',
  'dns/names',
  'dns/past',
  'policy',
  'policy/rules',
  'alerts',
  'feeds',
  'feeds/malware',
  'audit',
  'settings',
]

/** Those of docs/guide/console.md. */
const PICTURED: ReadonlySet<string> = new Set([
  'overview',
  'destinations',
  'policy/rules',
  'alerts',
  'feeds/malware',
  'overview-narrow-dark',
  'policy-draft',
])

/** Whoever looks from outside looks twice a second. */
const NOTE_WHEN_SHOWN = `new MutationObserver((_changes, observer) => {
  if (![...document.querySelectorAll('h2')].some(({ textContent }) => textContent === 'Flows an hour')) return
  globalThis.shownMs = performance.now()
  observer.disconnect()
}).observe(document, { childList: true, subtree: true })`

type AxeResult = {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

suite('the pages of the console', { skip: !existsSync(CHROMIUM) && 'needs chromium', timeout: 240_000 }, () => {
  let flows: FlowStore
  let api: TestApi
  let browser: Browser
  let page: Page
  let url = ''
  const errors: string[] = []

  before(async () => {
    flows = await FlowStore.open()
    const nowMs = Date.now()
    await recordDay(flows, nowMs)
    let world = EMPTY_WORLD
    api = await TestApi.open(flows, { networkNames: readNetworkNames(), worldFor: async () => world })
    api.nowMs = nowMs
    const feed = await keepFeed(api.feeds, nowMs)
    world = await openWorld({ subscriptions: [feed], stores: [api.directory] })
    const body = { files: [{ file: 'office.yaml', text: OFFICE }], mode: 'monitor', reason: 'first policy' }
    assert.equal((await api.ask('POST', '/policy/apply', { headers: await api.signIn('editor'), body })).status, 200)
    await detectOnce(
      {
        store: flows,
        state: api.state,
        nowMs: () => nowMs,
        monotonicMs: () => 0,
        onAlerts: () => {},
        onFailure: (error) => assert.fail(String(error)),
      },
      new KnownToDetectors(flows, api.state, () => 0),
      new ClockWatch(),
    )
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
    page = await browser.newPage({ timezoneId: 'UTC' })
    page.on('console', (message) => message.type() === 'error' && errors.push(`${page.url()}: ${message.text()}`))
    page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`))
    await page.goto(url)
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
  })
  after(async () => {
    await browser?.close()
    api.app.server.closeAllConnections()
    await api[Symbol.asyncDispose]()
    flows[Symbol.dispose]()
  })

  /** Until nothing is asked for any more; the stream of events stays open. */
  const open = async (path: string): Promise<void> => {
    api.nowMs = Date.now()
    await page.goto(`${url}/#/${path}`)
    await page.locator('main h1').first().waitFor()
    await page.getByText('Loading…').first().waitFor({ state: 'detached' })
  }
  const axe = async (): Promise<readonly string[]> => {
    await page.evaluate(AXE)
    const { violations } = (await page.evaluate('axe.run()')) as AxeResult
    return violations.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }
  const picture = async (path: string, kind: string): Promise<void> => {
    if (PICTURES === undefined || !PICTURED.has(`${path}${kind}`)) return
    mkdirSync(PICTURES, { recursive: true })
    const session = await page.context().newCDPSession(page)
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 70 })
    writeFileSync(join(PICTURES, `${path.replace('/', '-')}${kind}.webp`), Buffer.from(data, 'base64'))
    await session.detach()
  }

  for (const [colorScheme, width, kind] of [
    ['light', 1280, ''],
    ['dark', 360, '-narrow-dark'],
  ] as const)
    test(`every page passes axe in ${colorScheme} colours at ${width} pixels, and needs no scrolling sideways`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 800 })
      const found: string[] = []
      for (const path of PAGES) {
        await open(path)
        found.push(...(await axe()))
        await picture(path, kind)
        const wide = (await page.evaluate('document.documentElement.scrollWidth')) as number
        if (wide > width) found.push(`${path} is ${wide} pixels wide`)
      }
      assert.deepEqual(found, [])
    })

  test('what a page says is what was recorded', async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    await open('destinations')
    const github = page.getByRole('row').filter({ hasText: 'github.com' })
    assert.match(await github.innerText(), /(United States|Germany).*AS36459/s)
    await page.getByRole('img', { name: /^Map of flows to \d+ countries: / }).waitFor()
    await open('dns/rules')
    assert.match(await page.getByRole('row').filter({ hasText: 'no-tracking' }).innerText(), /60/)
    await open('policy/rules')
    assert.match(await page.getByRole('row').filter({ hasText: 'old-printer' }).innerText(), /decided nothing/)
    await open('audit')
    assert.match(await page.getByRole('row').filter({ hasText: 'version 1' }).innerText(), /editor\s+apply/)
    await open('alerts')
    await page.getByText('cdn-sync.example').first().waitFor()
  })

  test('a list is filtered as one types, shows more, and is kept as a file', async () => {
    await open('flows')
    await page.getByRole('button', { name: 'More' }).click()
    await page.locator('tbody tr').nth(199).waitFor()
    await page.getByLabel('Filter').fill('app:/tmp/**')
    await page.getByRole('row').filter({ hasText: 'github.com' }).first().waitFor({ state: 'detached' })
    assert.equal(await page.locator('tbody tr').filter({ hasText: '/tmp/.cache/upd' }).count(), 100)
    assert.match(page.url(), /app%3A/)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ])
    const text = readFileSync(await download.path(), 'utf8')
    assert.equal(download.suggestedFilename(), 'flows.csv')
    assert.equal(text.trimEnd().split('\r\n').length, 145)
  })

  test('from watching to enforcing by the keyboard alone: complete, see what changes, enforce, confirm, roll back', async () => {
    await open('overview')
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const reach = async (name: string): Promise<void> => {
      for (let steps = 0; steps < 400; steps++) {
        await press('Tab')
        const focused = await page.evaluate(
          `document.activeElement === document.body ? '' : [document.activeElement.ariaLabel, document.activeElement.id, document.activeElement.innerText].join(' ')`,
        )
        if (String(focused).includes(name)) return
      }
      assert.fail(`Tab never reaches ${name}`)
    }
    await reach('Policy')
    await press('Enter')
    await reach('editor-office.yaml')
    await press('Control+Home', ...Array.from({ length: 6 }, () => 'ArrowDown'))
    await press('Enter', 'ArrowUp')
    await page.keyboard.type('  - { id: no-sync, action: d')
    await page.getByRole('option', { name: 'deny' }).waitFor()
    await press('ArrowDown', 'Enter')
    await page.keyboard.type(', to: [.cdn-sync.example] }')
    const changed = page.getByRole('row').filter({ hasText: 'api.example.net' })
    await page.getByRole('heading', { name: 'What this would change' }).waitFor()
    assert.equal(await changed.count(), 0)
    await page.getByText('Difference from the policy in force').waitFor()
    await page.emulateMedia({ colorScheme: 'light' })
    await picture('policy', '-draft')
    await reach('Enforce on trial')
    await press('Enter')
    await page.getByText('On trial until').waitFor()
    await reach('Confirm')
    await press('Enter')
    await page.getByText('Confirmed; it stays.').waitFor()
    assert.equal((await api.state.policies.inForce()).confirmed, 2)
    await reach('Roll back to version 1')
    await press('Enter')
    await page.getByText('Version 1 is in force again.').waitFor()
    assert.equal((await api.state.policies.inForce()).version, 1)
  })

  test('an alert leads to a draft that blocks its destination', async () => {
    await open('alerts')
    await page.getByRole('link', { name: 'Block…' }).first().click()
    await page.getByText('stands first in this draft').waitFor()
    assert.match(await page.getByLabel('office.yaml').inputValue(), /id: block-[a-z0-9-]+, action: deny/)
  })

  test('a flow says all that is known of it, and its values narrow the list', async () => {
    await open('flows')
    await page.getByRole('link', { name: 'Would be stopped', exact: true }).click()
    await page.getByRole('row').filter({ hasText: 'github.com' }).first().waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Details' }).first().click()
    assert.match(await page.locator('tr.detail').innerText(), /no rule matches.*198\.51\.100\.66/s)
    await page.locator('tbody').getByRole('link', { name: 'bob', exact: true }).first().click()
    await page.waitForURL(/user%3A%22bob%22%20verdict%3Adeny/)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Standing still').waitFor()
  })

  test('an alert that the overview names is muted for a day', async () => {
    await open('overview')
    await page.getByRole('region', { name: 'Unusual' }).getByRole('link').first().click()
    const card = page.locator('article:focus')
    await card.getByLabel('How long it is muted').selectOption('a day')
    await card.getByRole('button', { name: 'Mute for' }).click()
    await page
      .getByRole('row')
      .filter({ hasText: /beacon, .*admin/ })
      .waitFor()
    const [mute] = await api.state.mutes.list(api.nowMs)
    assert.equal(Math.round((mute!.untilMs - mute!.createdMs) / 3_600_000), 24)
  })

  test('an administrator adds an account, and a draft outlives its page', async () => {
    await open('settings')
    await page.getByLabel('Name').fill('new-analyst')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByLabel('Role').selectOption('analyst')
    await page.getByRole('button', { name: 'Add the account' }).click()
    const added = page.getByRole('row').filter({ hasText: 'new-analyst' })
    assert.match(await added.innerText(), /new-analyst\s+analyst/)
    await open('policy')
    await page.getByLabel('office.yaml').fill('sallyport: 1\nname: office\nrules: []\n')
    await page.getByText('Not in force.').waitFor()
    await open('flows')
    await open('policy')
    assert.match(await page.getByLabel('office.yaml').inputValue(), /rules: \[\]/)
    await page.getByRole('button', { name: 'Discard the draft' }).click()
    assert.match(await page.getByLabel('office.yaml').inputValue(), /no-malware/)
  })

  test('how long the first page takes is told', async (context) => {
    const fresh = await browser.newContext({ storageState: await page.context().storageState() })
    const first = await fresh.newPage()
    await first.addInitScript(NOTE_WHEN_SHOWN)
    await first.goto(url)
    await first.getByRole('heading', { name: 'Flows an hour' }).waitFor()
    const { painted, files, bytes, shownMs } = (await first.evaluate(`({
      painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      files: performance.getEntriesByType('resource').length,
      bytes: performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, 0),
      shownMs: globalThis.shownMs,
    })`)) as Record<'painted' | 'files' | 'bytes' | 'shownMs', number>
    context.diagnostic(
      `${files} requests, ${bytes} octets, painted after ${Math.round(painted)} ms, with its numbers after ${Math.round(shownMs)} ms`,
    )
    // Of the files alone: how long they take is the machine's.
    assert.ok(files <= 17 && bytes <= 40_000, `${files} requests, ${bytes} octets`)
    await fresh.close()
  })

  test('no page had an error', () => {
    assert.deepEqual(
      errors.filter((text) => !/status of 4\d\d/.test(text)),
      [],
    )
  })
})
