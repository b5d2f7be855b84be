import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lab, needsRoot } from './lab.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

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
    lab.spawnServer('git', [
      'daemon',
      '--export-all',
      '--reuseaddr',
      `--base-path=${lab.directory}`,
      '--listen=198.51.100.40',
      lab.directory,
    ])
    await sleep(500)
  })
  after(() => lab[Symbol.asyncDispose]())

  test('ls-remote reaches the server that is allowed', async () => {
    const ended = await lab.run(['--allow', 'git.test'], ['git', 'ls-remote', 'git://git.test/repo.git'])
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /refs\/heads\/main/)
  })

  test('ls-remote reaches no other', async () => {
    const ended = await lab.run(['--allow', 'allowed.test'], ['git', 'ls-remote', 'git://git.test/repo.git'])
    assert.equal(ended.status, 128)
    assert.match(ended.stderr, /stopped\n/)
  })
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
