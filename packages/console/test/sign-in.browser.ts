import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { FlowStore } from '@sallyport/store'
import { chromium, type Browser, type Page } from 'playwright-core'
import { OidcSignIn } from '../src/oidc/oidc-sign-in.ts'
import { IdentityProvider, SECRET } from './identity-provider.ts'
import { TestApi } from './test-api.ts'

const CHROMIUM = '/usr/bin/chromium'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

suite(
  'signing in elsewhere, in a browser',
  { skip: !existsSync(CHROMIUM) && 'needs chromium', timeout: 120_000 },
  () => {
    let flows: FlowStore
    let provider: IdentityProvider
    let api: TestApi
    let browser: Browser
    let page: Page
    let url = ''

    before(async () => {
      flows = await FlowStore.open()
      // `localhost` is another site than 127.0.0.1, as a provider is: cookies are sent, or not, as there.
      const callback = 'http://127.0.0.1:7117/api/v1/session/oidc/callback'
      provider = await IdentityProvider.open(callback, 'http://127.0.0.1:7117/', 'localhost')
      const oidc = new OidcSignIn(
        {
          issuer: provider.issuer,
          clientId: 'sallyport',
          clientSecret: SECRET,
          label: 'Example SSO',
          scopes: ['openid', 'profile', 'groups'],
          nameClaim: 'preferred_username',
          groupsClaim: 'groups',
          roles: { viewer: ['staff'], analyst: [], editor: [], admin: ['secops'] },
        },
        () => Date.now(),
      )
      api = await TestApi.open(flows, { oidc })
      api.nowMs = Date.now()
      await api.app.listen({ host: '127.0.0.1', port: 0 })
      url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
    })
    after(async () => {
      await browser?.close()
      api.app.server.closeAllConnections()
      await api[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
      flows[Symbol.dispose]()
    })

    const signIn = async (login: string): Promise<void> => {
      page = await (await browser.newContext()).newPage()
      await page.goto(url)
      await page.getByRole('link', { name: 'Sign in with Example SSO' }).click()
      await page.locator('input[name=login]').fill(login)
      await page.locator('input[name=password]').fill('any')
      await page.locator('button[type=submit]').click()
      await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
    }

    test('the button leads there and back, and the session is there although the way came from another site', async () => {
      await signIn('ann')
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      await page.getByText('oidc:ann (admin)').waitFor()
      assert.ok(page.url().startsWith(url))
    })

    test('signing out leads to the provider, whose session ends too', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL(`${provider.issuer}/session/end**`)
      await page.goto(url)
      await page.getByRole('link', { name: 'Sign in with Example SSO' }).waitFor()
    })

    test('who may not come in is told why, in words that a link cannot choose', async () => {
      provider.groups['eve'] = []
      await signIn('eve')
      await page.getByRole('alert').getByText('None of your groups may use this console.').waitFor()
      await page.evaluate(AXE)
      const { violations } = (await page.evaluate('axe.run()')) as { violations: readonly { id: string }[] }
      assert.deepEqual(
        violations.map(({ id }) => id),
        [],
      )
      await page.goto(`${url}/#/refused/${encodeURIComponent('Call 555-0100')}`)
      await page.reload()
      await page.getByRole('alert').getByText('cannot be trusted').waitFor()
      assert.equal(await page.getByText('555-0100').count(), 0)
    })
  },
)
