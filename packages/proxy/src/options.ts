import type { CompiledPolicy } from '@sallyport/compile'
import type { Address, DomainName } from '@sallyport/net'
import type { HandshakeCrypto } from '@sallyport/wire'
import type { Spend } from './allowance/shared-budgets.ts'
import type { AccessRecord } from './log/access-record.ts'
import type { ParentProxy } from './connect/parent-proxy.ts'
import type { TextDetector } from './content/text-detector.ts'
import type { IcapOptions } from './icap/icap-service.ts'
import type { InspectionOptions } from './inspect/inspection.ts'
import type { ProxyLimits, ProxyTimeouts } from './limits.ts'
import type { Authenticate, ClientProcess } from './identity/identity.ts'

export type Endpoint = { readonly address: string; readonly port: number }

export type SocketEnd = { readonly address: Address; readonly port: number }

export type ListenEndpoint = Endpoint & {
  readonly isTls?: boolean
  /** A socket that is listened on already, for processes that share it. */
  readonly fd?: number
}

export type ListenTls = {
  readonly cert: string
  readonly key: string
  /** Authorities of client certificates; whoever has none of them is turned away. `null`: nobody is asked. */
  readonly clientCa: string | null
}

export type NameLookUp =
  | { readonly kind: 'addresses'; readonly addresses: readonly Address[]; readonly ttlSeconds: number }
  | { readonly kind: 'none'; readonly explain: string }
  | { readonly kind: 'failed'; readonly explain: string }

/** Looks a name up, which the policy has let through so far; never rejects. */
export type ResolveName = (name: DomainName, signal: AbortSignal) => Promise<NameLookUp>

export type ProxyOptions = {
  readonly listen: readonly ListenEndpoint[]
  /** For endpoints that speak TLS. */
  readonly tls?: ListenTls | null
  /** Compiled with `implicit: 'rules'`. */
  readonly policy: CompiledPolicy
  readonly resolveName: ResolveName
  /** `null`: the source address is all that is known of a client. */
  readonly authenticate?: Authenticate | null
  /** Who is behind a connection from this host; `null` for one from another. Never rejects. */
  readonly processOf?: ((client: SocketEnd, proxy: SocketEnd) => Promise<ClientProcess> | null) | null
  /** Connections begin with a PROXY header, those of these peers; others are cut. */
  readonly proxyHeaderFrom?: ((peer: Address) => boolean) | null
  /** Whether there is room for a flow in the limits of its rule, where others share them; else they are this proxy's own. */
  readonly spend?: Spend
  /** Proxies that connections go through, by host. */
  readonly parents?: readonly ParentProxy[]
  /** Detectors of content beside those that are built in, as they are now. */
  readonly detectors?: () => readonly TextDetector[]
  /** Services that are asked about requests and answers that can be read. */
  readonly icap?: IcapOptions | null
  /** `null`: no tunnel is decrypted. */
  readonly inspect?: InspectionOptions | null
  /** Whether a thread moves the octets of tunnels with much to carry, on Linux. */
  readonly movesBulk?: boolean
  /** Whether plain connections are read and written past the streams of Node, on Linux. */
  readonly ownsSockets?: boolean
  readonly ciphers?: HandshakeCrypto | null
  readonly onRecord?: (record: AccessRecord) => void
  readonly timeouts?: Partial<ProxyTimeouts>
  readonly limits?: Partial<ProxyLimits>
}
