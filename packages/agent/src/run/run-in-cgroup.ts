import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compilePolicy } from '@sallyport/compile'
import { createRunCgroup, openEnforcement, PIN_ROOT, removeCgroup, requireMachine } from '@sallyport/kernel'
import { ExecutablePaths } from '../host/executable-paths.ts'
import { ProcessTree } from '../host/process-tree.ts'
import { HostReader } from '../host/host-reader.ts'
import { HandshakeGuard, OWN_LIMITS, type JudgedHandshake } from '../inspect/handshake-guard.ts'
import { InspectedGenerations } from '../inspect/inspected-generations.ts'
import { policyOfTables } from '../inspect/policy-of-tables.ts'
import { WatchedFlows } from '../inspect/watched-flows.ts'
import { enforces } from '../up/host-policy.ts'
import { randomSeed } from './random-seed.ts'
import { askPolicy } from './asked-policy.ts'
import { BegunFlows } from './begun-flows.ts'
import { BoundNames } from './bound-names.ts'
import { LimitCloser } from './limit-closer.ts'
import { spawnInCgroup } from './cgroup-command.ts'
import { EventStream } from './event-stream.ts'
import { idOfSocket } from './flow-id.ts'
import { PolicyInForce } from './policy-in-force.ts'
import { startRunResolver } from './run-resolver.ts'
import { givenOrSystem } from './system-upstreams.ts'
import type { RunOutcome, RunRequest } from './run-request.ts'
import { ownRunId, removeEmptyParents, removeStaleRuns, rulesOfRun } from './stale-runs.ts'

/** As root: the command in a cgroup of its own on the host's network, guarded by the kernel before it starts. */
export async function runInCgroup(request: RunRequest, path: string): Promise<RunOutcome> {
  const { policy, world, upstreams, onFlow, onWarning } = request
  requireMachine()
  await removeStaleRuns(onWarning)
  const compiled = compilePolicy(policy, world, { atMs: Date.now(), seed: randomSeed() })
  const asked = askPolicy(compiled)
  const names = new BoundNames()
  const executables = new ExecutablePaths(process.env['PATH'] ?? '')
  executables.remember(await stat(path, { bigint: true }), path)

  const id = ownRunId()
  await using scope = new AsyncDisposableStack()
  scope.defer(removeEmptyParents)
  const cgroupPath = createRunCgroup(id)
  scope.defer(() => removeCgroup(cgroupPath))
  const reader = new HostReader(cgroupPath)
  const inForce = new PolicyInForce(compiled, await reader.read(policy), names)
  const resolver = scope.use(
    await startRunResolver({
      asked: () => asked,
      service: { upstreams: await givenOrSystem(upstreams) },
      findsProcesses: true,
      bind: (bindings) => inForce.bind(bindings),
      onFlow,
      onWarning,
    }),
  )
  const enforcement = await openEnforcement({
    cgroupPath,
    pinPath: join(PIN_ROOT, `run-${id}`),
    resolver: { v4: resolver.v4, ...(resolver.v6 === null ? {} : { v6: resolver.v6 }), port: resolver.port },
    resolverTgid: process.pid,
  })
  scope.use(enforcement)
  const closer = scope.use(new LimitCloser(enforcement))
  const begun = new BegunFlows()
  const watched = scope.use(new WatchedFlows({ begun, onFlow }))
  const events = new EventStream({
    policy,
    world,
    host: () => inForce.host,
    executables,
    processes: new ProcessTree(),
    begun,
    watched,
    rulesOf: (generation) => inspected.get(generation)?.rules ?? null,
    names,
    onFlow,
  })
  enforcement.events((event) => {
    events.receive(event)
    closer.receive(event)
  })
  enforcement.firstOctets((octets) => watched.see(idOfSocket({ cookie: octets.of, timeNs: octets.sinceNs }), octets))
  enforcement.ends((ended) => events.ended(ended))
  // Every packet that leaves is asked about then: only where the policy may need it.
  const inspect = (): void => {
    const handshakes = scope.use(enforcement.handshakes(rulesOfRun(id)))
    const onJudged = (judged: JudgedHandshake): void => events.judged(judged)
    scope.use(
      new HandshakeGuard({
        handshakes,
        limits: OWN_LIMITS,
        ...policyOfTables((generation) => inspected.get(generation), names),
        onJudged,
      }),
    )
  }
  const inspected: InspectedGenerations = new InspectedGenerations(enforces(policy) ? inspect : undefined)
  scope.use(inForce.enforceWith(enforcement, reader, inspected))

  const startedMs = performance.now()
  const dropRaw = !enforcement.familiesGuarded
  const { exitCode, signal } = await spawnInCgroup({ cgroupPath, path, args: request.command.slice(1), dropRaw })
  const durationMs = performance.now() - startedMs
  await removeCgroup(cgroupPath)
  await events.settle()
  const { eventsLost: lostEvents, endsLost: lostEnds } = enforcement.counters()
  return { exitCode, signal, durationMs, way: 'cgroup', lostEvents, lostEnds }
}
