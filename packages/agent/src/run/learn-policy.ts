import type { FlowGroup } from '@sallyport/flow'
import { isPrefix, parseDomainName, parsePortRange, parsePrefix } from '@sallyport/net'
import { definePolicy, type Layer } from '@sallyport/policy'

/** The least policy that allows what left: every destination with exactly its ports, rules shared where ports are equal. */
export function learnPolicy(groups: readonly FlowGroup[], name: string): Layer {
  const portsOf = new Map<string, Set<string>>()
  for (const { destination, port } of groups) {
    if (port === 'name' || port === 'socket' || port === '?' || !isDestination(destination)) continue
    const ports = portsOf.get(destination) ?? new Set()
    portsOf.set(destination, ports.add(port))
  }
  const destinationsOf = new Map<string, string[]>()
  for (const [destination, ports] of [...portsOf].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const key = [...ports].toSorted().join(' ')
    destinationsOf.set(key, [...(destinationsOf.get(key) ?? []), destination])
  }
  const rules = [...destinationsOf].flatMap(([key, to]) => {
    const ports = key.split(' ').filter((port) => parsePortRange(port) !== null)
    const id = `learned-${ports.join('-').replaceAll('/', '-')}`
    return ports.length === 0 ? [] : [{ id, action: 'allow' as const, to, ports }]
  })
  return definePolicy({ sallyport: 1, name, rules })
}

function isDestination(text: string): boolean {
  return parseDomainName(text) !== null || isPrefix(parsePrefix(text))
}
