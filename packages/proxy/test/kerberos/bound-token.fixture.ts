import koffi from 'koffi'
import { channelBindings, HOST_BASED_SERVICE, KERBEROS, type GssOut } from '../../src/identity/kerberos/gss-library.ts'

/** A first token of the user whose tickets this process has, for HTTP at localhost; bound to the octets, or to nothing. */
export function boundToken(endPoint: Buffer | null): string {
  const library = koffi.load('libgssapi_krb5.so.2')
  const buffer = koffi.struct({ length: 'size_t', value: 'void *' })
  const oid = koffi.pointer(koffi.struct({ length: 'uint32_t', elements: 'void *' }))
  const number = koffi.out(koffi.pointer('uint32_t'))
  const [given, taken] = [koffi.out(koffi.pointer('void *')), koffi.inout(koffi.pointer('void *'))]
  const [bufferIn, bufferOut] = [koffi.pointer(buffer), koffi.out(koffi.pointer(buffer))]
  const types = { initiatorType: 'uint32_t', initiator: buffer, acceptorType: 'uint32_t', acceptor: buffer } as const
  const bindings = koffi.pointer(koffi.struct({ ...types, application: buffer }))
  const importName = library.func('gss_import_name', 'uint32_t', [number, bufferIn, oid, given])
  const initContext = library.func('gss_init_sec_context', 'uint32_t', [
    number,
    'void *',
    taken,
    'void *',
    oid,
    'uint32_t',
    'uint32_t',
    bindings,
    'void *',
    'void *',
    bufferOut,
    number,
    number,
  ])
  const name: GssOut<unknown> = [null]
  const service = Buffer.from('HTTP@localhost')
  importName([0], { length: service.length, value: service }, HOST_BASED_SERVICE, name)
  const output: { length: number; value: unknown } = { length: 0, value: null }
  const bound = endPoint === null ? null : channelBindings(endPoint)
  const status = initContext([0], null, [null], name[0], KERBEROS, 0, 0, bound, null, null, output, [0], [0]) as number
  if (status >= 0x10000) throw new Error(`gss_init_sec_context: ${status}`)
  return Buffer.from(koffi.view(output.value, output.length)).toString('base64')
}
