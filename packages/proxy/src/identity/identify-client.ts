import { fieldValues, type RequestHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import type { Peer } from '../client/client.ts'
import { clientKey } from '../client/request-rates.ts'
import { isRefusal } from '../http/request-target.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { ANONYMOUS, type Authenticate, type ClientProcess, type Credentials, type Identity } from './identity.ts'

type Identified = Identity | Refusal

/** Who sends the request, by its Proxy-Authorization; or the refusal that asks for it. At once where nobody has to be asked. */
export function identifyClient(core: ProxyCore, client: Peer, head: RequestHead): Identified | Promise<Identified> {
  return identify(core, client, credentialsOf(head))
}

export function identify(
  core: ProxyCore,
  client: Peer,
  credentials: Credentials | null,
): Identified | Promise<Identified> {
  const identity = identityOf(core, client, credentials)
  return client.process === null ? identity : withProcess(core, client, client.process, identity)
}

async function withProcess(
  core: ProxyCore,
  client: Peer,
  running: Promise<ClientProcess>,
  identified: Identified | Promise<Identified>,
): Promise<Identified> {
  const identity = await identified
  if (isRefusal(identity)) return identity
  const process = await running
  core.counters.add(process.app === undefined ? 'processesUnknown' : 'processesKnown')
  const isUser = client.identity === null && (core.options.authenticate ?? null) === null
  return { ...identity, process: isUser ? process : withoutUser(process) }
}

/** Where users have credentials, a user of the host by the same name is somebody else. */
function withoutUser({ user: _user, groups: _groups, ...process }: ClientProcess): ClientProcess {
  return process
}

function identityOf(core: ProxyCore, client: Peer, credentials: Credentials | null): Identified | Promise<Identified> {
  const authenticate = core.options.authenticate ?? null
  if (client.identity !== null && (authenticate === null || credentials?.kind === 'none')) return client.identity
  if (authenticate === null) return ANONYMOUS
  if (credentials === null) return refusal('authentication-required', 'the credentials cannot be read')
  if (credentials.kind === 'none') {
    const settled = client.login.identityAt(performance.now())
    return settled ?? (authenticate.isRequired ? refusal('authentication-required') : ANONYMOUS)
  }
  return checked(authenticate, client, credentials)
}

async function checked(authenticate: Authenticate, client: Peer, credentials: Credentials): Promise<Identified> {
  const answer = await authenticate.check(credentials, client.login, clientKey(client.address))
  return 'problem' in answer ? refusal('authentication-required', answer.problem) : answer
}

/** Null when the field is doubled or cannot be read. */
function credentialsOf(head: RequestHead): Credentials | null {
  const values = fieldValues(head.fields, 'proxy-authorization')
  if (values.length === 0) return { kind: 'none' }
  const match = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*)$/.exec(values[0]!)
  if (values.length > 1 || match === null) return null
  const scheme = match[1]!.toLowerCase()
  if (scheme === 'bearer') return { kind: 'bearer', token: match[2]! }
  if (scheme === 'negotiate') return { kind: 'negotiate', token: Buffer.from(match[2]!, 'base64') }
  if (scheme !== 'basic') return null
  const text = Buffer.from(match[2]!, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 1 ? null : { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) }
}
