import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CONFIG = `
[ca]
default_ca = lab
[lab]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
copy_extensions = none
[any]
commonName = supplied
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature
subjectKeyIdentifier = hash
[host]
subjectAltName = DNS:up.example.com
extendedKeyUsage = serverAuth
[must-staple]
subjectAltName = DNS:up.example.com
tlsfeature = status_request
[responder]
extendedKeyUsage = OCSPSigning
[req]
distinguished_name = empty
[empty]
`

/** An authority that revokes, by openssl. */
export class RevokingAuthority implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sallyport-revoked-'))

  constructor() {
    const files = {
      'openssl.cnf': CONFIG,
      'index.txt': '',
      'index.txt.attr': 'unique_subject = no\n',
      serial: '1000\n',
      crlnumber: '01\n',
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(this.#path(name), text)
    this.#openssl(
      'req',
      '-x509',
      ...this.#newKey('ca'),
      '-subj',
      '/CN=Lab CA',
      '-days',
      '2',
      '-out',
      'ca.pem',
      '-extensions',
      'ca_ext',
    )
  }

  get cert(): string {
    return this.#read('ca.pem').toString()
  }

  issue(
    name: string,
    extensions: 'host' | 'must-staple' | 'responder' = 'host',
  ): { readonly key: string; readonly cert: string } {
    this.#openssl('req', '-new', ...this.#newKey(name), '-subj', `/CN=${name}`, '-out', `${name}.csr`)
    this.#openssl('ca', '-batch', '-notext', '-in', `${name}.csr`, '-out', `${name}.pem`, '-extensions', extensions)
    return { key: this.#read(`${name}.key`).toString(), cert: this.#read(`${name}.pem`).toString() }
  }

  revoke(name: string): void {
    this.#openssl('ca', '-revoke', `${name}.pem`)
  }

  crl(): string {
    this.#openssl('ca', '-gencrl', '-out', 'crl.pem')
    return this.#read('crl.pem').toString()
  }

  /** What a responder says of a certificate, signed by `signer`. */
  ocsp(name: string, signer = 'ca'): Buffer {
    const about = ['-issuer', 'ca.pem', '-cert', `${name}.pem`, '-no_nonce']
    this.#openssl('ocsp', ...about, '-reqout', 'request.der')
    const by = ['-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`]
    this.#openssl('ocsp', '-reqin', 'request.der', ...by, '-ndays', '1', '-respout', 'answer.der')
    return this.#read('answer.der')
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #newKey(name: string): readonly string[] {
    return [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-config',
      'openssl.cnf',
    ]
  }

  #openssl(command: string, ...args: readonly string[]): void {
    const config = command === 'ca' ? ['-config', 'openssl.cnf'] : []
    execFileSync('openssl', [command, ...config, ...args], { cwd: this.#folder, stdio: 'pipe' })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #read(name: string): Buffer {
    return readFileSync(this.#path(name))
  }
}

/** An HTTPS server that brings the answer along, where there is one. */
export async function startStapling(
  pair: { readonly key: string; readonly cert: string },
  staple: Buffer | null,
): Promise<AsyncDisposable & { readonly port: number; readonly requests: () => number }> {
  let requests = 0
  const server = createServer(pair, (_, response) => {
    requests++
    response.end('served')
  })
  server.on('OCSPRequest', (_cert, _issuer, done: (error: Error | null, der: Buffer | null) => void) =>
    done(null, staple),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
