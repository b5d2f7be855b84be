import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AS_USER } from '../../e2e/lab.ts'
import { WITH_RESOLVER } from '../lab-files.ts'
import type { Lab, Started } from '../open-lab.ts'
import type { Place } from './attempt.ts'
import { policyText, type Guarded } from './guarded-place.ts'
import type { PolicyName } from './policies.ts'

const MAIN = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
const INSIDE = fileURLToPath(new URL('./inside.py', import.meta.url))
const IN_FOLDER = ['sh', '-c', 'cd "$0" && exec "$@"']
const NAME = 'run'
const START_MS = 40_000

/** `sallyport run` of an ordinary user, in a folder of his own with the files of the lab: one run for each policy. */
export class UserRuns implements Guarded, AsyncDisposable {
  readonly #lab: Lab
  readonly #folder: string
  readonly #env: Place['env']
  #run: Started | null = null

  constructor(lab: Lab, env: Place['env']) {
    this.#lab = lab
    this.#env = env
    this.#folder = join(lab.directory, NAME)
    execFileSync('sh', ['-c', COPY, lab.directory, this.#folder])
  }

  under = async (name: PolicyName): Promise<{ readonly place: Place; readonly report: string }> => {
    await this[Symbol.asyncDispose]()
    const [policy, report, socket] = [`${name}.yaml`, `${name}.jsonl`, join(this.#folder, `${name}.sock`)]
    writeFileSync(join(this.#folder, policy), policyText(name, this.#folder))
    const options = ['--policy', policy, '--report', report, '--no-record', '--quiet']
    const command = [process.execPath, MAIN, 'run', ...options, '--', 'python3', INSIDE, 'serve', socket]
    this.#run = this.#lab.start('client', [...WITH_RESOLVER, ...AS_USER, ...IN_FOLDER, this.#folder, ...command])
    await this.#run.says('ready', START_MS)
    const place = { name: NAME, prefix: ['python3', INSIDE, 'ask', socket], env: this.#env }
    return { place, report: join(NAME, report) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#run?.child.kill('SIGTERM')
    await this.#run?.ended
    this.#run = null
  }
}

/** Files alone: folders are of servers that run. */
const COPY = `mkdir "$1" && find "$0" -maxdepth 1 -type f -exec cp -p {} "$1" \\; && chown -R 65534:65534 "$1"`
