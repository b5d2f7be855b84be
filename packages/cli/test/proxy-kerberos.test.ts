import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { POLICY, startProxy } from './proxy.fixture.ts'
import { folder, run, type Folder } from './serving.fixture.ts'
import { sallyport } from './sallyport.ts'

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])

/** One key of AES-256 in MIT's format of version 2, behind a hole where another was. */
function keytab(service: string, host: string): Buffer {
  const principal = Buffer.concat([Buffer.from([0, 2]), text('LAB.EXAMPLE'), text(service), text(host)])
  const key = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 18, 0, 32]), Buffer.alloc(32, 7)])
  const size = Buffer.alloc(4)
  size.writeInt32BE(principal.length + key.length)
  return Buffer.concat([Buffer.from([5, 2]), Buffer.from([255, 255, 255, 252, 0, 0, 0, 0]), size, principal, key])
}

function written(files: Folder, bytes: Buffer, mode = 0o600): string {
  const path = files.path('http.keytab')
  writeFileSync(path, bytes)
  chmodSync(path, mode)
  return path
}

test('with a keytab the proxy asks for Kerberos, and says what is wrong with a token', async () => {
  using files = folder()
  const path = written(files, keytab('HTTP', 'proxy.lab.example'))
  await using proxy = await startProxy(files, '--keytab', path, '--workers', '1')
  const asked = async (...fields: readonly string[]): Promise<string> =>
    (await run('curl', ['-s', '-i', '-m', '5', '-x', `http://127.0.0.1:${proxy.port}`, ...fields, 'http://10.0.0.1/']))
      .stdout
  const plain = await asked()
  assert.match(plain, /^HTTP\/1\.1 407 /)
  assert.deepEqual(plain.match(/(?<=^Proxy-Authenticate: ).*(?=\r)/gm), ['Negotiate'])
  assert.match(await asked('--proxy-header', 'Proxy-Authorization: Negotiate AAAA'), /^HTTP\/1\.1 407 /)
})

test('a keytab that cannot be used is told before anything is served', async () => {
  using files = folder()
  writeFileSync(files.path('policy.yaml'), POLICY)
  const refused = (path: string): string => {
    const usual = ['--listen', '127.0.0.1:0', '--policy', files.path('policy.yaml'), '--workers', '1', '--json']
    const { status, stderr } = sallyport(['proxy', ...usual, '--keytab', path])
    return `${status} ${stderr}`
  }
  assert.match(refused(files.path('none')), /^2 .*file-not-found/s)
  assert.match(refused(written(files, keytab('HTTP', 'a'), 0o640)), /^2 .*keytab-invalid.*chmod 600/s)
  assert.match(refused(written(files, keytab('host', 'a'))), /^2 .*keytab-invalid.*no key of a service HTTP/s)
  assert.match(refused(written(files, Buffer.from('HTTP/a'))), /^2 .*keytab-invalid.*is no keytab/s)
})
