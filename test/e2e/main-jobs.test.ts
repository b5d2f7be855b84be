import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, suite, test } from 'node:test'
import { aptGetUpdate } from './clients.ts'
import { Lab, needsRoot, type Ended } from './lab.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

const RUNS: Readonly<Record<string, (lab: Lab) => Lab['run']>> = {
  root: (lab) => lab.run.bind(lab),
  user: (lab) => lab.runAsUser.bind(lab),
}

/** One server, by a name that has an IPv4 address and by one that has an IPv6 address. */
const HOSTS = ['git.test', 'git6.test']

suite('git', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.open()
    const repository = join(lab.directory, 'repo.git')
    const git = (...args: string[]): void => void execFileSync('git', args, { cwd: lab.directory, stdio: 'ignore' })
    git('init', '--bare', repository)
    git('init', 'work')
    git('-C', 'work', '-c', 'user.name=lab', '-c', 'user.email=lab@lab.test', 'commit', '--allow-empty', '-m', 'first')
    git('-C', 'work', 'push', repository, 'HEAD:refs/heads/main')
    await lab.serve(['198.51.100.40:9418', '[2001:db8:1::40]:9418'], 'git', [
      'daemon',
      '--export-all',
      '--reuseaddr',
      `--base-path=${lab.directory}`,
      '--listen=198.51.100.40',
      '--listen=2001:db8:1::40',
      lab.directory,
    ])
  })
  after(() => lab[Symbol.asyncDispose]())

  for (const [who, run] of Object.entries(RUNS)) {
    test(`ls-remote reaches the server that is allowed, over IPv4 and IPv6, as ${who}`, async () => {
      const reaches = async (host: string): Promise<void> => {
        const listed = (): Promise<Ended> =>
          run(lab)(['--allow', host], ['timeout', '20', 'git', 'ls-remote', `git://${host}/repo.git`])
        const first = await listed()
        // Debian's pasta may lose a connection whose server answers and closes at once (docs/reference/limits.md).
        const ended = first.status === 124 && who === 'user' ? await listed() : first
        assert.equal(ended.status, 0, ended.stderr)
        assert.match(ended.stdout, /refs\/heads\/main/)
      }
      await Promise.all(HOSTS.map(reaches))
    })

    test(`ls-remote reaches no other, as ${who}`, async () => {
      const isRefused = async (host: string): Promise<void> => {
        const ended = await run(lab)(['--allow', 'allowed.test'], ['git', 'ls-remote', `git://${host}/repo.git`])
        assert.equal(ended.status, 128)
        assert.match(ended.stderr, /stopped\n/)
      }
      await Promise.all([...HOSTS, '198.51.100.40', '[2001:db8:1::40]'].map(isRefused))
    })
  }
})

suite('apt-get', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.open()
    chmodSync(lab.directory, 0o755)
    const repository = join(lab.directory, 'repository')
    mkdirSync(repository)
    writeFileSync(join(repository, 'Packages'), '')
    const server = ['-m', 'http.server', '8080', '--directory', repository, '--bind']
    await lab.serve(['198.51.100.40:8080'], 'python3', [...server, '198.51.100.40'])
    await lab.serve(['[2001:db8:1::40]:8080'], 'python3', [...server, '2001:db8:1::40'])
  })
  after(() => lab[Symbol.asyncDispose]())

  const folder = (name: string, host: string): string => {
    const path = join(lab.directory, name)
    for (const each of ['', 'lists/partial', 'cache/archives/partial']) mkdirSync(join(path, each), { recursive: true })
    execFileSync('chmod', ['-R', '0777', path])
    writeFileSync(join(path, 'sources.list'), `deb [trusted=yes] http://${host}:8080/ ./\n`)
    return path
  }

  for (const [who, run] of Object.entries(RUNS)) {
    test(`update reaches the repository that is allowed, over IPv4 and IPv6, as ${who}`, async () => {
      const reaches = async (host: string): Promise<void> => {
        const update = aptGetUpdate(folder(`allowed-${who}-${host}`, host))
        const ended = await run(lab)(['--allow', `http://${host}:8080`], update)
        assert.equal(ended.status, 0, ended.stdout + ended.stderr)
        assert.match(ended.stderr, new RegExp(`left\\n +${host}`))
      }
      await Promise.all(HOSTS.map(reaches))
    })

    test(`update reaches no other, as ${who}`, async () => {
      const isRefused = async (host: string): Promise<void> => {
        const ended = await run(lab)(['--allow', 'allowed.test'], aptGetUpdate(folder(`denied-${who}-${host}`, host)))
        assert.notEqual(ended.status, 0, ended.stdout)
        assert.match(ended.stderr, /stopped\n/)
      }
      await Promise.all(HOSTS.map(isRefused))
    })
  }
})

const registry = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout?.trim() ?? ''
const reached = spawnSync('curl', ['-sS', '-m', '10', '-o', '/dev/null', registry]).status === 0

suite('npm', { skip: needsRoot || (reached ? false : `the registry ${registry} cannot be reached from here`) }, () => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-npm-'))
  after(() => rmSync(cache, { recursive: true }))
  const npm = (...options: string[]): ReturnType<typeof spawnSync> => {
    return spawnSync(
      process.execPath,
      [MAIN, 'run', ...options, '--', 'npm', 'view', 'typescript', 'version', '--fetch-retries=0'],
      {
        encoding: 'utf8',
        env: { ...process.env, npm_config_cache: cache },
      },
    )
  }

  test('view fails when the registry is not allowed', () => {
    const ended = npm('--allow', 'allowed.test')
    assert.notEqual(ended.status, 0)
    assert.match(String(ended.stderr), /stopped\n/)
  })

  test('view works when it is', () => {
    const ended = npm('--allow', registry)
    assert.equal(ended.status, 0, String(ended.stderr))
    assert.match(String(ended.stdout), /^\d+\.\d+\.\d+/)
  })
})
