import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Lab, needsRoot, RUNS_AT_ONCE, type Ended } from './lab.ts'

const URL = 'http://198.51.100.20/'
const CURL = ['curl', '-sS', '-m', '20']

/** Ways in which a command may hope to be somebody else, or nobody's child. */
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  'a child in another session': ['setsid', '--wait', ...CURL, URL],
  'a grandchild whose parent is gone': [
    'sh',
    '-c',
    `rm -f ended; (setsid sh -c '${CURL.join(' ')} ${URL}; touch ended' &); while [ ! -e ended ]; do sleep 0.05; done`,
  ],
  'a child of another user': ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...CURL, URL],
  'a shell that execs': ['sh', '-c', `exec ${CURL.join(' ')} ${URL}`],
  'a child in a user namespace of its own': ['unshare', '--user', '--map-root-user', ...CURL, URL],
}

suite('a command cannot get out by being another process', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.open()
    chmodSync(lab.directory, 0o755)
  })
  after(() => lab[Symbol.asyncDispose]())
  const arrived = (): number => lab.arrivedAt('198.51.100.20').length

  suite('without leave', { concurrency: RUNS_AT_ONCE }, () => {
    for (const [what, command] of Object.entries(CHILDREN))
      test(`${what} is refused`, async () => {
        const refused = await lab.run(['--allow', 'allowed.test'], command)
        assert.equal(arrived(), 0, refused.stderr)
        assert.match(refused.stderr, /stopped\n/)
      })
  })

  suite('with leave', { concurrency: RUNS_AT_ONCE }, () => {
    for (const [what, command] of Object.entries(CHILDREN))
      test(`${what} reaches what is allowed`, async () => {
        const before = arrived()
        const { stdout, stderr } = await lab.run(['--allow', '198.51.100.20'], command)
        assert.match(stdout, /hello from/, stderr)
        assert.ok(arrived() > before)
      })
    after(() => void (lab.arrivals.length = 0))
  })

  test('a cgroup namespace, in which the run would be the root, is not to be had', async () => {
    const ended = await lab.run(['--allow', 'allowed.test'], ['unshare', '--cgroup', ...CURL, URL])
    assert.notEqual(ended.status, 0)
    assert.match(ended.stderr, /unshare failed: Operation not permitted/)
    assert.equal(arrived(), 0)
  })

  test('a setuid child counts as its caller, not as the owner of its file', async () => {
    const folder = join(lab.directory, 'setuid')
    mkdirSync(folder, { mode: 0o755 })
    const python = join(folder, 'python3')
    copyFileSync('/usr/bin/python3', python)
    chmodSync(python, 0o4755)
    const script = `import os, urllib.request; print(os.geteuid(), urllib.request.urlopen('${URL}', timeout=20).read().decode())`
    const asCaller = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', python, '-c', script]
    const byUser = (user: string): string => policy(`by-${user}`, `from: [{ user: ${user} }], to: [198.51.100.20]`)
    const owner = await lab.run(['--policy', byUser('root')], asCaller)
    assert.notEqual(owner.status, 0, owner.stdout)
    assert.equal(arrived(), 0)
    const caller = await lab.run(['--policy', byUser('nobody')], asCaller)
    assert.match(caller.stdout, /^0 hello from/, caller.stderr)
  })

  const policy = (name: string, terms: string): string => {
    const path = join(lab.directory, `${name}.yaml`)
    writeFileSync(path, `sallyport: 1\nname: lab\nrules:\n  - { id: app, action: allow, ${terms} }\n`)
    return path
  }

  suite('an application is its file', () => {
    const fetched = (ended: Ended): boolean => ended.stdout.includes('hello from')
    const run = (path: string, program: string): Promise<Ended> =>
      lab.run(['--policy', path], [program, '-sS', '-m', '20', URL])
    let byPath: string
    before(() => {
      const folder = join(lab.directory, 'bin')
      mkdirSync(folder)
      copyFileSync('/usr/bin/curl', join(folder, 'fetch'))
      byPath = policy('by-path', `from: [{ app: ${join(folder, 'fetch')} }], to: [198.51.100.20]`)
    })
    const at = (name: string): string => join(lab.directory, 'bin', name)

    test('the one that is named is let through', async () => assert.ok(fetched(await run(byPath, at('fetch')))))

    test('a copy of it under another name is not', async () => {
      copyFileSync(at('fetch'), at('copy'))
      const ended = await run(byPath, at('copy'))
      assert.ok(!fetched(ended), ended.stdout)
      assert.match(ended.stderr, /stopped\n/)
    })

    test('neither is the file itself once it is renamed', async () => {
      renameSync(at('fetch'), at('renamed'))
      const ended = await run(byPath, at('renamed'))
      assert.ok(!fetched(ended), ended.stdout)
      renameSync(at('renamed'), at('fetch'))
    })

    test('an upgrade in its place, another file under the same name, is let through', async () => {
      copyFileSync('/usr/bin/curl', at('new'))
      renameSync(at('new'), at('fetch'))
      assert.ok(fetched(await run(byPath, at('fetch'))))
    })

    const replaced = (name: string): string => `cp ${at(name)} ${at('next')} && mv ${at('next')} ${at(name)}`

    test('an upgrade while the command runs is followed', async () => {
      // A busy machine sees it later.
      const fetching = `for try in $(seq 40); do ${at('fetch')} -sS -m 20 ${URL} && break; sleep 0.5; done`
      const script = `${replaced('fetch')} && sleep 0.5 && ${fetching}`
      const ended = await lab.run(['--policy', byPath], ['sh', '-c', script])
      assert.ok(fetched(ended), ended.stderr)
    })

    test('a program that was started before its upgrade goes on', async () => {
      copyFileSync('/usr/bin/python3', at('daemon'))
      const rule = policy('daemon', `from: [{ app: ${at('daemon')} }], to: [198.51.100.20]`)
      const script = [
        'import subprocess, time, urllib.request',
        `subprocess.run(['sh', '-c', '${replaced('daemon')}'], check=True)`,
        'time.sleep(3)',
        `print(urllib.request.urlopen('${URL}', timeout=20).read().decode())`,
      ]
      const ended = await lab.run(['--policy', rule], [at('daemon'), '-c', script.join('\n')])
      assert.ok(fetched(ended), ended.stderr)
    })
  })
})
