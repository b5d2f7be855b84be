import koffi, { type LibraryHandle, type TypeObject } from 'koffi'
import { SallyportError } from '@sallyport/policy'

/** A pointer that the library gave and takes back. */
export type GssHandle = unknown
export type GssOut<T> = [T | null]
/** `value` points to what the library owns until it is released. */
export type GssBuffer = { length: number; value: unknown }
type GssOid = { readonly length: number; readonly elements: Uint8Array }
type OidSet = { readonly count: number; readonly elements: readonly GssOid[] }
type KeyValues = {
  readonly count: number
  readonly elements: readonly { readonly key: string; readonly value: string }[]
}
/** What a ticket is bound to (RFC 2744 §3.11): no addresses, and the octets of the application. */
type ChannelBindings = {
  readonly initiatorType: 0
  readonly initiator: GssBuffer
  readonly acceptorType: 0
  readonly acceptor: GssBuffer
  readonly application: GssBuffer
}
type Status = GssOut<number>
type Async<Arguments extends readonly unknown[]> = {
  async(...all: [...Arguments, (error: unknown, major: number) => void]): void
}

/** What is used of GSS-API (RFC 2744) with MIT's extensions; each returns its major status. */
export type GssLibrary = {
  importName(minor: Status, text: GssBuffer, type: GssOid, name: GssOut<GssHandle>): number
  readonly acquireCredential: Async<
    [Status, GssHandle, number, OidSet, number, KeyValues, GssOut<GssHandle>, null, null]
  >
  setNegotiated(minor: Status, credential: GssHandle, mechanisms: OidSet): number
  readonly acceptContext: Async<
    [
      Status,
      GssOut<GssHandle>,
      GssHandle,
      GssBuffer,
      ChannelBindings | null,
      GssOut<GssHandle>,
      null,
      GssBuffer,
      GssOut<number>,
      GssOut<number>,
      null,
    ]
  >
  displayName(minor: Status, name: GssHandle, text: GssBuffer, type: null): number
  displayStatus(
    minor: Status,
    status: number,
    kind: number,
    mechanism: GssOid | null,
    at: [number],
    text: GssBuffer,
  ): number
  releaseBuffer(minor: Status, buffer: GssBuffer): number
  releaseName(minor: Status, name: GssOut<GssHandle>): number
  releaseCredential(minor: Status, credential: GssOut<GssHandle>): number
  deleteContext(minor: Status, context: GssOut<GssHandle>, reply: null): number
  /** A copy of what a buffer holds. */
  octets(buffer: GssBuffer): Buffer
}

type Type = string | TypeObject | ReturnType<typeof koffi.out>

const NO_OCTETS: GssBuffer = { length: 0, value: null }

export function channelBindings(octets: Buffer): ChannelBindings {
  const application = { length: octets.length, value: octets }
  return { initiatorType: 0, initiator: NO_OCTETS, acceptorType: 0, acceptor: NO_OCTETS, application }
}

const oid = (...elements: number[]): GssOid => ({ length: elements.length, elements: Uint8Array.from(elements) })

/** RFC 1964 §1, RFC 4178 §3, RFC 2743 §4.1. */
export const KERBEROS: GssOid = oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2)
export const SPNEGO: GssOid = oid(0x2b, 6, 1, 5, 5, 2)
export const HOST_BASED_SERVICE: GssOid = oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 1, 4)

const FILE = 'libgssapi_krb5.so.2'

export function loadGssLibrary(file: string = FILE): GssLibrary {
  try {
    return bind(koffi.load(file))
  } catch (error) {
    throw new SallyportError('kerberos-unavailable', `${file} cannot be loaded`, { cause: error })
  }
}

function bind(library: LibraryHandle): GssLibrary {
  const buffer = koffi.struct({ length: 'size_t', value: 'void *' })
  const oidType = koffi.struct({ length: 'uint32_t', elements: 'void *' })
  const oids = koffi.pointer(koffi.struct({ count: 'size_t', elements: koffi.pointer(oidType) }))
  const pair = koffi.struct({ key: 'str', value: 'str' })
  const pairs = koffi.pointer(koffi.struct({ count: 'uint32_t', elements: koffi.pointer(pair) }))
  const number = koffi.out(koffi.pointer('uint32_t'))
  const [given, taken] = [koffi.out(koffi.pointer('void *')), koffi.inout(koffi.pointer('void *'))]
  const [bufferIn, bufferOut] = [koffi.pointer(buffer), koffi.out(koffi.pointer(buffer))]
  const oneOid = koffi.pointer(oidType)
  const bindings = koffi.struct({
    initiatorType: 'uint32_t',
    initiator: buffer,
    acceptorType: 'uint32_t',
    acceptor: buffer,
    application: buffer,
  })
  const call = (name: string, ...types: readonly Type[]): unknown =>
    library.func(`gss_${name}`, 'uint32_t', [number, ...types])
  return {
    importName: call('import_name', bufferIn, oneOid, given),
    acquireCredential: call('acquire_cred_from', 'void *', 'uint32_t', oids, 'int', pairs, given, 'void *', 'void *'),
    setNegotiated: call('set_neg_mechs', 'void *', oids),
    acceptContext: call(
      'accept_sec_context',
      taken,
      'void *',
      bufferIn,
      koffi.pointer(bindings),
      given,
      'void *',
      bufferOut,
      number,
      number,
      'void *',
    ),
    displayName: call('display_name', 'void *', bufferOut, 'void *'),
    displayStatus: call('display_status', 'uint32_t', 'int', oneOid, koffi.inout(koffi.pointer('uint32_t')), bufferOut),
    releaseBuffer: call('release_buffer', koffi.inout(koffi.pointer(buffer))),
    releaseName: call('release_name', taken),
    releaseCredential: call('release_cred', taken),
    deleteContext: call('delete_sec_context', taken, 'void *'),
    octets: ({ length, value }: GssBuffer) =>
      value === null || length === 0 ? Buffer.alloc(0) : Buffer.from(Buffer.from(koffi.view(value, length))),
  } as unknown as GssLibrary
}
