import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Lab, needsRoot, type Ended } from './lab.ts'

const SHARED = '198.51.100.50'

/** What one TLS server of several names, one SSH server behind port 443, and the policies about them show. */
suite('handshakes', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.open()
    const [key, cert] = [join(lab.directory, 'key.pem'), join(lab.directory, 'cert.pem')]
    const subject = ['-subj', '/CN=shared-a.test', '-days', '2']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    )
    const pages = ['-cert', cert, '-key', key, '-www', '-quiet']
    lab.spawnServer('openssl', ['s_server', '-accept', `${SHARED}:443`, ...pages])
    lab.spawnServer('socat', ['TCP4-LISTEN:443,bind=198.51.100.40,fork,reuseaddr', 'SYSTEM:echo SSH-2.0-lab; cat'])
  })
  after(() => lab[Symbol.asyncDispose]())

  function policy(name: string, rules: readonly object[]): string {
    const path = join(lab.directory, `${name}.json`)
    writeFileSync(path, JSON.stringify({ sallyport: 1, name, mode: 'enforce', rules }))
    return path
  }
  const allowsName = (): string => policy('name', [{ id: 'a', action: 'allow', to: ['shared-a.test'] }])
  const allowsTls = (): string =>
    policy('tls', [{ id: 'tls', action: 'allow', to: ['198.51.100.0/24'], protocol: ['tls'] }])
  const https = (name: string): readonly string[] => ['curl', '-skS', '-m', '5', `https://${name}/`]
  const refused = ({ status, stdout }: Ended): void => assert.notEqual(status, 0, stdout)

  test('a name that is allowed and stated passes', async () => {
    const ended = await lab.run(['--policy', allowsName()], https('shared-a.test'))
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /CIPHER/i)
  })

  test('another name at the same address is refused, whatever it resolved to', async () => {
    const both = `curl -skS -m 5 https://shared-a.test/ && curl -skS -m 5 --resolve shared-b.test:443:${SHARED} https://shared-b.test/`
    const ended = await lab.run(['--policy', allowsName()], ['sh', '-c', both])
    refused(ended)
    assert.match(ended.stderr, /left\n +shared-a\.test/)
    assert.match(ended.stderr, /stopped\n +shared-b\.test/)
  })

  test('an allowed name at an address that was no answer for it is refused', async () => {
    const command = [...https('shared-a.test'), '--resolve', `shared-a.test:443:198.51.100.10`]
    refused(await lab.run(['--policy', allowsName()], command))
  })

  test('no name in the handshake is not enough where the name matters', async () => {
    const rule = policy('no-sni', [{ id: 'a', action: 'allow', to: ['shared-a.test'] }])
    const command = ['openssl', 's_client', '-noservername', '-connect', 'shared-a.test:443']
    refused(await lab.run(['--policy', rule], command))
  })

  test('where only TLS is allowed, TLS passes on any port and SSH on none', async () => {
    const passed = await lab.run(['--policy', allowsTls()], https(SHARED))
    assert.equal(passed.status, 0, passed.stderr)
    const ssh = ['ssh', '-p', '443', '-o', 'ConnectTimeout=5', '-o', 'StrictHostKeyChecking=no', '198.51.100.40']
    const report = join(lab.directory, 'ssh.jsonl')
    refused(await lab.run(['--policy', allowsTls(), '--report', report], ssh))
    assert.match(readFileSync(report, 'utf8'), /"protocol":"ssh".*"verdict":"deny"/)
  })

  test('a rule that denies a protocol lets everything else pass', async () => {
    const noSsh = policy('no-ssh', [
      { id: 'no-ssh', action: 'deny', protocol: ['ssh'] },
      { id: 'all', action: 'allow' },
    ])
    const passed = await lab.run(['--policy', noSsh], https('shared-a.test'))
    assert.equal(passed.status, 0, passed.stderr)
    const say = 'echo SSH-2.0-x; sleep 1'
    const ended = await lab.run(['--policy', noSsh], ['sh', '-c', `(${say}) | socat -t2 - TCP4:198.51.100.40:443`])
    assert.doesNotMatch(ended.stdout, /SSH-2.0-x/)
  })

  test('packets are asked about only under a policy by which a handshake may decide', async () => {
    const [command, ...args] = lab.inClient(['iptables-nft', '-t', 'raw', '-S'])
    const rulesUnder = async (allowed: string): Promise<string> => {
      let rules = ''
      const ended = await lab.run(['--allow', allowed], ['sh', '-c', 'echo ready; sleep 2'], {
        onSpawn: (child) =>
          child.stdout?.once('data', () => (rules = execFileSync(command!, args, { encoding: 'utf8' }))),
      })
      assert.match(ended.stdout, /ready/)
      return rules
    }
    assert.doesNotMatch(await rulesUnder('198.51.100.0/24'), /SALLYPORT-run-/)
    assert.match(await rulesUnder('shared-a.test'), /-N SALLYPORT-run-/)
  })
})
