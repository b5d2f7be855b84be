import type { AdaptedRequest } from '../icap/adapt-request.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { Answerer } from './answerer.ts'
import type { AfterRequest, Asker } from './asker.ts'
import { pumpBody } from './body.ts'
import type { Exchanged } from './exchange.ts'

/** The answer of a service that takes the server's place. */
export async function finishWith(
  core: ProxyCore,
  asker: Asker,
  { head, framing, source }: Extract<AdaptedRequest, { state: 'answered' }>,
  record: OpenRecord,
): Promise<AfterRequest> {
  const shown = asker.head.method === 'HEAD' ? ({ kind: 'none' } as const) : framing
  const sink = await asker.answer(head, shown, '1.1')
  const sent =
    sink === null
      ? 'gone'
      : await pumpBody(source, sink, {
          mostOctets: core.limits.responseBodyBytes,
          idleMs: core.timeouts.bodyIdleMs,
          onOctets: (count) => record.addOctets(0, count),
          refuses: null,
        })
  record.set({ status: head.status })
  core.finish(record)
  if (sent === 'done') return asker.after(asker.body.isEnd)
  asker.cut()
  return 'taken'
}

/** What becomes of the client after its request went to the server, and of the connection that it went over. */
export async function finishExchange(
  core: ProxyCore,
  asker: Asker,
  answerer: Answerer,
  record: OpenRecord,
  exchanged: Exclude<Exchanged, { readonly state: 'upgraded' }>,
): Promise<AfterRequest> {
  switch (exchanged.state) {
    case 'done':
      answerer.release(exchanged.keeps)
      core.finish(record)
      return asker.after(exchanged.isWhole)
    case 'refused':
      answerer.destroy()
      return asker.refuse(exchanged.refusal, record)
    case 'broken':
      answerer.destroy()
      asker.cut()
      if (exchanged.refusal !== null) record.refused(exchanged.refusal)
      core.finish(record)
      return 'taken'
  }
}
