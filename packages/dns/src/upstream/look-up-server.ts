import { formatAddress } from '@sallyport/net'
import { TYPE, wireName } from '@sallyport/wire'
import { Counters } from '../counters.ts'
import { DEFAULT_TIMEOUTS } from '../limits.ts'
import { answerAddresses } from '../answer-addresses.ts'
import { selectAnswer } from '../select-answer.ts'
import { Upstreams } from './upstreams.ts'
import type { UpstreamServer } from './upstream-server.ts'

/**
 * The addresses of a server that is known by name, asked of `bootstrap`. What they say needs no trust: the certificate
 * tells whether it is the server. Empty when there are none, or nobody answers.
 */
export async function lookUpServer(
  name: string,
  bootstrap: readonly UpstreamServer[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const asked = wireName(name)
  if (asked === null || bootstrap.length === 0) return []
  const upstreams = new Upstreams(bootstrap, 'parallel', DEFAULT_TIMEOUTS, new Counters(), () => {})
  try {
    const found = await Promise.all(
      [TYPE.A, TYPE.AAAA].map(async (type) => {
        const ask = { name: asked, type, dnssecOk: false, checkingDisabled: false }
        const resolution = await upstreams.resolve(ask, signal)
        if (resolution.kind === 'failed') return []
        return answerAddresses(selectAnswer(resolution.message, { name: asked, type, class: 1 }).records)
      }),
    )
    return found.flat().map(({ address }) => formatAddress(address))
  } finally {
    upstreams.close()
  }
}
