import type { RequestHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import { writeWithin } from '../client/byte-reader.ts'
import { closeGently, resetConnection, type Client } from '../client/client.ts'
import { authenticateFields } from '../identity/authenticate-fields.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { AfterRequest } from './asker.ts'
import { refusalResponse } from './refusal-page.ts'

/** Answers with the refusal and closes its record. The connection goes on only where its next request surely begins. */
export async function refuseRequest(
  core: ProxyCore,
  client: Client,
  head: RequestHead | null,
  record: OpenRecord,
  no: Refusal,
  mayKeep: boolean,
): Promise<AfterRequest> {
  const isKept = mayKeep && !no.isSilent && !core.isDraining
  const accept = head?.fields.find(({ name }) => name === 'accept')?.value ?? ''
  const request = { accept, isHead: head?.method === 'HEAD', isKept }
  const bytes = Buffer.from(refusalResponse(no, record.id, request, authenticateFields(core, client.login, no)))
  const status = Number(bytes.toString('latin1', 9, 12))
  record.refused(no)
  record.set({ method: head?.method ?? null, status: no.isSilent ? null : status })
  core.finish(record)
  if (no.isSilent) {
    resetConnection(client)
    return 'taken'
  }
  if (isKept) return (await writeWithin(client.socket, bytes, core.timeouts.bodyIdleMs)) ? 'keep' : 'close'
  closeGently(client, bytes)
  return 'taken'
}
