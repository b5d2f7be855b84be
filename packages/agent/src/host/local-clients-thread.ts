import { parentPort, type MessagePort } from 'node:worker_threads'
import { InetSockets, type SocketEnds } from '@sallyport/kernel/processes'
import { FileHashes } from './file-hashes.ts'
import { findLocalClients } from './find-local-clients.ts'
import { KnownUsers } from './known-users.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { LocalClient } from './local-client.ts'

export type LocalClientsRequest = { readonly id: number; readonly socket: SocketEnds; readonly withHash: boolean }
export type LocalClientsAnswer = { readonly id: number; readonly client: LocalClient }

answerOn(parentPort!)

/** What comes during one look waits for the next, so that many connections at once cost few looks. */
function answerOn(port: MessagePort): void {
  const glass = { sockets: new InetSockets(), users: new KnownUsers(), hashes: new FileHashes() }
  let waiting: LocalClientsRequest[] = []
  const look = oneAtATime(async () => {
    const asked = waiting
    waiting = []
    const found = await findLocalClients(asked, glass).catch(() => [])
    for (const [index, { id }] of asked.entries())
      port.postMessage({ id, client: found[index] ?? {} } satisfies LocalClientsAnswer)
  })
  port.on('message', (request: LocalClientsRequest) => {
    waiting.push(request)
    look()
  })
}
