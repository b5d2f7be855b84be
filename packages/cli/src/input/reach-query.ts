import { parseAddress, parseDomainName } from '@sallyport/net'
import { parseTarget, SallyportError, type Flow } from '@sallyport/policy'

const SUBJECT_FACTS: Readonly<Record<string, (value: string) => Flow>> = {
  user: (user) => ({ user }),
  group: (group) => ({ groups: [group] }),
  app: (app) => ({ app }),
  unit: (unit) => ({ unit }),
  container: (container) => ({ container }),
  device: (device) => ({ device }),
  tag: (tag) => ({ tags: [tag] }),
  network: (network) => ({ src: parseAddress(network) ?? noSubject(`network=${network}`, 'an address') }),
}

/** `user=ann,group=finance`: facts that are fixed; those not named range over everything. */
export function parseSubject(text: string): Flow {
  const flow: { groups?: readonly string[]; tags?: readonly string[] } & Record<string, unknown> = {}
  for (const part of text === '' ? [] : text.split(',')) {
    const equals = part.indexOf('=')
    const key = part.slice(0, Math.max(equals, 0))
    const read = Object.hasOwn(SUBJECT_FACTS, key) ? SUBJECT_FACTS[key] : undefined
    if (read === undefined)
      noSubject(
        part,
        `one of ${Object.keys(SUBJECT_FACTS)
          .map((name) => `${name}=…`)
          .join(', ')}`,
      )
    const facts = read(part.slice(equals + 1))
    Object.assign(flow, facts, merged('groups', flow, facts), merged('tags', flow, facts))
  }
  return flow
}

function merged(key: 'groups' | 'tags', before: Flow, more: Flow): Flow {
  return more[key] ? { [key]: [...(before[key] ?? []), ...more[key]] } : {}
}

/** A name or an address alone leaves the port open. */
export function parseDestination(text: string | undefined): Flow {
  if (text === undefined) return {}
  const dst = parseAddress(text)
  if (dst !== null) return { dst }
  const domain = parseDomainName(text)
  if (domain !== null) return { domain, boundNames: [domain] }
  const target = parseTarget(text)
  if (!(target instanceof Array)) return target
  throw new SallyportError('target-invalid', `--to: ${target.map(({ message }) => message).join('; ')}`)
}

function noSubject(part: string, wanted: string): never {
  throw new SallyportError('usage', `--from: "${part}" is not ${wanted}`)
}
