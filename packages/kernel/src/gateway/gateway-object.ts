import { fileURLToPath } from 'node:url'
import { checked, libbpf, pointer } from '../libbpf.ts'
import { hashOf, openObject } from '../programs.ts'

export const GATEWAY_OBJECT: string = fileURLToPath(new URL('../../build/gateway.bpf.o', import.meta.url))

/**
 * What comes from the guarded network, what goes back to it, what counts packets that were held, both ways of the other interface,
 * and what looks for silent flows.
 */
export const GATEWAY_PROGRAMS = ['forward', 'returned', 'charge', 'answers', 'left', 'sweep'] as const
export type GatewayProgram = (typeof GATEWAY_PROGRAMS)[number]

export type LoadedGateway = {
  readonly programs: Readonly<Record<GatewayProgram, number>>
  map(name: string): number
  close(): void
}

/** Tells one build of the program from another. */
export function gatewayHash(): string {
  return hashOf(GATEWAY_OBJECT)
}

export function loadGateway(maxFlows?: number): LoadedGateway {
  const bpf = libbpf()
  const object = openObject(GATEWAY_OBJECT)
  try {
    if (maxFlows !== undefined)
      checked('size the flows', bpf.setMaxEntries(pointer('find the flows', bpf.mapByName(object, 'ways')), maxFlows))
    checked('load the gateway program', bpf.load(object))
    const programOf = (name: GatewayProgram): number =>
      checked(`open ${name}`, bpf.programFd(pointer(`find ${name}`, bpf.findProgram(object, name))))
    return {
      programs: {
        forward: programOf('forward'),
        returned: programOf('returned'),
        charge: programOf('charge'),
        answers: programOf('answers'),
        left: programOf('left'),
        sweep: programOf('sweep'),
      },
      map: (name) => checked(`find map ${name}`, bpf.findMap(object, name)),
      close: () => bpf.close(object),
    }
  } catch (error) {
    bpf.close(object)
    throw error
  }
}
