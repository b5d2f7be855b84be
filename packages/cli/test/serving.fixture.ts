import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { MAIN } from './sallyport.ts'

export const run: typeof execFile.__promisify__ = promisify(execFile)

type Endpoint = { readonly address: string; readonly port: number }
export type Ready = {
  readonly endpoints: readonly Endpoint[]
  readonly metrics: Endpoint | null
  readonly pid?: number
}

/** A command that serves until it is told to stop. */
export type Serving = AsyncDisposable & {
  readonly child: ChildProcess
  readonly endpoints: readonly Endpoint[]
  readonly metrics: Endpoint | null
  /** Lines of its standard error. */
  readonly notes: readonly string[]
  /** SIGHUP, until it has said this. */
  readonly readAgain: (said: string) => Promise<void>
  /** SIGTERM, until it has ended; its exit code. */
  readonly end: () => Promise<number | null>
}

/** `by` is a command that runs it, such as one that sets limits. */
export async function startServing(args: readonly string[], by: readonly string[] = []): Promise<Serving> {
  const [command, ...rest] = [...by, process.execPath, MAIN, ...args]
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const notes: string[] = []
  const ready = Promise.withResolvers<Ready>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    notes.push(line)
    if (line.includes('"ready"')) ready.resolve(JSON.parse(line) as Ready)
  })
  child.once('exit', () => ready.reject(new Error(notes.join('\n'))))
  const endedBy = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null) {
      child.kill(signal)
      await once(child, 'exit')
    }
    return child.exitCode
  }
  const { endpoints, metrics } = await ready.promise
  return {
    child,
    endpoints,
    metrics,
    notes,
    readAgain: async (said) => {
      const before = notes.length
      child.kill('SIGHUP')
      await until(() => notes.slice(before).some((line) => line.includes(said)))
    },
    end: () => endedBy('SIGTERM'),
    [Symbol.asyncDispose]: async () => void (await endedBy('SIGKILL')),
  }
}

export type Folder = Disposable & { readonly path: (name: string) => string }

export function folder(): Folder {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
  return {
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((next) => setTimeout(next, 20))
}
