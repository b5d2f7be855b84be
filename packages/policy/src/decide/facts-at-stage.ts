import type { Flow } from '../flow.ts'
import type { Stage } from '../verdict.ts'

/** The flow as it is known at a stage: facts of later stages are unknown, even those that will turn out to be none. */
export function factsAtStage(flow: Flow, stage: Stage): Flow {
  const { boundNames, domain, protocol, http, content, ...connect } = flow
  switch (stage) {
    case 'connect':
      return connect
    case 'dns':
      return { ...connect, ...optional('boundNames', boundNames === undefined && domain ? [domain] : boundNames) }
    case 'handshake':
      return {
        ...connect,
        ...optional('boundNames', boundNames),
        ...optional('domain', domain),
        ...optional('protocol', protocol),
      }
    case 'request':
      return { ...factsAtStage(flow, 'handshake'), ...optional('http', http) }
    case 'content':
      return { ...factsAtStage(flow, 'request'), ...optional('content', content) }
  }
}

function optional<K extends keyof Flow>(key: K, value: Flow[K] | undefined): Pick<Flow, K> | Record<string, never> {
  return value === undefined ? {} : ({ [key]: value } as Pick<Flow, K>)
}
