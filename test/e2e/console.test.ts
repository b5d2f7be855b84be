import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import { findCgroupMount } from '@sallyport/kernel'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { RESOLVER } from './lab-hosts.ts'
import { Lab, needsRoot, type Ended } from './lab.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PAGES = [
  'overview',
  'flows',
  'destinations',
  'destinations/country',
  'applications',
  'applications/user',
  'dns',
  'dns/reached',
  'policy',
  'policy/rules',
  'alerts',
  'feeds',
  'audit',
  'settings',
]

/** A directory for a picture of every page. */
const SCREENSHOTS = process.env['SALLYPORT_SCREENSHOTS']

type AxeResult = {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

suite('the console of a guarded host', { skip: needsRoot, timeout: 240_000 }, () => {
  let lab: Lab
  let cgroup: string
  let child: ChildProcess
  let ended: Promise<Ended>
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let url = ''
  let token = ''
  const errors: string[] = []

  before(async () => {
    lab = await Lab.open()
    cgroup = join(findCgroupMount(), `sallyport-console-${process.pid}`)
    mkdirSync(cgroup)
    const ready = Promise.withResolvers<{ url: string; token: string }>()
    ended = lab.sallyport(['up', '--cgroup', cgroup, '--upstream', RESOLVER, '--json'], {
      onSpawn: (spawned) => {
        child = spawned
        let text = ''
        spawned.stderr!.on('data', (chunk: Buffer) => {
          text += chunk
          const line = text.split('\n').find((each) => each.includes('"console"'))
          if (line !== undefined) ready.resolve(JSON.parse(line) as { url: string; token: string })
        })
      },
    })
    void ended.then(({ stderr }) => ready.reject(new Error(stderr)))
    ;({ url, token } = await ready.promise)
    const wrapper = join(lab.directory, 'chromium')
    writeFileSync(wrapper, `#!/bin/sh\nexec ${lab.inClient(['chromium']).join(' ')} "$@"\n`)
    chmodSync(wrapper, 0o755)
    browser = await chromium.launch({ executablePath: wrapper, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
    context = await browser.newContext()
    page = await context.newPage()
    page.on('console', (message) => message.type() === 'error' && errors.push(`${page.url()}: ${message.text()}`))
    page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`))
  })
  after(async () => {
    await browser?.close()
    child?.kill('SIGTERM')
    await ended
    rmdirSync(cgroup)
    await lab[Symbol.asyncDispose]()
  })

  const fetches = async (name: string): Promise<boolean> =>
    (await lab.inCgroup(cgroup, ['curl', '-sS', '-m', '3', `http://${name}/`])).stdout.includes('hello')
  const open = async (path: string): Promise<void> => {
    await page.goto(`${url}/#/${path}`)
    await page.locator('h1').first().waitFor()
  }
  const axe = async (): Promise<readonly string[]> => {
    // As a test of ours: the page itself may run nothing that is not its own.
    await page.evaluate(AXE)
    const { violations } = (await page.evaluate('axe.run()')) as AxeResult
    return violations.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }

  test('nobody sees anything before the first account is made, with the token that was printed', async () => {
    await open('overview')
    assert.equal(await page.locator('nav').count(), 0)
    assert.deepEqual(await axe(), [])
    await page.goto('about:blank')
    await page.goto(`${url}/#/setup/${token}`)
    await page.getByLabel('Name').fill('ann')
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Make the account' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
  })

  test('what leaves is on the page a moment later, with name, application and user', async () => {
    assert.equal(await fetches('allowed.test'), true)
    assert.equal(await fetches('denied.test'), true)
    await open('flows')
    const row = page.getByRole('row').filter({ hasText: 'allowed.test' }).filter({ hasText: 'tcp/80' }).first()
    await row.waitFor({ timeout: 20_000 })
    assert.match(await row.innerText(), /left.*allowed\.test.*tcp\/80.*\/curl.*root/s)
    await page.getByLabel('Filter').fill('domain:denied.test')
    await page.keyboard.press('Enter')
    await page.getByRole('row').filter({ hasText: 'denied.test' }).first().waitFor()
    await page.getByRole('row').filter({ hasText: 'allowed.test' }).first().waitFor({ state: 'detached' })
    await page.getByLabel('Filter').fill('domian:x')
    await page.keyboard.press('Enter')
    await page.getByText('Did you mean domain?').waitFor()
  })

  test('from watching to enforcing by clicks: learn, edit, see what changes, enforce on trial, confirm, roll back', async () => {
    await open('policy')
    await page.getByRole('button', { name: 'Learn from the last 30 days' }).click()
    const editor = page.getByLabel('learned.yaml')
    await editor.waitFor()
    const learned = await editor.inputValue()
    assert.match(learned, /allowed\.test/)
    await editor.fill(learned.replace('rules:', 'rulez:'))
    await page.locator('.problems').getByText(/rulez/).waitFor()
    await page
      .locator('.behind .marked')
      .getByText(/◂.*rulez/)
      .waitFor()
    assert.equal(await page.getByRole('button', { name: 'Enforce on trial' }).isDisabled(), true)
    await editor.fill(
      'sallyport: 1\nname: only\nmode: monitor\nrules:\n  - { id: web, action: allow, to: [allowed.test], ports: [80] }\n',
    )
    await page
      .getByRole('row')
      .filter({ hasText: 'denied.test' })
      .filter({ hasText: 'would be blocked' })
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Enforce on trial' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('Confirmed; it stays.').waitFor()
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    await editor.waitFor()
    await page.getByRole('button', { name: 'Apply, only watch' }).click()
    await page.getByText('it only watches.', { exact: false }).first().waitFor()
    await page.getByRole('button', { name: 'Roll back to version 1' }).click()
    await page.getByText('Version 1 is in force again.').waitFor()
    assert.equal(await fetches('denied.test'), false)
    await page.getByRole('button', { name: 'Diff of version 1' }).click()
    await page.locator('pre.diff').getByText('+  - { id: web').waitFor()
  })

  for (const [colorScheme, widths] of [
    ['light', [360, 1280]],
    ['dark', [1280]],
  ] as const)
    test(`every page passes axe in ${colorScheme} colours, at ${widths.join(' and ')} pixels, and needs no scrolling sideways`, async () => {
      await page.emulateMedia({ colorScheme })
      const found: string[] = []
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 })
        for (const path of PAGES) {
          await open(path)
          await page.waitForLoadState('load')
          await page.waitForTimeout(150)
          found.push(...(await axe()))
          if (SCREENSHOTS !== undefined)
            await page.screenshot({ path: join(SCREENSHOTS, `${path.replace('/', '-')}-${colorScheme}-${width}.png`) })
          const wide = (await page.evaluate('document.documentElement.scrollWidth')) as number
          assert.ok(wide <= width, `${path} is ${wide} pixels wide`)
        }
      }
      assert.deepEqual(found, [])
    })

  test('a page that is open follows: a flow that is refused appears by itself', async () => {
    await open('overview')
    await fetches('192.0.2.77')
    // The overview before stays for ten times what it took.
    await page.getByRole('link', { name: '192.0.2.77' }).first().waitFor({ timeout: 120_000 })
  })

  test('the command line reads the same store while it is open', async () => {
    const { status, stdout, stderr } = await lab.sallyport(['top', '--json'])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /allowed\.test/)
  })

  test('signed out, nothing is left to see', async () => {
    await open('overview')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    const answer = await page.request.get(`${url}/api/v1/flows`).catch(() => null)
    if (answer !== null) assert.equal(answer.status(), 401)
  })

  test('no page had an error', () => {
    assert.deepEqual(
      errors.filter((text) => !/status of 4\d\d/.test(text)),
      [],
    )
  })
})
