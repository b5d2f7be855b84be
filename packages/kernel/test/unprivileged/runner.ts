/** Runs one command as `sallyport run` does for an ordinary user; its first argument is what to allow, as JSON. */
import { NamespaceHandshakes, startUnprivileged, UnprivilegedError } from '../../src/unprivileged/index.ts'
import type { PacketFacts, PacketVerdict } from '../../src/unprivileged/index.ts'

type Setup = {
  readonly allow: readonly string[]
  readonly deny?: PacketVerdict
  readonly resolver?: { readonly address: string; readonly port: number }
  readonly command: readonly string[]
}

const setup = JSON.parse(process.argv[2]!) as Setup

function flowText({ transport, dst, dstPort }: PacketFacts): string {
  const groups =
    dst.length === 4 ? [...dst] : dst.reduce<string[]>((all, _, i) => (i % 2 ? all : [...all, hex(dst, i)]), [])
  return `${transport} ${groups.join(dst.length === 4 ? '.' : ':')} ${dstPort}`
}

function hex(bytes: Uint8Array, at: number): string {
  return ((bytes[at]! << 8) | bytes[at + 1]!).toString(16)
}

function report(value: unknown): void {
  process.stderr.write(`#${JSON.stringify(value)}\n`)
}

// The command may be there before this process has heard of it.
let terminate = (): void => void (isEarly = true)
let isEarly = false
process.on('SIGTERM', () => terminate())
process.on('SIGINT', () => {})

try {
  await using run = await startUnprivileged({
    command: setup.command,
    resolver: setup.resolver ?? { address: '127.0.0.1', port: 9 },
    handshakes: new NamespaceHandshakes<never>({ begin: () => null, spend: () => null }, () => {}),
    decide: (packet) => {
      if (setup.allow.includes('throw')) throw new Error('no verdict')
      return setup.allow.includes(flowText(packet)) ? 'allow' : (setup.deny ?? 'reject')
    },
    onEvent: (event) =>
      report(
        event.kind === 'decided'
          ? {
              flow: flowText(event.packet),
              verdict: event.verdict,
              exe: event.packet.exe,
              comm: event.packet.comm,
              uid: event.packet.uid,
            }
          : event,
      ),
  })
  terminate = () => run.kill('SIGTERM')
  if (isEarly) terminate()
  const { code, signal } = await run.end
  report({ end: { code, signal } })
  process.exitCode = code ?? 99
} catch (error) {
  if (!(error instanceof UnprivilegedError)) throw error
  report({ error: error.code, message: error.message, remedy: error.remedy })
  process.exitCode = 3
}
