import { compilePolicy, type CompiledPolicy } from '@sallyport/compile'
import {
  bootMs,
  NamespaceHandshakes,
  startUnprivileged,
  UnprivilegedError,
  type UnprivilegedEvent,
} from '@sallyport/kernel'
import { SallyportError, type ErrorCode } from '@sallyport/policy'
import { FileHashes } from '../host/file-hashes.ts'
import { requireKnown } from '../host/host-reader.ts'
import { policyApps } from '../host/policy-terms.ts'
import { readUsers } from '../host/users.ts'
import { HandshakeGuard, OWN_LIMITS } from '../inspect/handshake-guard.ts'
import { randomSeed } from './random-seed.ts'
import { askPolicy } from './asked-policy.ts'
import { BoundNames } from './bound-names.ts'
import { RuleAllowances } from './rule-allowances.ts'
import { ruleLimits } from './rule-limits.ts'
import { exitCodeOf } from './exit-code.ts'
import { forwardSignals } from './forward-signals.ts'
import { PacketJudge, type BegunFlow } from './packet-judge.ts'
import type { RunOutcome, RunRequest } from './run-request.ts'
import { startRunResolver } from './run-resolver.ts'
import { givenOrSystem } from './system-upstreams.ts'

const CLOCK_MS = 1000

/** An ordinary user's run: a network of its own, from which first packets and first octets leave only when the policy allows them. */
export async function runInNamespace(request: RunRequest, path: string): Promise<RunOutcome> {
  const { policy, world, upstreams, onFlow, onWarning } = request
  const users = await readUsers()
  requireKnown(policy, users)
  const compiled = compilePolicy(policy, world, { atMs: Date.now(), seed: randomSeed() })
  const asked = askPolicy(compiled)
  const names = new BoundNames()
  const hashes = policyApps(policy).some(({ kind }) => kind === 'sha256') ? new FileHashes() : null
  const limits = ruleLimits(policy)
  const allowances = new RuleAllowances(limits, bootMs)
  const judge = new PacketJudge({
    limits,
    allowances,
    compiled,
    world,
    names,
    user: users.find(({ uid }) => uid === process.getuid?.()) ?? null,
    hashes,
    onFlow,
  })
  const bind = (bindings: Parameters<Parameters<typeof startRunResolver>[0]['bind']>[0]): void => {
    for (const { name, address, ttlSeconds } of bindings) names.bind(address, name, ttlSeconds)
  }
  await using resolver = await startRunResolver({
    asked: () => asked,
    service: { upstreams: await givenOrSystem(upstreams) },
    findsProcesses: false,
    bind,
    onFlow,
    onWarning,
  })
  using handshakes = new NamespaceHandshakes<BegunFlow>(allowances, (begun, limit) => judge.over(begun, limit))
  using _guard = new HandshakeGuard({
    handshakes,
    limits: OWN_LIMITS,
    judge: ({ facts: begun }, facts) => judge.judge(begun, facts),
    limitsOf: () => limits,
    onJudged: ({ ticket, facts, verdict }) => judge.judged(ticket.facts, facts, verdict),
  })
  using _clock = followRules(compiled, () => handshakes.renew())
  let lostEvents = 0
  const onEvent = (event: UnprivilegedEvent): void => {
    if (event.kind === 'dropped') lostEvents += event.count
    if (event.kind === 'warning') onWarning(event.text)
  }
  // The command may be there, and be sent one, before we have heard of it.
  const early: NodeJS.Signals[] = []
  let kill = (signal: NodeJS.Signals): void => void early.push(signal)
  using _signals = forwardSignals((signal) => kill(signal))
  try {
    await using run = await startUnprivileged({
      command: [path, ...request.command.slice(1)],
      decide: (packet) => judge.decide(packet),
      handshakes,
      resolver: { address: resolver.v4, port: resolver.port },
      onEvent,
    })
    const startedMs = performance.now()
    kill = (signal) => run.kill(signal)
    for (const signal of early) run.kill(signal)
    const { code, signal } = await run.end
    const durationMs = performance.now() - startedMs
    return { exitCode: exitCodeOf(code, signal), signal, durationMs, way: 'namespace', lostEvents, lostEnds: 0 }
  } catch (error) {
    throw error instanceof UnprivilegedError ? refused(error) : error
  }
}

/** Rules begin and end with time. */
function followRules(compiled: CompiledPolicy, onOthers: () => void): Disposable {
  let rules = compiled.at(Date.now())
  const clock = setInterval(() => {
    const now = compiled.at(Date.now())
    if (now === rules) return
    rules = now
    onOthers()
  }, CLOCK_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(clock) }
}

const CODES: Readonly<Record<UnprivilegedError['code'], ErrorCode>> = {
  'tun-closed': 'tun-unavailable',
  'user-namespaces-off': 'namespace-unavailable',
  'tool-missing': 'tool-missing',
  'start-failed': 'enforcement-failed',
  'network-failed': 'enforcement-failed',
  'command-failed': 'enforcement-failed',
}

function refused(error: UnprivilegedError): SallyportError {
  return new SallyportError(CODES[error.code], error.message, { remedy: error.remedy, cause: error })
}
