import { parseAddress } from '@sallyport/net'
import type { ObservedFlow } from '../../src/index.ts'
import { destinationOf } from '../../src/observed.ts'
import type { Incident } from './incident.ts'

/** What a gateway sees of a machine: its address, neither applications nor users. */
export function behindGateway(flows: readonly ObservedFlow[]): readonly ObservedFlow[] {
  return flows.map(({ flow: { app: _app, user: _user, device, ...flow }, ...rest }) => ({
    ...rest,
    flow: { ...flow, src: parseAddress(addressOf(device!))! },
  }))
}

/** A program's own incident is one of its machine there: alerts of the one detector mean it, and those about where it went. */
export function incidentBehindGateway(incident: Incident): Incident {
  const { device } = incident.flows[0]!.flow
  return {
    ...incident,
    flows: behindGateway(incident.flows),
    app: incident.app === null ? null : addressOf(device!),
    isOfMachine: incident.app !== null,
    destinations: incident.destinations.union(new Set(incident.flows.map(destinationOf))),
  }
}

function addressOf(device: string): string {
  return `192.168.7.${Number(device.slice('pc'.length)) + 10}`
}
