import { ANSWERS, type Refusal } from '../answers.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { ConnectionLogin } from './connection-login.ts'

/** Values of Proxy-Authenticate on a refusal: the next step of a login, or every way to log in. */
export function authenticateFields(core: ProxyCore, login: ConnectionLogin | null, no: Refusal): readonly string[] {
  const reply = login?.takeReply() ?? null
  if (reply !== null) return [reply]
  return ANSWERS[no.reason].status === 407 ? (core.options.authenticate?.challenges ?? []) : []
}
