import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import { askResolver, type ResolverEndpoint } from './ask-resolver.ts'
import { checkUnprivileged, toolPath } from './check-unprivileged.ts'
import { connectNamespace } from './connect-namespace.ts'
import { judgePacket, type Decision } from './judge-packet.ts'
import type { ToInside, ToOutside } from './messages.ts'
import type { NamespaceHandshakes } from './namespace-handshakes.ts'
import type { PacketFacts, UnprivilegedEvent } from './packet-facts.ts'
import { UnprivilegedError } from './unprivileged-error.ts'

export type UnprivilegedOptions<Facts> = {
  /** The program's path first. It gets this process's standard streams, terminal and working folder. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Asked once for each flow, while its first packet waits. When it fails, the packet is dropped. */
  readonly decide: (packet: PacketFacts) => Decision<Facts> | Promise<Decision<Facts>>
  /** Whoever judges the flows whose handshake is to be awaited reads there. */
  readonly handshakes: NamespaceHandshakes<Facts>
  /** A resolver that this process can reach, on its own loopback for example; every look-up of the command goes to it. */
  readonly resolver: ResolverEndpoint
  readonly onEvent?: (event: UnprivilegedEvent) => void
}

export type CommandEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type UnprivilegedRun = AsyncDisposable & {
  /** The end of the command; what it left behind has been killed. */
  readonly end: Promise<CommandEnd>
  kill(signal: NodeJS.Signals): void
}

const START_MS = 15_000
const NAMESPACES = [
  '--user',
  '--map-root-user',
  '--net',
  '--mount',
  '--propagation',
  'slave',
  '--pid',
  '--fork',
  '--kill-child=KILL',
  '--',
]
const INSIDE = join(import.meta.dirname, 'inside', `main${extname(import.meta.filename)}`)

/** Runs a command in a user, network and process namespace of its own, from which only what `decide` allows leaves. */
export async function startUnprivileged<Facts>(options: UnprivilegedOptions<Facts>): Promise<UnprivilegedRun> {
  const problem = checkUnprivileged().problems[0]
  if (problem !== undefined) throw problem
  await using opened = new AsyncDisposableStack()
  const inside = spawn('unshare', [...NAMESPACES, process.execPath, '--disable-warning=ExperimentalWarning', INSIDE], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { PATH: toolPath() },
  })
  opened.defer(() => stop(inside))
  const deadline = AbortSignal.timeout(START_MS)
  const { promise: guarding, resolve: onGuarding } = Promise.withResolvers<number>()
  const { promise: started, resolve: onStarted } = Promise.withResolvers<void>()
  const { promise: end, resolve: onEnd, reject: onFailure } = Promise.withResolvers<CommandEnd>()
  end.catch(() => {})
  options.handshakes.attach({
    answer: (id, verdict) => tell(inside, { kind: 'verdict', id, verdict }),
    close: (connection) => tell(inside, { kind: 'close', connection }),
    renew: (generation) => tell(inside, { kind: 'renew', generation }),
  })
  inside.on('error', (error) => onFailure(failure('start-failed', error.message)))
  inside.on('close', () => onFailure(failure('start-failed', 'the namespace ended before its command')))
  inside.on('message', (message: ToOutside) => {
    if (message.kind === 'guarding') onGuarding(message.pid)
    else if (message.kind === 'started') onStarted()
    else if (message.kind === 'ended') onEnd({ code: message.code, signal: message.signal })
    else if (message.kind === 'failed') onFailure(failure(message.code, message.text))
    else if (message.kind === 'packet') void decidePacket(message, options, inside)
    else if (message.kind === 'octets') hear(message, options.handshakes)
    else if (message.kind === 'counted')
      options.handshakes.counted.later(message.id, message.bytes, message.length, message.from)
    else if (message.kind === 'query')
      void askResolver(options.resolver, message.transport, message.message).then((answer) =>
        tell(inside, { kind: 'answer', id: message.id, message: answer }),
      )
    else {
      if (message.kind === 'dropped') options.handshakes.lost(message.count)
      options.onEvent?.(message)
    }
  })
  const late = once(deadline, 'abort').then(() =>
    Promise.reject(failure('start-failed', `not ready within ${START_MS / 1000} seconds`)),
  )
  late.catch(() => {})
  const pid = await Promise.race([guarding, end.then(never), late])
  const connection = opened.use(await connectNamespace(pid))
  void connection.lost.then(onFailure)
  tell(inside, startMessage(options))
  await Promise.race([started, end, late])
  const running = opened.move()
  const dispose = (): Promise<void> => running.disposeAsync()
  return {
    end: end.finally(dispose),
    kill: (signal) => tell(inside, { kind: 'signal', signal }),
    [Symbol.asyncDispose]: dispose,
  }
}

type Told<Kind extends ToOutside['kind']> = Extract<ToOutside, { kind: Kind }>

async function decidePacket<Facts>(
  message: Told<'packet'>,
  options: UnprivilegedOptions<Facts>,
  inside: ChildProcess,
): Promise<void> {
  const { handshakes } = options
  const { id, owner, bytes } = message
  if (!handshakes.knows(bytes, owner.socket)) {
    const decision = await judgePacket(message, options)
    if (decision === 'reject') return handshakes.reject(id, bytes)
    if (typeof decision === 'string') return tell(inside, { kind: 'verdict', id, verdict: decision })
    if ('counts' in decision) return handshakes.counted.first(id, bytes, decision.counts)
    // Others of the flow may have come meanwhile.
    if (!handshakes.knows(bytes, owner.socket)) handshakes.await(bytes, owner.socket, decision.awaits)
  }
  handshakes.fromClient(id, bytes)
}

function hear<Facts>({ from, id, bytes }: Told<'octets'>, handshakes: NamespaceHandshakes<Facts>): void {
  if (from === 'client') handshakes.fromClient(id, bytes)
  else handshakes.fromServer(id, bytes)
}

function startMessage<Facts>({ command, env = process.env }: UnprivilegedOptions<Facts>): ToInside {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const identity = { uid: process.getuid!(), gid: process.getgid!() }
  return {
    kind: 'start',
    command,
    env: Object.fromEntries(defined),
    identity,
    runtimeFolder: process.env['XDG_RUNTIME_DIR'] ?? null,
  }
}

async function stop(inside: ChildProcess): Promise<void> {
  if (inside.exitCode !== null || inside.signalCode !== null || inside.pid === undefined) return
  const gone = once(inside, 'exit')
  inside.kill('SIGKILL')
  await gone
}

function tell(inside: ChildProcess, message: ToInside): void {
  if (inside.connected) inside.send(message, () => {})
}

function failure(code: UnprivilegedError['code'], text: string): UnprivilegedError {
  const remedy =
    code === 'tool-missing' ? 'apt-get install iptables util-linux' : '`sallyport doctor` shows what this machine lacks'
  return new UnprivilegedError(code, text, remedy)
}

function never(): never {
  throw failure('start-failed', 'the command ended before it started')
}
