import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { chromium, type Browser } from 'playwright-core'
import { CertificateAuthority, createAuthority } from '@sallyport/proxy'
import { labPolicy, startLab, type Lab } from './lab.fixture.ts'
import { madeCertificate } from './tls.fixture.ts'

const CHROMIUM = '/usr/bin/chromium'
const RULES = [
  { id: 'no-secret', action: 'deny', to: ['up.example.com'], http: { path: ['/secret/**'] } },
  { id: 'up', action: 'allow', to: [{ domain: 'up.example.com', ip: '127.0.0.1' }], inspect: 'tls' },
] as const
const PAGE = `<title>page</title><script>
const socket = new WebSocket(location.href.replace(/^http/, 'ws').replace(/[^/]*$/, 'ws'))
socket.onopen = () => socket.send('hi')
socket.onmessage = ({ data }) => (document.title = data)
</script>`

function upgrade(request: { readonly headers: Readonly<Record<string, unknown>> }, socket: Socket): void {
  const accept = createHash('sha1').update(
    `${request.headers['sec-websocket-key'] as string}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
  )
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
  )
  socket.on('data', () => socket.write(Buffer.from('\x81\x04back', 'latin1')).valueOf())
  socket.on('error', () => {})
}

suite('Chromium, told by the PAC file', { skip: existsSync(CHROMIUM) ? false : 'there is no Chromium' }, () => {
  let lab: Lab
  let browser: Browser
  const urls: Record<string, string> = {}
  const closing: (() => void)[] = []

  before(async () => {
    const certificate = madeCertificate('up.example.com')
    const servers = {
      http: createServer((_, response) => response.setHeader('content-type', 'text/html').end(PAGE)),
      https: createSecureServer(certificate, (_, response) =>
        response.setHeader('content-type', 'text/html').end(PAGE),
      ),
    }
    for (const [scheme, server] of Object.entries(servers)) {
      server.on('upgrade', upgrade).listen(0, '127.0.0.1')
      await once(server, 'listening')
      urls[scheme] = `${scheme}://up.example.com:${(server.address() as AddressInfo).port}`
      closing.push(() => (server.closeAllConnections(), void server.close()))
    }
    const authority = await createAuthority('Lab', Date.now())
    const inspect = { authority: await CertificateAuthority.open(authority), never: [], serverCa: certificate.cert }
    lab = await startLab({ policy: labPolicy(RULES), inspect })
    const key = new X509Certificate(authority.cert).publicKey.export({ format: 'der', type: 'spki' })
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-dev-shm-usage',
        `--proxy-pac-url=http://127.0.0.1:${lab.port}/proxy.pac`,
        // Trusts the authority, and nobody else beside the usual ones.
        `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`,
      ],
    })
  })
  after(async () => {
    await browser?.close()
    for (const close of closing) close()
    await lab?.[Symbol.asyncDispose]()
  })

  for (const scheme of ['http', 'https'] as const) {
    test(`loads a page over ${scheme}, talks over a WebSocket, and shows what a rule denies`, async () => {
      const page = await browser.newPage()
      assert.equal((await page.goto(`${urls[scheme]}/page`))?.status(), 200)
      await page.waitForFunction(() => (globalThis as { document?: { title: string } }).document?.title === 'back')
      const denied = await page.goto(`${urls[scheme]}/secret/x`)
      assert.equal(denied?.status(), 403)
      assert.match(await page.content(), /no-secret/)
      await page.close()
      const seen = lab.records.filter(({ path, inspected }) => path === '/page' && inspected === (scheme === 'https'))
      assert.equal(seen.length, 1)
    })
  }
})
