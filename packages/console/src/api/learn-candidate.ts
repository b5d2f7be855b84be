import { openWorld, SERVICES, serviceSet } from '@sallyport/catalog'
import { askedToLearn, learnPolicy, type RecordedFlows } from '@sallyport/compile'
import { hasGeneratedName } from '@sallyport/detect'
import { formatPolicy } from '@sallyport/policy'
import { parseFilter, ReadableGroups } from '@sallyport/store'
import type { ApiContext } from './api-context.ts'

const SHOWN = 200

/** As `sallyport learn` with its usual bounds. */
export async function learnCandidate({ flows, nowMs }: ApiContext, since: string): Promise<object> {
  const services = Object.entries(SERVICES).map(([name, service]) => [name, serviceSet(service)] as const)
  const learning = {
    name: 'learned',
    world: await openWorld(),
    nowMs: nowMs(),
    suspicious: ({ flow }: RecordedFlows) => {
      const name = flow.domain ?? flow.boundNames?.[0]
      return name && hasGeneratedName(name) ? 'the name looks generated' : null
    },
    hostsForDomain: 3,
    hostsForService: 2,
    addressesForPrefix: 8,
    services: new Map(services),
    suspectFacts: new Set<never>(),
    usersForAll: 3,
  }
  const recorded = new ReadableGroups(flows, parseFilter([`since:${since}`], nowMs()), askedToLearn(learning))
  const learned = await learnPolicy(recorded, learning)
  return {
    text: formatPolicy(learned.layer),
    covered: learned.covered,
    unreadable: recorded.unreadable,
    rules: learned.evidence,
    leftOut: learned.leftOut.slice(0, SHOWN),
  }
}
