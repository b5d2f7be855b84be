import type { Message } from '@sallyport/wire'

/**
 * Why a server gave no answer: `certificate` is not that of the server meant, `protocol` is something else than DNS,
 * `busy` all its connections carry as many queries as they may.
 */
export type ExchangeFailure = 'timeout' | 'network' | 'certificate' | 'protocol' | 'busy'

/** What came of one exchange with one upstream. */
export type Exchange =
  | { readonly kind: 'answer'; readonly message: Message }
  /** Off the path somebody could have written it: other letter case, or no cookie where the server sends one. */
  | { readonly kind: 'unproven'; readonly lacks: 'case' | 'cookie'; readonly message: Message }
  | { readonly kind: 'failed'; readonly reason: ExchangeFailure }

export const TIMED_OUT: Exchange = { kind: 'failed', reason: 'timeout' }
export const NETWORK_ERROR: Exchange = { kind: 'failed', reason: 'network' }

/** What an exchange comes to whose signal was aborted: by the deadline, or because the forwarder stops. */
export function abandoned(signal: AbortSignal): Exchange {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError' ? TIMED_OUT : NETWORK_ERROR
}
