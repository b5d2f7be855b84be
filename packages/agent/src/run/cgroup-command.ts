import { once } from 'node:events'
import { spawnGuarded } from '@sallyport/kernel'
import { SallyportError } from '@sallyport/policy'
import { exitCodeOf } from './exit-code.ts'
import { forwardSignals } from './forward-signals.ts'
import { sendToCommand } from './send-to-command.ts'

type CgroupCommand = {
  readonly cgroupPath: string
  readonly path: string
  readonly args: readonly string[]
  readonly dropRaw: boolean
}

/** Starts the command in its cgroup and waits for its end; its terminal, input and output are ours. */
export async function spawnInCgroup(
  command: CgroupCommand,
): Promise<{ exitCode: number; signal: NodeJS.Signals | null }> {
  const { cgroupPath, path, args, dropRaw } = command
  const child = spawnGuarded({ cgroupPath, command: path, args, dropRaw }, { stdio: 'inherit' })
  using _signals = forwardSignals((signal) => void sendToCommand(child.pid, signal))
  const [code, signal] = (await once(child, 'exit').catch((error: unknown) => {
    throw new SallyportError('enforcement-failed', 'the command could not be started', { cause: error })
  })) as [number | null, NodeJS.Signals | null]
  return { exitCode: exitCodeOf(code, signal), signal }
}
