import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyPin } from '../src/upstream/open-tls.ts'

export type TestCertificate = Disposable & {
  readonly cert: string
  readonly key: string
  /** The authority that signed it. */
  readonly ca: string
  readonly pin: string
  readonly files: { readonly cert: string; readonly key: string; readonly ca: string }
}

/** A certificate for `names` (`DNS:…`, `IP:…`) of an authority of its own, made by openssl. */
export function testCertificate(...names: readonly string[]): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-certificate-'))
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const key = (file: string): readonly string[] => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    file,
  ]
  openssl('req', '-x509', ...key('ca.key'), '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority')
  openssl('req', ...key('server.key'), '-out', 'server.csr', '-subj', '/CN=test')
  writeFileSync(at('extensions'), `subjectAltName=${names.join(',')}\n`)
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions', '-days', '2']
  openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.pem')
  const cert = readFileSync(at('server.pem'), 'utf8')
  return {
    cert,
    key: readFileSync(at('server.key'), 'utf8'),
    ca: readFileSync(at('ca.pem'), 'utf8'),
    pin: publicKeyPin(new X509Certificate(cert)),
    files: { cert: at('server.pem'), key: at('server.key'), ca: at('ca.pem') },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
