import { isPrefix, parsePrefix, type Prefix } from '@sallyport/net'
import { SallyportError, schemaProblem } from '@sallyport/policy'
import { parse } from 'yaml'
import * as z from 'zod'
import type { ClientFacts } from '@sallyport/compile'

/** How a client is known: at least one of the three. */
export type ClientEntry = {
  readonly address: Prefix | null
  /** Six octets. */
  readonly mac: Uint8Array | null
  /** As a DHCP lease has it. */
  readonly hostname: string | null
  readonly facts: ClientFacts
}

const MOST_CLIENTS = 100_000
const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i

const Text = z.string().min(1).max(256)
const Fact = z.union([z.string(), z.number(), z.boolean(), z.null()])
const FileSchema = z.strictObject({
  clients: z
    .array(
      z
        .strictObject({
          address: Text.optional(),
          mac: Text.regex(MAC, 'is no hardware address').optional(),
          hostname: Text.optional(),
          device: Text.optional(),
          user: Text.optional(),
          groups: z.array(Text).max(256).optional(),
          tags: z.array(Text).max(256).optional(),
          posture: z.record(Text, Fact).optional(),
        })
        .refine(({ address, mac, hostname }) => (address ?? mac ?? hostname) !== undefined, {
          error: 'has neither address nor mac nor hostname',
        }),
    )
    .max(MOST_CLIENTS),
})

/** Who is who on the guarded network: YAML or JSON. Throws `clients-invalid` with every problem. */
export function parseClients(text: string, file: string): readonly ClientEntry[] {
  const parsed = FileSchema.safeParse(readYaml(text, file))
  if (!parsed.success) throw invalid(file, schemaProblem(parsed.error))
  const seen = new Set<string>()
  return parsed.data.clients.map((client, at) => {
    const { address, mac, hostname } = client
    const prefix = address === undefined ? null : parsePrefix(address)
    if (prefix !== null && !isPrefix(prefix)) throw invalid(file, `clients.${at}.address: "${address}" is no address`)
    const key = [address ?? '', mac?.toLowerCase() ?? '', hostname?.toLowerCase() ?? ''].join(' ')
    if (seen.has(key)) throw invalid(file, `clients.${at} is there twice`)
    seen.add(key)
    return {
      address: prefix,
      mac: mac === undefined ? null : macBytes(mac),
      hostname: hostname?.toLowerCase() ?? null,
      facts: {
        device: client.device ?? null,
        user: client.user ?? null,
        groups: client.groups ?? (client.user === undefined ? null : []),
        tags: client.tags ?? [],
        posture: client.posture ?? null,
      },
    }
  })
}

export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(/[:-]/), (octet) => Number.parseInt(octet, 16))
}

function readYaml(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message.split('\n')[0]! : String(cause))
  }
}

function invalid(file: string, problem: string): SallyportError {
  return new SallyportError('clients-invalid', `${file}: ${problem}`)
}
