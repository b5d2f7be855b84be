import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { hashSync } from 'bcryptjs'
import { authenticateBy, CertificateAuthority, createAuthority, readUsers, type PasswordEntry } from '@sallyport/proxy'
import { labPolicy, OPEN_RULES, startLab, type Lab } from './lab.fixture.ts'
import { madeCertificate } from './tls.fixture.ts'

const run = promisify(execFile)

/** A runtime that compiles a source file before it runs it, and the tool that makes trust stores. */
function missing(): string | false {
  try {
    const modules = execFileSync('java', ['--list-modules'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    execFileSync('sh', ['-c', 'command -v keytool'], { stdio: 'ignore' })
    return modules.includes('jdk.compiler') ? false : 'this java has no compiler'
  } catch {
    return 'there is no java'
  }
}

/** Every URL after the port of the proxy, with one client: status, version and body. */
const SOURCE = `
import java.net.*;
import java.net.http.*;

class Ask {
  public static void main(String[] args) throws Exception {
    var builder = HttpClient.newBuilder().proxy(ProxySelector.of(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]))));
    var password = System.getProperty("password");
    if (password != null) builder.authenticator(new Authenticator() {
      protected PasswordAuthentication getPasswordAuthentication() {
        return new PasswordAuthentication("ann", password.toCharArray());
      }
    });
    var client = builder.build();
    for (int at = 1; at < args.length; at++) {
      try {
        var answer = client.send(HttpRequest.newBuilder(URI.create(args[at])).build(), HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.version() + " " + answer.body());
      } catch (java.io.IOException error) {
        System.out.println(error.getClass().getSimpleName());
      }
    }
  }
}
`

suite("Java's HttpClient", { skip: missing() }, () => {
  let folder: string
  let plain: Server
  let secure: Server
  let certificate: ReturnType<typeof madeCertificate>
  const path = (name: string): string => join(folder, name)
  const urlOf = (server: Server, scheme: string): string =>
    `${scheme}://up.example.com:${(server.address() as AddressInfo).port}/a`
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-java-'))
    writeFileSync(path('Ask.java'), SOURCE)
    certificate = madeCertificate('up.example.com')
    plain = createHttpServer((request, response) => response.end(`plain ${request.url}`)).listen(0, '127.0.0.1')
    secure = createHttpsServer(certificate, (request, response) => response.end(`secure ${request.url}`))
    secure.listen(0, '127.0.0.1')
    await Promise.all([plain, secure].map((server) => server.listening || once(server, 'listening')))
  })
  after(() => {
    for (const server of [plain, secure]) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(folder, { recursive: true })
  })

  /** What a client says that trusts this certificate alone. */
  const ask = async (
    lab: Lab,
    trusted: string,
    options: readonly string[],
    urls: readonly string[],
  ): Promise<string[]> => {
    const store = path(`trusted-${lab.port}.p12`)
    writeFileSync(path('trusted.pem'), trusted)
    const format = ['-storetype', 'PKCS12', '-storepass', 'changeit', '-keystore', store]
    await run('keytool', ['-importcert', '-noprompt', '-alias', 'trusted', '-file', path('trusted.pem'), ...format])
    const trust = [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit']
    const args = [...trust, ...options, path('Ask.java'), String(lab.port), ...urls]
    return (await run('java', args, { timeout: 60_000 })).stdout.trim().split('\n')
  }

  test('gets plain HTTP and TLS, and is told when the policy denies', async () => {
    await using lab = await startLab({ policy: labPolicy(OPEN_RULES) })
    const denied = ['http', 'https'].map((scheme) => `${scheme}://bad.evil.example/`)
    const said = await ask(lab, certificate.cert, [], [urlOf(plain, 'http'), urlOf(secure, 'https'), ...denied])
    assert.deepEqual(said.slice(0, 2), ['200 HTTP_1_1 plain /a', '200 HTTP_1_1 secure /a'])
    assert.match(said[2]!, /^403 HTTP_1_1 .*"reason":"denied"/)
    assert.match(said.slice(3).join('\n'), /^(403 |IOException|ConnectException)/m)
  })

  test('is decrypted when it trusts the authority of the proxy', async () => {
    const authority = await createAuthority('Lab', Date.now())
    const inspect = {
      authority: await CertificateAuthority.open(authority),
      never: [],
      pinned: null,
      revoked: null,
      serverCa: certificate.cert,
    }
    const to = [{ domain: 'up.example.com', ip: '127.0.0.1' }]
    const policy = labPolicy([{ id: 'up', action: 'allow', to, inspect: 'tls' }])
    await using lab = await startLab({ policy, inspect })
    const [answer] = await ask(lab, authority.cert, [], [urlOf(secure, 'https')])
    assert.match(answer!, /^200 HTTP_(1_1|2) secure \/a$/)
    await lab.recorded(2)
    assert.ok(lab.records.some(({ inspected, path: asked }) => inspected && asked === '/a'))
  })

  test('logs in by user and password, where Java lets it', async () => {
    const users = readUsers(`ann:${hashSync('secret', 4)}\n`) as ReadonlyMap<string, PasswordEntry>
    await using lab = await startLab({ authenticate: authenticateBy({ users, tokens: null, isRequired: true }) })
    // Basic is off for tunnels unless this is empty.
    const options = ['-Djdk.http.auth.tunneling.disabledSchemes=', '-Dpassword=secret']
    const said = await ask(lab, certificate.cert, options, [urlOf(plain, 'http'), urlOf(secure, 'https')])
    assert.deepEqual(said, ['200 HTTP_1_1 plain /a', '200 HTTP_1_1 secure /a'])
  })
})
