import type { KnownSets } from '@sallyport/catalog'
import { namesAsked, type KnownNames, type Policy } from '@sallyport/policy'
import { readableStates } from './state-directory.ts'

/**
 * Services and categories that are known here. Those that an import brings (`aws`, `aws:eu-west-1`) are taken unseen, as feeds are:
 * what is checked on one machine may be meant for another.
 */
export async function namesAnywhere(policy: Policy): Promise<KnownNames> {
  const asked = namesAsked(policy)
  if (asked.service.size + asked.category.size === 0) return {}
  const { service, category, importable } = await setsHere()
  const elsewhere = [...asked.service].filter((name) => importable.has(name.split(':', 1)[0]!))
  return { service: new Set([...service, ...importable, ...elsewhere]), category }
}

/** What a policy may speak of that is put in force here, where nothing that it says is to be without effect. */
export async function namesInForce(policy: Policy, feeds: readonly string[]): Promise<KnownNames> {
  const asked = namesAsked(policy)
  const given = feeds.map((text) => text.slice(0, Math.max(0, text.indexOf('='))))
  const feed = new Set([...given, ...policy.layers.flatMap((layer) => Object.keys(layer.feeds ?? {}))])
  if (asked.service.size + asked.category.size === 0) return { feed }
  const { service, category } = await setsHere()
  return { service, category, feed }
}

async function setsHere(): Promise<KnownSets> {
  const { knownSets, readImported } = await import('@sallyport/catalog')
  return knownSets(await readImported(readableStates('services')))
}
