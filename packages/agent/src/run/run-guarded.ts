import { byMachine } from '../host/by-machine.ts'
import { findCommand } from './find-command.ts'
import { runInCgroup } from './run-in-cgroup.ts'
import type { RunOutcome, RunRequest } from './run-request.ts'

/** Runs a command so that only what the policy allows leaves: as root in a cgroup, else in a namespace of its own. */
export async function runGuarded(request: RunRequest): Promise<RunOutcome> {
  const asRoot = process.getuid?.() === 0
  const way = asRoot ? 'cgroup' : 'namespace'
  const command = findCommand(request.command[0] ?? '', process.env['PATH'] ?? '')
  if ('exitCode' in command) {
    request.onWarning(command.problem)
    return { exitCode: command.exitCode, signal: null, durationMs: 0, way, lostEvents: 0, lostEnds: 0 }
  }
  try {
    if (asRoot) return await runInCgroup(request, command.path)
    const { runInNamespace } = await import('./run-in-namespace.ts')
    return await runInNamespace(request, command.path)
  } catch (error) {
    throw byMachine(error)
  }
}
